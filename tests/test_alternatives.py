"""The settings that the paper leaves open, and which rows of the tables have them."""

import pytest

from pwlib import evidence
from pwlib.alternatives import ALTERNATIVES, FIGURE_5, THIRD, has, row, three

TABLES = [*evidence.load("controls.csv"), *evidence.load("settings.csv")]


def changed(setting, **control):
    """What a row has other than the networks of chapter 4c."""
    return dict(row(setting, **control).items() - FIGURE_5.items())


@pytest.mark.parametrize(
    ("setting", "control", "changes"),
    [
        ("as in 4c", {}, {}),
        ("SGD", {}, {"optimiser": "sgd"}),
        ("10 × the gradient", {}, {"arm": "unnormalised", "radius": 10}),
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
    natural = three(TABLES, "natural", dataset, setting)
    assert len(natural) == 3
    assert natural.min() > 50


@pytest.mark.parametrize("setting", ALTERNATIVES)
@pytest.mark.parametrize("dataset", ["MNIST", "FashionMNIST"])
def test_the_tables_have_the_controls_of_each_alternative(dataset, setting):
    for arm in ("descent", "random", "noise", "label"):
        assert len(three(TABLES, "pgd_1", dataset, setting, arm=arm)) == 3
    for epochs in (10, 30):
        assert len(three(TABLES, "pgd_1", dataset, setting, arm="plain", epochs=epochs)) == 3


@pytest.mark.parametrize("setting", ALTERNATIVES)
def test_the_tables_have_all_of_the_data_with_each_alternative(setting):
    for arm in ("hard", "plain"):
        assert len(three(TABLES, "pgd_1", "MNIST", setting, arm=arm, fraction=1)) == 3


def test_a_measure_is_that_of_seeds_0_to_2_in_their_order():
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
