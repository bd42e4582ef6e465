"""Checks of the arguments of public functions: what they can't mean is refused.

`accepts` stands at the end of a module, with a check for each name of an argument of which the type
hint doesn't say enough. A bad call stops with one line that names the argument,
what came and what is accepted.
"""

import builtins
import csv
import inspect
import json
import sys
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from math import inf, isfinite
from numbers import Real
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pwlib.parameters import ParameterError, choice, integer, is_real, real_numbers, refusal

# A check of an argument: its name, its value, and what is known of the call, which is the values
# of all arguments and the sizes of arrays, by their names. Returns the value.
Check = Callable[[str, Any, dict[str, Any]], Any]
_checked: ContextVar[bool] = ContextVar("_checked", default=False)  # within a call that was


def accepts(module: str, checks: Mapping[str, Check], **own: Mapping[str, Check]) -> None:
    """Let the public functions and classes of a module refuse what their arguments can't mean.

    ``checks`` holds for functions, by the names of arguments, "a b"; ``own`` has what differs for
    one, by its name, and the arguments of classes. All others are held against their type hints.
    These come first, then arguments in the order of the checks. Of functions only the outermost
    call is checked: what the package hands on to itself costs nothing, nor does a training step.
    """
    there = vars(sys.modules[module])
    for name, thing in list(there.items()):
        if name.startswith("_") or getattr(thing, "__module__", None) != module:
            continue
        if "__init__" in vars(thing) and not getattr(thing, "_is_protocol", False):
            start = _checking(thing.__init__, own.get(name, {}), always=True)
            setattr(thing, "__init__", start)  # noqa: B010
        elif callable(thing) and not inspect.isclass(thing):
            there[name] = _checking(thing, checks, own.get(name, {}))


