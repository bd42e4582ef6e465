"""Chapters rerun by the command line that their pages offer, from another folder."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import nbformat
import pytest
import yaml

from pwlib.book import sphinx_extension
from pwlib.parameters import ParameterError
from pwlib.places import CHAPTERS

pytestmark = pytest.mark.slow

# Other parameters for each chapter, at sizes that take little time. Chapter 4c trains in one
# process, for each imports PyTorch.
RERUNS = {
    "1-introduction": "{digits: [4, 9]}",
    "2-related-work": "{digits: [4, 9], repeats: [2], dimension: 256, directions: 9, images: 30}",
    "3a-pointwise-convergence": "{degrees_shown: [2, 5], degree: 7, sizes: [6, 20], grid: roots, "
    "largest_size: 60, random_sets: 3}",
    "3b-optimal-points": "{degree: 8, samples: 100}",
    "4a-hard-points-of-polynomials": "{degree: 7, last_degree: 12, largest_size: 20, sizes: [20]}",
    "4b-optimal-points-of-networks": "{seeds: [3, 4], biases: zero, resolution: 60, networks: 9}",
    "4c-adversarial-training": "{datasets: [MNIST], seeds: [1], epochs: 1, width: 50, workers: 1}",
    "proofs": "{training_sets: 20, measures: 5, largest_degree: 40, degree_on_grids: 7, "
    "largest_size: 40, penalties: [0.3]}",
}
# name of the chapter, parameter, bad value, what the one line says
BAD = [
    ("1-introduction", "digits", "[3]", "accepts a list with 2 members"),
    ("2-related-work", "digits", "[3, 12]", "accepts a whole number from 0 to 9"),
    ("3a-pointwise-convergence", "degree", "0", "degree: got 0, accepts a whole number from 1"),
    ("3a-pointwise-convergence", "degree", "thirty", "degree: got 'thirty', accepts"),
    ("3a-pointwise-convergence", "grid", "square", "grid: got 'square', accepts one of 'lobatto'"),
    ("3b-optimal-points", "degree", "-1", "degree: got -1, accepts"),
    ("4a-hard-points-of-polynomials", "degree", "2.5", "degree: got 2.5, accepts"),
    ("4b-optimal-points-of-networks", "biases", "none", "biases: got 'none', accepts one of"),
    ("4c-adversarial-training", "optimiser", "adamm", "optimiser: got 'adamm', accepts one of"),
    ("4c-adversarial-training", "seeds", "[]", "seeds: got [], accepts a list"),
]


def papermill(folder, name, values):
    """Run the line that a chapter's page offers; the finished process, and the notebook's path."""
    line = shlex.split(sphinx_extension.papermill_line(name, values))
    program, out = Path(sys.executable).with_name("papermill"), folder / "out.ipynb"
    run = [program, CHAPTERS / f"{name}.ipynb", out, *line[3:], "--no-progress-bar"]
    return subprocess.run(list(map(str, run)), cwd=folder, capture_output=True, text=True), out


@pytest.mark.parametrize("name", RERUNS)
def test_a_chapter_reruns_by_its_line_with_other_parameters(tmp_path, name):
    values = yaml.safe_load(RERUNS[name])
    done, out = papermill(tmp_path, name, values)
    assert done.returncode == 0, done.stderr[-3000:]
    nb = nbformat.read(out, as_version=4)
    assert nb.metadata["papermill"]["parameters"] == values
    assert any("injected-parameters" in cell.metadata["tags"] for cell in nb.cells)


@pytest.mark.parametrize(("name", "parameter", "value", "says"), BAD)
def test_the_cell_after_the_parameters_refuses_a_bad_value_in_one_line(
    name, parameter, value, says
):
    cells = nbformat.read(CHAPTERS / f"{name}.ipynb", as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    (at,) = [i for i, cell in enumerate(code) if "parameters" in cell.metadata.get("tags", [])]
    names = {}
    with mpl.rc_context():
        for cell in code[: at + 1]:
            exec(cell.source, names)
        names[parameter] = yaml.safe_load(value)
        with pytest.raises(ParameterError) as caught:
            exec(code[at + 1].source, names)
    (line,) = str(caught.value).splitlines()
    assert parameter in line
    assert says in line


@pytest.mark.parametrize(
    ("name", "given", "near"),
    [("3b-optimal-points", "degre", "degree"), ("4c-adversarial-training", "seed", "seeds")],
)
def test_papermill_stops_at_a_name_that_is_none_and_shows_the_nearest(tmp_path, name, given, near):
    done, _ = papermill(tmp_path, name, {given: 3})
    assert done.returncode != 0
    (line,) = set(re.findall(r"^ParameterError: .*$", done.stderr, re.M))
    assert line.startswith(f"ParameterError: {given}: no parameter; {near} is the nearest of ")
    assert 'File "' not in done.stderr.split("ParameterError")[-1]


def test_papermill_stops_at_a_bad_value_and_shows_that_line_alone(tmp_path):
    done, _ = papermill(tmp_path, "3b-optimal-points", {"degree": -1})
    assert done.returncode != 0
    (line,) = set(re.findall(r"^ParameterError: .*$", done.stderr, re.M))
    assert line.startswith("ParameterError: degree: got -1, accepts")
    assert 'File "' not in done.stderr.split("ParameterError")[-1]
