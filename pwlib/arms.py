"""The arms of the study of networks: ways of training, each with a name, and what is measured.

``results/networks.csv`` has a row for each network. An arm on a third of the data has the name of
its direction (`pwlib.directions`); "third" is plain training there, and "reference" on all of the
data. What else differs is said behind the name, or before it: "hard_r4", "hard@0.05", "sgd_hard".
"""

import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pwlib import attacks, directions
from pwlib.attacks import Box
from pwlib.checks import accepts, among, column, listed, table, whole
from pwlib.datasets import NAMES
from pwlib.networks import Network, fast_products
from pwlib.robustness import Attack, accuracies, measure, numbers, together, under_pgd
from pwlib.tensor_checks import device_of_call, images, labels, network
from pwlib.training import Keep, TrainingConfig, hard_points, trained

Row = dict[str, Any]
Array = NDArray[np.float64]
Measures = dict[str, Array]

THIRD = 0.333333  # of the training set, as the paper has it
LENGTHS = (0.25, 0.5, 2.0, 4.0, 8.0)  # of a step, beside 1
FRACTIONS = (0.005, 0.015, 0.05, 0.15)  # of the training set, beside a third and all
REFERENCE = TrainingConfig()


def third(direction: str = "plain", **changes: object) -> TrainingConfig:
    """Training with points in a direction, on a third of the data unless changed."""
    settings: dict[str, Any] = {"arm": direction, "fraction": THIRD} | changes
    return replace(REFERENCE, **settings)


# The most important ones first; those of Figure 5 are the first three.
MAIN = {"reference": REFERENCE, "third": third()}
MAIN |= {name: third(name) for name in ("hard", "random", "output", "label", "heads")}
MAIN |= {"perp": third("orthogonal"), "parallel": third("parallel"), "other": third("other")}
MAIN |= {"third30": third(epochs=30), "hard_full": third("hard", fraction=1.0)}
MAIN |= {"label_pgd": third("label", ascent_steps=10, radius=0.625, within=2.5)}
MAIN |= {name: third(name) for name in ("noise", "gaussian", "descent", "head")}
MAIN |= {f"{name}_x5": third(name, head_scale=5.0) for name in ("heads", "head")}
MAIN |= {name: third(name) for name in ("argmax", "hinge")}
MAIN |= {"output_full": third("output", fraction=1.0)}

SWEPT = {
    f"{name}_r{f'{r:g}'.removeprefix('0')}": third(name, radius=r)
    for r in LENGTHS
    for name in ("hard", "heads", "random", "output", "label")
}
for fraction in FRACTIONS:
    SWEPT[f"third@{fraction}"] = third(fraction=fraction)
    SWEPT |= {f"{name}@{fraction}": third(name, fraction=fraction) for name in ("hard", "label")}
SWEPT["hard30"] = third("hard", epochs=30)  # with as many updates as "hard_full"; "third30" too
for fraction in FRACTIONS:
    for name, direction in (("third", "plain"), ("hard", "hard")):
        epochs = round(REFERENCE.epochs / fraction)
        SWEPT[f"{name}@{fraction}="] = third(direction, fraction=fraction, epochs=epochs)

# What the paper leaves open, one choice at a time. "free": the attacks don't clamp the pixels.
OPEN: Mapping[str, Mapping[str, Any]] = {
    "sgd": {"optimiser": "sgd"},
    "first": {"sample": "first"},
    "balanced": {"sample": "balanced"},
    "free": {},
    "k1": {"ascent_steps": 1},
    "k10": {"ascent_steps": 10},
    "r.5": {"radius": 0.5},
    "r2": {"radius": 2.0},
    "r4": {"radius": 4.0},
    "within1": {"within": 1.0},
    "apart": {"updates": "apart"},
}
OF_ALL_ARMS = ("sgd", "first", "balanced", "free")  # the others are of points
COMPARED = ("hard", "hard_full", "third", "third30", "descent", "random", "noise", "label")


