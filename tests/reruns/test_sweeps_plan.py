import nbformat
import pytest

from pwlib.reruns import runs, sweeps
from pwlib.reruns.runs import SweepError


def points(path, grid, *names, **given):
    tasks = sweeps.plan(path, grid, **given).tasks
    return [tuple(task.parameters[name] for name in names) for task in tasks]


def complaints(path, *grid, **given):
    with pytest.raises(SweepError) as caught:
        sweeps.plan(path, grid, **given)
    return str(caught.value).splitlines()


def test_every_combination_is_planned_in_the_order_of_the_grid(chapter):
    found = points(chapter("1"), ["radius=1.5,3", "seed=0:2"], "radius", "seed")
    assert found == [(1.5, 0), (1.5, 1), (3.0, 0), (3.0, 1)]


@pytest.mark.parametrize(
    ("text", "found"),
    [("0:3", [0, 1, 2]), ("0:10:4", [0, 4, 8]), ("3:0:-1", [3, 2, 1]), ("-2:0", [-2, -1])],
)
def test_a_range_leaves_out_its_end(text, found):
    assert list(sweeps.values(text)) == found


def test_the_singular_of_a_list_takes_its_members_one_at_a_time(chapter):
    plan = sweeps.plan(chapter("1"), ["dataset=MNIST,FashionMNIST"])
    assert [task.parameters["datasets"] for task in plan.tasks] == [["MNIST"], ["FashionMNIST"]]
    assert plan.swept == ["datasets"]


def test_numbers_become_what_the_chapter_declares(chapter):
    ((radius, seed),) = points(chapter("1"), ["radius=1e-3", "seed=2"], "radius", "seed")
    assert (radius, type(radius), type(seed)) == (0.001, float, int)


def test_each_run_has_one_process_unless_more_are_asked_for(chapter):
    assert points(chapter("1"), ["seed=1"], "workers") == [(1,)]
    assert points(chapter("1"), ["seed=1"], "workers", pairs=[("workers", "3")]) == [(3,)]


def test_pairs_are_values_that_all_runs_share(chapter):
    given = {"pairs": [("radius", "4"), ("datasets", "[a, b]")]}
    found = points(chapter("1"), ["seed=0:2"], "seed", "radius", "datasets", **given)
    assert found == [(0, 4.0, ["a", "b"]), (1, 4.0, ["a", "b"])]
    assert sweeps.plan(chapter("1"), ["seed=0:2"], **given).swept == ["seed"]


def test_a_value_that_is_named_twice_is_one_run(chapter):
    assert points(chapter("1"), ["radius=1,1.0,2"], "radius") == [(1.0,), (2.0,)]


def test_without_a_grid_there_is_one_run(chapter):
    assert len(sweeps.plan(chapter("1", parameters=None)).tasks) == 1


HAS = "accepts one of seed, radius, datasets, workers"
VALUES = "accepts values in YAML, as 0:10, 1.5,3 or a,b"


def test_all_that_is_wrong_is_said_at_once(chapter):
    pairs = [("radius", "[1]"), ("workers", "{")]
    assert complaints(chapter("1"), "sede=1", "dataset=3,4", "=3", pairs=pairs) == [
        f"parameter: got 'sede', {HAS}",
        "dataset: got 3, accepts str",
        f"parameter: got '', {HAS}",
        "radius: got [1], accepts float",
        f"workers: got '{{', {VALUES}",
    ]


@pytest.mark.parametrize("text", ["", "5:0", "0:3:0", "1,]"])
def test_a_grid_without_values_is_refused(chapter, text):
    assert complaints(chapter("1"), f"seed={text}") == [f"seed: got {text!r}, {VALUES}"]


@pytest.mark.parametrize(
    ("axis", "says"),
    [
        ("seed=1.5", "seed: got 1.5, accepts int"),
        ("seed=true", "seed: got True, accepts int"),
        ("seed=0,a,b", "seed: got 'a', accepts int"),
        ("radius=abc", "radius: got 'abc', accepts float"),
        ("radius=true", "radius: got True, accepts float"),
        ("datasets=MNIST", "datasets: got 'MNIST', accepts list[str]"),
        ("datasets=[1]", "datasets: got 1, accepts str"),
        ("colour=red", f"parameter: got 'colour', {HAS}"),
    ],
)
def test_a_bad_value_is_one_line_with_what_came_and_what_is_accepted(chapter, axis, says):
    assert complaints(chapter("1"), axis) == [says]


def test_values_that_are_no_plain_data_are_refused_where_no_type_is_declared(chapter):
    (line,) = complaints(chapter("1", parameters="day = None"), "day=2020-01-01")
    assert line.startswith("day: got datetime.date(2020, 1, 1), accepts plain data")


def test_a_name_given_twice_is_refused_also_by_its_singular(chapter):
    path = chapter("1")
    assert complaints(path, "seed=1", "seed=2") == ["seed: given twice"]
    assert complaints(path, "seed=1", pairs=[("seed", "2")]) == ["seed: given twice"]
    assert complaints(path, "dataset=a", "datasets=[b]") == ["datasets: given twice"]


@pytest.mark.parametrize("grid", [["seed=0:1000", "radius=0:1000"], ["seed=0:1000000000"]])
def test_more_runs_than_anyone_means_are_refused(chapter, grid):
    (line,) = complaints(chapter("1"), *grid)
    assert line == "--grid: got more runs than 100,000, accepts at most so many"


def test_a_chapter_without_parameters_says_so(chapter):
    path = chapter("1", parameters=None)
    assert complaints(path, "seed=1") == ["parameter: got 'seed', accepts one of none"]


@pytest.mark.parametrize("text", [None, "", "{}", "[]", "prose", '{"cells": 3, "nbformat": 4}'])
def test_a_file_that_is_no_notebook_says_so(tmp_path, text):
    path = tmp_path / "a.ipynb"
    if text is not None:
        path.write_text(text)
    (line,) = complaints(path)
    assert line.startswith(f"chapter: got {str(path)!r}, which can't be read: ")


def test_a_chapter_that_is_no_python_says_so(chapter):
    (line,) = complaints(chapter("%matplotlib inline"))
    assert "accepts cells of Python alone, got invalid syntax" in line


def test_outputs_of_the_chapter_dont_enter_the_plan(chapter):
    path = chapter("1")
    before = sweeps.plan(path).tasks[0]
    nb = nbformat.read(path, as_version=4)
    nb.cells[1].execution_count = 7
    nbformat.write(nb, path)
    assert sweeps.plan(path).tasks[0] == before


def test_planning_rests_on_the_modules_that_the_chapter_imports(chapter):
    (task,) = sweeps.plan(chapter("from pwlib import intervals")).tasks
    assert "pwlib.intervals" in task.rests_on
    assert task.rests_on == runs.rests_on(task.chapter, task.notebook)
