"""What Figure 5 and its tables measure on trained networks, and how seeds become intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student
from torch import Tensor

from pwlib import attacks, pool
from pwlib.networks import MLP
from pwlib.training import loaded

CURVES = ("reference", "robust", "robust to reference", "reference to robust", "control")


@dataclass(frozen=True)
class Evaluation:
    """The measurements on the networks of one data set and one seed.

    ``curves`` maps each of CURVES to the test accuracy for each magnitude, "a to b" being network
    b on a's examples and the control the reference on another reference's examples. ``lengths``
    holds the mean L2 length of the reference's own perturbations after clamping. ``one_step`` and
    ``pgd`` map "reference" and "robust" to the accuracy on the first test images under each eps.
    """

    curves: dict[str, list[float]]
    lengths: list[float]
    one_step: dict[str, list[float]]
    pgd: dict[str, list[float]]


@dataclass(frozen=True)
class Attack:
    """The settings of the evaluation: L2 magnitudes, and those of PGD on the first ``images``."""

    magnitudes: tuple[float, ...]
    pgd_eps: tuple[float, ...] = (1.0, 2.0)
    pgd_steps: int = 20
    pgd_restarts: int = 3
    images: int = 1000


def evaluate(
    name: str, reference: MLP, robust: MLP, control: MLP, attack: Attack, seed: int
) -> Evaluation:
    """The four curves of Figure 5, the control, and PGD, on the test set of that name."""
    data = loaded(name)
    x, y = data.test_x, data.test_y
    steps = {
        key: attacks.direction(model, x, y)
        for key, model in {"reference": reference, "robust": robust, "control": control}.items()
    }
    pairs = {
        "reference": (reference, steps["reference"]),
        "robust": (robust, steps["robust"]),
        "robust to reference": (reference, steps["robust"]),
        "reference to robust": (robust, steps["reference"]),
        "control": (reference, steps["control"]),
    }
    curves = {
        key: attacks.accuracy_curve(model, x, y, step, attack.magnitudes)
        for key, (model, step) in pairs.items()
    }
    moved = (attacks.move(x, steps["reference"], eps) - x for eps in attack.magnitudes)
    lengths = [change.norm(dim=1).mean().item() for change in moved]
    x, y = x[: attack.images], y[: attack.images]
    one_step, pgd = {}, {}
    for key, model in {"reference": reference, "robust": robust}.items():
        step = steps[key][: attack.images]
        one_step[key] = attacks.accuracy_curve(model, x, y, step, attack.pgd_eps)
        pgd[key] = _under_pgd(model, x, y, attack, seed)
    return Evaluation(curves, lengths, one_step, pgd)


def evaluate_many(
    jobs: Sequence[tuple[str, MLP, MLP, MLP, Attack, int]], workers: int
) -> list[Evaluation]:
    """``evaluate`` for each job, in their order, on that many processes."""
    return pool.run(evaluate, jobs, workers, "networks attacked")


def natural_accuracies(name: str, models: Sequence[MLP]) -> list[float]:
    """The accuracy of each network on the untouched test set of that name."""
    data = loaded(name)
    return [attacks.accuracy(model, data.test_x, data.test_y) for model in models]


def height(curve: ArrayLike, magnitudes: ArrayLike) -> NDArray[np.float64]:
    """The mean height of accuracy curves (…, magnitudes): their area by the trapezoid rule."""
    return np.trapezoid(curve, magnitudes, axis=-1) / np.ptp(magnitudes)


def interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Student's t interval for the mean of independent values; one value has no spread: ±∞."""
    values = np.asarray(values, float)
    n = len(values)
    if n < 2:
        return -np.inf, np.inf
    half = student.ppf((1 + level) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n)
    return float(values.mean() - half), float(values.mean() + half)


def _under_pgd(model: MLP, x: Tensor, y: Tensor, attack: Attack, seed: int) -> list[float]:
    effort = attack.pgd_steps, attack.pgd_restarts, seed
    found = (attacks.pgd(model, x, y, eps, *effort) for eps in attack.pgd_eps)
    return [attacks.accuracy(model, adversarial, y) for adversarial in found]


def above(a: ArrayLike, b: ArrayLike, margin: float) -> bool:
    """Whether a exceeds b by more than a margin, paired by seed.

    The mean of a − b must exceed the margin, and its 95% interval must exclude 0. With one seed
    there is no interval, and the margin alone decides.
    """
    difference = np.subtract(a, b)
    certain = len(difference) < 2 or interval(difference)[0] > 0
    return bool(difference.mean() > margin and certain)


def spread(values: ArrayLike) -> str:
    """Shares as "mean (lowest–highest)" in percent."""
    percent = 100 * np.asarray(values, float)
    return f"{percent.mean():.2f} ({percent.min():.2f}–{percent.max():.2f})"


def gain(a: ArrayLike, b: ArrayLike) -> float:
    """The mean of a − b, shares paired by seed, in percentage points."""
    return float(100 * np.subtract(a, b).mean())


def gain_with_interval(a: ArrayLike, b: ArrayLike) -> str:
    """The mean of a − b in percentage points with its 95% interval, "+1.00 [+0.20, +1.80]"."""
    low, high = interval(100 * np.subtract(a, b))
    return f"{gain(a, b):+.2f} [{low:+.2f}, {high:+.2f}]"


def damage_share(
    transferred: NDArray[np.float64], own: NDArray[np.float64], magnitudes: ArrayLike
) -> NDArray[np.float64]:
    """The damage of transferred examples over that of the network's own, one value a seed.

    Both are accuracy curves (seeds, magnitudes) of one network from magnitude 0 on; the damage is
    the natural accuracy less the height.
    """
    natural = own[:, 0]
    return (natural - height(transferred, magnitudes)) / (natural - height(own, magnitudes))
