"""What the stamps of chapters and the origins of tables say about the cost of the book."""

import json

import nbformat
import pytest

from pwlib.book.sphinx_tables import cost_table

PROCESSOR = "AMD EPYC 7742, 64 cores"


@pytest.fixture
def folder(tmp_path):
    for name, seconds in {"a": 90.0, "b": 30.0, "never-executed": None}.items():
        nb = nbformat.v4.new_notebook()
        if seconds:
            nb.metadata["pwlib"] = {"seconds": seconds, "processor": "A Processor"}
        nbformat.write(nb, tmp_path / f"{name}.ipynb")
    (tmp_path / "results").mkdir()
    return tmp_path


def write(folder, name, **about):
    (folder / "results" / f"{name}.csv").write_text("seed,natural\n0,97.5\n")
    (folder / "results" / f"{name}.json").write_text(json.dumps(about))


def rows(folder):
    lines = cost_table(folder).splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_origin_of_a_table_says_how_many_runs_took_how_many_core_hours_on_what(folder):
    write(folder, "one", runs=10, core_hours=2.5, processor=PROCESSOR)
    assert rows(folder)[2:] == [["`results/one.csv`", "10", "2.5 core hours", PROCESSOR]]


def test_a_table_without_an_origin_or_whose_origin_is_silent_is_shown_as_not_recorded(folder):
    write(folder, "silent", runs=None, core_hours=None, processor=None)
    (folder / "results" / "untold.csv").write_text("n\n1\n")
    shown = [[f"`results/{name}.csv`", "", "not recorded", ""] for name in ("silent", "untold")]
    assert rows(folder)[2:] == shown


def test_the_tables_that_say_their_cost_are_added(folder):
    write(folder, "one", runs=10, core_hours=2.5, processor=PROCESSOR)
    write(folder, "two", runs=20, core_hours=1.1, processor="Another")
    write(folder, "three", runs=None, core_hours=None, processor=PROCESSOR)
    about = "the tables that record it, together"
    assert rows(folder)[-1] == [about, "30", "3.6 core hours", f"{PROCESSOR} and Another"]


def test_the_times_of_the_executed_chapters_are_added_and_the_longest_is_named(folder):
    assert rows(folder)[:2] == [
        ["the chapters, each executed once", "2", "2.0 minutes", "A Processor"],
        ["of these the longest, a", "1", "1.5 minutes", "A Processor"],
    ]
