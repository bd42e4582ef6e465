"""The products by oneDNN against float64 and PyTorch's own."""

import pytest
import torch

from pwlib import products
from pwlib.products import affine, product, rounded_product

SHAPES = [((3, 4), (4, 5)), ((128, 784), (784, 512)), ((2, 6, 4), (2, 4, 3)), ((0, 4), (4, 5))]


def matrix(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("left", "right"), SHAPES)
@pytest.mark.parametrize("transposed", [False, True])
def test_float32_products_have_float32_accuracy(left, right, transposed):
    a, b = matrix(*left), matrix(*right, seed=1)
    single = b.float().mT.contiguous().mT if transposed else b.float()
    exact = a.float().double() @ b.float().double()
    bound = 1e-7 * left[-1] * (a.abs() @ b.abs())
    assert (product(a.float(), single).double() - exact).abs().le(bound).all()


def test_products_of_views_are_those_of_their_copies():
    a, b = matrix(20, 16).float(), matrix(16, 30, seed=1).float()
    torch.testing.assert_close(product(a[::2, ::2], b[::2]), a[::2, ::2] @ b[::2])
    torch.testing.assert_close(product(a.mT[:, :8], a[:8]), a.mT[:, :8] @ a[:8])


def test_float64_products_are_pytorchs_own():
    a, b = matrix(7, 9), matrix(9, 5, seed=1)
    assert torch.equal(product(a, b), a @ b)


def test_rounded_products_are_those_of_numbers_of_eight_bits():
    a, b = matrix(30, 40).float(), matrix(40, 20, seed=1).float()
    exact = a.bfloat16().double() @ b.bfloat16().double()
    off = (rounded_product(a, b).double() - exact).abs()
    assert off.max() > 1e-4  # the result is rounded too …
    assert (off <= 2**-8 * exact.abs() + 1e-5).all()  # … by at most half a unit of its last bit


@pytest.mark.parametrize("fast", [True, False])
def test_affine_and_its_gradients_are_those_of_a_linear_layer(fast, monkeypatch):
    monkeypatch.setattr(products, "_HAS_ONEDNN", fast and products._HAS_ONEDNN)
    doubles = [matrix(6, 5), matrix(4, 5, seed=1), matrix(4, seed=2)]
    singles = [tensor.float().requires_grad_() for tensor in doubles]
    doubles = [tensor.float().double().requires_grad_() for tensor in doubles]
    slope = matrix(6, 4, seed=3)
    value, exact = affine(*singles), torch.nn.functional.linear(*doubles)
    torch.testing.assert_close(value.double(), exact, atol=1e-5, rtol=1e-5)
    ours = torch.autograd.grad(value, singles, slope.float())
    theirs = torch.autograd.grad(exact, doubles, slope)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.double(), b, atol=1e-5, rtol=1e-5)
