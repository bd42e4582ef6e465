"""Multi-layer perceptrons whose feature layer is in reach, and stacks of networks of one shape."""

import copy
import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from pwlib.checks import a, accepts, among, listed, maybe, whole

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}
BIASES = ("normal", "zero")


class Network(Protocol):
    """What can be trained on hard points: any module that has a feature layer."""

    def features(self, x: Tensor) -> Tensor:
        """The values of the feature layer: (…, N, d) → (…, N, w)."""

    def __call__(self, x: Tensor) -> Tensor:
        """The logits, a linear function of the features: (…, N, d) → (…, N, k)."""


class MLP(nn.Module):
    """A perceptron widths[0] × … × widths[-1] with one activation after each hidden layer.

    ``widths`` holds at least an input, one hidden layer and an output. The layers start as
    PyTorch's ``nn.Linear`` does, uniform in ±1/√fan-in, in float32; ``model.double()`` is the
    float64 twin. With a ``seed`` the start depends on it alone and the global random state is
    left as it was; with None it is drawn from the global state.
    """

    def __init__(self, widths: Sequence[int], activation: str, seed: int | None = None) -> None:
        super().__init__()
        self.widths, self.activation = tuple(widths), activation
        with torch.random.fork_rng(devices=[], enabled=seed is not None):
            if seed is not None:
                torch.default_generator.manual_seed(seed)
            layers = [nn.Linear(a, b) for a, b in pairwise(self.widths)]
        self.layers = cast(Sequence[nn.Linear], nn.ModuleList(layers))  # for whoever reads types

    def features(self, x: Tensor) -> Tensor:
        """The last hidden layer after its activation: (N, widths[0]) → (N, widths[-2])."""
        activate = ACTIVATIONS[self.activation]
        for layer in self.layers[:-1]:
            if isinstance(layer, Linears) and x.is_cuda:  # one kernel adds biases and activates
                x = _activated(torch.bmm(x, layer.weight), layer.bias, activate)
            else:
                x = activate(layer(x))
        return x

    def forward(self, x: Tensor) -> Tensor:
        """The logits, before the softmax: (N, widths[0]) → (N, widths[-1])."""
        return self.layers[-1](self.features(x))


class CNN(nn.Module):
    """A small convolutional network of 28 × 28 images, given as rows (N, 784), with ReLU.

    Two convolutions of 5 × 5, with 16 and 32 channels and strides of 2, and a feature layer of 128.
    It starts as an `MLP` does.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.first = nn.Conv2d(1, 16, 5, stride=2, padding=2)
            self.second = nn.Conv2d(16, 32, 5, stride=2, padding=2)
            self.third = nn.Linear(32 * 7 * 7, 128)
            self.head = nn.Linear(128, 10)

    def features(self, x: Tensor) -> Tensor:
        """The feature layer after its activation: (N, 784) → (N, 128)."""
        x = torch.relu(self.first(x.unflatten(1, (1, 28, 28))))
        return torch.relu(self.third(torch.relu(self.second(x)).flatten(1)))

    def forward(self, x: Tensor) -> Tensor:
        """The logits: (N, 784) → (N, 10)."""
        return cast(Tensor, self.head(self.features(x)))


class Linears(nn.Module):
    """The layers ``nn.Linear`` of S networks as one layer: (S, N, in) → (S, N, out)."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.stack([layer.weight.detach().T for layer in layers]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers])[:, None])

    def forward(self, x: Tensor) -> Tensor:
        """One product for all networks."""
        return torch.baddbmm(self.bias, x, self.weight)


def stack(networks: Sequence[nn.Module]) -> nn.Module:
    """Copies of S networks of one shape as one network: (S, N, d) → (S, N, k).

    Each ``nn.Linear`` gets a leading dimension. Raises ValueError where other layers have weights:
    such networks are trained one at a time.
    """
    stacked = copy.deepcopy(networks[0])
    for name, layer in list(stacked.named_modules()):
        if isinstance(layer, nn.Linear):
            layers = [cast(nn.Linear, network.get_submodule(name)) for network in networks]
            stacked.set_submodule(name, Linears(layers))
        elif next(layer.parameters(recurse=False), None) is not None:
            kind = type(layer).__name__
            raise ValueError(f"networks: got a layer {kind!r}, accepts weights in nn.Linear alone")
    return stacked


