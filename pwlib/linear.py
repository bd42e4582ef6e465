"""Linear models and linear features, and the smallest perturbations that defeat them.

A perturbation eta changes the score <w, x> + b by <w, eta> (equation (1)), so everything here is
exact: no attack is searched for, each is a projection. Samples are rows, labels y are -1 and +1.
"""

from dataclasses import dataclass

import numpy as np

from pwlib.checks import a, accepts, array, real, whole

Array = np.ndarray


@dataclass(frozen=True)
class Linear:
    """The scores <w, x> + b: weights (d,) or, with k classes, (d, k); bias a number or (k,)."""

    weights: Array
    bias: Array | float

    def __call__(self, x: Array) -> Array:
        """Scores of x (n, d): (n,) or (n, k)."""
        return x @ self.weights + self.bias


@dataclass(frozen=True)
class Features:
    """Unit-variance features f_j(x) = <v_j, x - mean> / sigma_j; directions (k, d), sigma (k,)."""

    mean: Array
    directions: Array
    sigma: Array

    def __call__(self, x: Array) -> Array:
        """The features of x (n, d): (n, k)."""
        return (x - self.mean) @ self.directions.T / self.sigma


def two_classes(x: Array, labels: Array, negative: int, positive: int) -> tuple[Array, Array]:
    """The samples (n, d) of two classes as float64, and their labels (n,), -1 and +1."""
    kept = (labels == negative) | (labels == positive)
    if len(np.unique(labels[kept])) != 2:
        raise ValueError(f"labels: got none of {negative} or of {positive}, accepts two classes")
    return x[kept].astype(np.float64), np.where(labels[kept] == positive, 1.0, -1.0)


def ridge(x: Array, y: Array, strength: float) -> Linear:
    """Least squares with a penalty, `||Xw + b - y||^2 + c ||w||^2`, the bias free.

    c is ``strength`` times the mean squared length of the centred samples, so that repeating each
    coordinate, or scaling x, changes w but no score. y is (n,) or, for k classes, (n, k). Solved
    in the smaller of the two spaces, of samples or of coordinates.
    """
    mean, centre = x.mean(axis=0), y.mean(axis=0)
    x, y = x - mean, y - centre
    penalty = strength * np.sum(x * x) / len(x)
    if len(x) < x.shape[1]:
        weights = x.T @ np.linalg.solve(x @ x.T + penalty * np.eye(len(x)), y)
    else:
        weights = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
    return Linear(weights, centre - mean @ weights)


def nearest_mean(x: Array, y: Array) -> Linear:
    """The classifier that takes the nearer of the two class means: w is their difference."""
    positive, negative = x[y > 0].mean(axis=0), x[y < 0].mean(axis=0)
    weights = positive - negative
    return Linear(weights, -weights @ (positive + negative) / 2)


def flipping_sizes(model: Linear, x: Array, y: Array, order: float = 2) -> Array:
    """Length of the smallest perturbation that takes each sample to the boundary; (n,).

    `y (<w, x> + b)` over the dual norm of w, `||w||_2` for order 2 and `||w||_1` for order inf
    (Hölder). Negative for a sample that is misclassified as it is.
    """
    return y * model(x) / np.linalg.norm(model.weights, {2: 2, np.inf: 1}[order])


def flipping_ratio(model: Linear, x: Array, y: Array, order: float = 2) -> float:
    """Median flipping size over half the distance of the two class means, both in one norm.

    The median is over the samples that are classified correctly. For order 2 the signed mean,
    averaged over the two classes with equal weight, is exactly the cosine of `tilt_angle`:
    `(<w, m+> + b - <w, m-> - b) / (2 ||w||)` over `||m+ - m-|| / 2`.
    """
    sizes = flipping_sizes(model, x, y, order)
    distance = np.linalg.norm(nearest_mean(x, y).weights, order)
    return float(np.median(sizes[sizes > 0]) / (distance / 2))


def tilt_angle(model: Linear, x: Array, y: Array) -> float:
    """The angle, in degrees, between the weights and the difference of the two class means."""
    difference = nearest_mean(x, y).weights
    lengths = np.linalg.norm(model.weights) * np.linalg.norm(difference)
    return float(np.degrees(np.arccos(np.clip(model.weights @ difference / lengths, -1, 1))))