def named(arm: str, choice: str) -> str:
    """The name of an arm with another choice of what is open; its own where that is the same."""
    plain, full = MAIN[arm].arm == "plain", MAIN[arm].fraction == 1
    if (plain and choice not in OF_ALL_ARMS) or (full and choice in ("first", "balanced")):
        return arm
    if choice != "sgd":
        return f"{arm}_{choice}"
    return f"sgd_{'ref' if arm == 'reference' else arm}"


ARMS = MAIN | SWEPT
for choice, changes in OPEN.items():
    for arm in ("reference", *COMPARED, "output"):
        ARMS.setdefault(named(arm, choice), replace(MAIN[arm], **changes))
for size in (1, 10):
    ARMS[f"unnorm_r{size}"] = third("unnormalised", radius=float(size))
    ARMS[f"unnorm_full_r{size}"] = third("unnormalised", radius=float(size), fraction=1.0)
SEEDS = dict.fromkeys(ARMS, 20) | dict.fromkeys(MAIN, 100)  # on a GPU
FEW = 5  # seeds on processors

_WORDS = {"third": "plain", "third30": "plain, 30 passes", "hard": "hard points"}
_WORDS |= {"descent": "down (9)", "heads": "random heads", "head": "one random head"}
_WORDS |= {"output": "output's entropy", "label": "label's loss"}
_WORDS |= {"label_pgd": "label's loss (projected)", "gaussian": "Gaussian noise"}
_WORDS |= {"perp": "orthogonal part", "parallel": "parallel part", "other": "other network"}
_WORDS |= {"argmax": "(9) with the largest as label", "hinge": "hinge loss of features"}
_CHANGES = {"full": "all data", "x5": "entries × 5", "k10": "ten steps"}

ALONG = (1, 2, 3, 5, 10)  # epochs after which `along` looks at plain training and hard points
# Where `along` looks after the last.
AT_END = (
    *("random", "output", "label", "heads", "perp", "noise", "descent"),
    *("hard_full", "random_r4", "hard_r4", "label_r.5"),
)


def words(arm: str) -> str:
    """An arm as tables and figures name it: what its steps follow, and what else differs."""
    if arm in _WORDS:
        return _WORDS[arm]
    name, _, change = arm.partition("_")
    radius = f"length {ARMS[arm].radius:g}" if change.startswith("r") else change
    return _WORDS.get(name, name) + f" ({_CHANGES.get(change, radius)})" * bool(change)


def missing(rows: Sequence[Row], device: str) -> dict[str, list[tuple[str, list[int]]]]:
    """The arms that a table lacks, with the data sets and seeds: all that a GPU should make.

    Processors make a few of what isn't there at all.
    """
    there = {(row["arm"], row["dataset"], row["seed"]) for row in rows if row["device"] == device}
    known = {(row["arm"], row["dataset"]) for row in rows if row["device"] != device}
    todo: dict[str, list[tuple[str, list[int]]]] = {}
    for arm, dataset in itertools.product(ARMS, NAMES):
        wanted = range(FEW if device == "cpu" else SEEDS[arm])
        seeds = [seed for seed in wanted if (arm, dataset, seed) not in there]
        if seeds and (device != "cpu" or (arm, dataset) not in known):
            todo.setdefault(arm, []).append((dataset, seeds))
    return todo


def rows(
    dataset: str, arm: str, seeds: Sequence[int], device: str = "cpu", keep: Keep | None = None
) -> list[Row]:
    """Train the networks of an arm, one a seed, and measure each: a row of the table for each.

    The reference of a network has its seed; what trains as the reference does also meets examples
    of a second reference, of the next seed. On a GPU all networks are trained and attacked at once.
    """
    config = ARMS[arm]
    plain = replace(REFERENCE, optimiser=config.optimiser)
    networks = {"network": trained(dataset, config, seeds, device, keep)}
    networks["reference"] = trained(dataset, plain, seeds, device, keep)
    if config == plain:
        first, *rest = networks["reference"]
        after = [first] if rest else trained(dataset, plain, [seeds[0] + 1], device, keep)
        networks["second reference"] = [*rest, *after]
    box = attacks.BOXES["free" if arm.endswith("_free") else "clamped"]
    with fast_products():
        found = [_columns(*each, config, box) for each in together(dataset, networks, device)]
    return _table({"arm": arm, "dataset": dataset, "device": device}, seeds, found)


