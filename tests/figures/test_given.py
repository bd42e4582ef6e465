"""What figures refuse that has the right types: other names, other lengths, another order."""

import re

import numpy as np
import pytest
import torch

from pwlib.boundaries import Maps
from pwlib.checks import along, members, named, real, texts, whole
from pwlib.datasets import Dataset
from pwlib.figures import causes, figures_1_2_3, figures_4_5, linear, play, points, style
from pwlib.networks import MLP

SEEDS, X, CURVE = [50.0, 52.0], np.linspace(0, 1, 9), np.linspace(1, 0, 9)
ARMS = {"plain": SEEDS, "hard": SEEDS}
SWAPPED = {"hard": SEEDS, "plain": SEEDS}
KINDS = {"plain": "nothing", "hard": "features"}
PAIRS = {(a, b): SEEDS for a in "ab" for b in "ab"}
SQUARE, OTHER = (Maps(np.eye(n, dtype=int), *[np.eye(n)] * 3) for n in (4, 5))
COLOURLESS = Maps(5 * np.eye(4, dtype=int), *[np.eye(4)] * 3)
MASKS = {str(i): np.arange(9) % 4 == i for i in range(4)}
IMAGES, LABELS = torch.rand(4, 784), torch.arange(4)
DATA = Dataset(IMAGES, LABELS, IMAGES, LABELS)
NETWORKS = {name: MLP((784, 4, 10), "relu", 0) for name in "ab"}
BAD = {
    "kinds stand in another order": ("found", causes.figure_arms, {"a": SWAPPED}, KINDS, ""),
    "a panel has its rows in another order": (
        *("found", causes.figure_arms),
        *({"a": ARMS, "b": SWAPPED}, KINDS, ""),
    ),
    "an arm has no kind": ("found", causes.figure_arms, {"a": {"other": SEEDS}}, KINDS, ""),
    "an arm starts at a later length": (
        *("found", causes.figure_lengths),
        *({"a": {"plain": {0.5: SEEDS, 1.0: SEEDS}, "hard": {1.0: SEEDS}}}, KINDS),
    ),
    "lengths descend": (
        *("found", causes.figure_lengths),
        *({"a": {"plain": {1.0: SEEDS, 0.5: SEEDS}}}, KINDS),
    ),
    "three rivals": (
        *("found", causes.figure_leads),
        *({"a": {"SGD": ARMS | {"label": SEEDS}}}, "points"),
    ),
    "a curve is longer than x": (
        *("found", causes.figure_curves),
        *([1], {"a": {"natural": {"plain": [SEEDS, SEEDS]}}}, "passes"),
    ),
    "a curve has no look": (
        *("found", causes.figure_curves),
        *([1], {"a": {"natural": {"other": [SEEDS]}}}, "passes"),
    ),
    "a mean goes down a path": (
        *("found", causes.figure_paths),
        *({"a": {"plain": ([-1.0], [50.0])}}, KINDS, "", ""),
    ),
    "a pair is missing": (
        *("found", causes.figure_transfer),
        {"a": {"plain": {("a", "a"): SEEDS, ("a", "b"): SEEDS}}},
    ),
    "a grid has other sizes": (
        *("points", figures_1_2_3.figure_2, X),
        *({"$E$, one": {2: [1.0, 2]}}, {"$E$, one": {3: [0.0, 0.5, 1]}}),
    ),
    "more points than the size says": (
        *("points", figures_1_2_3.figure_2, X),
        *({"$E$, one": {2: [1.0, 2]}}, {"$E$, one": {2: [0.0, 0.5, 1]}}),
    ),
    "no node lies inside": (
        *("readings", figures_1_2_3.figure_3),
        *(4, X, {"one": np.array([0.0, 1]), "other": X}),
    ),
    "a third line": (
        *("proved", figures_1_2_3.figure_between, {k: {0: [1]} for k in "abcd"}),
        *({k: {line: {0: 1} for line in "abc"} for k in "abcd"}, [*"abcd"], ""),
    ),
    "a class without a colour": ("seen", figures_4_5.figure_4, COLOURLESS),
    "maps of two sizes": ("networks", figures_4_5.figure_4_rows, [SQUARE, OTHER], [*"ab"]),
    "a title too few": ("titles", figures_4_5.figure_4_rows, [SQUARE, SQUARE], ["a"]),
    "no curve of a control": (
        *("accuracies", figures_4_5.figure_5),
        *([0.0, 1], {"MNIST": {"own": np.ones((2, 2)), "reference": np.ones((2, 2))}}),
    ),
    "a network of three classes": (
        *("network", figures_4_5.figure_climb),
        *(MLP((784, 4, 3), "relu", 0), {"up": IMAGES}, "MNIST"),
    ),
    "a curve is shorter": ("worst", linear.figure_in_a_ball, X, CURVE[1:], CURVE),
    "never fooled": ("ratio", linear.tilt_curve, 90 * X, CURVE, 0 * X + 0.5, 0.1),
    "masks overlap": ("groups", linear.usefulness_map, X, X + 1, MASKS | {"0": X > 0.5}, 0.5),
    "an image that isn't square": ("rows", linear.image_rows, [[np.ones(5)]], [["a"]]),
    "titles of other rows": ("titles", linear.image_rows, [[np.ones(4)]], [["a", "b"]]),
    "curves end at two sizes": (
        *("worst", points.figure_advantage, 4),
        *({"best found": {2: 6.0, 3: 5.0}, "Chebyshev roots": {2: 6.0}}, {}),
    ),
    "points descend": ("sets", points.figure_sets, {"best found": [0.5, 0.2]}),
    "nothing to compare a set with": ("sets", points.figure_sets, {"best on average": [0.5]}),
    "a set is compared with one of another size": (
        *("sets", points.figure_sets),
        {"best on average": [0.5], "Chebyshev roots": [0.2, 0.8]},
    ),
    "a size without its distance": (
        *("distances", points.figure_limit, X),
        *({5: np.ones(3)}, np.ones(3), {"equispaced": {4: 0.1}}),
    ),
    "no error": ("panels", points.figure_merging, X, dict.fromkeys("ab", (X[:2], 0 * X))),
    "a law without a limit": (
        *("limits", points.figure_laws),
        *({"even m": [(70, 36)]}, {"odd m, p odd": [(10, 16)]}, {"even m": 0.5}),
    ),
    "labels of half": ("points", play.drag, "id", [(0.1, 0.5)], 5),
    "an id of two words": ("name", play.nodes, "an id", 5),
    "a size that no slider has": ("start", play.limit, "id", 5, 21),
    "three networks": ("networks", play.push, "id", NETWORKS | {"c": NETWORKS["a"]}, DATA, 2),
    "more images than there are": ("shown", play.push, "id", NETWORKS, DATA, 5),
    "a row without a cell": ("rows, columns", style.markdown_table, [["a"]], ["name", "n"], ""),
    "no lines to name": ("axes", style.name_lines, style.subplots()[1]),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_drawn_is_refused_in_a_line_that_names_its_argument(what):
    name, draw, *arguments = BAD[what]
    with pytest.raises(ValueError, match=rf"\A{name}\b.*: got [^\n]*, accepts [^\n]*\Z"):
        draw(*arguments)


@pytest.mark.parametrize(
    ("check", "value", "said"),
    [
        (named(real()), {1: 2.0}, "one: got 1, accepts a str"),
        (named(real()), {}, "one: got {}, accepts a mapping of 1 or more names"),
        (named(real(), count=(2, 2)), {"a": 1}, "one: got {'a': 1}, accepts a mapping of 2 names"),
        (named(real(), "b"), {"a": 1}, "one: got ['a'], accepts names with 'b' among them"),
        (named(real(), by=whole(1), rising=True), {2: 1, 1: 1}, "one: got [2, 1], accepts numbers"),
        (
            named(named(real(), like="x")),
            {"a": {"b": 1}, "c": {"d": 1}},
            "one['c']: got ['d']",
        ),
        (along("k", 0, above=True), [0, 1], "one: got 0, accepts numbers above 0"),
        (along("k"), [1, 1], "one: got [1, 1], accepts numbers that ascend"),
        (members(real(), real()), [1], "one: got [1], accepts 2 in a tuple"),
        (texts(2), ["a"], "one: got ['a'], accepts 2 strings"),
    ],
)
def test_a_refusal_says_what_came_and_what_is_accepted(check, value, said):
    with pytest.raises(ValueError, match=rf"\A{re.escape(said)}"):
        check("one", value, {})
