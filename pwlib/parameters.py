"""Checks for the parameters of a chapter: a bad value stops with one line that a person can act on.

Each check returns the value (converted where that loses nothing), so that a chapter can write
``degree = integer("degree", degree, 1, 200)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence


class ParameterError(ValueError):
    """A parameter of a chapter has a value that it doesn't accept."""

    def _render_traceback_(self) -> list[str]:  # IPython shows this instead of a traceback
        return [f"ParameterError: {self}"]


def _refusal(name: str, value: object, accepts: str) -> ParameterError:
    return ParameterError(f"{name}: got {value!r}, accepts {accepts}")


def _is_real(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def integer(name: str, value: object, low: int, high: int, *, even: bool = False) -> int:
    """A whole number in [low, high], even if asked for."""
    inside = _is_real(value) and low <= value <= high and value == int(value)
    if not inside or (even and value % 2):
        kind = "an even whole number" if even else "a whole number"
        raise _refusal(name, value, f"{kind} from {low} to {high}")
    return int(value)


def number(name: str, value: object, low: float, high: float) -> float:
    """A real number in [low, high]."""
    if not _is_real(value) or not low <= value <= high:
        raise _refusal(name, value, f"a number from {low:g} to {high:g}")
    return float(value)


def choice(name: str, value: object, choices: Sequence[str]) -> str:
    """One of the given words."""
    if value not in choices:
        raise _refusal(name, value, "one of " + ", ".join(map(repr, choices)))
    return value


def device(name: str, value: object) -> str:
    """ "cpu", or "cuda" where PyTorch finds a GPU."""
    import torch  # most chapters do without

    if torch.cuda.is_available():
        return choice(name, value, ("cpu", "cuda"))
    if value != "cpu":
        raise _refusal(name, value, "'cpu' here, where PyTorch finds no GPU")
    return value


def each(name: str, values: object, check: Callable, *args: object, **options: bool) -> list:
    """A list without repeats, each of whose members passes ``check(name, member, *args)``."""
    if not isinstance(values, list | tuple) or not values:
        raise _refusal(name, values, "a list with at least one member")
    checked = [check(f"{name}[{i}]", v, *args, **options) for i, v in enumerate(values)]
    if any(v in checked[:i] for i, v in enumerate(checked)):
        raise _refusal(name, values, "a list without repeats")
    return checked
