import dataclasses
import os
import pickle

import pytest
import torch

from pwlib import __main__, training
from pwlib.datasets import Dataset
from pwlib.reruns import kept, provenance
from pwlib.training import TrainingConfig

SMALL = TrainingConfig(widths=(4, 3, 2), epochs=1, batch=8)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The folder of a cache that is on."""
    monkeypatch.setenv(kept.VARIABLE, str(tmp_path / "networks"))
    return tmp_path / "networks"


@pytest.fixture
def trained():
    """Trains a small network or finds it, as `pwlib.training` does, and counts the trainings."""
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(32, 4, generator=generator), torch.arange(32) % 2
    times = []

    def train(seed=0, config=SMALL, name="MNIST"):
        def compute():
            times.append(1)
            return dict(training.train(Dataset(x, y, x, y), config, seed).state_dict())

        settings = {"network": dataclasses.asdict(config), "seeds": [seed], "data": name}
        return kept.keep(settings, compute), len(times)

    return train


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_cached_network_is_reused_and_equal(place, trained):
    live, _ = trained()
    found, times = trained()
    assert equal(live, found)
    assert times == 1
    assert len(kept.stored(place)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"name": "FashionMNIST"},
        {"config": dataclasses.replace(SMALL, radius=2.0)},
        {"config": dataclasses.replace(SMALL, epochs=2)},
    ],
    ids=str,
)
def test_a_network_of_other_settings_is_another_one(place, trained, other):
    trained()
    assert trained(**other)[1] == 2


@pytest.mark.parametrize(
    ("module", "edit", "times"),
    [
        ("pwlib.training", "edited = 1", 2),
        ("pwlib.networks", "edited = 1", 2),
        ("pwlib.training", "# a comment", 1),
        ("pwlib.figures.style", "edited = 1", 1),
    ],
)
def test_a_network_is_trained_again_when_the_code_that_trains_it_changes_its_meaning(
    place, trained, module, edit, times, monkeypatch
):
    trained()
    source = provenance.source
    edited = lambda name: source(name) + (f"\n{edit}\n" if name == module else "")  # noqa: E731
    monkeypatch.setattr(kept, "source", edited)
    assert trained()[1] == times


def test_no_network_depends_on_how_figures_look_or_claims_are_judged():
    modules, _ = provenance.imports(provenance.source("pwlib.training"))
    assert "pwlib.networks" in modules
    assert not {name.split(".")[1] for name in modules - {"pwlib"}} & {"figures", "ledger", "book"}


@pytest.mark.parametrize("setting", ["off", "", None])
def test_off_trains_live_and_stores_nothing(place, trained, setting, monkeypatch):
    monkeypatch.delenv(kept.VARIABLE)
    if setting is not None:
        monkeypatch.setenv(kept.VARIABLE, setting)
    assert equal(trained()[0], trained()[0])
    assert trained()[1] == 3
    assert not place.exists()


@pytest.mark.parametrize("content", [b"", b"broken", "half"])
def test_a_broken_file_is_trained_again_and_replaced(place, trained, content):
    live, _ = trained()
    (path,) = kept.stored(place)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    found, times = trained()
    assert equal(live, found)
    assert times == 2
    assert equal(trained()[0], live)
    assert trained()[1] == 2


def test_a_flipped_bit_is_noticed_said_and_mended(place, trained, capsys):
    live, _ = trained()
    (path,) = kept.stored(place)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])  # in a weight
    found, times = trained()
    assert equal(live, found)
    assert times == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"{path}: damaged, so what it held is computed again"
    assert trained()[1] == 2


def test_a_network_under_another_ones_name_is_not_served(place, trained):
    trained()
    (first,) = kept.stored(place)
    wanted, _ = trained(seed=1)
    (second,) = set(kept.stored(place)) - {first}
    second.write_bytes(first.read_bytes())
    found, times = trained(seed=1)
    assert times == 3
    assert equal(found, wanted)


def test_what_came_from_the_cache_is_counted(place, trained, monkeypatch):
    with kept.counted(True) as environment:
        assert kept.summary(environment) == ""
        monkeypatch.setenv(kept.LOG, environment[kept.LOG])
        for seed in (0, 1, 0):
            trained(seed=seed)
        assert kept.summary() == "1 of 3 networks from the cache"
        kept.stored(place)[0].write_bytes(b"")
        trained(seed=0)
        trained(seed=1)
        assert kept.summary() == "2 of 5 networks from the cache"
    assert kept.summary() == ""


@pytest.mark.parametrize(
    ("setting", "on", "found"),
    [
        (None, True, str(kept.default_folder())),
        (None, False, "off"),
        ("off", True, "off"),
        ("/a", True, "/a"),
        ("/a", False, "off"),
    ],
)
def test_networks_are_kept_unless_a_setting_here_or_there_says_no(setting, on, found, monkeypatch):
    monkeypatch.delenv(kept.VARIABLE, raising=False)
    if setting:
        monkeypatch.setenv(kept.VARIABLE, setting)
    with kept.counted(on) as environment:
        assert environment[kept.VARIABLE] == found


def test_what_keeps_networks_travels_to_worker_processes(place):
    assert pickle.loads(pickle.dumps(kept.keep)) is kept.keep
    first = kept.keep({"a": 1}, lambda: {"w": torch.ones(2)})
    assert equal(kept.keep({"a": 1}, dict), first)  # not computed again


def test_a_killed_write_leaves_no_network(place, trained, monkeypatch):
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        trained()
    assert kept.stored(place) == []


def test_one_command_empties_the_cache(place, trained, capsys):
    trained()
    trained(seed=1)
    assert __main__.main(["cache"]) == 0
    assert capsys.readouterr().out == f"2 networks, 0 MB, in {place}\n"
    assert __main__.main(["cache", "--empty"]) == 0
    assert capsys.readouterr().out == f"removed 2 networks from {place}\n"
    assert kept.stored(place) == []


def test_emptying_a_cache_that_is_not_there_is_no_error(place, capsys):
    assert __main__.main(["cache", "--empty"]) == 0
    assert capsys.readouterr().out == f"removed 0 networks from {place}\n"


def test_a_full_disk_loses_no_network(place, trained, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "full")))
    live, times = trained()
    assert live
    assert times == 1
    assert not [path for path in place.iterdir() if not path.name.endswith(".lock")]


def test_a_folder_that_cannot_be_made_is_as_no_cache(tmp_path, trained, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(kept.VARIABLE, str(tmp_path / "file" / "networks"))
    assert trained()[0]
