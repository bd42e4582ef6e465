"""What independent values, one a draw or a seed, allow to say: a mean with its interval."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pwlib.checks import ANYTHING, a, accepts, array, named, real


def mean_with_error(values: ArrayLike) -> tuple[float, float]:
    """The mean of independent values (values,), at least two, and its standard error."""
    values = _values(values, 2)
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Student's t interval for the mean of independent values; one value has no spread: ±∞."""
    from scipy.special import stdtrit  # Student's quantiles; scipy.stats takes a second to import

    values = _values(values)
    if len(values) < 2:
        return -np.inf, np.inf
    mean, error = mean_with_error(values)
    half = float(stdtrit(len(values) - 1, (1 + level) / 2)) * error
    return mean - half, mean + half


def at_least(values: ArrayLike) -> float:
    """The lower end of the 95% interval for the mean; of one value, the value itself."""
    values = _values(values)
    return interval(values)[0] if len(values) > 1 else float(values[0])


def above(a: ArrayLike, b: ArrayLike, margin: float) -> bool:
    """Whether a exceeds b by more than a margin, paired by seed.

    The whole 95% interval of a − b must lie beyond the margin. With one seed there is no interval,
    and the difference alone decides.
    """
    return at_least(_difference(a, b)) > margin


def equivalent(a: ArrayLike, b: ArrayLike, margin: float) -> bool:
    """Whether a and b differ by less than a margin, paired by seed: two one-sided tests at 5 %.

    It is so where the 90% interval of a − b lies between −margin and margin; one seed can't tell.
    """
    low, high = interval(_difference(a, b), 0.9)
    return -margin < low and high < margin


def p_above(difference: ArrayLike, margin: float) -> float:
    """The p-value of Student's one-sided test that a mean difference isn't above a margin."""
    from scipy.stats import ttest_1samp

    return float(ttest_1samp(_values(difference, 2), margin, alternative="greater").pvalue)


def holm(p: Mapping[str, float], level: float = 0.05) -> dict[str, bool]:
    """Which of a family of tests reject, so that a false one among them is as rare as the level.

    Holm's procedure: the smallest p-value is held against level / k, the next against
    level / (k − 1), and so on up to the first that is larger.
    """
    reject, left = dict.fromkeys(p, False), len(p)
    for name in sorted(p, key=lambda name: p[name]):
        if p[name] > level / left:
            break
        reject[name], left = True, left - 1
    return reject


def shown(mean: float, low: float, high: float, form: str = "z.1f") -> str:
    """A mean with its interval, "4.8 (-3.1 to 12.7)"; "z" leaves no minus before a zero."""
    return f"{mean:{form}} ({low:{form}} to {high:{form}})"


def with_interval(values: ArrayLike, form: str = "z.1f") -> str:
    """The mean of independent values with its 95% interval, as `shown`; a single value alone."""
    mean = float(_values(values).mean())
    return shown(mean, *interval(values), form) if np.size(values) > 1 else f"{mean:{form}}"


def _values(values: ArrayLike, least: int = 1) -> NDArray[np.float64]:
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < least:
        raise ValueError(f"values: got shape {values.shape}, accepts (values,), {least} or more")
    return values


def _difference(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    a, b = _values(a), _values(b)
    if len(a) != len(b):
        raise ValueError(f"a, b: got {len(a)} and {len(b)} values, accepts pairs")
    return a - b


def _is_form(form: str) -> bool:
    try:
        return bool(form) and bool(f"{0.5:{form}}")
    except ValueError:
        return False


accepts(
    __name__,
    {"values a b difference": array("values"), "level": real(1e-9, 1 - 1e-9)}
    | {"p": named(real(0, 1), by=ANYTHING), "low high": real(infinite=True)}
    | {"form": a(str, where=_is_form, what="a format of numbers")},
)
