"""The data sets: what was read, where it is looked for, and how a fetch fails or is interrupted."""

import gzip
import hashlib

import pytest
import torch

from pwlib import datasets


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
    with pytest.raises(ValueError, match=r"^name: got 'CIFAR', accepts one of 'MNIST', 'Fashion"):
        datasets.load("CIFAR")


def test_root_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("PWLIB_DATA", str(tmp_path))
    assert datasets.root() == tmp_path
    monkeypatch.delenv("PWLIB_DATA")
    assert datasets.root().name == "data"
    assert (datasets.root().parent / "pwlib" / "datasets.py").samefile(datasets.__file__)


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A stand-in for MNIST of four short files, and the sources that a test gives."""
    contents = {file: file.encode() for file in datasets.FILES}
    sums = tuple(hashlib.sha256(contents[file]).hexdigest() for file in datasets.FILES)
    monkeypatch.setitem(datasets.SHA256, "MNIST", sums)
    monkeypatch.setenv("PWLIB_DATA", str(tmp_path))
    sources = {}
    monkeypatch.setattr(datasets, "_sources", lambda name: sources)

    def bring(work, files=contents):
        for file, content in files.items():
            (work / f"{file}.gz").write_bytes(gzip.compress(content))
        return work

    return sources, bring, tmp_path / "MNIST"


def test_the_next_source_is_tried_when_one_fails_or_brings_other_files(tiny, capsys):
    sources, bring, folder = tiny

    def unreachable(work):
        raise OSError("no\nroute")

    sources |= {"a": unreachable}
    sources |= {"b": lambda work: bring(work, dict.fromkeys(datasets.FILES, b"other"))}
    sources |= {"c": bring}
    assert datasets.fetch("MNIST") == folder
    assert sorted(path.name for path in (folder / "raw").iterdir()) == sorted(datasets.FILES)
    said = capsys.readouterr().out
    assert "a: no route" in said
    assert "b: the files are not the expected ones" in said


def test_a_second_fetch_asks_no_source(tiny):
    sources, bring, _ = tiny
    sources["a"] = bring
    datasets.fetch("MNIST")
    sources.clear()
    datasets.fetch("MNIST")


def test_files_put_there_by_hand_are_taken_when_they_are_right(tiny):
    _, bring, folder = tiny
    (folder / "raw").mkdir(parents=True)
    datasets._unpack(bring(folder), folder / "raw")
    assert datasets.fetch("MNIST") == folder


def test_damaged_files_are_replaced(tiny):
    sources, bring, folder = tiny
    sources["a"] = bring
    (folder / "raw").mkdir(parents=True)
    (folder / "raw" / datasets.FILES[0]).write_bytes(b"damaged")
    datasets.fetch("MNIST")
    assert (folder / "raw" / datasets.FILES[0]).read_bytes() == datasets.FILES[0].encode()


def test_an_interrupted_fetch_leaves_nothing_behind(tiny):
    sources, bring, folder = tiny

    def interrupted(work):
        bring(work)
        raise KeyboardInterrupt

    sources["a"] = interrupted
    with pytest.raises(KeyboardInterrupt):
        datasets.fetch("MNIST")
    assert list(folder.parent.iterdir()) == []


def test_without_a_source_one_line_says_what_to_do(tiny):
    with pytest.raises(RuntimeError, match=r"^MNIST could not be fetched .* set PWLIB_DATA .*$"):
        datasets.fetch("MNIST")
