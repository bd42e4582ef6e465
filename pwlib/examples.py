"""A few test images under attack, and the curves that Figure 5 leaves out: what its knob shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pwlib import attacks, parallel
from pwlib.networks import MLP
from pwlib.training import loaded

# The network whose examples an arm meets when it is attacked with those of another one.
OTHER = {"reference": "hard points", "plain fraction": "reference", "hard points": "reference"}
ARMS = tuple(OTHER)
ATTACKS = ("own", "other", "PGD")
STEPS = 20  # of PGD, without restarts
FEW = 200  # test images under PGD

# Where chapter 4c has a curve already: the arm and the attack, and the name there.
EVALUATED = {
    ("reference", "own"): "reference",
    ("reference", "other"): "to_reference",
    ("plain fraction", "own"): "plain",
    ("hard points", "own"): "own",
    ("hard points", "other"): "from_reference",
}
Key = tuple[str, str]  # one of ARMS, one of ATTACKS
KEYS = tuple(product(ARMS, ATTACKS))


@dataclass(frozen=True)
class Shown:
    """Some test images under each attack of each arm, and what the three networks say of them.

    ``images`` (images, magnitudes, d) in [0, 1]; ``answers`` and ``probabilities`` are of shape
    (arms that answer, images, magnitudes); ``labels`` (images,).
    """

    labels: NDArray[np.int64]
    images: dict[Key, NDArray[np.float32]]
    answers: dict[Key, NDArray[np.int64]]
    probabilities: dict[Key, NDArray[np.float64]]


def adversarial(
    networks: Mapping[str, MLP], x: Tensor, y: Tensor, arm: str, attack: str, eps: Sequence[float]
) -> list[Tensor]:
    """Images x (N, d) with labels y under an attack of each L2 length: one (N, d) for each.

    ``own`` is one step along the arm's own gradient, ``other`` one along that of the network that
    OTHER names, ``PGD`` iterated ascent on the arm.
    """
    if attack == "PGD":
        return [attacks.pgd(networks[arm], x, y, e, STEPS, 1, 0) if e else x for e in eps]
    step = attacks.direction(networks[arm if attack == "own" else OTHER[arm]], x, y)
    return [attacks.move(x, step, e) for e in eps]


def further_curves(
    name: str, networks: Mapping[str, MLP], magnitudes: Sequence[float]
) -> dict[Key, list[float]]:
    """The accuracies in % for each magnitude that `pwlib.robustness` doesn't measure.

    PGD is on the first FEW test images, the rest on all.
    """
    data, found = loaded(name), {}
    for arm, attack in KEYS:
        if (arm, attack) not in EVALUATED:
            few = slice(FEW if attack == "PGD" else None)
            x, y = data.test_x[few], data.test_y[few]
            points = adversarial(networks, x, y, arm, attack, magnitudes)
            found[arm, attack] = [100 * attacks.accuracy(networks[arm], at, y) for at in points]
    return found


def all_curves(
    evaluated: Mapping[str, Mapping[str, NDArray[np.float64]]],
    networks: Mapping[tuple[str, str, int], MLP],
    seeds: Sequence[int],
    magnitudes: Sequence[float],
    workers: int,
) -> dict[str, dict[Key, NDArray[np.float64]]]:
    """For each data set the curve of each arm under each attack: (seeds, magnitudes), in %.

    ``evaluated[name]`` has the curves of `pwlib.robustness`, in %; ``networks`` are keyed by data
    set, arm and seed. The rest is measured on that many processes.
    """
    pairs = product(evaluated, seeds)
    jobs = [(n, {arm: networks[n, arm, seed] for arm in ARMS}, magnitudes) for n, seed in pairs]
    found = iter(parallel.run(further_curves, jobs, workers, "networks attacked further"))
    curves = {}
    for name, known in evaluated.items():
        measured = [next(found) for _ in seeds]
        curves[name] = {key: known[there] for key, there in EVALUATED.items()}
        curves[name] |= {key: np.array([m[key] for m in measured]) for key in measured[0]}
    return curves


def chosen(networks: Mapping[str, MLP], x: Tensor, y: Tensor, count: int) -> Tensor:
    """The rows of the first images of different classes that all networks classify right."""
    with torch.no_grad():
        right = torch.stack([model(x).argmax(1) == y for model in networks.values()]).all(0)
    first = {int(y[row]): row for row in reversed(right.nonzero().flatten().tolist())}
    return torch.tensor(sorted(first.values())[:count], dtype=torch.long)


@torch.no_grad()
def shown(
    name: str, networks: Mapping[str, MLP], magnitudes: Sequence[float], count: int = 2
) -> Shown:
    """The chosen test images of a data set under each attack of each magnitude."""
    data = loaded(name)
    rows = chosen(networks, data.test_x[:FEW], data.test_y[:FEW], count)
    x, y = data.test_x[rows], data.test_y[rows]
    found = Shown(y.numpy(), {}, {}, {})
    for key in KEYS:
        with torch.enable_grad():
            moved = torch.stack(adversarial(networks, x, y, *key, magnitudes), 1)
        said = [networks[who](moved.flatten(0, 1)).double().softmax(1) for who in ARMS]
        likely = torch.stack(said).unflatten(1, moved.shape[:2]).max(-1)
        found.images[key] = moved.numpy()
        found.answers[key] = likely.indices.numpy()
        found.probabilities[key] = likely.values.numpy()
    return found
