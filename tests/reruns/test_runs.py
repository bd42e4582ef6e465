import gc
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from distributed import Client
from nbformat.v4 import new_code_cell, new_notebook, new_output

from pwlib import datasets
from pwlib.parameters import ParameterError
from pwlib.reruns import kept, runs
from pwlib.reruns.runs import Refused, SweepError

BAD = "raise ValueError('on purpose')"


@pytest.fixture
def task(chapter):
    """Plans a run of a small chapter of these code cells."""

    def plan(*sources, **parameters):
        text = chapter(*sources).read_text()
        return runs.Task("tiny", text, parameters, runs.rests_on("tiny", text))

    return plan


def glued(value):
    """What a notebook holds of a value that it glued as "x"."""
    data = {"application/papermill.record/text/plain": repr(value)}
    return notebook(data, {"scrapbook": {"name": "x"}})


def notebook(data, metadata=None, **cell):
    output = new_output("display_data", data, metadata=metadata or {})
    return new_notebook(cells=[new_code_cell("", outputs=[output], id="a", **cell)])


@pytest.mark.parametrize("value", [0.5, np.float64(0.5), np.float32(0.5), "0.5", "5e-1"])
def test_a_glued_number_is_a_number_whatever_its_type(value):
    assert runs.numbers(glued(value)) == {"x": 0.5}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("1,234", "1,234"),
        ("98.3%", "98.3%"),
        (np.int64(3), 3.0),
        (float("inf"), float("inf")),
        (np.float64("-inf"), float("-inf")),
        (True, True),
        ("1,2", "1,2"),
        ("nan, none", "nan, none"),
        ("4 and 9", "4 and 9"),
        ("it's", "it's"),
        ((1, 2), "(1, 2)"),
    ],
)
def test_other_glued_values_keep_their_meaning(value, found):
    (value,) = runs.numbers(glued(value)).values()
    assert (value, type(value)) == (found, type(found))


def test_a_glued_picture_is_no_number():
    data = {"image/png": "", "text/plain": "<Figure>"}
    assert runs.numbers(notebook(data, {"scrapbook": {"name": "x"}})) == {}


def test_what_a_claim_measured_is_named_by_the_claim():
    claim = {"claim": "eq-1", "verdict": "holds", "measured": {"gap": 0.5}}
    nb = notebook({"text/plain": ""}, {"pwlib": claim})
    assert runs.numbers(nb) == {"eq-1": "holds", "eq-1: gap": 0.5}


def test_a_notebook_without_parameters_to_set_stays_as_it_is():
    nb = new_notebook(cells=[new_code_cell("1")])
    before = nbformat.writes(nb)
    assert nbformat.writes(runs.with_parameters(nb, {})) == before


def test_the_key_depends_on_code_and_parameters_and_not_on_prose(task):
    before = task("1", seed=0)
    assert task("1", seed=0).key == before.key
    assert task("1", seed=1).key != before.key
    assert task("2", seed=0).key != before.key


def test_the_key_depends_on_the_modules_that_the_chapter_imports(task, monkeypatch):
    using, other = "from pwlib import intervals", "from pwlib.figures import style"
    before = task(using).key, task(other).key
    source = runs.notebooks.source
    edited = {"pwlib.intervals": "edited = 1"}
    monkeypatch.setattr(
        "pwlib.reruns.notebooks.source", lambda name: edited.get(name) or source(name)
    )
    assert task(using).key != before[0]
    assert task(other).key == before[1]


def test_a_machine_that_differs_refuses_and_says_in_what(task):
    planned = task("from pwlib import intervals")
    other = replace(planned, rests_on=planned.rests_on | {"pwlib.intervals": "x", "torch": "1"})
    runs.refuse_others(planned)
    with pytest.raises(Refused, match=r"differs in pwlib\.intervals, torch$"):
        runs.refuse_others(other)


def test_a_machine_without_the_data_refuses(task, monkeypatch):
    planned = task("from pwlib import datasets")
    monkeypatch.setattr(datasets, "fetch", lambda name: (_ for _ in ()).throw(RuntimeError("no")))
    runs._fetch.cache_clear()
    with pytest.raises(Refused, match="lacks something: no"):
        runs.refuse_others(planned)


def test_a_run_has_its_parameters_numbers_and_origin(task):
    code = "from myst_nb import glue\nglue('twice', 2 * seed, display=False)"
    result = runs.run(task(code, seed=21))
    assert result.numbers == {"twice": 42.0}
    origin = result.origin
    assert (origin["parameters"]["seed"], origin["chapter"]) == (21, "tiny")
    assert "error" not in origin
    assert {"python", "packages", "host", "started", "seconds", "processor"} <= origin.keys()


@pytest.mark.slow
def test_a_run_tells_which_networks_it_had_from_the_cache(task, tmp_path, monkeypatch):
    monkeypatch.setenv(kept.VARIABLE, str(tmp_path / "networks"))
    code = "import torch\nfrom pwlib.reruns import kept\n"
    code += "x = kept.keep({'a': seed}, lambda: {'w': torch.ones(2)})\nprint(kept.summary())"
    for found in ("0 of 1 networks from the cache", "1 of 1 networks from the cache"):
        assert runs.run(task(code, seed=1)).origin["networks"] == found
    assert runs.run(task(code, seed=1), cached=False).origin["networks"] == ""


def test_a_failing_cell_keeps_what_ran_before_it(task):
    result = runs.run(task("'before'", BAD, "'after'", seed=0))
    origin = result.origin
    assert (origin["error"], origin["failed_cell"]) == ("ValueError: on purpose", 4)
    cells = nbformat.reads(result.notebook, as_version=4).cells
    assert cells[2].outputs[0].data["text/plain"] == "'before'"
    assert cells[3].outputs[0].evalue == "on purpose"
    assert cells[4].outputs == []


def test_a_cluster_of_no_processes_is_refused_which_would_wait_for_ever():
    with pytest.raises(ParameterError, match="^workers: got 0, accepts a whole number from 1 on$"):
        runs.connected(None, 0)
    runs.connected("tcp://127.0.0.1:1", 0)


@pytest.mark.parametrize("address", ["tls://127.0.0.1:1", "nowhere://127.0.0.1:1", "127.0.0.1:x"])
def test_a_scheduler_that_cannot_be_asked_is_refused_in_one_line(address, monkeypatch):
    monkeypatch.setattr(runs, "PATIENCE", 1)
    with pytest.raises(SweepError) as caught, runs.connected(address, 1):
        pass
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"--scheduler: got '{address}', where no worker answers: ")
    # One that is left to the garbage collector locks up with a client that is just starting.
    assert not [one for one in gc.get_objects() if isinstance(one, Client)]
