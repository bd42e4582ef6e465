"""The layers of an MLP and their derivatives, written out as matrix products.

Training needs no graph of operations: the gradient of an MLP is three lines for each layer, and
what two of its computations share is computed once. The same lines serve several networks of one
shape at a time, stacked along a leading dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pwlib.networks import MLP
from pwlib.products import product

# In place, and the derivative as a function of the slope behind and of the activation's value.
_ACTIVATE = {"relu": torch.relu_, "tanh": torch.tanh_}
_BACK = {
    "relu": lambda slope, value: torch.ops.aten.threshold_backward(slope, value, 0),
    "tanh": torch.ops.aten.tanh_backward,
}


@dataclass(frozen=True)
class Layers:
    """Weights (…, out, in) and biases (…, out) of each layer; "…" counts stacked networks."""

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    activation: str
    times: Callable[[Tensor, Tensor], Tensor] = product

    @property
    def parameters(self) -> list[Tensor]:
        """All weights, then all biases."""
        return [*self.weights, *self.biases]

    def hidden(self, x: Tensor) -> list[Tensor]:
        """x (…, N, in) and the values of each hidden layer, the features last."""
        values = [x]
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            z = self.times(values[-1], weight.mT).add_(bias.unsqueeze(-2))
            values.append(_ACTIVATE[self.activation](z))
        return values

    def logits(self, features: Tensor) -> Tensor:
        """The output (…, N, k) for values of the feature layer (…, N, w)."""
        return self.times(features, self.weights[-1].mT).add_(self.biases[-1].unsqueeze(-2))

    def input_gradient(self, values: Sequence[Tensor], slope: Tensor) -> Tensor:
        """Back from the gradient at the features (…, N, w) to that at the input (…, N, in)."""
        for weight, value in zip(self.weights[-2::-1], values[:0:-1], strict=True):
            slope = self.times(_BACK[self.activation](slope, value), weight)
        return slope

    def gradients(self, values: Sequence[Tensor], slope: Tensor) -> list[Tensor]:
        """Back from the gradient at the logits (…, N, k) to those at ``parameters``."""
        weights, biases = [], []
        for weight, value in zip(self.weights[::-1], values[::-1], strict=True):
            weights.insert(0, self.times(slope.mT, value))
            biases.insert(0, slope.sum(-2))
            if value is not values[0]:
                slope = _BACK[self.activation](self.times(slope, weight), value)
        return weights + biases


def stack(models: Sequence[MLP], times: Callable[[Tensor, Tensor], Tensor] = product) -> Layers:
    """Copies of the layers of networks of one shape, stacked if there are several."""
    rows = zip(*(model.layers for model in models), strict=True)
    weights, biases = [], []
    for same in rows:
        weights.append(torch.stack([layer.weight.detach() for layer in same]).squeeze(0))
        biases.append(torch.stack([layer.bias.detach() for layer in same]).squeeze(0))
    return Layers(weights, biases, models[0].activation, times)


@torch.no_grad()
def unstack(layers: Layers, models: Sequence[MLP]) -> None:
    """Copy the stacked layers back into the networks."""
    for i, weight in enumerate(layers.weights):
        for model, own in zip(models, weight.view(len(models), *weight.shape[-2:]), strict=True):
            model.layers[i].weight.copy_(own)
    for i, bias in enumerate(layers.biases):
        for model, own in zip(models, bias.view(len(models), -1), strict=True):
            model.layers[i].bias.copy_(own)
