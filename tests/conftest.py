"""A small chapter that runs anywhere, for the tests of sweeps; the book, for those in a browser."""

import gc
import importlib.util
import json
import os
import subprocess
import sys

import nbformat
import pytest
from filelock import FileLock
from nbformat.v4 import new_code_cell, new_notebook

from pwlib.places import ROOT

gc.disable()  # what is imported stays: looking through it costs a fifth of the time

# The longest files of slow tests, which come first: the last to start would keep one core idle.
# Those that use the networks of chapter 4c come when it has trained them.
LONGEST = ("4c-adversarial-training", "test_browser", "test_runs_cluster", "test_sweeps")
LONGEST += ("test_live", "test_papermill", "proofs", "test_printing", "test_tables", "settings")
LONGEST += ("3a-pointwise-convergence", "6a-how-many-points", "4a-hard-points-of-polynomials")
LONGEST += ("details", "test_strong_attacks", "test_training", "2-related-work")
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


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items):
    """Chapters that nbval executes anew are slow tests, and so is what drives a browser."""
    order = {stem: place for place, stem in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))
    for item in items:
        if item.path.suffix == ".ipynb" or "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")


def pytest_collection_finish():
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def making(tmp_path_factory):
    """What making the book returned, printed and changed; it is made once for all workers."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    record = shared / "making.json"
    with FileLock(shared / "making.lock"):
        if not record.exists():
            before = tracked_changes()
            command = [sys.executable, "-m", "pwlib", "book"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            changed = tracked_changes() != before
            record.write_text(json.dumps([done.returncode, done.stdout, changed]))
    return json.loads(record.read_text())


def tracked_changes():
    command = ["git", "status", "--porcelain", "--untracked-files=no"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout


def needs_a_browser():
    """Without a browser a test is skipped; where CI=true it fails."""
    from pwlib.book import printing

    missing = None
    if printing.executable() is None:
        missing = printing.MISSING
    elif importlib.util.find_spec("playwright") is None:
        missing = "no playwright here: make test installs tests/requirements-browser.txt"
    if missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)


@pytest.fixture(scope="module")
def chromium():
    """A browser without a window."""
    from pwlib.book import printing

    needs_a_browser()
    with printing.chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def built_book(request):
    """The book, built for a browser."""
    needs_a_browser()
    status, printed, _ = request.getfixturevalue("making")
    assert status == 0, printed[-3000:]
