"""What the paper leaves open in the training of Figure 5, as the tables of networks have it.

The register of assumptions names the alternatives; chapters 6c and 6d look at what they change.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pwlib.intervals import by_seed

Settings = dict[str, str | float]

SEEDS = 3  # of each alternative
THIRD = 0.333333
FIGURE_5: Settings = {"arm": "hard", "fraction": THIRD, "sample": "random", "epochs": 10}
FIGURE_5 |= {"radius": 1, "steps": 3, "within": 28, "updates": "together"}
FIGURE_5 |= {"optimiser": "adam", "pixels": "clamped"}

ALTERNATIVES: dict[str, Settings] = {
    "as in 4c": {},
    "SGD": {"optimiser": "sgd"},
    "1 ascent step": {"steps": 1},
    "10 ascent steps": {"steps": 10},
    **{f"steps of length {r:g}": {"radius": r} for r in (0.5, 2, 4)},
    **{f"{r} × the gradient": {"arm": "unnormalised", "radius": r} for r in (1, 10)},
    "never farther than 1": {"within": 1},
    "an update each": {"updates": "apart"},
    "the first third": {"sample": "first"},
    "a third balanced by class": {"sample": "balanced"},
    "attacks not clamped": {"pixels": "free"},
}


def row(setting: str, arm: str = "hard", epochs: float = 10, fraction: float = THIRD) -> Settings:
    """What names the rows of an alternative in the tables, but for their data set and seed.

    The arm "hard" stands for hard points as the alternative has them. A control differs from 4c in
    what there is of the alternative for it: plain training has no steps, all of the data is no
    sample, and beside multiples of the gradient there are steps of length 1.

    Raises KeyError for an alternative that isn't there.
    """
    changes = dict(ALTERNATIVES[setting])
    if fraction == 1:
        changes.pop("sample", None)
    if arm != "hard":
        if "arm" in changes:
            changes = {}
        elif arm == "plain":
            shared = ("optimiser", "sample", "pixels")
            changes = {name: value for name, value in changes.items() if name in shared}
        changes["arm"] = arm
    return FIGURE_5 | {"epochs": epochs, "fraction": fraction} | changes


def three(
    rows: Sequence[Mapping],
    measure: str,
    dataset: str,
    setting: str,
    arm: str = "hard",
    **of: float,
) -> NDArray[np.float64]:
    """A measure of the networks of `row`, seeds 0 to 2, in the rows of both tables."""
    first = [one for one in rows if one["seed"] < SEEDS]
    return by_seed(first, measure, dataset=dataset, **row(setting, arm, **of))


def has(
    rows: Sequence[Mapping], dataset: str, setting: str, arm: str = "hard", **of: float
) -> bool:
    """Whether the rows hold networks of `row`."""
    where = row(setting, arm, **of) | {"dataset": dataset}
    return any(where.items() <= one.items() for one in rows)
