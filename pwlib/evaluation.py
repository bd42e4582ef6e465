"""What Figure 5 and its tables measure on trained networks."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from pwlib import attacks, parallel
from pwlib.networks import MLP
from pwlib.training import loaded

# Each curve: the network whose accuracy it shows, and the one whose adversarial examples it meets.
PAIRS = {
    "reference": ("reference", "reference"),
    "robust": ("robust", "robust"),
    "robust to reference": ("reference", "robust"),
    "reference to robust": ("robust", "reference"),
    "control": ("reference", "second reference"),
    "plain": ("plain", "plain"),
}


@dataclass(frozen=True)
class Evaluation:
    """The measurements on the networks of one data set and one seed.

    ``curves`` maps each of PAIRS to the test accuracy for each magnitude. ``lengths`` holds the
    mean L2 length of the reference's own perturbations after clamping. ``one_step`` and ``pgd``
    map "reference" and "robust" to the accuracy on the first test images under each eps.
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
    name: str, networks: Mapping[str, MLP], attack: Attack, seed: int, device: str = "cpu"
) -> Evaluation:
    """The curves of PAIRS, and PGD, on the test set of that name.

    ``networks`` are "reference", "robust", "second reference" and "plain"; the seed is PGD's.
    """
    data = loaded(name)
    x, y = data.test_x.to(device), data.test_y.to(device)
    networks = {who: copy.deepcopy(model).to(device) for who, model in networks.items()}
    steps = {who: attacks.direction(model, x, y) for who, model in networks.items()}
    curves = {
        key: attacks.accuracy_curve(networks[target], x, y, steps[source], attack.magnitudes)
        for key, (target, source) in PAIRS.items()
    }
    moved = (attacks.move(x, steps["reference"], eps) - x for eps in attack.magnitudes)
    lengths = [change.norm(dim=1).mean().item() for change in moved]
    x, y = x[: attack.images], y[: attack.images]
    one_step, pgd = {}, {}
    for who in ("reference", "robust"):
        step = steps[who][: attack.images]
        one_step[who] = attacks.accuracy_curve(networks[who], x, y, step, attack.pgd_eps)
        pgd[who] = _under_pgd(networks[who], x, y, attack, seed)
    return Evaluation(curves, lengths, one_step, pgd)


def evaluate_many(
    jobs: Sequence[tuple[str, Mapping[str, MLP], Attack, int]], workers: int, device: str = "cpu"
) -> list[Evaluation]:
    """``evaluate`` for each job, in their order: on "cpu" on that many processes."""
    if device == "cpu":
        return parallel.run(evaluate, jobs, workers, "networks attacked")
    return [evaluate(*job, device) for job in jobs]


def over_seeds(evaluations: Sequence[Evaluation], field: str) -> dict[str, NDArray[np.float64]]:
    """A field of the evaluations of one data set, one a seed, as arrays (seeds, magnitudes)."""
    keys = getattr(evaluations[0], field)
    return {key: np.array([getattr(e, field)[key] for e in evaluations]) for key in keys}


def natural_accuracies(name: str, models: Sequence[MLP]) -> NDArray[np.float64]:
    """The accuracy of each network on the untouched test set of that name."""
    data = loaded(name)
    return np.array([attacks.accuracy(model, data.test_x, data.test_y) for model in models])


def height(curve: ArrayLike, magnitudes: ArrayLike) -> NDArray[np.float64]:
    """The mean height of accuracy curves (…, magnitudes): their area by the trapezoid rule."""
    return np.trapezoid(curve, magnitudes, axis=-1) / np.ptp(magnitudes)


def damage(curves: NDArray[np.float64], magnitudes: ArrayLike) -> NDArray[np.float64]:
    """The natural accuracy less the height, of curves (seeds, magnitudes) from magnitude 0 on."""
    return curves[:, 0] - height(curves, magnitudes)


def _under_pgd(model: MLP, x: Tensor, y: Tensor, attack: Attack, seed: int) -> list[float]:
    effort = attack.pgd_steps, attack.pgd_restarts, seed
    found = (attacks.pgd(model, x, y, eps, *effort) for eps in attack.pgd_eps)
    return [attacks.accuracy(model, adversarial, y) for adversarial in found]
