"""How well a map over the square [-1, 1]² indicates the decision boundary of a network.

The maps live on the centres of resolution × resolution cells, rows along the second coordinate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.ndimage
import scipy.stats
import torch
from numpy.typing import NDArray

from pwlib.checks import a, accepts, array, listed, real, whole
from pwlib.networks import MLP, negate_features
from pwlib.objectives import softmax_entropy
from pwlib.parameters import refusal
from pwlib.tensor_checks import finite

Map = NDArray[np.float64]  # (resolution, resolution)


@dataclass(frozen=True)
class Maps:
    """A network seen over the square: the arrays have shape (resolution, resolution)."""

    classes: NDArray[np.int64]  # the class of the largest logit
    confidence: Map  # its probability
    adversarial: Map  # the objective (10), in nats
    hard: Map  # the objective (9) of the feature layer, in nats


def square(resolution: int) -> NDArray[np.float64]:
    """The cell centres of [-1, 1]², (resolution², 2), the first coordinate running fastest."""
    centres = (2 * np.arange(resolution) + 1) / resolution - 1
    return np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)


@torch.no_grad()
def maps(model: MLP, resolution: int) -> Maps:
    """The output and both objectives of a float64 network with two inputs."""
    parts = []
    for x in torch.from_numpy(square(resolution)).split(1 << 14):  # keeps memory small
        features = finite("model", model.features(x), "features")
        z = finite("model", model.layers[-1](features), "logits")
        top = z.softmax(-1).max(-1)
        parts.append((top.indices, top.values, softmax_entropy(z), softmax_entropy(features)))
    shape = resolution, resolution
    return Maps(*(torch.cat(p).reshape(shape).numpy() for p in zip(*parts, strict=True)))


def measure(seen: Maps, radius: float) -> dict[str, float]:
    """How both maps of one network relate to its decision boundary.

    A cell is near if it lies within ``radius`` of the boundary. ``auc_adversarial`` and
    ``auc_hard``: `roc_auc` of each map as a score for the near cells; ``auc_lead``: the first minus
    the larger of the second and 1 minus the second, which is that of the negated map;
    ``correlation``: Spearman's, of one map with the other, and ``correlation_size`` its absolute
    value; ``unexplained``: `unexplained_variance` of the logarithm of (10); ``maxima``:
    `count_local_maxima` of (10) above a tenth of its largest possible value, log of 5 classes;
    ``near``: the share of near cells; ``bright``: the share where (10) reaches log 2;
    ``bright_near``: the share of those that are near (NaN where there are none).
    """
    distance = boundary_distance(seen.classes)
    near, bright = distance <= radius, seen.adversarial >= np.log(2)
    logarithm = np.log(np.maximum(seen.adversarial, np.finfo(float).tiny))
    adversarial, hard = roc_auc(near, seen.adversarial), roc_auc(near, seen.hard)
    correlation = rank_correlation(seen.adversarial, seen.hard)
    return {
        "auc_adversarial": adversarial,
        "auc_hard": hard,
        "auc_lead": adversarial - max(hard, 1 - hard),
        "correlation": correlation,
        "correlation_size": abs(correlation),
        "unexplained": unexplained_variance(logarithm, distance, radius),
        "maxima": count_local_maxima(seen.adversarial, distance, radius, level=0.1 * np.log(5)),
        "near": float(near.mean()),
        "bright": float(bright.mean()),
        "bright_near": float(near[bright].mean()) if bright.any() else float("nan"),
    }


def measure_all(seen: Sequence[Maps], radius: float) -> dict[str, NDArray[np.float64]]:
    """`measure` of several networks: under each name one value a network."""
    rows = [measure(one, radius) for one in seen]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@torch.no_grad()
def feature_layer(model: MLP, resolution: int) -> dict[str, float]:
    """What the hard objective of a tanh network follows, over the square.

    ``saturated``: the share of the features beyond 0.9 in size; ``activation``: the rank
    correlation of the hard objective (9) with the mean of the features; ``mirror``: its rank
    correlation with the hard objective of the network with opposite features (`negate_features`);
    ``change``: the largest difference of the logits of those two, zero but for rounding.
    """
    x = torch.from_numpy(square(resolution))
    twin = negate_features(model)
    features = model.features(x)
    hard = softmax_entropy(features).numpy()
    return {
        "saturated": (features.abs() > 0.9).double().mean().item(),
        "activation": rank_correlation(hard, features.mean(-1).numpy()),
        "mirror": rank_correlation(hard, softmax_entropy(twin.features(x)).numpy()),
        "change": (model(x) - twin(x)).abs().max().item(),
    }


def rank_correlation(a: Map, b: Map) -> float:
    """Spearman's rank correlation of two maps, over the cells."""
    return float(scipy.stats.spearmanr(a, b, axis=None).statistic)


