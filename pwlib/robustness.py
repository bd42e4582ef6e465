"""What Figure 5 measures on trained networks, and what it is read to say. Accuracies in per cent.

A network is attacked with examples made for itself; where there are references, each also meets
the examples of the other, and the reference those of a second reference, which is the control.
Chapter 4c and the tables of networks use the same measure and the same criteria.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from pwlib import attacks, parallel
from pwlib.attacks import PIXELS, Box
from pwlib.checks import a, accepts, among, array, listed, maybe, members, named, real, whole
from pwlib.datasets import NAMES, loaded
from pwlib.intervals import above, at_least, equivalent
from pwlib.networks import fast_products, stack
from pwlib.parameters import choice
from pwlib.tensor_checks import box_of_pixels, device_of_call, labels, network, tensor

Array = NDArray[np.float64]
Measures = Mapping[str, Array]

MAGNITUDES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
MARGIN = 1.0  # percentage points, or per cent of the damage

# Each curve: the network whose accuracy it shows, and the one whose adversarial examples it meets.
CURVES = {
    "own": ("network", "network"),
    "to_reference": ("reference", "network"),
    "from_reference": ("network", "reference"),
    "control": ("reference", "second reference"),
    "reference": ("reference", "reference"),
}


@dataclass(frozen=True)
class Attack:
    """The L2 magnitudes of the one-step attack, on all images, and those of PGD, on some.

    PGD takes the first ``images``, or as many at random, ``drawn`` with that seed.
    """

    magnitudes: tuple[float, ...] = MAGNITUDES
    pgd_eps: tuple[float, ...] = (1.0, 2.0)
    pgd_steps: int = 20
    pgd_restarts: int = 3
    images: int = 1000
    drawn: int | None = None
    box: Box = PIXELS

    def rows(self, count: int) -> Tensor:
        """The rows of the images that PGD takes from so many."""
        if self.drawn is None:
            return torch.arange(count)[: self.images]
        generator = torch.Generator().manual_seed(self.drawn)
        return torch.randperm(count, generator=generator)[: self.images]


FIGURE_5 = Attack()


@dataclass(frozen=True)
class Measured:
    """A network under attack. Of several networks each array has the seeds as its first axis.

    ``curves`` has the accuracy for each magnitude, (magnitudes,), of those of CURVES whose networks
    are there; ``lengths`` the mean L2 length of the network's own perturbations after clamping.
    ``pgd`` has the accuracies on the images that PGD takes, for each eps, (eps,).
    """

    curves: dict[str, Array]
    lengths: Array
    pgd: Array


def measure(
    networks: Mapping[str, nn.Module], x: Tensor, y: Tensor, seed: int, attack: Attack = FIGURE_5
) -> Measured:
    """The ``network`` under attack, with a ``reference`` and a ``second reference`` or without.

    x (…, N, d) are images and y (…, N) their labels, with a leading axis for stacks of networks;
    the seed is that of PGD's restarts.
    """
    box, step = attack.box, {who: attacks.direction(net, x, y) for who, net in networks.items()}
    curves = {
        name: _accuracies(networks[target], x, y, step[source], attack.magnitudes, box)
        for name, (target, source) in CURVES.items()
        if target in networks and source in networks
    }
    changes = (attacks.move(x, step["network"], eps, box) - x for eps in attack.magnitudes)
    lengths = torch.stack([change.norm(dim=-1).mean(-1) for change in changes], -1)
    some = attack.rows(y.shape[-1]).to(y.device)
    pgd = under_pgd(networks["network"], x[..., some, :], y[..., some], seed, attack)
    return Measured(curves, lengths.double().cpu().numpy(), pgd)


def under_pgd(network: attacks.Model, x: Tensor, y: Tensor, seed: int, attack: Attack) -> Array:
    """The accuracies on images x under PGD, (eps,), or (S, eps) of a stack."""
    effort = attack.pgd_steps, attack.pgd_restarts, seed, attack.box
    ends = (attacks.pgd(network, x, y, eps, *effort) for eps in attack.pgd_eps)
    return np.moveaxis(np.array([accuracies(network, at, y) for at in ends]), 0, -1)


def accuracies(network: attacks.Model, x: Tensor, y: Tensor) -> Array:
    """The accuracy on images x, (), or (S,) of a stack."""
    return _accuracies(network, x, y, torch.zeros_like(x), (0.0,), attacks.BOXES["free"])[..., 0]


def measure_many(
    jobs: Sequence[tuple[str, Mapping[str, nn.Module], int, Attack]],
    workers: int,
    device: str = "cpu",
) -> list[Measured]:
    """`measure` on the test set of a name, for each (name, networks, seed, attack), in order."""
    if device == "cpu":
        return parallel.run(_measured, jobs, workers, "networks attacked")
    return [_measured(*job, device) for job in jobs]


def together(
    name: str, networks: Mapping[str, Sequence[nn.Module]], device: str = "cpu"
) -> Iterator[tuple[dict[str, nn.Module], Tensor, Tensor]]:
    """Networks of one shape with their references, and the test images and labels of a name.

    On a GPU that is one stack of all, with images (S, N, d); on "cpu" one after the other.
    """
    data = loaded(name)
    x, y = data.test_x.to(device), data.test_y.to(device)
    if device == "cpu":
        for some in zip(*networks.values(), strict=True):
            yield dict(zip(networks, some, strict=True)), x, y
    else:
        there = {who: stack(some).to(device) for who, some in networks.items()}
        count = len(networks["network"])
        yield there, x.expand(count, -1, -1), y.expand(count, -1)


def over_seeds(found: Sequence[Measured]) -> Measured:
    """Measures of one kind of network as one, each array with the seeds along its first axis."""
    curves = {name: np.stack([one.curves[name] for one in found]) for name in found[0].curves}
    lengths, pgd = (np.stack([getattr(one, name) for one in found]) for name in ("lengths", "pgd"))
    return Measured(curves, lengths, pgd)


def numbers(found: Measured, attack: Attack = FIGURE_5) -> dict[str, Array]:
    """What the tables have of a network: each number (), or (seeds,) for several seeds.

    "natural": the accuracy on all images; "pgd_1", …: on the first; "height": the `mean_accuracy`
    of its own curve. The mean accuracies of the other curves have their names, and
    "reference_natural" is the reference's accuracy without examples.
    """
    natural = attack.magnitudes.index(0)
    means = {name: mean_accuracy(c, attack.magnitudes) for name, c in found.curves.items()}
    table = {"natural": found.curves["own"][..., natural], "height": means.pop("own")}
    table |= {f"pgd_{e:g}": found.pgd[..., i] for i, e in enumerate(attack.pgd_eps)} | means
    if "reference" in means:
        table["reference_natural"] = found.curves["reference"][..., natural]
    return table


def mean_accuracy(curve: ArrayLike, magnitudes: ArrayLike) -> Array:
    """The mean of accuracy curves (…, magnitudes) over the magnitudes, by the trapezoid rule.

    Raises ValueError for fewer than two magnitudes, or magnitudes that don't ascend.
    """
    magnitudes = np.asarray(magnitudes, dtype=float)
    if len(magnitudes) < 2 or not (np.diff(magnitudes) > 0).all():
        raise ValueError(f"magnitudes: got {magnitudes.tolist()}, accepts two or more, ascending")
    return np.trapezoid(np.asarray(curve), magnitudes, axis=-1) / np.ptp(magnitudes)


def outcomes(robust: Measures, reference: Measures) -> dict[str, bool]:
    """The outcomes that the verdicts on Figure 5 rest on, for the networks of one data set.

    Both hold `numbers`, an array over the same seeds for each. One thing is above another if,
    paired by seed, the whole 95% interval of the difference lies beyond MARGIN, and like another if
    the 90% interval lies within it (`pwlib.intervals.above`, `equivalent`).
    """
    gained = at_least(robust["natural"] - reference["natural"])
    towards, back = damage_shares(robust)
    transferred, made = robust["from_reference"], robust["to_reference"]
    return {
        "natural accuracy below the reference's": above(reference["natural"], robust["natural"], 0),
        "natural accuracy lost below 1 point": gained > -MARGIN,
        "natural accuracy lost below 5 points": gained > -5,
        "one step: above the reference": above(robust["height"], reference["height"], MARGIN),
        "PGD: above the reference": all(above(robust[e], reference[e], MARGIN) for e in _PGD),
        "transfer: above the reference": above(transferred, made, MARGIN),
        "transfer: above the control": above(transferred, robust["control"], MARGIN),
        "reference's examples do no damage": at_least(transferred - robust["natural"]) > -MARGIN,
        "examples transfer like ordinary ones": equivalent(made, robust["control"], MARGIN),
        "larger share of damage towards the reference": above(towards, back, MARGIN),
    }


def damage_shares(found: Measures) -> tuple[Array, Array]:
    """What a network's examples do to the reference, and the reference's to the network: each as
    a share of the damage that the attacked one's own examples do, in per cent, for each seed."""
    towards = damage_share(found, "to_reference", "reference", "reference_natural")
    return towards, damage_share(found, "from_reference", "height", "natural")


