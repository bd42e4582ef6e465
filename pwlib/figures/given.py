"""Checks of what figures are given: by names, and along axes; see `pwlib.checks`."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pwlib.checks import Check, a, among, array, listed
from pwlib.parameters import refusal

TEXT = a(str)


def named(
    check: Check,
    *names: object,
    by: Check = TEXT,
    like: str = "",
    count: tuple[float, float] = (1, inf),
    rising: bool = False,
) -> Check:
    """A mapping from the names, and others that pass ``by``, to what passes a check.

    Those of a call that are ``like`` each other have the same names in one order.
    """
    least, most = count

    def checked(name: str, values: Mapping, known: dict) -> dict:
        if not isinstance(values, Mapping) or not least <= len(values) <= most:
            many = f"{least:g}" if least == most else f"{least:g} to {most:g}"
            raise refusal(name, values, f"a mapping of {many.replace('to inf', 'or more')} names")
        keys = list(values)
        for key in keys:
            by(name, key, known)
        if missing := [key for key in names if key not in values]:
            raise refusal(name, keys, f"names with {missing[0]!r} among them")
        wanted = known.setdefault(f"names of {like}", keys) if like else keys
        if keys != wanted:
            raise refusal(name, keys, f"the same names as the first of its kind, {wanted}")
        if rising and keys != sorted(keys):
            raise refusal(name, keys, "numbers that ascend")
        return {key: check(f"{name}[{key!r}]", value, known) for key, value in values.items()}

    return checked


def of(argument: str) -> Check:
    """A name that an argument of the call has, which is checked before."""
    return lambda name, value, known: among(known[argument])(name, value, known)


def alone(check: Check) -> Check:
    """What passes a check, and whose sizes are its own."""
    return lambda name, value, known: check(name, value, dict(known))


def together(*checks: Check) -> Check:
    """As many things as there are checks, each of which passes its own."""

    def checked(name: str, values: Sequence, known: dict) -> tuple:
        if not isinstance(values, tuple | list) or len(values) != len(checks):
            raise refusal(name, values, f"{len(checks)} in a tuple")
        each = enumerate(zip(checks, values, strict=True))
        return tuple(check(f"{name}[{i}]", value, known) for i, (check, value) in each)

    return checked


def texts(count: int | str) -> Check:
    """As many strings as a number says, or as there are in an argument of the call."""

    def checked(name: str, values: Sequence[str], known: dict) -> Sequence[str]:
        wanted = count if isinstance(count, int) else len(known[count])
        found = listed(TEXT)(name, values, known)
        if len(found) != wanted:
            raise refusal(name, values, f"{wanted} strings")
        return found

    return checked


def along(
    shape: str,
    low: float = -inf,
    high: float = inf,
    *,
    least: int = 1,
    above: bool = False,
    rising: bool = True,
) -> Check:
    """An array as `array` has it whose numbers ascend, and are above the lowest if asked for."""

    def checked(name: str, values: ArrayLike, known: dict) -> NDArray[Any]:
        found = array(shape, low, high, least=least)(name, values, known)
        if above and found.min() <= low:
            raise refusal(name, found.min().item(), f"numbers above {low:g}")
        if rising and (np.diff(found) <= 0).any():
            raise refusal(name, values, "numbers that ascend")
        return found

    return checked
