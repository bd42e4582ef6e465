"""Checks of arguments that are tensors, networks or devices; see `pwlib.checks`."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf, isfinite
from typing import Any

import torch
from torch import Tensor

from pwlib.checks import Check, listed, real, sized, span
from pwlib.parameters import ParameterError, refusal


def device_of_call(name: str, value: str, known: dict) -> str:
    """A device of PyTorch's: a processor, or a GPU that is there."""
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
    config, networks = known.get("config"), known.get("networks")
    if networks:
        return getattr(getattr(networks[0], "layers", [None])[-1], "out_features", inf)
    if config is not None and config.architecture == "mlp":
        return config.widths[-1]
    return 10 if config is not None else inf


def tensor(shape: str, low: float = -inf, high: float = inf, *, whole: bool = False) -> Check:
    """The same of a tensor of PyTorch, of floats, or of whole numbers."""
    kind = f"a tensor ({shape}) of {'whole numbers' if whole else 'floats'}"

    def check(name: str, values: Tensor, known: dict) -> Tensor:
        if not isinstance(values, Tensor) or values.is_complex():
            raise refusal(name, values, kind)
        if values.is_floating_point() == whole or values.dtype == torch.bool:
            raise refusal(name, values.dtype, kind)
        sized(name, values, shape, known, 1)
        if not _captured(values):
            for end in _ends(values).tolist():
                if not low <= end <= high or not isfinite(end):
                    raise refusal(name, end, span(low, high))
        return values

    return check


def _captured(values: Tensor) -> bool:
    """Whether a CUDA graph is being made, in which nobody can look at values."""
    return values.is_cuda and torch.cuda.is_current_stream_capturing()


def _ends(values: Tensor) -> Tensor:
    """The least and the largest of some values, (2,); NaN if one is: cheaper than to ask each."""
    return torch.stack(values.detach().aminmax())


def finite(name: str, values: Tensor, what: str) -> Tensor:
    """The values, if all are finite: NaN or infinity counts neither as robust nor as a class.

    Values in a CUDA graph that is being captured are not looked at.
    """
    if not _captured(values) and values.numel() and not _ends(values).isfinite().all():
        raise ParameterError(f"{name}: got {what} that are NaN or infinite, accepts finite ones")
    return values


def network(features: bool = False) -> Check:
    """A function whose logits at the first images of a call are finite, one for each class.

    A network of which ``features`` are asked for has a feature layer too, and finite weights.
    """

    def check(name: str, value: Any, known: dict) -> Any:  # noqa: ANN401
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
            with torch.no_grad(), _evaluating(value):
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
    return float(value[0]), float(value[1])


@contextmanager
def _evaluating(network: object) -> Iterator[None]:
    """Within, a module neither draws random numbers nor updates running statistics."""
    modules = list(network.modules()) if isinstance(network, torch.nn.Module) else []
    modes = [module.training for module in modules]
    try:
        for module in modules:
            module.training = False
        yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode
