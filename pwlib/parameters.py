"""Checks of parameters: a bad value stops with one line that a person can act on.

Each check returns the value (converted where that loses nothing), so that a caller can write
``degree = integer("degree", degree, 1, 200)``. `accepts` checks all public functions of a module,
by what their arguments mean.
"""

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from math import inf, isfinite
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# A check of an argument: its name, its value, and what is known of the call, which is the values
# of all arguments and the sizes of arrays, by their names. Returns the value.
Check = Callable[[str, Any, dict[str, Any]], Any]
_checked: ContextVar[bool] = ContextVar("_checked", default=False)  # within a call that was


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


def _is_real(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def integer(name: str, value: float, low: float, high: float = inf, *, even: bool = False) -> int:
    """A whole number in [low, high], even if asked for."""
    inside = _is_real(value) and low <= value <= high and value % 1 == 0
    if not inside or (even and value % 2):
        kind = "an even whole number" if even else "a whole number"
        to = "on" if high == inf else f"to {high}"
        raise refusal(name, value, f"{kind} from {low} {to}")
    return int(value)


def number(name: str, value: float, low: float, high: float) -> float:
    """A real number in [low, high]."""
    if not _is_real(value) or not low <= value <= high:
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


def each(name: str, values: Sequence, check: Callable, *args: object, **options: bool) -> list:
    """A list without repeats, each of whose members passes ``check(name, member, *args)``."""
    if not isinstance(values, list | tuple) or not values:
        raise refusal(name, values, "a list with at least one member")
    checked = [check(f"{name}[{i}]", v, *args, **options) for i, v in enumerate(values)]
    if any(v in checked[:i] for i, v in enumerate(checked)):
        raise refusal(name, values, "a list without repeats")
    return checked


def points(name: str, x: ArrayLike, least: int = 0) -> NDArray[np.float64]:
    """Numbers in [0, 1] as an array (points,), at least so many."""
    found = np.asarray(_numbers(name, x, "numbers in [0, 1]"), dtype=np.float64)
    if found.ndim != 1 or len(found) < least:
        more = f", {least} or more" if least else ""
        raise ParameterError(f"{name}: got shape {found.shape}, accepts (points,){more}")
    outside = ~((found >= 0) & (found <= 1))  # NaN fails both comparisons
    if outside.any():
        raise ParameterError(f"{name}: got {found[outside][0]}, accepts numbers in [0, 1]")
    return found


def _numbers(name: str, values: ArrayLike, accepts: str) -> NDArray:
    """An array of real numbers, of any shape."""
    try:
        found = np.asarray(values)
    except (ValueError, TypeError, RuntimeError):  # ragged, or a tensor that has a gradient
        raise refusal(name, values, accepts) from None
    if found.dtype.kind not in "iuf" and (found.size or isinstance(values, str | bytes)):
        raise refusal(name, values, accepts)
    return found


def accepts(module: str, checks: Mapping[str, Check], **own: Mapping[str, Check]) -> None:
    """Let the public functions of a module refuse what their arguments, by their names, can't mean.

    ``own`` has what differs for a function, by its name, and the arguments of classes. Arguments
    are checked in the order of the checks. Only the outermost call is checked: what the package
    hands on to itself costs nothing, nor does a step of training.
    """
    there = vars(sys.modules[module])
    for name, thing in list(there.items()):
        if name.startswith("_") or getattr(thing, "__module__", None) != module:
            continue
        if inspect.isclass(thing) and name in own:
            setattr(thing, "__init__", _checking(thing.__init__, own[name]))  # noqa: B010
        elif callable(thing) and not inspect.isclass(thing):
            there[name] = _checking(thing, {**checks, **own.get(name, {})})


def _checking(function: Callable, checks: Mapping[str, Check]) -> Callable:
    signature = inspect.signature(function)
    checks = {name: check for name, check in checks.items() if name in signature.parameters}

    @wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        if _checked.get():
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
        inside = _is_real(value) and low <= value <= high and (infinite or isfinite(value))
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


def a(*kinds: type, where: Callable[[Any], bool] = bool, what: str = "") -> Check:
    """An object of a type, of which ``where`` is true, as ``what`` says."""
    said = what or " or ".join(f"a {kind.__name__}" for kind in kinds)

    def check(name: str, value: object, known: dict) -> object:
        if not isinstance(value, kinds) or (what and not where(value)):
            raise refusal(name, value, said)
        return value

    return check


def function(name: str, value: Callable, known: dict) -> Callable:
    """Something that can be called."""
    if not callable(value):
        raise refusal(name, value, "a function")
    return value


def anything(name: str, value: object, known: dict) -> object:
    """Whatever comes, in a column that a call may not look at."""
    return value


def column(name: str, value: str, known: dict) -> str:
    """A column of the rows of a call."""
    return choice(name, value, sorted(set().union(*known["rows"])))


def device_of_call(name: str, value: str, known: dict) -> str:
    """A device of PyTorch's: a processor, or a GPU that is there."""
    import torch

    try:
        where = torch.device(value if isinstance(value, str) else "")
    except RuntimeError:
        raise refusal(name, value, "'cpu' or 'cuda'") from None
    if where.type != "cpu" and not (where.type == "cuda" and torch.cuda.is_available()):
        raise refusal(name, value, "'cpu', or 'cuda' where PyTorch finds a GPU")
    return value


def dataset(name: str, value: Any, known: dict) -> Any:  # noqa: ANN401
    """Images in [0, 1] and labels, of training and of test: a `pwlib.datasets.Dataset`."""
    if not isinstance(value, tuple) or len(value) != 4:
        raise refusal(name, value, "a Dataset")
    for part in ("train", "test"):
        x, y = value[0:2] if part == "train" else value[2:4]
        sizes = {k: known[k] for k in ("d of sizes",) if k in known}
        tensor("N d", 0, 1)(f"{name}.{part}_x", x, sizes)
        labels("N")(f"{name}.{part}_y", y, sizes | {"classes of sizes": _classes(known)})
        known["d of sizes"] = x.shape[-1]
    return value


def _classes(known: dict) -> float:
    """Of the networks that a configuration, or a list, brings along."""
    config: Any = known.get("config")
    networks = known.get("networks")
    if networks:
        return getattr(getattr(networks[0], "layers", [None])[-1], "out_features", inf)
    if getattr(config, "architecture", "") == "mlp":
        return config.widths[-1]
    return 10 if config is not None else inf


def numbers(name: str, value: ArrayLike, known: dict) -> NDArray:
    """Real numbers of any shape, which the function looks at itself."""
    return _numbers(name, value, "an array of numbers")


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


def mapping(check: Check, *names: object) -> Check:
    """A mapping that has the names, and each of whose values passes a check."""

    def checked(name: str, values: Mapping, known: dict) -> Mapping:
        if not isinstance(values, Mapping) or not values:
            raise refusal(name, values, "a mapping with at least one name")
        if missing := [key for key in names if key not in values]:
            raise refusal(name, list(values), f"a mapping that has {missing[0]!r}")
        for key, value in values.items():
            check(f"{name}[{key!r}]", value, known)
        return values

    return checked


def array(
    shape: str, low: float = -inf, high: float = inf, *, least: int = 1, infinite: bool = False
) -> Check:
    """Finite numbers in [low, high] as an array whose sizes have names, "points n+1".

    A size of one name is the same in all arguments of a call, and that of a number of this name;
    "..." stands for any others, or none. No array is empty unless ``least`` is 0.
    """

    def check(name: str, values: ArrayLike, known: dict) -> NDArray:
        found = _numbers(name, values, f"numbers ({shape})")
        _sized(name, found, shape, known, least)
        if found.size and not low <= found.min() <= found.max() <= high:
            outside = found[~((found >= low) & (found <= high))]
            raise refusal(name, outside.flat[0].item(), _range(low, high))
        if not infinite and not np.isfinite(found).all():
            raise refusal(name, found[~np.isfinite(found)].flat[0].item(), _range(low, high))
        return found

    return check


def tensor(shape: str, low: float = -inf, high: float = inf, *, whole: bool = False) -> Check:
    """The same of a tensor of PyTorch, of floats, or of whole numbers."""
    import torch

    kind = f"a tensor ({shape}) of {'whole numbers' if whole else 'floats'}"

    def check(name: str, values: torch.Tensor, known: dict) -> torch.Tensor:
        if not isinstance(values, torch.Tensor) or values.is_complex():
            raise refusal(name, values, kind)
        if values.is_floating_point() == whole or values.dtype == torch.bool:
            raise refusal(name, values.dtype, kind)
        _sized(name, values, shape, known, 1)
        if not (values.is_cuda and torch.cuda.is_current_stream_capturing()):
            ends = [end.item() for end in values.detach().aminmax()]
            for end in ends:
                if not low <= end <= high or not isfinite(end):
                    raise refusal(name, end, _range(low, high))
        return values

    return check


def finite(name: str, values: Any, what: str) -> Any:  # noqa: ANN401
    """The values, if all are finite: NaN or infinity counts neither as robust nor as a class."""
    import torch

    if not torch.as_tensor(values).isfinite().all():
        raise ParameterError(f"{name}: got {what} that are NaN or infinite, accepts finite ones")
    return values


def network(features: bool = False) -> Check:
    """A function whose logits at the first images of a call are finite, one for each class.

    A network of which ``features`` are asked for has a feature layer too, and finite weights.
    """

    def check(name: str, value: Any, known: dict) -> Any:  # noqa: ANN401
        import torch

        kind = "a network with features" if features else "a network"
        if not callable(value) or (features and not callable(getattr(value, "features", None))):
            raise refusal(name, value, kind)
        x = next((known[of].detach()[..., :2, :] for of in ("x", "rows") if of in known), None)
        if isinstance(value, torch.nn.Module):
            for weights in value.parameters():
                finite(name, weights, "weights")
        if x is None:
            return value
        try:
            with torch.no_grad():
                logits = value(x)
                found = [logits, value.features(x)] if features else [logits]
            right = all(one.shape[:-1] == x.shape[:-1] and one.shape[-1] > 1 for one in found)
        except (RuntimeError, TypeError, ValueError, AttributeError, IndexError) as error:
            said = str(error).partition("\n")[0]
            raise ParameterError(
                f"{name}, x: got {said}, accepts a network of the images"
            ) from None
        if not right:
            raise refusal(name, logits, "logits (..., N, k), two or more")
        for values in found:
            finite(name, values, "logits or features")
        known["classes of sizes"] = logits.shape[-1]
        return value

    return check


def labels(shape: str = "... N") -> Check:
    """Whole numbers from 0, below the number of classes of the network or the logits of a call."""

    def check(name: str, value: Any, known: dict) -> Any:  # noqa: ANN401
        tensor(shape, 0, whole=True)(name, value, known)
        classes = known.get("classes of sizes", inf)
        if str(value.dtype) != "torch.int64" or value.max() >= classes:
            got = f"{value.dtype} up to {value.max()}"
            raise ParameterError(f"{name}: got {got}, accepts int64 below {classes} classes")
        return value

    return check


def images(shape: str = "... N d") -> Check:
    """Floats in the box of the call, or in [0, 1] if it has none."""
    return lambda name, value, known: tensor(shape, *known.get("box", (0, 1)))(name, value, known)


def box_of_pixels(name: str, value: tuple[float, float], known: dict) -> tuple[float, float]:
    """The least and the largest value of a pixel, (0, 1) or any others, or infinite."""
    listed(real(infinite=True), 2)(name, value, known)
    if len(value) != 2 or not value[0] < value[1]:
        raise refusal(name, value, "the least and the largest value of a pixel")
    return value


def _range(low: float, high: float) -> str:
    return (
        f"numbers in [{low:g}, {high:g}]"
        if isfinite(high)
        else "finite numbers" + (f" from {low:g}" * isfinite(low))
    )


def _sized(name: str, values: Any, shape: str, known: dict, least: int) -> None:  # noqa: ANN401
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
