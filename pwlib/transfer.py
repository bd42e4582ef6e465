"""Do adversarial examples of one architecture fool another? The paper leaves this open (Section V).

Networks of six architectures, each trained on a third of the data in the plain way and on hard
points, attack each other: one source, one target, which starts from another seed.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from pwlib import attacks
from pwlib.arms import Row, third
from pwlib.checks import ANYTHING, a, accepts, among, array, listed, named, table, whole
from pwlib.datasets import NAMES, loaded
from pwlib.parameters import refusal
from pwlib.robustness import Attack
from pwlib.tensor_checks import device_of_call
from pwlib.training import Keep, TrainingConfig, trained

ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {
    "2 × 128": {"widths": (784, 128, 128, 10)},
    "2 × 256": {"widths": (784, 256, 256, 10)},
    "2 × 512": {"widths": (784, 512, 512, 10)},
    "1 × 512": {"widths": (784, 512, 10)},
    "3 × 512": {"widths": (784, 512, 512, 512, 10)},
    "CNN": {"architecture": "cnn"},
}
ARMS = ("plain", "hard")
SEEDS = 10
LENGTH = 2.0  # of the examples, in L2
Kind = tuple[str, str]  # an architecture and an arm
KINDS: Mapping[Kind, TrainingConfig] = {
    (name, arm): third(arm, **ARCHITECTURES[name]) for name, arm in product(ARCHITECTURES, ARMS)
}
Array = NDArray[np.float64]


def rows(
    dataset: str, seeds: Sequence[int], device: str = "cpu", keep: Keep | None = None
) -> list[Row]:
    """A row for each source of those seeds and each target of the next, and each source on itself.

    Accuracies of the target in per cent, on the test images that `Attack` draws: untouched, under
    one step of LENGTH made for the source, and under PGD of 20 steps from one start.
    """
    wanted = sorted({after(seed) for seed in seeds} | set(seeds))
    networks: dict[tuple[Kind, int], nn.Module] = {}
    for kind, config in KINDS.items():
        found = trained(dataset, config, wanted, device, keep)
        networks |= {(kind, s): one for s, one in zip(wanted, found, strict=True)}
    return [row for seed in seeds for row in met(dataset, networks, seed, device)]


def met(
    dataset: str, networks: Mapping[tuple[Kind, int], nn.Module], seed: int, device: str = "cpu"
) -> Iterator[Row]:
    """The rows of the sources of a seed."""
    data = loaded(dataset)
    some = Attack(drawn=0).rows(len(data.test_y))
    x, y = data.test_x[some].to(device), data.test_y[some].to(device)
    both = product(KINDS, (seed, after(seed)))
    there = {key: copy.deepcopy(networks[key]).to(device) for key in both}
    for source in KINDS:
        model = there[source, seed]
        examples = {"natural": x, "one_step": attacks.one_step(model, x, y, LENGTH)}
        examples["pgd"] = attacks.pgd(model, x, y, LENGTH, 20, 1, seed=0)
        for target, s in [(source, seed), *((kind, after(seed)) for kind in KINDS)]:
            about: Row = {"dataset": dataset, "seed": seed, "source": source[0], "arm": source[1]}
            about |= {"target": target[0], "target_arm": target[1], "target_seed": s}
            for name, at in examples.items():
                about[name] = round(100 * attacks.accuracy(there[target, s], at, y), 2)
            yield about


def after(seed: int) -> int:
    """The seed of the targets of a source."""
    return (seed + 1) % SEEDS


def damage_shares(
    table: Sequence[Row], dataset: str, source_arm: str, target_arm: str, attack: str = "pgd"
) -> dict[tuple[str, str], Array]:
    """What examples of one architecture do to another, (seeds,) for each source and target.

    It is the target's accuracy that they cost, in per cent of what its own examples of the same
    attack cost. Source and target start from different seeds, also where the architecture is one.
    """
    rows = [row for row in table if row["dataset"] == dataset]
    own = {
        (row["source"], row["arm"], row["seed"]): row["natural"] - row[attack]
        for row in rows
        if row["target_seed"] == row["seed"]
    }
    found: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        arms = row["arm"], row["target_arm"]
        target = row["target"], row["target_arm"], row["target_seed"]
        if arms == (source_arm, target_arm) and row["target_seed"] != row["seed"]:
            if not own.get(target):
                raise refusal("table", target, "networks that their own examples do damage to")
            share = 100 * (row["natural"] - row[attack]) / own[target]
            found.setdefault((row["source"], row["target"]), []).append(share)
    return {pair: np.array(shares) for pair, shares in found.items()}


def mean_shares(shares: Mapping[tuple[str, str], Array], same: bool) -> Array:
    """Their mean over pairs of one architecture, or of two different ones, for each seed."""
    chosen = [found for (a, b), found in shares.items() if (a == b) == same]
    if not chosen:
        raise refusal("same", same, "what some pair of the shares is")
    return np.mean(chosen, axis=0)


def _networks(name: str, networks: Mapping, known: dict) -> Mapping:
    """Those that `met` takes for a seed."""
    wanted = product(KINDS, (known["seed"], after(known["seed"])))
    return named(a(nn.Module), *wanted, by=ANYTHING)(name, networks, known)


def _shares(name: str, shares: Mapping, known: dict) -> Mapping:
    """As many numbers for each pair of a source and a target."""
    pair = a(tuple, where=lambda names: len(names) == 2, what="pairs (source, target)")
    for names in named(array("seeds"), by=ANYTHING)(name, shares, known):
        pair(name, names, known)
    return shares


def _table(name: str, rows: Sequence[Row], known: dict) -> Sequence[Row]:
    """Rows as `met` makes them, with the attack of the call."""
    about = "dataset", "source", "arm", "target", "seed", "target_arm", "target_seed", "natural"
    return table(*about, known["attack"])(name, rows, known)


_SEED = whole(0, SEEDS - 1)
accepts(
    __name__,
    {"dataset": among(NAMES), "seeds": listed(_SEED), "seed": _SEED, "device": device_of_call}
    | {"attack": among(("one_step", "pgd")), "table": _table}
    | {"source_arm target_arm": among(ARMS), "shares": _shares, "networks": _networks},
)