def damage_share(found: Measures, under: str, own: str, natural: str) -> Array:
    """The damage of some examples in per cent of that of the network's own; damage is the natural
    accuracy less the mean accuracy under attack."""
    return 100 * (found[natural] - found[under]) / (found[natural] - found[own])


def _accuracies(
    network: attacks.Model,
    x: Tensor,
    y: Tensor,
    step: Tensor,
    magnitudes: Sequence[float],
    box: Box,
) -> Array:
    return 100 * np.array(attacks.accuracy_curve(network, x, y, step, magnitudes, box))


def _measured(
    name: str, networks: Mapping[str, nn.Module], seed: int, attack: Attack, device: str = "cpu"
) -> Measured:
    data = loaded(name)
    there = {who: copy.deepcopy(network).to(device) for who, network in networks.items()}
    with fast_products():
        return measure(there, data.test_x.to(device), data.test_y.to(device), seed, attack)


def _measure(name: str, value: str, known: dict) -> str:
    return choice(name, value, list(known["found"]))


_DAMAGE = ("natural", "height", "to_reference", "from_reference", "reference", "reference_natural")
_PGD = ("pgd_1", "pgd_2")
_NETWORKS = named(a(nn.Module), "network")
_JOB = members(name=among(NAMES), networks=_NETWORKS, seed=whole(0), attack=a(Attack))
accepts(
    __name__,
    {"x": tensor("... N d"), "y": labels(), "seed": whole(0), "networks": _NETWORKS}
    | {"network": network(), "workers": whole(1), "device": device_of_call, "name": among(NAMES)}
    | {"magnitudes": array("k", 0), "curve": array("... k")},
    together={"networks": named(listed(a(nn.Module)), "network")},
    outcomes={"robust": named(array("..."), *_DAMAGE, *_PGD, "control")}
    | {"reference": named(array("..."), "natural", "height", *_PGD)},
    damage_shares={"found": named(array("..."), *_DAMAGE)},
    damage_share={"found": named(array("...")), "under own natural": _measure},
    measure_many={"jobs": listed(_JOB)},
    Attack={"magnitudes": listed(real(0)), "pgd_eps": listed(real(0), 0), "box": box_of_pixels}
    | {"pgd_steps pgd_restarts images": whole(1), "drawn": maybe(whole(0))},
    Measured={"curves": named(array("... magnitudes"), "own"), "lengths": array("... magnitudes")}
    | {"pgd": array("... eps", least=0)},
)