def along(
    dataset: str,
    arm: str,
    epochs: int,
    seeds: Sequence[int],
    device: str = "cpu",
    keep: Keep | None = None,
) -> list[Row]:
    """`points` and the natural accuracy of an arm's networks after so many epochs: a row for each.

    With one seed the first epochs are those of a longer training.
    """
    config = replace(ARMS[arm], epochs=epochs)
    networks = {"network": trained(dataset, config, seeds, device, keep)}
    found = []
    for each, x, y in together(dataset, networks, device):
        natural = {"natural": accuracies(each["network"], x, y)}
        found.append(natural | points(cast(Network, each["network"]), *_drawn(x, y), config))
    about = {"dataset": dataset, "arm": arm, "epochs": epochs, "device": device}
    return _table(about, seeds, found)


def _columns(
    networks: Mapping[str, nn.Module], x: Tensor, y: Tensor, config: TrainingConfig, box: Box
) -> Measures:
    """What is measured of a network, or of a stack: numbers () or (S,), by their column."""
    first, network = Attack(box=box), networks["network"]
    found = measure(networks, x, y, 0, first)
    table = numbers(found, first)
    columns = {f"os_{m}": found.curves["own"][..., i] for i, m in enumerate(first.magnitudes)}
    others = ("height", "to_reference", "from_reference", "control")
    columns |= {name: table[name] for name in others if name in table}
    columns |= {f"pgd_{e:g}_first": found.pgd[..., i] for i, e in enumerate(first.pgd_eps)}
    x, y = _drawn(x, y)
    under = under_pgd(network, x, y, 0, first)
    columns |= {f"pgd_{e:g}": under[..., i] for i, e in enumerate(first.pgd_eps)}
    return columns | points(cast(Network, network), x, y, config)


def points(network: Network, x: Tensor, y: Tensor, config: TrainingConfig) -> Measures:
    """How far an arm's points lie from images, and how (9) and the loss agree: numbers () or (S,).

    "distance" is the mean L2 length of what the arm's steps change, "cos_hard_label" the median
    cosine between the gradients of (9) and of the loss of the true label, and "on_hard_points" the
    accuracy on the network's own hard points.
    """
    steps = config.ascent_steps, config.radius
    found = {}
    if config.arm not in ("plain", "other"):
        drawn = [torch.Generator(x.device).manual_seed(0)]
        effort = *steps, drawn, config.within, config.head_scale
        ends = directions.moved(network, x, y, config.arm, *effort)
        found["distance"] = (ends - x).norm(dim=-1).mean(-1)
    found["cos_hard_label"] = directions.cosines(network, x, y)["hard_label"].median(-1).values
    numbers = {name: value.double().cpu().numpy() for name, value in found.items()}
    return numbers | {"on_hard_points": accuracies(network, hard_points(network, x, *steps), y)}


