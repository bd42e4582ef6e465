"""What importing a module of the package brings with it."""

import subprocess
import sys

import pytest

NUMERICS = [
    "polynomials",
    "grids",
    "maxmargin",
    "sample_complexity",
    "large_degrees",
    "power_function",
    "signs",
    "optimal",
    "linear",
    "intervals",
    "point_search",
]
HEAVY = ["torch", "matplotlib", "scipy.stats", "scipy.optimize", "sympy", "IPython"]


@pytest.mark.parametrize("module", ["", *NUMERICS])
def test_the_numerics_import_nothing_that_is_slow_to_import(module):
    name = f"pwlib.{module}".rstrip(".")
    code = f"import sys, {name}; print(*(m for m in {HEAVY} if m in sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
