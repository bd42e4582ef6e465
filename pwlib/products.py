"""Products of float32 matrices on the processor, by the faster of PyTorch's two libraries.

PyTorch hands them to MKL, which on some processors (AMD's) runs at half the speed of oneDNN, the
library that PyTorch brings for 16-bit numbers. Both compute in full float32; ``make bench``
compares them. Everything else, float64 and GPUs included, goes to PyTorch's own product.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

_HAS_ONEDNN = torch.backends.mkldnn.is_available()


def product(a: Tensor, b: Tensor) -> Tensor:
    """The matrix product of a (…, n, k) and b (…, k, m), without a graph for derivatives."""
    if _for_onednn(a, b):
        return torch.ops.mkldnn._linear_pointwise(a, b.mT, None, "none", [], "")
    return a @ b


def rounded_product(a: Tensor, b: Tensor) -> Tensor:
    """``product`` with the entries of a, b and of the result rounded to bfloat16 (8 bits).

    PyTorch's own switch for it, ``torch.backends.mkldnn.matmul.fp32_precision``, only permits
    rounding: on some processors, even some with instructions for bfloat16, oneDNN computes in
    float32 all the same. This one always rounds, so that its effect can be measured anywhere.
    """
    return (a.bfloat16() @ b.bfloat16()).to(a.dtype)


PRODUCTS = {"float32": product, "bfloat16": rounded_product}


def affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """x·weightᵀ + bias for x (N, in), weight (out, in), bias (out,), differentiable once.

    In float64 and on a GPU it is PyTorch's ``linear``, which can be differentiated twice.
    """
    if _for_onednn(x, weight):
        return _Affine.apply(x, weight, bias)
    return linear(x, weight, bias)


def _for_onednn(a: Tensor, b: Tensor) -> bool:
    """Whether oneDNN takes these: two matrices with entries, float32, in main memory."""
    alike = a.dtype == b.dtype == torch.float32 and a.ndim == b.ndim == 2 and a.device == b.device
    return _HAS_ONEDNN and alike and a.device.type == "cpu" and a.numel() > 0 and b.numel() > 0


class _Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:  # noqa: ANN001
        ctx.save_for_backward(x, weight)
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")

    @staticmethod
    @once_differentiable
    def backward(ctx, slope: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN001
        x, weight = ctx.saved_tensors
        of_x, of_weight, of_bias = ctx.needs_input_grad
        return (
            product(slope, weight) if of_x else None,
            product(slope.mT, x) if of_weight else None,
            slope.sum(0) if of_bias else None,
        )
