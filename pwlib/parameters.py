"""Checks of parameters: a bad value stops with one line that a person can act on.

Each check returns the value (converted where that loses nothing), so that a caller can write
``degree = integer("degree", degree, 1, 200)``.
"""

import ast
import difflib
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import inf
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray


class ParameterError(ValueError):
    """A parameter has a value that it doesn't accept."""

    def _render_traceback_(self) -> list[str]:  # IPython shows this instead of a traceback
        return [f"ParameterError: {self}"]


def refusal(name: str, value: object, accepts: str) -> ParameterError:
    """What is raised where an argument isn't what it accepts: one line."""
    if hasattr(value, "shape"):
        got = f"{type(value).__name__} of shape {tuple(value.shape)}"
    else:
        got = " ".join(repr(value).split())
    return ParameterError(
        f"{name}: got {got if len(got) < 200 else got[:200] + ' …'}, accepts {accepts}"
    )


def is_real(value: object) -> bool:
    """Is it a real number, and not True or False?"""
    return isinstance(value, Real) and not isinstance(value, bool)


def integer(name: str, value: float, low: float, high: float = inf, *, even: bool = False) -> int:
    """A whole number in [low, high], even if asked for."""
    inside = is_real(value) and low <= value <= high and value % 1 == 0
    if not inside or (even and value % 2):
        kind = "an even whole number" if even else "a whole number"
        to = "on" if high == inf else f"to {high}"
        raise refusal(name, value, f"{kind} from {low} {to}")
    return int(value)


def number(name: str, value: float, low: float, high: float) -> float:
    """A real number in [low, high]."""
    if not is_real(value) or not low <= value <= high:
        raise refusal(name, value, f"a number from {low:g} to {high:g}")
    return float(value)


def choice(name: str, value: str, choices: Sequence[str]) -> str:
    """One of the given words."""
    if not isinstance(value, str) or value not in choices:
        raise refusal(name, value, "one of " + ", ".join(map(repr, choices)))
    return value


def device(name: str, value: str) -> str:
    """ "cpu", or "cuda" where PyTorch finds a GPU."""
    import torch  # most chapters do without

    if torch.cuda.is_available():
        return choice(name, value, ("cpu", "cuda"))
    if value != "cpu":
        raise refusal(name, value, "'cpu' here, where PyTorch finds no GPU")
    return value


def each(
    name: str,
    values: Sequence,
    check: Callable,
    *args: object,
    count: int | None = None,
    **options: bool,
) -> list:
    """A list without repeats, each of whose members passes ``check(name, member, *args)``.

    It has ``count`` members if that is given, else at least one.
    """
    if not isinstance(values, list | tuple) or not values or len(values) != (count or len(values)):
        members = f"{count} members" if count else "at least one member"
        raise refusal(name, values, f"a list with {members}")
    checked = [check(f"{name}[{i}]", v, *args, **options) for i, v in enumerate(values)]
    if any(v in checked[:i] for i, v in enumerate(checked)):
        raise refusal(name, values, "a list without repeats")
    return checked


def known() -> None:
    """Refuse a name that papermill sets and the chapter's cell of parameters doesn't.

    Papermill itself runs the chapter without it. Its cell starts with a comment, and comes after
    the chapter's own; where there is no IPython there is nothing to refuse.
    """
    from IPython import get_ipython

    cells: list[str] = getattr(get_ipython(), "user_ns", {}).get("In", [])
    for own, given in pairwise(cells):
        accepted, unknown = _assigned(own), _assigned(given) - _assigned(own)
        if given.startswith("# Parameters\n") and unknown:
            name = min(unknown)
            near = difflib.get_close_matches(name, sorted(accepted), 1, 0)[0]
            every = ", ".join(sorted(accepted))
            raise ParameterError(f"{name}: no parameter; {near} is the nearest of {every}")


def _assigned(cell: str) -> set[str]:
    """The names that a cell sets at its top level; none if it is no Python alone."""
    try:
        nodes = ast.parse(cell).body
    except SyntaxError:
        return set()
    targets = [t for node in nodes if isinstance(node, ast.Assign) for t in node.targets]
    targets += [node.target for node in nodes if isinstance(node, ast.AnnAssign)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def points(name: str, x: ArrayLike) -> NDArray[np.float64]:
    """Numbers in [0, 1] as an array (points,)."""
    found = np.asarray(real_numbers(name, x, "numbers in [0, 1]"), dtype=np.float64)
    if found.ndim != 1:
        raise ParameterError(f"{name}: got shape {found.shape}, accepts (points,)")
    outside = ~((found >= 0) & (found <= 1))  # NaN fails both comparisons
    if outside.any():
        raise ParameterError(f"{name}: got {found[outside][0]}, accepts numbers in [0, 1]")
    return found


def real_numbers(name: str, values: ArrayLike, accepts: str) -> NDArray:
    """An array of real numbers, of any shape."""
    try:
        found = np.asarray(values)
    except (ValueError, TypeError, RuntimeError):  # ragged, or a tensor that has a gradient
        raise refusal(name, values, accepts) from None
    if found.dtype.kind not in "iuf" and (found.size or isinstance(values, str | bytes)):
        raise refusal(name, values, accepts)
    return found
