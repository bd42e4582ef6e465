import math
import types
from contextlib import nullcontext

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from pwlib import parameters
from pwlib.parameters import ParameterError


@pytest.mark.parametrize("value", [1, 30, 30.0, 200, np.int64(30), np.float32(30)])
def test_integer_accepts_whole_numbers_in_range(value):
    found = parameters.integer("degree", value, 1, 200)
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize("value", [0, 201, 2.5, "30", None, True, math.nan, math.inf, [3]])
def test_integer_names_the_parameter_the_value_and_what_is_accepted(value):
    with pytest.raises(ParameterError) as caught:
        parameters.integer("degree", value, 1, 200)
    assert str(caught.value) == f"degree: got {value!r}, accepts a whole number from 1 to 200"


def test_integer_may_have_no_upper_end():
    assert parameters.integer("n", 10**400, 1) == 10**400
    for value in (0, math.inf, math.nan, np.float64(2.5)):
        with pytest.raises(ParameterError, match="accepts a whole number from 1 on$"):
            parameters.integer("n", value, 1)


def test_integer_can_demand_even_numbers():
    assert parameters.integer("m", 4, 2, 10, even=True) == 4
    with pytest.raises(
        ParameterError, match=r"m: got 5, accepts an even whole number from 2 to 10"
    ):
        parameters.integer("m", 5, 2, 10, even=True)


@pytest.mark.parametrize("value", [math.nan, "1", None, -0.1, 2.0001, False])
def test_number_refuses_what_is_no_number_in_range(value):
    with pytest.raises(ParameterError, match="radius: got .*, accepts a number from 0 to 2"):
        parameters.number("radius", value, 0, 2)


def test_choice_lists_the_choices():
    with pytest.raises(
        ParameterError, match="optimiser: got 'adamm', accepts one of 'adam', 'sgd'"
    ):
        parameters.choice("optimiser", "adamm", ["adam", "sgd"])


@pytest.mark.parametrize(
    ("gpu", "value", "said"),
    [
        (False, "cuda", "device: got 'cuda', accepts 'cpu' here, where PyTorch finds no GPU"),
        (True, "gpu", "device: got 'gpu', accepts one of 'cpu', 'cuda'"),
    ],
)
def test_device_accepts_what_is_there(gpu, value, said, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: gpu)
    assert parameters.device("device", "cpu") == "cpu"
    assert not gpu or parameters.device("device", "cuda") == "cuda"
    with pytest.raises(ParameterError, match=f"^{said}$"):
        parameters.device("device", value)


@pytest.mark.parametrize("values", [[], "MNIST", 3, None])
def test_each_refuses_what_is_no_list_with_members(values):
    with pytest.raises(ParameterError, match="seeds: got .*, accepts a list with at least one"):
        parameters.each("seeds", values, parameters.integer, 0, 9)


def test_each_returns_what_passes_as_a_list():
    assert parameters.each("seeds", (1.0, 2), parameters.integer, 0, 9) == [1, 2]
    assert parameters.each("seeds", [2, 4], parameters.integer, 0, even=True, count=2) == [2, 4]
    for values in ([], [1], [1, 2, 3]):
        with pytest.raises(ParameterError, match="^seeds: got .*, accepts a list with 2 members$"):
            parameters.each("seeds", values, parameters.integer, 0, 9, count=2)
    with pytest.raises(ParameterError, match=r"^seeds\[0\]: got 3, accepts an even"):
        parameters.each("seeds", [3], parameters.integer, 0, even=True)


@pytest.mark.parametrize("values", [[[1], [1, 2]], "12", b"", ["a"], [True], [1j], [None]])
def test_what_is_no_array_of_real_numbers_is_refused(values):
    with pytest.raises(ParameterError, match="^x: got .*, accepts numbers$"):
        parameters.real_numbers("x", values, "numbers")


def test_real_numbers_are_an_array_of_any_shape_or_none():
    for values in (3, [[1.5, 2]], [], np.uint8([3])):
        np.testing.assert_array_equal(parameters.real_numbers("x", values, "numbers"), values)


def test_a_long_value_is_cut_and_an_array_is_told_by_its_shape():
    said = str(parameters.refusal("x", [1] * 100, "less"))
    assert said == f"x: got {str([1] * 100)[:200]} …, accepts less"
    assert str(parameters.refusal("x", "a" * 197, "b")) == f"x: got {'a' * 197!r}, accepts b"
    assert str(parameters.refusal("x", np.ones((2, 3)), "b")).startswith(
        "x: got ndarray of shape (2, 3), accepts"
    )


def test_each_points_at_the_member_that_is_wrong():
    with pytest.raises(ParameterError, match=r"seeds\[1\]: got 12, accepts"):
        parameters.each("seeds", [1, 12], parameters.integer, 0, 9)


def test_each_refuses_repeats():
    with pytest.raises(ParameterError, match="without repeats"):
        parameters.each("seeds", [1, 1.0], parameters.integer, 0, 9)


@pytest.mark.parametrize(
    ("x", "says"),
    [
        ([[0.1]], r"got shape \(1, 1\), accepts \(points,\)$"),
        ([0.5, 1.2], "got 1.2, accepts numbers in"),
        ([0.5, math.nan], "got nan, accepts numbers in"),
    ],
)
def test_points_names_what_is_wrong_with_an_array(x, says):
    with pytest.raises(ParameterError, match=f"^x: {says}"):
        parameters.points("x", x)


def test_points_may_be_none_and_are_converted():
    assert parameters.points("x", []).shape == (0,)
    assert parameters.points("x", [0, 1]).dtype == np.float64


def test_a_notebook_shows_one_line_instead_of_a_traceback(capsys):
    shell = InteractiveShell()
    shell.run_cell("from pwlib import parameters; parameters.integer('degree', 0, 1, 9)")
    printed = capsys.readouterr().out.strip()
    assert printed == "ParameterError: degree: got 0, accepts a whole number from 1 to 9"


OWN = "degree: int = 3  # of a polynomial\nseeds: list[int] = [0]\ngrid = 'roots'"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("# Parameters\ndegre = 4\n", r"^degre: no parameter; degree is the nearest of degree, "),
        ("# Parameters\nseeds = [1]\nseed = 1\n", "^seed: no parameter; seeds is the nearest of"),
        ("# Parameters\nDEGREE = 1\n", "^DEGREE: no parameter; .* of degree, grid, seeds$"),
        ("# Parameters\ndegree = 4\ngrid = 'a'\nseeds = []\n", None),
        ("# Parameters\n", None),
        ("x = 1", None),
        ("%matplotlib inline", None),
    ],
)
def test_a_name_that_papermill_sets_and_the_chapter_has_not_is_refused(given, says, monkeypatch):
    cells = ["", "import x", OWN, given, "parameters.known()"]
    shell = types.SimpleNamespace(user_ns={"In": cells})
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    refusal = pytest.raises(ParameterError, match=says) if says else nullcontext()
    with refusal:
        parameters.known()


def test_without_a_notebook_no_name_is_refused():
    parameters.known()
