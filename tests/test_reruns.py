"""Chapters rerun through papermill's own command line, from another folder."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pwlib.reruns.notebooks import CHAPTERS

pytestmark = pytest.mark.slow

# name of the chapter, papermill's arguments
RERUNS = [
    ("1-introduction", "-y", "{digits: [4, 9]}"),
    ("2-related-work", "-y", "{digits: [4, 9]}"),
    ("3a-pointwise-convergence", "-y", "{degree: 7, sizes: [6, 20]}"),
    ("3a-pointwise-convergence", "-y", "{degree: 12, sizes: [20], grid: roots}"),
    ("3b-optimal-points", "-p", "degree", "8"),
    ("4a-hard-points-of-polynomials", "-p", "degree", "7"),
    ("4b-optimal-points-of-networks", "-y", "{seed: 3, seeds: [3, 4], biases: zero}"),
    ("4c-adversarial-training", "-y", "{datasets: [MNIST], seeds: [1], epochs: 1, optimiser: sgd}"),
]
# name of the chapter, parameter, bad value, what the one line says
BAD = [
    ("1-introduction", "digits", "[3]", "digits"),
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


def papermill(folder, name, *arguments):
    """Run papermill's command line in a folder; the finished process and the notebook it wrote."""
    out = folder / "out.ipynb"
    command = [Path(sys.executable).parent / "papermill", CHAPTERS / f"{name}.ipynb", out]
    run = [*map(str, command), *arguments, "--no-progress-bar", "--kernel", "python3"]
    return subprocess.run(run, cwd=folder, capture_output=True, text=True), out


@pytest.mark.parametrize("arguments", RERUNS, ids=" ".join)
def test_a_chapter_reruns_with_other_parameters(tmp_path, arguments):
    done, out = papermill(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "injected-parameters" in out.read_text()


@pytest.mark.parametrize(("name", "parameter", "value", "says"), BAD)
def test_a_bad_value_stops_right_after_the_parameters_with_one_line(
    tmp_path, name, parameter, value, says
):
    done, _ = papermill(tmp_path, name, "-y", f"{{{parameter}: {value}}}")
    assert done.returncode != 0
    assert says in done.stderr
    (line,) = set(re.findall(r"^ParameterError: .*$", done.stderr, re.M))
    assert parameter in line
    assert 'File "' not in done.stderr.split("ParameterError")[-1]
