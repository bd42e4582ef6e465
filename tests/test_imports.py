"""What importing a module of the package brings with it."""

import json
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


@pytest.fixture(scope="module")
def brought():
    """What of HEAVY is there after each import, one after the other in one process."""
    code = (
        "import importlib, json, sys\n"
        "names, heavy = json.loads(sys.argv[1])\n"
        "def there(name):\n"
        "    importlib.import_module(name)\n"
        "    return [one for one in heavy if one in sys.modules]\n"
        "print(json.dumps({name: there(name) for name in names}))\n"
    )
    told = json.dumps([["pwlib", *(f"pwlib.{name}" for name in NUMERICS)], HEAVY])
    command = [sys.executable, "-c", code, told]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("module", ["pwlib", *(f"pwlib.{name}" for name in NUMERICS)])
def test_the_numerics_import_nothing_that_is_slow_to_import(module, brought):
    assert brought[module] == []