def boundary_distance(classes: NDArray[np.int64]) -> Map:
    """The distance of each cell centre of [-1, 1]² to the decision boundary.

    The boundary is where a cell's class differs from that of one of its four neighbours; the
    distance to it is right to one cell, and infinite everywhere for a map of one class. What lies
    outside the square is not seen, so that near its edge the distance can be too large.
    """
    around = scipy.ndimage.generate_binary_structure(2, 1)  # a cell and its four neighbours
    highest = scipy.ndimage.maximum_filter(classes, footprint=around)
    on_boundary = highest != scipy.ndimage.minimum_filter(classes, footprint=around)
    if not on_boundary.any():
        return np.full(classes.shape, np.inf)
    return scipy.ndimage.distance_transform_edt(~on_boundary, sampling=2 / len(classes))


def roc_auc(positive: NDArray[np.bool_], score: Map) -> float:
    """The area under the ROC curve of a score, by the Mann–Whitney statistic.

    It is the probability that a random ``positive`` cell has a larger score than a random other
    one, where a tie counts one half: 0.5 for a score that says nothing, 1 for a perfect one, 0 for
    its negative. NaN where no cell or every cell is positive.
    """
    if positive.shape != score.shape:
        raise refusal("score", score, f"a score for each cell, {positive.shape}")
    if positive.all() or not positive.any():
        return float("nan")
    yes, no = score[positive], score[~positive]
    found = scipy.stats.mannwhitneyu(yes, no, method="asymptotic")
    return float(found.statistic / (yes.size * no.size))


def unexplained_variance(values: Map, distance: Map, radius: float, bins: int = 20) -> float:
    """The fraction of the variance of ``values`` that the distance leaves unexplained.

    Only cells beyond ``radius`` count. They are cut into ``bins`` classes of equal number by their
    distance, and the fraction is the variance within the classes over the whole variance (one minus
    the correlation ratio η²): 0 for a function of the distance, near 1 for one that ignores it. NaN
    where fewer than two cells a class are beyond ``radius``.
    """
    far = distance > radius
    if far.sum() < 2 * bins:
        return float("nan")
    order = np.argsort(distance[far], kind="stable")
    sorted_values = values[far][order]
    within = sum(part.size * part.var() for part in np.array_split(sorted_values, bins))
    return float(within / (sorted_values.size * sorted_values.var()))


def count_local_maxima(values: Map, distance: Map, radius: float, level: float) -> int:
    """The number of local maxima above ``level`` that lie beyond ``radius`` of the boundary.

    A local maximum is a cell, or a patch of equal ones, with no larger value within ``radius``
    along both axes, and not within ``radius`` of the edge of the square.
    """
    reach = max(1, round(radius * len(values) / 2))
    highest = scipy.ndimage.maximum_filter(values, size=2 * reach + 1, mode="nearest")
    inner = np.zeros(values.shape, dtype=bool)
    inner[reach:-reach, reach:-reach] = True
    peaks = inner & (values == highest) & (values > level) & (distance > radius)
    return scipy.ndimage.label(peaks, structure=np.ones((3, 3)))[1]


_MAP = array("side side")
accepts(
    __name__,
    {"resolution": whole(2), "radius": real(0), "bins": whole(1), "a b values": _MAP}
    | {"classes": array("side side", 0), "distance": array("side side", 0, infinite=True)}
    | {"positive": a(np.ndarray, where=lambda one: one.dtype == bool, what="an array of bool")},
    measure_all={"seen": listed(a(Maps))},
    roc_auc={"score": array("...")},
    Maps={"classes": array("side side", 0), "confidence adversarial hard": _MAP},
)
