"""The passes written out against PyTorch's graph, in float64."""

import pytest
import torch

from pwlib.layers import stack, unstack
from pwlib.networks import MLP

WIDTHS = (5, 7, 6, 3)


def network(activation, seed):
    return MLP(WIDTHS, activation, seed).double()


def samples(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_values_and_gradients_are_those_of_the_graph(activation):
    model, x = network(activation, 1), samples(9, 5).requires_grad_()
    layers = stack([model])
    values = layers.hidden(x.detach())
    torch.testing.assert_close(values[-1], model.features(x))
    torch.testing.assert_close(layers.logits(values[-1]), model(x))

    slope = samples(9, 6) - 0.5
    (expected,) = torch.autograd.grad(model.features(x), x, slope)
    torch.testing.assert_close(layers.input_gradient(values, slope), expected)

    slope = samples(9, 3) - 0.5
    expected = torch.autograd.grad(model(x), [layer.weight for layer in model.layers], slope)
    expected += torch.autograd.grad(model(x), [layer.bias for layer in model.layers], slope)
    for ours, theirs in zip(layers.gradients(values, slope), expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_stacked_networks_compute_what_each_computes():
    models = [network("relu", seed) for seed in (1, 2)]
    x, slope = samples(2, 9, 5), samples(2, 9, 3) - 0.5
    layers = stack(models)
    values = layers.hidden(x)
    gradients = layers.gradients(values, slope)
    for i, model in enumerate(models):
        alone = stack([model])
        torch.testing.assert_close(layers.logits(values[-1])[i], model(x[i]))
        expected = alone.gradients(alone.hidden(x[i]), slope[i])
        for ours, theirs in zip(gradients, expected, strict=True):
            torch.testing.assert_close(ours[i], theirs)


def test_unstacking_gives_the_networks_back():
    models, others = ([network("tanh", seed) for seed in seeds] for seeds in ((1, 2), (3, 4)))
    unstack(stack(models), others)
    for model, other in zip(models, others, strict=True):
        for a, b in zip(model.parameters(), other.parameters(), strict=True):
            assert torch.equal(a, b)


def test_stacks_are_copies():
    model = network("relu", 1)
    before = model.layers[0].weight.clone()
    stack([model]).weights[0].zero_()
    assert torch.equal(model.layers[0].weight, before)
