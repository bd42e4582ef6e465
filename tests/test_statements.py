"""What is stated in the prose of chapters 4a and 6a: its constants are read and used.

`test_theorems` does the same for chapter 3a.
"""

import re

import nbformat
import numpy as np
import pytest
from scipy.special import eval_chebyt, eval_chebyu

from pwlib import large_degrees, polynomials, sample_complexity
from pwlib.places import CHAPTERS


def numbers(pattern, chapter):
    """The whole numbers that the groups of a pattern find, once, in the prose of a chapter."""
    cells = nbformat.read(CHAPTERS / f"{chapter}.ipynb", as_version=4).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    (found,) = re.findall(pattern, prose)
    return [int(number) for number in ((found,) if isinstance(found, str) else found)]


def test_the_summand_of_12_is_the_product_that_4a_states():
    pattern = r"F_n\(x\) = \\frac(\d)(\d) - \\frac\{T_n\(u\)\\,U_n\(u\)\}\{(\d)\(n\+(\d)\)\}, \\qq"
    a, b, c, d = numbers(pattern, "4a-hard-points-of-polynomials")
    x = np.random.default_rng(0).random(50)
    u = 2 * x - 1
    for n in (1, 2, 7, 30):
        stated = a / b - eval_chebyt(n, u) * eval_chebyu(n, u) / (c * (n + d))
        np.testing.assert_allclose(polynomials.hard_objective(n, x), stated, atol=1e-13)


@pytest.mark.parametrize("n", [11, 30])
def test_the_weights_are_those_that_theorem_6a_1_states(n):
    here = "6a-how-many-points"
    (first,) = numbers(r"a_k = \\frac\{(\d)\\,\\omega_k\}\{N\}", here)
    (even,) = numbers(
        r"\\begin\{cases\} 1/\\sin\\frac\{k\\pi\}\{(\d)N\} & \(m \\text\{ even\}", here
    )
    (odd,) = numbers(r"\\cot\\frac\{k\\pi\}\{(\d)N\} & \(m \\text\{ odd\}", here)
    edge = numbers(r"1 & \(k < (\d)N - (\d)p \+ (\d)\)", here)
    share = numbers(r"\\frac(\d)(\d) & \(k \\ge \dN - \dp \+ \d\)", here)
    p = (n + 1) // 2
    k = np.arange(1, 2 * p, 2)
    for steps in range(p, 2 * p):
        omega = np.where(k < edge[0] * steps - edge[1] * p + edge[2], 1, share[0] / share[1])
        for m, kind in ((steps + 1, "lobatto"), (steps, "roots")):
            angle = k * np.pi / ((odd if m % 2 else even) * steps)
            a = first * omega / steps * (1 / np.tan(angle) if m % 2 else 1 / np.sin(angle))
            fitted = sample_complexity.fit(n, sample_complexity.grid(kind, m))
            signs = sample_complexity.alternating(n)
            np.testing.assert_allclose(fitted[1::2] * signs, a, rtol=1e-6, atol=1e-9)


def test_the_last_odd_size_is_the_share_that_theorem_6a_2_states():
    above, below = numbers(
        r"left is \$\\frac(\d)(\d) n \+ o\(n\)\$ through odd", "6a-how-many-points"
    )
    for n in (200, 600):
        for kind in ("lobatto", "roots"):
            assert large_degrees.last_size(n, kind, True) == pytest.approx(
                above / below * n, abs=2.5
            )


def test_the_margin_is_the_one_that_theorem_6a_4_states():
    above, below = numbers(
        r"\\frac\{p\^\{(\d)/(\d)\} u_1\}\{1 \+ \\sigma u_1\}", "6a-how-many-points"
    )
    p = 5
    sigma = (1 / np.sin(np.arange(1, p) * np.pi / p)).sum()
    for kind in sample_complexity.READINGS:
        x = sample_complexity.grid(kind, 4000)
        gap = sample_complexity.half_gap(x)
        law = p ** (above / below) * gap / (1 + sigma * gap)
        margin = sample_complexity.margin(sample_complexity.fit(2 * p - 1, x))
        assert margin == pytest.approx(law, rel=1e-4)