def accuracy_in_a_ball(
    model: Linear, x: Array, y: Array, lengths: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Accuracy after the worst step and after a random one, of each of the L2 ``lengths`` (k,).

    One direction is drawn for each sample, uniformly, and kept for all lengths. Returns (k,) twice.
    """
    margin = flipping_sizes(model, x, y)[:, None]
    step = rng.standard_normal(x.shape)
    step /= np.linalg.norm(step, axis=1, keepdims=True)
    along = (y * (step @ model.weights) / np.linalg.norm(model.weights))[:, None]
    return (margin > lengths).mean(axis=0), (margin + along * lengths > 0).mean(axis=0)


def worst_step_in_box(x: Array, direction: Array, size: float) -> Array:
    """Per sample, the step of L2 length <= size with x + step in [0, 1]^d that goes furthest.

    Maximises <direction, step>. By the optimality conditions step = clip(t direction, -x, 1 - x),
    with t such that the length is ``size``, or the corner of the box. x is (n, d), direction (d,)
    or (n, d); returns (n, d).
    """
    return _clipped(x, direction, size**2, power=2)


def flipping_step_in_box(x: Array, direction: Array, gain: Array) -> Array:
    """Per sample, the L2-shortest step with x + step in [0, 1]^d and <direction, step> = gain.

    The same clipped steps as in `worst_step_in_box`, with t chosen for the gain (n,) >= 0. Where
    the box has no such step, the step that gains most.
    """
    return _clipped(x, direction, gain, power=1)


def _clipped(x: Array, direction: Array, target: Array | float, power: int) -> Array:
    """clip(t direction, -x, 1 - x), with t (n,) such that the coordinates' shares sum to target.

    The share is step^power speed^(2 - power), and step = t speed where a coordinate moves freely.
    From t of the unclipped step, t only grows, and coordinates only join those at their walls: the
    loop ends, with the exact t, when none has joined.
    """
    speed = np.broadcast_to(np.abs(direction), x.shape)
    wall = np.where(direction > 0, 1 - x, x) * (direction != 0)  # how far to go until the box ends
    shares, squares = wall**power * speed ** (2 - power), speed**2
    stuck = speed == 0
    while True:
        left = np.maximum(target - np.sum(shares * stuck, axis=1), 0)
        free = np.sum(squares * ~stuck, axis=1)
        t = np.divide(left, free, out=np.full(len(x), 1e300), where=free > 0) ** (1 / power)
        now = stuck | (speed * t[:, None] >= wall)
        if np.array_equal(now, stuck):
            return np.sign(direction) * np.where(stuck, wall, speed * t[:, None])
        stuck = now


def within_class_features(x: Array, y: Array, count: int) -> Features:
    """The ``count`` principal directions of the scatter within the classes, largest first.

    Each feature is centred half-way between the class means, scaled to unit variance over both
    classes, and turned so that it grows towards the class +1.
    """
    positive, negative = x[y > 0].mean(axis=0), x[y < 0].mean(axis=0)
    within = x - np.where(y[:, None] > 0, positive, negative)
    variance, vectors = np.linalg.eigh(within.T @ within / len(x))
    rank = int(np.sum(variance > 1e-10 * variance[-1]))
    if not 1 <= count <= rank:
        raise ValueError(f"count: got {count!r}, accepts a whole number from 1 to {rank}, the rank")
    directions = vectors[:, ::-1].T[:count]
    directions = directions * np.where(directions @ (positive - negative) < 0, -1.0, 1.0)[:, None]
    mean = (positive + negative) / 2
    return Features(mean, directions, ((x - mean) @ directions.T).std(axis=0))


def usefulness(features: Array, y: Array) -> tuple[Array, Array]:
    """rho = E[y f] of each feature (n, k), and its standard error; (k,) each.

    Ilyas et al. (2019): a feature is rho-useful if E[y f(x)] >= rho > 0.
    """
    products = features * y[:, None]
    return products.mean(axis=0), products.std(axis=0, ddof=1) / np.sqrt(len(y))


def usefulness_in_box(features: Features, x: Array, y: Array, eps: float) -> tuple[Array, Array]:
    """E[min y f(x + step)] over the steps of L2 length <= eps that keep x in [0, 1]^d.

    The right-hand side of (2) at the worst Delta(x), and its standard error; (k,) each.
    """
    least = features(x)
    for j, (v, sigma) in enumerate(zip(features.directions, features.sigma, strict=True)):
        down = -y[:, None] * v
        least[:, j] -= y * np.sum(worst_step_in_box(x, down, eps) * down, axis=1) / sigma
    return usefulness(least, y)


def flipping_medians(model: Linear, x: Array, y: Array) -> tuple[float, float, float]:
    """Accuracy, median L-inf flipping size, median L2 flipping size over `||x||_2`.

    The medians are over the samples that are classified correctly.
    """
    right = flipping_sizes(model, x, y) > 0
    x, y = x[right], y[right]
    linf = np.median(flipping_sizes(model, x, y, np.inf))
    relative = np.median(flipping_sizes(model, x, y) / np.linalg.norm(x, axis=1))
    return float(right.mean()), float(linf), float(relative)


def gaussian_family(
    count: int, d: int, separation: float, rng: np.random.Generator
) -> tuple[Array, Array, Linear]:
    """x = y mu + z with z ~ N(0, I_d) and mu = (separation / sqrt(d)) (1, ..., 1).

    Its accuracy is Phi(separation) in every dimension d. Returns x (count, d), y (count,), and the
    rule <mu, x>, which no classifier betters.
    """
    mu = np.full(d, separation / np.sqrt(d))
    y = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    return y[:, None] * mu + rng.standard_normal((count, d)), y, Linear(mu, 0.0)


def half_images(
    count: int, side: int, contrast: float, grain: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Toy images (count, side^2) with labels, in the manner of Tanay and Griffin (2016).

    The right half is 1/2 + y contrast; the left half a smooth pattern of random amplitude that says
    nothing about y; independent Gaussian grain everywhere.
    """
    y = np.where(np.arange(count) % 2, 1.0, -1.0)
    column = (np.arange(side) + 0.5) / side
    wave = np.sin(np.pi * column)[:, None] * np.sin(2 * np.pi * column)[None, : side // 2]
    images = np.full((count, side, side), 0.5)
    amplitude = rng.choice([-1.0, 1.0], (count, 1, 1)) * rng.uniform(0.2, 0.4, (count, 1, 1))
    images[:, :, : side // 2] += amplitude * wave
    images[:, :, side // 2 :] += contrast * y[:, None, None]
    images += grain * rng.standard_normal(images.shape)
    return images.reshape(count, -1), y


def tilt(weights: Array, direction: Array, angle: float) -> Array:
    """Turn the unit normal `w/||w||` by ``angle`` (radians) towards direction, in their plane."""
    unit = weights / np.linalg.norm(weights)
    across = direction - (direction @ unit) * unit
    length = np.linalg.norm(across)
    if length < 1e-12 * np.linalg.norm(direction):
        raise ValueError("direction: got one parallel to the weights, accepts any other")
    return np.cos(angle) * unit + np.sin(angle) * across / length


def resize(x: Array, side: int) -> Array:
    """Square images (n, s^2) to (n, side^2): block means downwards, repeated pixels upwards."""
    old = int(np.sqrt(x.shape[1]))
    if old * old != x.shape[1] or (old % side and side % old):
        raise ValueError(f"side: got {side!r}, accepts a divisor or a multiple of {old}")
    up, down = max(side // old, 1), max(old // side, 1)
    images = x.reshape(-1, old, old).repeat(up, axis=1).repeat(up, axis=2)
    return images.reshape(-1, side, down, side, down).mean(axis=(2, 4)).reshape(len(x), -1)


def rounding_error(weights: Array, x: Array) -> tuple[float, float]:
    """Error of <w, x> accumulated in float32: summed one by one, and by numpy's dot product.

    Both inputs are float32 already, so that only the arithmetic rounds; the truth is the float64
    dot product, whose own error is 2^29 times smaller.
    """
    if weights.dtype != np.float32 or x.dtype != np.float32:
        raise ValueError(f"weights, x: got {weights.dtype} and {x.dtype}, accepts float32")
    exact = float(weights.astype(np.float64) @ x.astype(np.float64))
    one_by_one = np.cumsum(weights * x, dtype=np.float32)[-1]  # cumsum cannot reorder its terms
    return abs(float(one_by_one) - exact), abs(float(weights @ x) - exact)


def rounding_ratios(terms: int, eps: float, rng: np.random.Generator) -> list[float]:
    """The error of float32 inner products, over what the perturbation eps sign(w) does to them.

    x is uniform on [0, 1]. Four ratios to `eps ||w||_1`: normal w summed one by one, and by the
    library; `abs(w)` summed one by one, and by the library.
    """
    x, w = rng.random(terms, dtype=np.float32), rng.standard_normal(terms, dtype=np.float32)
    effect = eps * np.sum(np.abs(w), dtype=np.float64)
    return [error / effect for v in (w, np.abs(w)) for error in rounding_error(v, x)]


def rounding_bound(terms: int, eps: float) -> float:
    """What no ratio of `rounding_ratios` exceeds, for any w, any x in [0, 1], in any order.

    The error of a float32 inner product is at most `gamma_n <abs(w), abs(x)>`, with
    gamma_n = n u / (1 - n u) and u = 2^-24, and that product is at most `||w||_1`. Infinite from
    n = 1/u on, where the bound ends. Higham (2002).
    """
    rounded = terms * 2.0**-24
    return rounded / (1 - rounded) / eps if rounded < 1 else np.inf


_IN_BOX = {"x": array("n d", 0, 1), "direction": array("... d")}


def _targets(name: str, y: Array, known: dict) -> Array:
    return array("n k" if np.ndim(y) > 1 else "n")(name, y, known)


accepts(
    __name__,
    {"x": array("n d"), "y": array("n", -1, 1), "lengths": array("k", 0), "gain": array("n", 0)}
    | {"order": a(int, float, where=lambda order: order in (2, np.inf), what="2 or inf")}
    | {"strength": real(0, above=True), "size grain eps": real(0), "contrast": real(0, 0.5)}
    | {"count d side terms": whole(1), "weights direction": array("d"), "labels": array("n")},
    ridge={"y": _targets},
    worst_step_in_box=_IN_BOX,
    flipping_step_in_box=_IN_BOX,
    usefulness={"features": array("n k")},
    usefulness_in_box={"features": a(Features), "x": array("n d", 0, 1)},
    half_images={"side": whole(2, even=True)},
    rounding_bound={"eps": real(0, above=True)},
    rounding_ratios={"eps": real(0, above=True)},
    rounding_error={"x": array("d")},
    Linear={"weights": array("d ..."), "bias": array("...")},
    Features={"mean": array("d"), "directions": array("k d"), "sigma": array("k", 1e-300)},
)
