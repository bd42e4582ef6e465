"""Each check at its edges: what passes comes back, what doesn't is named in one line."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf, nan
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from pwlib import checks
from pwlib.parameters import ParameterError

ROWS = [{"arm": "hard", "seed": 0}, {"arm": "third", "seed": 1, "natural": 9.5}]
KNOWN = {"rows": ROWS}
OBJECT = object()

# A check; what passes it; what doesn't, and what is said of it.
CHECKS = [
    (checks.whole(2, 9), [2, 9, 3.0], {1: "a whole number from 2 to 9", 2.5: "a whole number"}),
    (checks.whole(2, even=True), [2], {3: "an even whole number from 2 on"}),
    (checks.real(), [-1e300, 0], {inf: "a finite number$", nan: "a finite number$", True: "a f"}),
    (checks.real(infinite=True), [inf, -inf], {nan: "a number$"}),
    (checks.real(0, 1), [0, 1], {-1e-9: "a finite number from 0 to 1$", 1.1: "a f", "0": "a f"}),
    (checks.real(0, above=True), [1e-300], {0: "a finite number above 0$", -1: "a finite"}),
    (checks.flag, [True, False, 0, 1, np.True_, np.int64(1)], {2: "True or False", 1.0: "True"}),
    (checks.among(["a", "b"]), ["a", "b"], {"c": "one of 'a', 'b'", 1: "one of"}),
    (checks.a(int, str), [3, "x", 0, ""], {2.0: "a int or a str"}),
    (checks.a(int, where=lambda n: n > 2, what="many"), [3], {2: "many", "3": "many"}),
    (checks.function, [abs, checks.a], {3: "a function"}),
    (checks.table("arm", "seed"), [ROWS, tuple(ROWS)], {OBJECT: "a list of 1 or more rows that"}),
    (checks.table("natural"), [ROWS[1:]], {(): "a list of 1", (3,): "a list of 1 or more rows"}),
    (checks.table("arm", least=0), [[], ROWS], {"arm": "a list of 0 or more rows that have arm"}),
    (checks.column, ["arm", "natural"], {"pgd": "one of arm, seed$", 0: "one of"}),
    (checks.maybe(checks.whole(2)), [None, 2], {1: "a whole number from 2 on"}),
    (checks.listed(checks.whole(1)), [[1, 2], (1,), range(1, 3)], {(): "a list with 1 members"}),
    (checks.listed(checks.whole(1), least=2), [[1, 2]], {(1,): "a list with 2 members or more"}),
    (checks.listed(checks.whole(1), least=0), [[], ()], {b"": "a list$", 3: "a list$"}),
    (checks.listed(checks.among("ab")), [["a", "b"]], {"ab": "a list$", None: "a list$"}),
    (
        checks.named(checks.real(), "a", by=checks.ANYTHING),
        *([{"a": 1, 2: 3}], {3: "a mapping of 1 or more names"}),
    ),
    (checks.NAME, ["a"], {"": "a name that isn't empty", 3: "a name"}),
    (
        checks.plain,
        [None, inf, [1, {"a": "b"}]],
        {OBJECT: "plain data", 1j: "plain", b"1": "plain"},
    ),
    (checks.PLAIN, [{}, {"a": [None]}], {3: "a mapping of 0 or more names", "a": "a mapping"}),
]


@pytest.mark.parametrize(("check", "good", "bad"), CHECKS)
def test_a_check_returns_what_it_accepts_and_names_what_it_refuses(check, good, bad):
    for value in good:
        found = check("it", value, dict(KNOWN))
        assert list(found) == list(value) if isinstance(value, range) else found == value
    for value, said in bad.items():
        with pytest.raises(ParameterError, match=f"^it: got .*, accepts {said}"):
            check("it", value, dict(KNOWN))


def test_rows_and_members_are_named_that_are_wrong():
    with pytest.raises(
        ParameterError, match=r"^rows: got \[1\], accepts texts and numbers in the ce"
    ):
        checks.table("arm")("rows", [{"arm": [1]}], {})
    for rows in ([ROWS[0], 3], [ROWS[0], {"arm": 1}]):
        with pytest.raises(ParameterError, match="or more rows that have arm, seed$"):
            checks.table("arm", "seed")("rows", rows, {})
    with pytest.raises(ParameterError, match=r"^ns\[1\]: got 0, accepts a whole number from 1"):
        checks.listed(checks.whole(1))("ns", [1, 0], {})
    of_names = checks.named(checks.real(), "a", "b")
    for values, said in (
        ({}, "p: got {}, accepts a mapping of 1 or more names"),
        ({"a": 1.0}, r"p: got \['a'\], accepts names with 'b' among them"),
        ({"a": 1.0, "b": nan}, r"p\['b'\]: got nan, accepts a finite number"),
    ):
        with pytest.raises(ParameterError, match=f"^{said}$"):
            of_names("p", values, {})


def test_a_tuple_of_members_keeps_its_kind_and_names_the_part_that_is_wrong():
    pair = namedtuple("pair", ["one", "other"])
    by_name = checks.members(one=checks.whole(1), other=checks.whole(2))
    found = by_name("it", pair(1, 2.0), {})
    assert (type(found), found) == (pair, (1, 2))
    by_place = checks.members(checks.whole(1), checks.whole(2))
    assert by_place("it", [1, 2.0], {}) == (1, 2)
    for check, part in ((by_name, r"\.other"), (by_place, r"\[1\]")):
        with pytest.raises(ParameterError, match=rf"^it{part}: got 0, accepts a whole number"):
            check("it", (1, 0), {})
    with pytest.raises(ParameterError, match=r"^it: got \(1,\), accepts a tuple \(one, other\)$"):
        by_name("it", (1,), {})


def test_lists_stay_lists_tuples_tuples_and_arrays_become_lists():
    check = checks.listed(checks.whole(1))
    assert check("n", (1, 2.0), {}) == (1, 2)
    assert check("n", np.array([1, 2]), {}) == [1, 2]


ARRAYS = [
    # shape, options, what is known; what passes; what doesn't, and what is said of it
    ("points", {}, {}, [1, 2], 3.0, r"got shape \(\), accepts \(points\)"),
    ("points", {}, {}, [1, 2], [], r"got shape \(0,\), accepts \(points\) with points = 0"),
    ("points", {"least": 0}, {}, [], [[]], r"got shape \(1, 0\), accepts"),
    ("points", {"least": 2}, {}, [1, 2], [1], r"got shape \(1,\), accepts"),
    ("points", {"low": 0, "high": 1}, {}, [0, 1], [0, 1.5], r"got 1.5, accepts numbers in \[0, 1"),
    ("points", {"low": 0}, {}, [0, 9], [1, -2, -3], "got -2, accepts finite numbers from 0$"),
    ("points", {}, {}, [-9], [1, inf], "got inf, accepts finite numbers$"),
    ("points", {}, {}, [-9], [1, nan], "got nan, accepts finite numbers$"),
    ("points", {"infinite": True}, {}, [inf, -inf, 0], ["a"], r"got \['a'\], accepts numbers \(po"),
    ("points", {"low": 0, "infinite": True}, {}, [inf], [-inf], "got -inf, accepts"),
    ("points n+1", {}, {"n": 2}, [[1, 2, 3]], [[1, 2]],
     r"got shape \(1, 2\), accepts \(points, 3\) with points = 1, n = 2"),
    ("points 2", {}, {}, [[1, 2]], [[1, 2, 3]], r"got shape \(1, 3\), accepts \(points, 2\) with"),
    ("m", {}, {"m of sizes": 2}, [1, 2], [1], r"got shape \(1,\), accepts \(m\) with m = 2"),
    ("... n", {}, {"n": 2}, [[[1, 2]]], [1, 2, 3], r"got shape \(3,\), accepts \(..., n\) with n"),
    ("... n", {}, {"n": 2}, [1, 2], 1.0, r"got shape \(\), accepts \(..., n\)"),
    ("... n", {}, {"...": (3,)}, [[1, 2]] * 3, [[1, 2]] * 2, r"got shape \(2, 2\), accepts"),
    ("s ... n", {}, {"s": 1}, [[[1, 2]]], [[1, 2], [3, 4]], r"got shape \(2, 2\), accepts"),
    ("...", {}, {}, 3.0, np.ones((2, 0)), r"got shape \(2, 0\), accepts \(...\)"),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "options", "known", "good", "bad", "said"), ARRAYS)
def test_an_array_has_the_shape_that_the_names_of_sizes_say(shape, options, known, good, bad, said):
    check = checks.array(shape, **options)
    np.testing.assert_array_equal(check("x", good, dict(known)), good)
    with pytest.raises(ParameterError, match=f"^x: {said}"):
        check("x", bad, dict(known))


def test_sizes_that_an_array_has_hold_for_those_after_it():
    known = {}
    checks.array("points n+1")("features", np.ones((5, 4)), known)
    checks.array("points")("labels", np.ones(5), known)
    checks.array("n")("slopes", np.ones(3), known)
    for name, shape, value in (("labels", "points", np.ones(4)), ("slopes", "n", np.ones(4))):
        with pytest.raises(ParameterError, match=f"^{name}: got shape "):
            checks.array(shape)(name, value, known)


class Network(Protocol):
    """Any is accepted."""


@pytest.mark.parametrize(
    ("hint", "good", "bad"),
    [
        (bool, True, 2),
        (int, -3, 0.5),
        (float, 0.5, inf),
        (str, "", 3),
        (int | None, None, 0.5),
        (int | None, 3, "3"),
        (Callable[[int], int], abs, 3),
        (Sequence[int], [1], [0.5]),
        (Iterable[float], (0.5,), ()),
        (Mapping[str, float], {"a": 1.0}, {"a": nan}),
        (Mapping[str, object], {"a": None}, {}),
        (Mapping, {}, 3),
        (Sequence[Any], [None], ()),
        (list[int], [], [0.5]),
        (list[int], [3], 3),
        (list[Network], [OBJECT], "a"),
        (dict[str, int], {}, {"a": 0.5}),
        (dict[str, int], {"a": 3}, {3: 3}),
        (dict[str, Network], {"a": OBJECT}, 3),
        (dict[Network, int], {OBJECT: 3}, {OBJECT: None}),
        (str | Path, Path("a"), 3),
        (str | Path, "a", None),
        (str | bytes | None, None, 3),
    ],
)
def test_a_type_hint_says_what_is_accepted(hint, good, bad):
    check = checks.of_type(hint)
    assert check("it", good, {}) == good
    with pytest.raises(ParameterError, match=r"^it"):
        check("it", bad, {})


UNSAID = (None, object, Network, np.ndarray | None | int, list[int] | set[int])
UNSAID += (Mapping[str, Network], Sequence[Network], str | Network, str | float, str | object)


@pytest.mark.parametrize("hint", UNSAID)
def test_a_hint_that_does_not_say_accepts_anything(hint):
    assert checks.of_type(hint) is None


def test_defaults_are_not_checked_and_names_stand_for_places():
    def scaled(n: int, scale: float = nan, *rest: int) -> tuple:
        return n, scale, rest

    call = checks._checking(scaled, {"n": checks.whole(1)})
    assert call(1.0)[0] == call(n=1)[0] == 1
    assert type(call(1.0)[0]) is int
    assert call(2, 0.5, "any") == (2, 0.5, ("any",))
    for arguments, said in (((0,), "n: got 0"), ((1, nan), "scale: got nan")):
        with pytest.raises(ParameterError, match=f"^{said}, accepts"):
            call(*arguments)


def test_arguments_of_every_kind_are_checked_and_more_of_them_if_asked_for():
    def mixed(n: int, /, m: int, *rest: int, k: int, **more: int) -> tuple:
        return n, m, rest, k, more

    plain = checks._checking(mixed, {})
    several = checks.listed(checks.whole(1)), checks.named(checks.whole(1))
    strict = checks._checking(mixed, dict(zip(("rest", "more"), several, strict=True)))
    assert plain(1.0, 2.0, "any", k=3.0, n="any") == (1, 2, ("any",), 3, {"n": "any"})
    assert strict(1, 2, 3.0, k=4, n=5.0) == (1, 2, (3,), 4, {"n": 5})
    assert strict(1, 2, k=4) == (1, 2, (), 4, {})
    for call, places, names, said in (
        (plain, (nan, 2), {"k": 3}, "n"),
        (plain, (1, nan), {"k": 3}, "m"),
        (plain, (1, 2), {"k": nan}, "k"),
        (strict, (1, 2, 0), {"k": 3}, r"rest\[0\]"),
        (strict, (1, 2), {"k": 3, "n": 0}, r"more\['n'\]"),
    ):
        with pytest.raises(ParameterError, match=f"^{said}: got "):
            call(*places, **names)


def test_a_hint_that_is_imported_for_type_checkers_alone_does_not_say():
    def late(tensor, n):
        return tensor, n

    late.__annotations__ = {"tensor": "dict[str, Tensor]", "n": "int"}
    call = checks._checking(late, {})
    assert call({"a": OBJECT}, 2.0) == ({"a": OBJECT}, 2)
    for arguments, said in (((3, 2), "tensor: got 3"), (({}, 0.5), "n: got 0.5")):
        with pytest.raises(ParameterError, match=f"^{said}, accepts"):
            call(*arguments)


def test_columns_are_those_of_the_table_that_the_call_names(tmp_path):
    known = {"file": tmp_path / "table.csv"}
    known["file"].write_text("run,gap\na,0.5\n")
    check = checks.columns_of("file", "run")
    assert check("names", ["gap"], known) == ["gap"]
    assert check("names", [], known) == []
    for kind, bad in ((check, ["gap", "seed"]), (checks.columns_of("file", "seed"), ["gap"])):
        with pytest.raises(ParameterError, match="^names: got 'seed', accepts one of run, gap$"):
            kind("names", bad, known)
    known["file"].write_text("")
    with pytest.raises(ParameterError, match="^names: got 'run', accepts "):
        check("names", [], known)


def test_only_the_outermost_call_is_checked_and_after_an_error_the_next_is_again():
    inner = checks._checking(lambda n: n, {"n": checks.whole(1)})
    always = checks._checking(lambda n: n, {"n": checks.whole(1)}, always=True)
    outer = checks._checking(lambda n: inner(n - 1), {"n": checks.whole(1)})
    assert outer(1) == 0
    strict = checks._checking(lambda n: always(n - 1), {"n": checks.whole(1)})
    for call, value in ((inner, 0), (strict, 1), (inner, 0), (outer, 0)):
        with pytest.raises(ParameterError, match=r"^n: got 0, accepts"):
            call(value)
