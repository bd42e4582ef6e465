"""The objectives against SciPy, mpmath and finite differences."""

import mpmath
import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch

from pwlib.networks import MLP, random_network
from pwlib.objectives import (
    adversarial_objective,
    argmax_loss,
    hard_objective,
    hinge_self_loss,
    softmax_entropy,
)

OBJECTIVES = [adversarial_objective, hard_objective]


def exact_entropy(logits):
    """The entropy of the softmax with 400 digits, enough for gaps of several hundred."""
    with mpmath.workdps(400):
        e = [mpmath.exp(mpmath.mpf(float(z))) for z in logits]
        p = [value / mpmath.fsum(e) for value in e]
        return -mpmath.fsum(q * mpmath.log(q) for q in p)


@pytest.mark.parametrize(
    ("objective", "part"), [(OBJECTIVES[0], "forward"), (OBJECTIVES[1], "features")]
)
def test_objectives_are_entropies_of_softmax(objective, part):
    model = MLP([4, 20, 12, 5], "relu", seed=0).double()
    x = torch.randn(30, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    z = getattr(model, part)(x).detach().numpy()
    value = objective(model, x)
    assert value.shape == (30,)
    expected = scipy.stats.entropy(scipy.special.softmax(z, axis=1), axis=1)
    np.testing.assert_allclose(value.detach(), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "logits",
    [
        [0.0, 0.0, 0.0],
        [30.0, 0.0, -5.0],
        [0.0, 60.0, 59.0, -700.0],
        [400.0, -200.0, -250.0],
        [-1e4, -1e4 - 20.0],
        [1e-9, 0.0],
    ],
)
def test_relative_accuracy_survives_saturation(logits):
    value = softmax_entropy(torch.tensor([logits], dtype=torch.float64)).item()
    assert abs(value / float(exact_entropy(logits)) - 1) < 1e-13


def test_float32_keeps_relative_accuracy_where_one_minus_p_rounds_to_zero():
    logits = torch.tensor([[20.0, 0.0, 1.0], [80.0, 0.0, 0.0]])
    assert (1 - logits.softmax(-1).max(-1).values == 0).all()
    expected = [float(exact_entropy(row)) for row in logits.tolist()]
    np.testing.assert_allclose(softmax_entropy(logits), expected, rtol=2e-6)


def test_gradient_of_the_entropy_is_exact_where_the_softmax_saturates():
    logits = torch.tensor([[50.0, 3.0, -4.0]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(softmax_entropy(logits).sum(), logits)
    with mpmath.workdps(100):
        z = [mpmath.mpf(v) for v in logits[0].tolist()]
        p = [mpmath.exp(v) / mpmath.fsum(map(mpmath.exp, z)) for v in z]
        entropy = -mpmath.fsum(q * mpmath.log(q) for q in p)
        exact = [float(-q * (mpmath.log(q) + entropy)) for q in p]  # ∂H/∂z = −p (log p + H)
    np.testing.assert_allclose(gradient[0], exact, rtol=1e-12)


def test_gradient_is_finite_beyond_underflow_and_at_ties():
    logits = torch.tensor([[2000.0, 0.0], [1.0, 1.0]], dtype=torch.float64, requires_grad=True)
    value = softmax_entropy(logits)
    (gradient,) = torch.autograd.grad(value.sum(), logits)
    assert value[0] == 0
    assert value[1].item() == pytest.approx(np.log(2))
    assert torch.equal(gradient, torch.zeros_like(gradient))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_gradient_agrees_with_finite_differences(objective, activation):
    model = MLP([3, 16, 8, 4], activation, seed=2).double()
    x = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(objective(model, x).sum(), x)
    step = 1e-6 * torch.eye(3, dtype=torch.float64)
    with torch.no_grad():
        slopes = [(objective(model, x + e) - objective(model, x - e)) / 2e-6 for e in step]
    torch.testing.assert_close(gradient, torch.stack(slopes, 1), rtol=1e-6, atol=1e-9)
    assert gradient.abs().max() > 1e-3


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_float32_agrees_with_its_float64_twin(objective):
    model = MLP([784, 64, 64, 10], "relu", seed=3)
    x = torch.rand(20, 784, generator=torch.Generator().manual_seed(2))
    value = objective(model, x).detach()
    twin = objective(model.double(), x.double()).detach()
    np.testing.assert_allclose(value, twin, rtol=1e-5)


def test_with_the_label_held_constant_no_gradient_is_left():
    """Normalising such a gradient would turn rounding noise into full steps."""
    model = random_network([2, 10, 10, 5], "tanh", seed=0)
    x = torch.rand(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    x.requires_grad_()
    z = model.features(x)
    loss = torch.nn.functional.cross_entropy(z, z.softmax(-1).detach(), reduction="sum")
    (held,) = torch.autograd.grad(loss, x)
    (both,) = torch.autograd.grad(hard_objective(model, x).sum(), x)
    assert both.norm(dim=1).median() > 1e-3
    assert held.norm(dim=1).max() < 1e-12 * both.norm(dim=1).max()


@pytest.mark.parametrize("objective", [softmax_entropy, argmax_loss, hinge_self_loss])
def test_in_a_stack_an_objective_is_that_of_each_network(objective):
    z = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(objective(z), torch.stack([objective(z[0]), objective(z[1])]))
