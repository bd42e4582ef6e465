"""What is measured on two kinds of device is not mixed in one figure."""

import pytest

from pwlib import arms

MEASURES = ("os_0.0", "height", "pgd_1_first", "pgd_2_first", "to_reference", "from_reference")


def row(arm, device, seed, value, lacks=()):
    measures = {name: "" if name in lacks else value for name in (*MEASURES, "control")}
    return {"arm": arm, "dataset": "MNIST", "device": device, "seed": seed} | measures


TABLE = [
    row(arm, "cpu", seed, 1.0) for arm in ("reference", "hard", "hard_k1") for seed in range(2)
]
TABLE += [row("reference", "cuda", seed, 2.0) for seed in range(4)]
TABLE += [row("hard", "cuda", seed, 2.0) for seed in range(4)]
TABLE += [row("heads", "cuda", seed, 2.0) for seed in range(4)]
TABLE += [row("random", "cuda", seed, 2.0, ["to_reference"]) for seed in range(4)]
TABLE += [row("random", "cpu", seed, 1.0) for seed in range(2)]


@pytest.mark.parametrize(
    ("arm", "value", "count"),
    [("hard", 2.0, 4), ("hard_k1", 1.0, 2), ("random", 1.0, 2), ("heads", 2.0, 4)],
)
def test_all_of_figure_5_is_of_one_kind_of_device(arm, value, count):
    for side in arms.figure_5(TABLE, "MNIST", arm):
        for name, found in side.items():
            assert found.tolist() == [value] * count, name


def test_figure_5_takes_what_there_is_where_no_kind_of_device_has_all():
    table = [row("reference", "cuda", 0, 2.0), row("hard", "cpu", 0, 1.0)]
    robust, _ = arms.figure_5(table, "MNIST")
    assert (robust["height"], robust["control"]) == (1.0, 2.0)
