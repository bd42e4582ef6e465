"""What the stamps of chapters and the heads of tables say about the cost of the book."""

import nbformat
import pytest

from pwlib.book import costs
from pwlib.book.costs import Cost
from pwlib.reruns import tables

HEAD = "# python -m pwlib table tiny\n# 2026-11-22: {}\n"


@pytest.fixture
def folder(tmp_path):
    for name, seconds in {"a": 90.0, "b": 30.0, "never-executed": None}.items():
        nb = nbformat.v4.new_notebook()
        if seconds:
            nb.metadata["pwlib"] = {"seconds": seconds, "processor": "A Processor"}
        nbformat.write(nb, tmp_path / f"{name}.ipynb")
    (tmp_path / "results").mkdir()
    return tmp_path


def write(folder, name, spent):
    made = f"{spent}, torch 2.13.0, numpy 2.4.6, AMD EPYC 7742, 64 cores and Another"
    (folder / "results" / name).write_text(HEAD.format(made) + "seed,natural\n0,97.5\n")


def rows(folder):
    lines = costs.table(folder).splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_a_tables_head_says_how_many_runs_took_how_many_core_hours_on_what(folder):
    write(folder, "tiny.csv", "128 runs, 3.1 core hours")
    (found,) = costs.of_tables(folder / "results")
    assert found == Cost("tiny.csv", 128, 3.1, "AMD EPYC 7742, 64 cores and Another")


def test_the_head_is_read_as_sweeps_write_it(folder):
    origin = {
        "started": "2026-11-22T10:00:00",
        "seconds": 5400.0,
        "processor": "A Processor",
        "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
    }
    head = f"# python -m pwlib table x\n# {tables._made([origin] * 4)}\nseed\n0\n"
    (folder / "results" / "x.csv").write_text(head)
    assert costs.of_tables(folder / "results") == [Cost("x.csv", 4, 6.0, "A Processor")]


def test_the_tables_that_say_their_cost_are_added_and_the_others_are_shown(folder):
    write(folder, "one.csv", "10 runs, 2.5 core hours")
    write(folder, "two.csv", "20 runs, 1.1 core hours")
    (folder / "results" / "untold.csv").write_text("# made by hand\nn\n1\n")
    assert ["`results/untold.csv`", "", "not recorded", ""] in rows(folder)
    assert rows(folder)[-1][1:3] == ["30", "3.6 core hours"]


def test_only_the_head_of_a_table_is_read(folder):
    row = HEAD.format("9 runs, 9.9 core hours, numpy 2.4.6, X").splitlines()[1]
    (folder / "results" / "late.csv").write_text(f"n\n1\n{row}\n")
    assert costs.of_tables(folder / "results") == [Cost("late.csv", None, None, "")]


def test_the_times_of_the_executed_chapters_are_added_and_the_longest_is_named(folder):
    assert rows(folder)[:2] == [
        ["the chapters, each executed once", "2", "2.0 minutes", "A Processor"],
        ["of these the longest, a", "1", "1.5 minutes", "A Processor"],
    ]


def test_a_single_cost_is_not_added_up(folder):
    write(folder, "one.csv", "10 runs, 2.5 core hours")
    assert rows(folder)[2:] == [
        ["`results/one.csv`", "10", "2.5 core hours", "AMD EPYC 7742, 64 cores and Another"]
    ]
