from pathlib import Path

import nbformat
import pytest

from pwlib.reruns import plans, runs
from pwlib.reruns.plans import Request, SweepError


def points(path, grid, *names, **given):
    tasks = plans.plan(Request(path, grid, **given)).tasks
    return [tuple(task.parameters[name] for name in names) for task in tasks]


def complaints(path, *grid, **given):
    with pytest.raises(SweepError) as caught:
        plans.plan(Request(path, grid, **given))
    return str(caught.value).splitlines()


def test_every_combination_is_planned_in_the_order_of_the_grid(chapter):
    found = points(chapter("1"), ["radius=1.5,3", "seed=0:2"], "radius", "seed")
    assert found == [(1.5, 0), (1.5, 1), (3.0, 0), (3.0, 1)]


@pytest.mark.parametrize(
    ("text", "found"),
    [("0:3", [0, 1, 2]), ("0:10:4", [0, 4, 8]), ("3:0:-1", [3, 2, 1]), ("-2:0", [-2, -1])],
)
def test_a_range_leaves_out_its_end(text, found):
    assert list(plans.values(text)) == found


def test_the_singular_of_a_list_takes_its_members_one_at_a_time(chapter):
    plan = plans.plan(Request(chapter("1"), ["dataset=MNIST,FashionMNIST"]))
    assert [task.parameters["datasets"] for task in plan.tasks] == [["MNIST"], ["FashionMNIST"]]
    assert plan.swept == ["datasets"]


def test_numbers_become_what_the_chapter_declares(chapter):
    ((radius, seed),) = points(chapter("1"), ["radius=1e-3", "seed=2"], "radius", "seed")
    assert (radius, type(radius), type(seed)) == (0.001, float, int)


def test_each_run_has_one_process_unless_more_are_asked_for(chapter):
    assert points(chapter("1"), ["seed=1"], "workers") == [(1,)]
    assert points(chapter("1"), ["seed=1"], "workers", pairs=[("workers", "3")]) == [(3,)]


def test_pairs_count_more_than_texts_and_texts_more_than_files(chapter, tmp_path):
    file = tmp_path / "shared.yml"
    file.write_text("{radius: 2, seed: 1, datasets: [a]}")
    given = {"paths": [file], "texts": ["{seed: 2, radius: 3}"], "pairs": [("radius", "4")]}
    assert points(chapter("1"), [], "radius", "seed", "datasets", **given) == [(4.0, 2, ["a"])]


def test_without_a_grid_there_is_one_run(chapter):
    assert len(plans.plan(Request(chapter("1", parameters=None))).tasks) == 1


def test_all_that_is_wrong_is_said_at_once(chapter):
    given = {"pairs": [("radius", "[1]")], "texts": ["{"], "paths": [Path("no.yml")]}
    assert complaints(chapter("1"), "sede=1", "dataset=3,4", "=3", **given) == [
        "sede: no parameter of the chapter; the nearest is 'seed'",
        "dataset: got 3, 4, accepts str",
        "--grid: got '=3', accepts name=values, as 0:10, 1.5,3 or a,b",
        "-f: got 'no.yml', which can't be read: No such file or directory",
        "-y: got '{', which is no YAML",
        "radius: got [1], accepts float",
    ]


@pytest.mark.parametrize("axis", ["seed", "seed=", "seed=5:0", "seed=0:3:0", "seed=1,]", "", "="])
def test_a_grid_without_values_is_refused(chapter, axis):
    assert complaints(chapter("1"), axis) == [
        f"--grid: got {axis!r}, accepts name=values, as 0:10, 1.5,3 or a,b"
    ]


@pytest.mark.parametrize(
    ("axis", "says"),
    [
        ("seed=1.5", "seed: got 1.5, accepts int"),
        ("seed=true", "seed: got True, accepts int"),
        ("seed=a,b,c,d", "seed: got 'a', 'b', 'c' …, accepts int"),
        ("radius=abc", "radius: got 'abc', accepts float"),
        ("radius=true", "radius: got True, accepts float"),
        ("datasets=[1]", "datasets: got [1], accepts list[str], as [1,2]; dataset=… takes the"),
        ("seed=1,2,1", "seed: got 1 twice, accepts values without repeats"),
        ("radius=1,1.0", "radius: got 1.0 twice, accepts values without repeats"),
        ("colour=red", "colour: no parameter of the chapter; it has seed, radius, datasets"),
        ("seed=0:1000000000", "--grid: got 'seed=0:1000000000', accepts at most 100,000 values"),
    ],
)
def test_a_bad_value_is_one_line_with_what_came_and_what_is_accepted(chapter, axis, says):
    (line,) = complaints(chapter("1"), axis)
    assert line.startswith(says)


def test_values_that_are_no_plain_data_are_refused_where_no_type_is_declared(chapter):
    (line,) = complaints(chapter("1", parameters="day = None"), "day=2020-01-01")
    assert line.startswith("day: got datetime.date(2020, 1, 1), accepts plain data")


def test_a_name_given_twice_is_refused_also_by_its_singular(chapter):
    path = chapter("1")
    assert complaints(path, "seed=1", "seed=2") == ["seed: given twice"]
    assert complaints(path, "seed=1", pairs=[("seed", "2")]) == ["seed: given twice"]
    assert complaints(path, "dataset=a", "datasets=[b]") == ["datasets: given twice"]


def test_more_runs_than_anyone_means_are_refused(chapter):
    assert complaints(chapter("1"), "seed=0:1000", "radius=0:1000") == [
        "--grid: got 1,000,000 runs, accepts at most 100,000"
    ]


@pytest.mark.parametrize("text", ["3", "[1, 2]", ""])
def test_what_is_no_mapping_is_refused(chapter, text):
    assert complaints(chapter("1"), texts=[text]) == [
        f"-y: got {text!r}, accepts a mapping in YAML"
    ]


def test_a_chapter_without_parameters_says_so(chapter):
    path = chapter("1", parameters=None)
    assert complaints(path, "seed=1") == ["seed: the chapter has no cell of parameters"]


def test_a_chapter_that_is_not_there_says_so(tmp_path):
    path = tmp_path / "none.ipynb"
    assert complaints(path) == [f"chapter: got {str(path)!r}, which isn't there"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "prose", '{"cells": 3, "nbformat": 4}'])
def test_a_file_that_is_no_notebook_says_so(tmp_path, text):
    path = tmp_path / "a.ipynb"
    path.write_text(text)
    assert complaints(path) == [f"chapter: got {str(path)!r}, which is no notebook"]


def test_a_chapter_that_is_no_python_says_so(chapter):
    (line,) = complaints(chapter("%matplotlib inline"))
    assert "which can't be run: invalid syntax" in line


def test_outputs_of_the_chapter_dont_enter_the_plan(chapter):
    path = chapter("1")
    before = plans.plan(Request(path)).tasks[0]
    nb = nbformat.read(path, as_version=4)
    nb.cells[1].execution_count = 7
    nbformat.write(nb, path)
    assert plans.plan(Request(path)).tasks[0] == before


def test_planning_rests_on_the_modules_that_the_chapter_imports(chapter):
    (task,) = plans.plan(Request(chapter("from pwlib import intervals"))).tasks
    assert "pwlib.intervals" in task.rests_on
    assert task.rests_on == runs.rests_on(task.chapter, task.notebook)
