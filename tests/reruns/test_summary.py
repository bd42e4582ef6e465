import csv
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.filters import markdown2html

from pwlib.figures import style
from pwlib.intervals import interval
from pwlib.reruns import summary, sweeps


@pytest.fixture
def found(tmp_path):
    """Writes a sweep's table (rows of seed, radius, gap, state) and reads it."""

    def write(*rows, swept=("radius", "seed")):
        with (tmp_path / "table.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["seed", "radius", "gap", "state", "run", "word"])
            table.writerows([*row, i, "x"] for i, row in enumerate(rows))
        return summary.read(tmp_path / "table.csv", swept, ["seed", "radius"])

    return write


ROWS = [
    (0, 1.0, 0.5, "done"),
    (1, 1.0, 0.7, "done"),
    (0, 3.0, 2.0, "done"),
    (1, 3.0, 9.0, "failed"),
    (0, 5.0, "", "waiting"),
]


def test_numbers_are_means_with_intervals_over_the_runs_that_are_done(found):
    (means,) = found(*ROWS).means.values()
    assert means.keys() == {(1.0,), (3.0,)}
    first = means[1.0,]
    assert (first.mean, first.n) == (pytest.approx(0.6), 2)
    assert (first.low, first.high) == pytest.approx(interval([0.5, 0.7]))
    assert (means[3.0,].mean, means[3.0,].n) == (2.0, 1)


def test_the_columns_that_hold_numbers_are_the_ones_shown(found):
    assert (list(found(*ROWS).means), found(*ROWS).swept) == (["gap"], ["radius"])


def test_the_table_has_a_column_for_each_point_of_the_grid(found):
    rows, columns = summary.table(found(*ROWS))
    assert columns == ["number", *(f"<code>radius {x}.0</code>" for x in (1, 3, 5))]
    ((name, one, three, five),) = rows
    assert (name, three, five) == ("<code>gap</code>", "2 (1)", "")
    assert one.startswith("0.6 [")
    assert one.endswith("] (2)")


def test_states_are_counted(found):
    assert found(*ROWS).states == {"done": 3, "failed": 1, "waiting": 1}


def test_the_figure_has_the_means_against_the_swept_number(found):
    panel = summary.figure(found(*ROWS)).axes[0]
    assert (panel.get_title(), panel.get_xlabel()) == ("gap", "radius")
    assert panel.containers[0].lines[0].get_xydata().tolist() == [
        [1.0, pytest.approx(0.6)],
        [3.0, 2.0],
    ]


@pytest.mark.parametrize(
    ("rows", "swept"),
    [
        ([(0, 1.0, 0.5, "failed")], ["radius"]),
        ([(0, 1.0, "NaN", "done")], ["radius"]),
        ([(0, 1.0, "Infinity", "done"), (1, 1.0, 1.0, "done")], ["seed"]),
        ([(0, "lobatto", 0.5, "done"), (0, 3, 0.5, "done")], ["radius"]),
        ([(0, "[1, 2]", 0.5, "done"), (0, "[3]", 0.5, "done")], ["radius"]),
        ([(0, "{}", 0.5, "done")], ["radius"]),
        ([(0, 1.0, 0.5, "done")], []),
        ([(0, "$\\frac$", 0.5, "done"), (0, "$", 0.5, "done")], ["radius"]),
        ([(0, "$\\frac$", 0.5, "done"), (1, "$", 0.5, "done")], ["seed", "radius", "word"]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_odd_sweeps_have_a_table_and_a_figure_too(found, rows, swept):
    odd = found(*rows, swept=swept)
    summary.table(odd)
    summary.figure(odd).canvas.draw()


ATTACKS = [
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "<script>alert(1)</script>",
    "a **d** _e_ \\ & 1.5",
    "`<img src=x onerror=alert(1)>",
    "a` <b>x</b> `b",
    "a \\`<b>x</b>",
    "a | b ``` c",
    "a $\\frac$ b $",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_what_a_run_was_given_is_shown_as_it_is(found, text):
    table = summary.table(found((0, text, 0.5, "done"), (1, text, 0.7, "done")))
    cells = BeautifulSoup(markdown2html(style.table(*table, "Means").data), "html.parser").table
    assert cells.find_all("th")[1].text == f"radius {text}"
    assert not cells.find_all(["img", "a", "script", "em", "strong", "b"])


@pytest.mark.slow
def test_the_summary_is_an_executed_notebook_and_a_page(found, tmp_path):
    found(*ROWS)
    about = "`<img src=x onerror=alert(1)>", ["radius", "seed"], ["seed", "radius"]
    page = sweeps.summary(tmp_path / "table.csv", *about).read_text()
    assert "0.6 [" in page
    assert "<img src=x" not in page
    assert BeautifulSoup(page, "html.parser").find("code", string=about[0])
    assert "data:image/svg+xml" in page
    assert not re.search(r"<script[^>]*src=\"?http", page)
    cells = nbformat.read(tmp_path / "summary.ipynb", as_version=4).cells
    assert all(cell.outputs for cell in cells[-5:] if cell.cell_type == "code")