def _drawn(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """A thousand images, drawn at random with a fixed seed, and their labels."""
    some = Attack(drawn=0).rows(y.shape[-1]).to(y.device)
    return x[..., some, :], y[..., some]


def _table(about: Row, seeds: Sequence[int], found: Sequence[Measures]) -> list[Row]:
    """A row for each seed, from the measures of stacks or of single networks; what is not finite
    stays out."""
    columns = {name: np.concatenate([np.atleast_1d(f[name]) for f in found]) for name in found[0]}
    known = {name: values for name, values in columns.items() if np.isfinite(values).all()}
    return [
        about | {"seed": seed} | {name: round(float(v[i]), 3) for name, v in known.items()}
        for i, seed in enumerate(seeds)
    ]


def values(rows: Sequence[Row], dataset: str, arm: str, measure: str) -> Array:
    """A measure of an arm's networks in the rows of the table, (seeds,): a GPU's where it has any.

    Raises ValueError where there is none.
    """
    return np.array(list(_on_one_device(rows, dataset, [arm], measure)[0].values()))


def difference(rows: Sequence[Row], dataset: str, one: str, other: str, measure: str) -> Array:
    """A measure of one arm less that of another, for each seed that both have, (seeds,).

    Both are of one kind of device where that can be. Raises ValueError where no seed has both.
    """
    a, b = _on_one_device(rows, dataset, [one, other], measure)
    return np.array([a[seed] - b[seed] for seed in a if seed in b])


def figure_5(
    rows: Sequence[Row], dataset: str, arm: str = "hard", reference: str = "reference"
) -> tuple[Measures, Measures]:
    """What `pwlib.robustness.outcomes` takes: `numbers` of an arm and of its reference.

    All are of one kind of device where that can be, since damage is a difference between them.
    """
    for device in ("cuda", "cpu"):
        with suppress(ValueError):
            alike = [row for row in rows if row["device"] == device]
            return _figure_5(alike, dataset, arm, reference)
    return _figure_5(rows, dataset, arm, reference)


def _figure_5(
    rows: Sequence[Row], dataset: str, arm: str, reference: str
) -> tuple[Measures, Measures]:
    """`figure_5` of rows, each measure where it is."""
    names = {"natural": "os_0.0", "height": "height", "pgd_1": "pgd_1_first"}
    names |= {"pgd_2": "pgd_2_first"}
    pairs = {n: _on_one_device(rows, dataset, [arm, reference], of) for n, of in names.items()}
    ours, theirs = ({n: both[i] for n, both in pairs.items()} for i in (0, 1))
    for name, of in (("to_reference", arm), ("from_reference", arm), ("control", reference)):
        (ours[name],) = _on_one_device(rows, dataset, [of], name)
    ours |= {"reference": theirs["height"], "reference_natural": theirs["natural"]}
    seeds = sorted(set.intersection(*(set(found) for found in (*ours.values(), *theirs.values()))))
    robust, plain = (
        {name: np.array([found[seed] for seed in seeds]) for name, found in side.items()}
        for side in (ours, theirs)
    )
    return robust, plain


def _on_one_device(
    rows: Sequence[Row], dataset: str, arms: Sequence[str], measure: str
) -> list[dict[int, float]]:
    """For each arm its measure by seed, all made on a GPU, else all on processors, else on any."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for row in rows:
        if row["dataset"] == dataset and row["arm"] in arms and row.get(measure, "") != "":
            found.setdefault((row["arm"], row["device"]), {})[row["seed"]] = row[measure]
    for device in ("cuda", "cpu"):
        if all((arm, device) in found for arm in arms):
            return [dict(sorted(found[arm, device].items())) for arm in arms]
    mixed = [found.get((arm, "cpu"), {}) | found.get((arm, "cuda"), {}) for arm in arms]
    if not all(mixed):
        raise ValueError(f"arm: got {arms}, accepts those that have {measure} on {dataset}")
    return mixed


accepts(
    __name__,
    {"dataset": among(NAMES), "arm one other reference": among(ARMS), "device": device_of_call}
    | {"rows": table("dataset", "arm", "device", "seed"), "measure": column, "choice": among(OPEN)}
    | {"direction": among(directions.DIRECTIONS), "seeds": listed(whole(0)), "epochs": whole(1)}
    | {"x": images(), "network": network(True), "y": labels()},
    named={"arm": among(MAIN)},
    missing={"rows": table("arm", "dataset", "device", "seed", least=0)}
    | {"device": among(("cpu", "cuda"))},
)
