"""A small chapter that runs anywhere, for the tests of sweeps; the book, for those in a browser."""

import importlib.util
import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from pwlib.book import browser
from pwlib.reruns import notebooks

PARAMETERS = "seed: int = 0\nradius: float = 1.0\ndatasets: list[str] = ['MNIST']\nworkers: int = 2"
KERNEL = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}


@pytest.fixture
def chapter(tmp_path):
    """Writes a chapter of code cells after its parameters, and returns its path."""

    def write(*sources, parameters=PARAMETERS):
        cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
        if parameters is not None:
            tagged = {"tags": ["parameters"]}
            cells.insert(0, new_code_cell(parameters, id="parameters", metadata=tagged))
        path = tmp_path / "tiny.ipynb"
        nbformat.write(new_notebook(cells=cells, metadata=KERNEL), path)
        return path

    return write


def needs_a_browser():
    """Without a browser a test is skipped; where CI=true it fails."""
    missing = None
    if browser.executable() is None:
        missing = browser.MISSING
    elif importlib.util.find_spec("playwright") is None:
        missing = "no playwright here: make test installs tests/requirements-browser.txt"
    if missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)


@pytest.fixture(scope="module")
def chromium():
    """A browser without a window."""
    needs_a_browser()
    with browser.chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def built_book():
    """The book, built for a browser."""
    needs_a_browser()
    command = [sys.executable, "-m", "pwlib", "book"]
    done = subprocess.run(command, cwd=notebooks.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
