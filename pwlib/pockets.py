"""How far along a ray a classifier errs, and how often a random step meets such points.

A random step has a direction uniform on the unit sphere. For a linear classifier the share of
random steps that change its decision is the area of a spherical cap, `hyperplane_shares`; with the
distance to the boundary as the unit of length nothing is left in it but the dimension.

Points are rows of x (N, d) with labels y (N,); all points that are tried are clamped to a ``box``
(low, high), and (-inf, inf) leaves them as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc
from torch import Generator, Tensor

from pwlib.attacks import BOXES, Box, Model, move, unit
from pwlib.checks import accepts, array, listed, real, whole
from pwlib.intervals import shown
from pwlib.tensor_checks import box_of_pixels, finite, images, labels, network, tensor

Array = NDArray[np.float64]
FREE = BOXES["free"]


@dataclass(frozen=True)
class Shares:
    """Shares of random steps that end misclassified, for each multiple of a length; (k,) each.

    ``low`` and ``high`` are the ends of Wilson's 95% interval for the mean probability over the
    points and the directions at hand, the directions being random and the points given. Where the
    points differ in their probability it is too wide, if anything: the sum of independent trials
    varies most when all have the same.
    """

    share: Array
    low: Array
    high: Array

    def percent(self) -> list[str]:
        """Each share with its interval in percent, "1.23 (1.02 to 1.48)"."""
        columns = (100 * self.share, 100 * self.low, 100 * self.high)
        return [shown(*row, ".2f") for row in zip(*columns, strict=True)]


@torch.no_grad()
def wrong(model: Model, x: Tensor, y: Tensor) -> Tensor:
    """Whether the largest logit at x isn't that of its label: (N,) of bool."""
    return finite("model", model(x), "logits").argmax(1) != y


def flipping_lengths(
    model: Model, x: Tensor, y: Tensor, step: Tensor, longest: float, box: Box = FREE
) -> Tensor:
    """The least length at which x + length·step is misclassified, to rounding; (N,).

    Each ray is looked at every 1/200 of ``longest`` until the classifier errs, then bisected. A
    misclassified stretch that is shorter can be missed. Infinite where none is met up to
    ``longest``; 0 where x itself is misclassified.
    """
    found = torch.where(wrong(model, x, y), 0.0, inf).to(x)
    low = torch.zeros_like(found)
    for length in torch.linspace(0, longest, 201, dtype=x.dtype)[1:]:
        left = found.isinf().nonzero().squeeze(1)
        at = move(x[left], step[left], length, box)
        errs = wrong(model, at, y[left])
        found[left[errs]], low[left[~errs]] = length, length
    met = found.isfinite().nonzero().squeeze(1)
    x, y, step, low, high = x[met], y[met], step[met], low[met], found[met]
    for _ in range(20):
        middle = (low + high) / 2
        errs = wrong(model, move(x, step, middle, box), y)
        low, high = torch.where(errs, low, middle), torch.where(errs, middle, high)
    return found.index_copy_(0, met, high)


def random_steps(
    model: Model,
    x: Tensor,
    y: Tensor,
    lengths: Tensor,
    multiples: Sequence[float],
    draws: int,
    generator: Generator,
    box: Box = FREE,
) -> Shares:
    """The share of ``draws`` random steps from each row of x that end misclassified.

    A step has the ``lengths`` (N,) of its row, times the multiple; each direction serves for all
    multiples.
    """
    counts = torch.zeros(len(multiples), dtype=torch.long)
    for _ in range(draws):
        step = unit(torch.randn(x.shape, generator=generator, dtype=x.dtype))
        ends = (move(x, step, multiple * lengths, box) for multiple in multiples)
        counts += torch.stack([wrong(model, end, y).sum() for end in ends])
    return shares(counts.tolist(), draws * len(x))


def shares(counts: Sequence[int], trials: int) -> Shares:
    """The shares that so many counts of so many trials are, with Wilson's intervals."""
    from scipy.stats import binomtest  # takes most of a second, and few callers need it

    found = [binomtest(count, trials) for count in counts]
    low, high = zip(*(test.proportion_ci(method="wilson") for test in found), strict=True)
    return Shares(*map(np.array, ([test.statistic for test in found], low, high)))


def nearest_other(x: Tensor, y: Tensor, samples: Tensor, labels: Tensor) -> Tensor:
    """The distance from each x to the nearest of the samples (M, d) with another label: (N,)."""
    nearest = torch.full_like(x[:, 0], inf)
    for some, theirs in zip(samples.split(10_000), labels.split(10_000), strict=True):
        alike = y.unsqueeze(1) == theirs
        nearest = torch.minimum(nearest, torch.cdist(x, some).masked_fill_(alike, inf).amin(1))
    return nearest


def cap(dimension: int, height: ArrayLike) -> Array:
    """The share of the unit sphere in R^dimension whose first coordinate exceeds ``height``.

    With u the first coordinate of a random unit vector, u² has the Beta distribution with the
    parameters 1/2 and (dimension − 1)/2.
    """
    u = np.clip(np.asarray(height, float), -1, 1)
    upper = betainc((dimension - 1) / 2, 0.5, 1 - u**2) / 2
    return np.where(u < 0, 1 - upper, upper)


def hyperplane_shares(dimension: int, multiples: ArrayLike, beyond: float) -> tuple[Array, Array]:
    """The share of random steps that end misclassified, if the boundary is a hyperplane.

    First from a point at the distance 1 before it, then from one ``beyond`` − 1 ≥ 0 behind it;
    steps have the length ``multiples`` (k,) > 0. Returns (k,) twice.
    """
    k = np.asarray(multiples, float)
    return cap(dimension, 1 / k), 1 - cap(dimension, (beyond - 1) / k)


accepts(
    __name__,
    {"box": box_of_pixels, "x": images(), "model": network(), "y": labels(), "longest": real(0)}
    | {"step": tensor("N d"), "lengths": tensor("N", 0), "multiples": listed(real(0))}
    | {"draws trials": whole(1), "counts": listed(whole(0)), "dimension": whole(2)}
    | {"samples": tensor("M d"), "labels": labels("M"), "height": array("..."), "beyond": real(1)},
    wrong={"x": tensor("N d")},
    nearest_other={"x": tensor("N d")},
    hyperplane_shares={"multiples": array("k", 1e-300)},
    Shares={"share low high": array("k", 0, 1)},
)