def _checking(function: Callable, *tables: Mapping[str, Check], always: bool = False) -> Callable:
    signature = inspect.signature(function)
    unknown: dict[str, Any] = defaultdict(lambda: Any)  # what is imported for type checkers alone
    there = vars(sys.modules[function.__module__]), vars(builtins)
    hints = get_type_hints(function, localns=ChainMap(*there, unknown))
    each = {name: check for one in tables for names, check in one.items() for name in names.split()}
    own = {name: check for name, check in each.items() if name in signature.parameters}
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    single = [one.name for one in signature.parameters.values() if one.kind not in several]
    hinted = {name: of_type(hints.get(name)) for name in single if name not in own}
    checks = {name: check for name, check in hinted.items() if check} | own

    @wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        if _checked.get() and not always:
            return function(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        given = set(bound.arguments)
        bound.apply_defaults()
        known = dict(bound.arguments)
        before = _checked.set(True)
        try:
            for name in filter(given.__contains__, checks):
                bound.arguments[name] = known[name] = checks[name](name, known[name], known)
            return function(*bound.args, **bound.kwargs)
        finally:
            _checked.reset(before)

    return call


def of_type(hint: Any) -> Check | None:  # noqa: ANN401
    """What a type hint asks for; None where it doesn't say, as of arrays and protocols.

    A list or dict may be empty, and hold what doesn't say; other collections may not.
    """
    kind, parts = get_origin(hint), [part for part in get_args(hint) if part is not NoneType]
    if hint in (bool, int, float):
        return {bool: flag, int: whole(-inf), float: real()}[hint]
    if kind is Callable:
        return function
    if _is_kind(hint):
        return a(hint)
    inner = of_type(parts[-1]) if parts else None
    if kind in (Union, UnionType):
        if len(parts) > 1:
            inner = a(*parts) if all(map(_is_kind, parts)) else None
        return maybe(inner) if inner and NoneType in get_args(hint) else inner
    if kind is list:
        return listed(inner or ANYTHING, 0)
    if kind is dict:
        return named(inner or ANYTHING, by=of_type(parts[0]) or ANYTHING, count=(0, inf))
    if parts and parts[-1] in (object, Any):
        inner = ANYTHING
    if kind in (Sequence, Iterable):
        return inner and listed(inner)
    return inner and named(inner, by=ANYTHING) if kind is Mapping else None


def _is_kind(hint: Any) -> bool:  # noqa: ANN401
    """Is it a class that says all that is asked for?"""
    says = hint not in (Any, object, bool, int, float) and not getattr(hint, "_is_protocol", False)
    return inspect.isclass(hint) and says


def whole(low: float, high: float = inf, even: bool = False) -> Check:
    """A whole number, as `integer` has it."""
    return lambda name, value, known: integer(name, value, low, high, even=even)


def real(
    low: float = -inf, high: float = inf, *, above: bool = False, infinite: bool = False
) -> Check:
    """A finite number from ``low``, or above it, to ``high``; infinity too if asked for."""
    kind = (
        ("a number" if infinite else "a finite number")
        + (f"{' above' if above else ' from'} {low:g}" * isfinite(low))
        + f" to {high:g}" * isfinite(high)
    )

    def check(name: str, value: float, known: dict) -> float:
        inside = is_real(value) and low <= value <= high and (infinite or isfinite(value))
        if not inside or (above and value == low):
            raise refusal(name, value, kind)
        return value

    return check


def flag(name: str, value: bool, known: dict) -> bool:
    """True or False, or 1 or 0 from a table."""
    if not isinstance(value, bool | np.bool_ | int | np.integer) or value not in (0, 1):
        raise refusal(name, value, "True or False")
    return value


def among(choices: Iterable[str]) -> Check:
    """One of some words, as `choice` has it."""
    return lambda name, value, known: choice(name, value, list(choices))


def a(*kinds: type, where: Callable[[Any], object] = bool, what: str = "") -> Check:
    """An object of a type, of which ``where`` is true, as ``what`` says."""
    said = what or " or ".join(f"a {kind.__name__}" for kind in kinds)

    def check(name: str, value: object, known: dict) -> object:
        if not isinstance(value, kinds) or (what and not where(value)):
            raise refusal(name, value, said)
        return value

    return check


def _anything(name: str, value: object, known: dict) -> object:
    return value


TEXT = a(str)  #: A string.
ANYTHING = _anything  #: What any value passes.
NAME = a(str, what="a name that isn't empty")  #: A string that isn't empty.


def function(name: str, value: Callable, known: dict) -> Callable:
    """Something that can be called."""
    if not callable(value):
        raise refusal(name, value, "a function")
    return value


def plain(name: str, value: object, known: dict) -> object:
    """Plain data, which JSON can hold."""
    try:
        json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise refusal(name, value, "plain data, as JSON can hold") from None
    return value


def table(*columns: str, least: int = 1) -> Check:
    """Rows, each a mapping that has the columns, with a text or a number in each."""

    def check(name: str, rows: Sequence[Mapping], known: dict) -> Sequence[Mapping]:
        wanted = f"a list of {least} or more rows that have {', '.join(columns)}"
        if not isinstance(rows, list | tuple) or len(rows) < least:
            raise refusal(name, rows, wanted)
        for row in rows:
            if not isinstance(row, Mapping) or not all(column in row for column in columns):
                raise refusal(name, row, wanted)
            for cell in (row[column] for column in columns):
                if not isinstance(cell, str | Real):
                    raise refusal(name, cell, "texts and numbers in the cells of rows")
        return rows

    return check


def column(name: str, value: str, known: dict) -> str:
    """A column of the rows of a call."""
    if not isinstance(value, str) or not any(value in row for row in known["rows"]):
        raise refusal(name, value, f"one of {', '.join(known['rows'][0])}")
    return value


def numbers(name: str, value: ArrayLike, known: dict) -> NDArray:
    """Real numbers of any shape, which the function looks at itself."""
    return real_numbers(name, value, "an array of numbers")


def maybe(check: Check) -> Check:
    """None, or what passes a check."""
    return lambda name, value, known: None if value is None else check(name, value, known)


def listed(check: Check, least: int = 1) -> Check:
    """A sequence, each of whose members passes a check."""

    def checked(name: str, values: Sequence, known: dict) -> Sequence:
        if not isinstance(values, Sequence | range | np.ndarray) or isinstance(values, str | bytes):
            raise refusal(name, values, "a list")
        if len(values) < least:
            raise refusal(name, values, f"a list with {least} members or more")
        found = [check(f"{name}[{i}]", value, dict(known)) for i, value in enumerate(values)]
        return tuple(found) if isinstance(values, tuple) else found

    return checked


def members(*checks: Check, **parts: Check) -> Check:
    """A tuple with as many members as there are checks, each of which passes its own."""
    each = {f"[{i}]": check for i, check in enumerate(checks)}
    each |= {f".{part}": check for part, check in parts.items()}

    def checked(name: str, values: Sequence, known: dict) -> tuple:
        kind = tuple if parts else (tuple, list)
        if not isinstance(values, kind) or len(values) != len(each):
            parts_of = f"a tuple ({', '.join(parts)})" if parts else f"{len(each)} in a tuple"
            raise refusal(name, values, parts_of)
        found = zip(each.items(), values, strict=True)
        make = getattr(values, "_make", tuple)  # one of its own kind
        return make([check(f"{name}{part}", value, known) for (part, check), value in found])

    return checked


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


PLAIN = named(plain, count=(0, inf))  #: Plain data by names.


def columns_of(argument: str, *needed: str) -> Check:
    """Names of columns of a table in CSV, whose path is an argument of the call."""

    def checked(name: str, values: Sequence[str], known: dict) -> Sequence[str]:
        found = listed(TEXT, 0)(name, values, known)
        with open(known[argument], encoding="utf-8", newline="") as file:
            there = next(csv.reader(file), [])
        if missing := [one for one in (*found, *needed) if one not in there]:
            raise refusal(name, missing[0], f"one of {', '.join(there)}")
        return found

    return checked


def of(argument: str) -> Check:
    """A name that an argument of the call has, which is checked before."""
    return lambda name, value, known: among(known[argument])(name, value, known)


def alone(check: Check) -> Check:
    """What passes a check, and whose sizes are its own."""
    return lambda name, value, known: check(name, value, dict(known))


def texts(count: int | str) -> Check:
    """As many strings as a number says, or as there are in an argument of the call."""

    def checked(name: str, values: Sequence[str], known: dict) -> Sequence[str]:
        wanted = count if isinstance(count, int) else len(known[count])
        found = listed(TEXT)(name, values, known)
        if len(found) != wanted:
            raise refusal(name, values, f"{wanted} strings")
        return found

    return checked


def array(
    shape: str, low: float = -inf, high: float = inf, *, least: int = 1, infinite: bool = False
) -> Check:
    """Finite numbers in [low, high] as an array whose sizes have names, "points n+1".

    A size of one name is the same in all arguments of a call, and that of a number of this name;
    "..." stands for any others, or none. No array is empty unless ``least`` is 0.
    """

    def check(name: str, values: ArrayLike, known: dict) -> NDArray:
        found = real_numbers(name, values, f"numbers ({shape})")
        sized(name, found, shape, known, least)
        if found.size and not low <= found.min() <= found.max() <= high:
            outside = found[~((found >= low) & (found <= high))]
            raise refusal(name, outside.flat[0].item(), span(low, high))
        if not infinite and not np.isfinite(found).all():
            raise refusal(name, found[~np.isfinite(found)].flat[0].item(), span(low, high))
        return found

    return check


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

    def checked(name: str, values: ArrayLike, known: dict) -> NDArray:
        found = array(shape, low, high, least=least)(name, values, known)
        if above and found.min() <= low:
            raise refusal(name, found.min().item(), f"numbers above {low:g}")
        if rising and (np.diff(found) <= 0).any():
            raise refusal(name, values, "numbers that ascend")
        return found

    return checked


def span(low: float, high: float) -> str:
    """The numbers that a check accepts, in words."""
    return (
        f"numbers in [{low:g}, {high:g}]"
        if isfinite(high)
        else "finite numbers" + (f" from {low:g}" * isfinite(low))
    )


def sized(name: str, values: Any, shape: str, known: dict, least: int) -> None:  # noqa: ANN401
    """Hold the shape of an array against the names of its sizes, and learn those that are new."""
    got, wanted = tuple(values.shape), shape.split()
    right = len(got) == len(wanted) and (0 not in got or not least)
    if "..." in wanted:
        at = wanted.index("...")
        rest = got[at : len(got) - len(wanted) + at + 1]
        right = (
            len(got) >= len(wanted) - 1 and 0 not in rest and known.setdefault("...", rest) == rest
        )
        got, wanted = got[:at] + got[at + len(rest) :], [d for d in wanted if d != "..."]
    sizes: dict[str, int] = {}
    for size, dimension in zip(got, wanted, strict=False):
        base, _, more = dimension.partition("+")
        key = base if isinstance(known.get(base), int) else f"{base} of sizes"
        learned = int(base) if base.isdigit() else known.setdefault(key, size - int(more or 0))
        sizes[base] = learned
        right = right and size == learned + int(more or 0) and size >= least
    if not right:
        wanted_shape = [
            str(sizes[d[:-2]] + 1) if d.endswith("+1") and d[:-2] in sizes else d
            for d in shape.split()
        ]
        where = " with " + ", ".join(f"{k} = {v}" for k, v in sizes.items()) if sizes else ""
        raise ParameterError(
            f"{name}: got shape {tuple(values.shape)}, accepts ({', '.join(wanted_shape)}){where}"
        )