@torch.no_grad()
def unstack(stacked: nn.Module, networks: Sequence[nn.Module]) -> None:
    """Copy the weights of a stack back into its S networks."""
    for name, layers in stacked.named_modules():
        if isinstance(layers, Linears):
            for network, weight, bias in zip(networks, layers.weight, layers.bias, strict=True):
                network.get_parameter(f"{name}.weight").copy_(weight.T)
                network.get_parameter(f"{name}.bias").copy_(bias[0])


def fused(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A function of tensors that works entry by entry, compiled into few kernels on a GPU.

    Its first argument decides. ``torch.compiler.set_stance("force_eager")`` turns this off.
    """
    compiled = functools.cache(lambda: torch.compile(function))  # when it is first called for

    @functools.wraps(function)
    def call(first: Tensor, *rest: object) -> Tensor:
        return (compiled() if first.is_cuda else function)(first, *rest)

    return call


@fused
def _activated(product: Tensor, bias: Tensor, activate: Callable[[Tensor], Tensor]) -> Tensor:
    return activate(product + bias)


@contextmanager
def fast_products() -> Iterator[None]:
    """PyTorch's switch to oneDNN for products of float32 matrices, where it keeps them exact.

    PyTorch takes MKL, which on AMD's processors runs at half the speed. Its switch is the
    permission to round factors to TF32; on most processors oneDNN can't and computes in float32.
    Where a product shows that it does round, nothing is switched.
    """
    settings = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]  # set on import
    before = settings.fp32_precision
    settings.fp32_precision = "tf32"
    try:
        if _relative_error() > 1e-6:
            settings.fp32_precision = before
        yield
    finally:
        settings.fp32_precision = before


def _relative_error() -> float:
    """That of a product of random float32 matrices; 3e-7 as it is, 3e-4 with factors in TF32."""
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 128, 128, generator=generator)
    exact = a.double() @ b.double()
    return ((a @ b - exact).norm() / exact.norm()).item()


def random_network(
    widths: Sequence[int], activation: str, seed: int, biases: str = "normal"
) -> MLP:
    """An untrained float64 network with independent N(0, 1) weights (Figure 4).

    ``biases`` are N(0, 1) too ("normal") or absent ("zero"). For one seed both choices have the
    same weights. A tanh network with zero biases is odd in x.
    """
    model = MLP(widths, activation, seed).double().requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for layer in model.layers:
        layer.weight.normal_(generator=generator)
    for layer in model.layers:
        layer.bias.zero_() if biases == "zero" else layer.bias.normal_(generator=generator)
    return model


@torch.no_grad()
def negate_features(model: MLP) -> MLP:
    """A tanh network that computes the same outputs from the opposite features.

    tanh is odd: with the signs changed of the weights and biases that feed the feature layer, and
    of the weights that leave it, the features change sign and the logits stay.
    """
    if model.activation != "tanh":
        raise ValueError(f"model: got activation {model.activation!r}, accepts 'tanh'")
    twin = copy.deepcopy(model)
    for parameter in (twin.layers[-2].weight, twin.layers[-2].bias, twin.layers[-1].weight):
        parameter.neg_()
    return twin


def _is_finite(layer: nn.Linear) -> bool:
    return all(values.isfinite().all() for values in layer.parameters())


_SEED = whole(0, 2**63 - 1)
accepts(
    __name__,
    {"biases": among(BIASES)},  # the rest is for the networks themselves
    MLP={"widths": listed(whole(1), 3), "activation": among(ACTIVATIONS)} | {"seed": maybe(_SEED)},
    CNN={"seed": _SEED},
    Linears={"layers": listed(a(nn.Linear, where=_is_finite, what="nn.Linear, finite"))},
)
