"""The settings that the paper leaves open, and which rows of the tables have them."""

import pytest

from pwlib.alternatives import ALTERNATIVES, FIGURE_5, THIRD, has, row, three
from pwlib.reruns import results

TABLES = [*results.read("controls"), *results.read("settings")]


def changed(setting, **control):
    """What a row has other than the networks of chapter 4c."""
    return dict(row(setting, **control).items() - FIGURE_5.items())


@pytest.mark.parametrize(
    ("setting", "control", "changes"),
    [
        ("as in 4c", {}, {}),
        ("SGD", {}, {"optimiser": "sgd"}),
        ("10 ascent steps", {}, {"steps": 10}),
        ("steps of length 0.5", {"arm": "random"}, {"arm": "random", "radius": 0.5}),
        ("10 × the gradient", {}, {"arm": "unnormalised", "radius": 10}),
        ("never farther than 1", {"arm": "label"}, {"arm": "label", "within": 1}),
        ("an update each", {"arm": "plain"}, {"arm": "plain"}),
        ("an update each", {}, {"updates": "apart"}),
        ("a third balanced by class", {}, {"sample": "balanced"}),
        ("attacks not clamped", {"arm": "plain"}, {"arm": "plain", "pixels": "free"}),
        ("1 ascent step", {"arm": "descent"}, {"arm": "descent", "steps": 1}),
        ("1 ascent step", {"arm": "plain"}, {"arm": "plain"}),
        ("SGD", {"arm": "plain", "epochs": 30}, {"arm": "plain", "epochs": 30, "optimiser": "sgd"}),
        ("10 × the gradient", {"arm": "random"}, {"arm": "random"}),
        ("the first third", {"arm": "plain"}, {"arm": "plain", "sample": "first"}),
        ("the first third", {"fraction": 1}, {"fraction": 1}),
    ],
)
def test_an_arm_has_of_an_alternative_what_there_is_for_it(setting, control, changes):
    assert changed(setting, **control) == changes


def test_an_alternative_that_isnt_there_has_no_row():
    with pytest.raises(KeyError, match="SDG"):
        row("SDG")


@pytest.mark.parametrize("setting", ALTERNATIVES)
@pytest.mark.parametrize("dataset", ["MNIST", "FashionMNIST"])
def test_the_tables_have_three_networks_of_each_alternative(dataset, setting):
    for fraction in (THIRD, 1):
        assert len(three(TABLES, "natural", dataset, setting, fraction=fraction)) == 3
        plain = three(TABLES, "natural", dataset, setting, arm="plain", fraction=fraction)
        assert len(plain) == 3


@pytest.mark.parametrize("setting", ALTERNATIVES)
@pytest.mark.parametrize("dataset", ["MNIST", "FashionMNIST"])
def test_the_tables_have_the_controls_of_each_alternative(dataset, setting):
    for arm in ("descent", "random", "noise", "label"):
        assert len(three(TABLES, "pgd_1", dataset, setting, arm=arm)) == 3
    for epochs in (10, 30):
        assert len(three(TABLES, "pgd_1", dataset, setting, arm="plain", epochs=epochs)) == 3


def test_no_two_alternatives_have_the_same_rows():
    assert len({frozenset(row(setting).items()) for setting in ALTERNATIVES}) == len(ALTERNATIVES)


def test_a_measure_is_that_of_seeds_0_to_2_in_their_order():
    assert {3, 4} < {r["seed"] for r in TABLES}
    found = three(TABLES, "pgd_1", "MNIST", "as in 4c", arm="plain")
    wanted = {
        r["seed"]: r["pgd_1"]
        for r in TABLES
        if (r["dataset"], r["arm"], r["fraction"], r["epochs"]) == ("MNIST", "plain", THIRD, 10)
        and r["optimiser"] == "adam"
        and r["sample"] == "random"
        and r["pixels"] == "clamped"
    }
    assert found.tolist() == [wanted[seed] for seed in (0, 1, 2)]


def test_rows_have_the_networks_of_an_alternative_if_one_is_of_its_row():
    rows = [{"dataset": "MNIST", **row("SGD", arm="label")}, {"dataset": "X", **row("as in 4c")}]
    assert has(rows, "MNIST", "SGD", arm="label")
    assert not has(rows, "MNIST", "SGD")
    assert has(rows, "X", "as in 4c")
    assert not has(rows, "MNIST", "as in 4c")
