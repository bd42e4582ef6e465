"""The figures of what makes networks robust: what they draw, where."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from pwlib.figures.causes import (
    figure_arms,
    figure_curves,
    figure_leads,
    figure_lengths,
    figure_paths,
    figure_transfer,
)
from pwlib.figures.style import COLOURS
from pwlib.intervals import interval

FOUND = {
    "MNIST": {
        "SGD": {"nearest": [30, 31, 35], "label": [-9, -12, -10]},
        "1 step": {"nearest": [4, 9, 2], "label": [-20, -25, -21]},
    },
    "Fashion-MNIST": {
        "SGD": {"nearest": [12, 16, 11], "label": [-8, -11, -10]},
        "1 step": {"nearest": [7, 8, 12], "label": [-30, -29, -33]},
    },
}


@pytest.mark.parametrize("panel", [0, 1])
@pytest.mark.parametrize("rival", [0, 1])
def test_a_lead_is_a_mean_with_its_interval_in_the_row_of_its_setting(panel, rival):
    panels = figure_leads(FOUND, "points").axes
    bars = panels[panel].containers[rival]
    assert bars.get_label() == ["nearest", "label"][rival]
    found = [list(leads.values())[rival] for leads in list(FOUND.values())[panel].values()]
    assert bars.lines[0].get_xdata() == pytest.approx([np.mean(leads) for leads in found])
    for line, leads in zip(bars.lines[2][0].get_segments(), found, strict=True):
        assert line[:, 0] == pytest.approx(interval(leads))
    hollow = [line for line in panels[panel].lines if line.get_color() == "white"][rival]
    assert hollow.get_xdata() == pytest.approx(
        [np.mean(v) for v in found if undecided(np.array(v))]
    )
    said = "Hard points win 3 of 4 against the nearest,\n0 of 4 against the label"
    assert panels[0].figure.get_suptitle() == said
    named = [(text.get_text().split()[-1], text.get_ha()) for text in panels[0].texts]
    assert named == [("nearest", "left"), ("label", "right")]  # each on its side of 0
    rows = np.round(bars.lines[0].get_ydata()).astype(int)
    assert [panels[0].get_yticklabels()[row].get_text() for row in rows] == ["SGD", "1 step"]


def undecided(lead):
    """Neither is ahead by a point over its whole interval."""
    low, high = interval(lead)
    return low <= 1 and high >= -1


ARMS = {
    "MNIST": {"plain": [30.0, 32.0], "hard": [68.0, 70.0], "label": [83.0, 84.0]},
    "Fashion-MNIST": {"plain": [20.0, 24.0], "hard": [44.0, 47.0], "label": [64.0, 66.0]},
}
KINDS = {"plain": "nothing", "hard": "features", "label": "output"}
COLOUR = {"plain": "plain", "hard": "hard", "label": "loss"}


@pytest.mark.parametrize("panel", [0, 1])
def test_an_arm_has_a_dot_for_each_seed_and_its_mean_in_its_row_and_colour(panel):
    axes = figure_arms(ARMS, KINDS, "accuracy").axes[panel]
    ends = [one.get_window_extent() for one in axes.figure.axes]
    (below,) = (text for text in axes.figure.texts if text.get_text())
    middle = axes.figure.transFigure.transform(below.get_position())[0]
    assert middle == pytest.approx((ends[0].x0 + ends[-1].x1) / 2, abs=1)  # not below the names
    *lines, reference = axes.lines
    for i, (arm, values) in enumerate(list(ARMS.values())[panel].items()):
        dots, mean = lines[2 * i : 2 * i + 2]
        assert dots.get_xdata() == pytest.approx(values)
        assert mean.get_xdata() == pytest.approx([np.mean(values)])
        assert {*dots.get_ydata(), *mean.get_ydata()} == {i}
        assert {dots.get_color(), mean.get_color()} == {COLOURS[COLOUR[arm]]}
    assert reference.get_xdata()[0] == pytest.approx(np.mean(list(ARMS.values())[panel]["plain"]))
    (legend,) = axes.figure.legends
    order = "the features' objective less, no ascent least"
    assert legend.get_title().get_text() == f"Steps up the output's objective help most,\n{order}"
    said = axes.figure.get_label()
    assert said.startswith("MNIST: plain 31.0, hard 69.0, label 83.5. Fashion-MNIST: plain 22.0")


def test_arms_whose_kinds_overlap_have_the_best_in_their_headline():
    overlapping = ARMS | {"MNIST": ARMS["MNIST"] | {"plain": [68.0, 70.0]}}
    (legend,) = figure_arms(overlapping, KINDS, "accuracy").legends
    assert legend.get_title().get_text() == "Most robust: label"
    best = overlapping | {"MNIST": ARMS["MNIST"] | {"hard": [90.0]}}
    (legend,) = figure_arms(best, KINDS, "accuracy").legends
    assert legend.get_title().get_text() == "Most robust: hard or label"


def test_a_path_goes_through_the_means_in_the_colour_of_its_kind_with_its_name_at_the_top():
    found = {"MNIST": {"plain": ([97.0], [1.3]), "hard": ([97.3, 97.2, 97.0], [5.0, 13.7, 10.0])}}
    (axes,) = figure_paths(found, KINDS, "natural", "attacked").axes
    tops = {"plain": (97.0, 1.3), "hard": (97.2, 13.7)}
    dots_of, highest_of = axes.collections[::2], axes.collections[1::2]
    assert [(text.get_text(), text.xy) for text in axes.texts] == [*tops.items()][::-1]
    drawn = zip(axes.lines, dots_of, highest_of, found["MNIST"].items(), strict=True)
    for line, dots, highest, (arm, path) in drawn:
        assert highest.get_offsets().tolist() == [[*tops[arm]]]
        assert line.get_xydata().T.tolist() == dots.get_offsets().T.tolist() == [*path]
        assert line.get_color() == to_hex(dots.get_facecolor()[0]).upper() == COLOURS[COLOUR[arm]]
        assert highest.get_sizes() > dots.get_sizes().max()
    assert "MNIST, hard 13.7 at 97.2" in axes.figure.get_label()
    assert axes.get_title() == "MNIST"
    assert axes.figure.get_suptitle() == "Most robust at its best step length: hard"
    other = figure_paths(found, KINDS, "natural", "attacked", "hard is ahead")
    assert other.get_suptitle() == "hard is ahead"


def test_lengths_have_means_with_intervals_as_bands():
    found = {"MNIST": {"hard": {0.5: [50.0, 54.0, 52.0], 2.0: [70.0, 71.0]}}}
    (axes,) = figure_lengths(found, KINDS).axes
    (line, ring), (band,) = axes.lines, axes.collections
    assert ring.get_xydata().tolist() == [[2.0, 70.5]]  # the best
    assert line.get_xydata().tolist() == [[0.5, 52.0], [2.0, 70.5]]
    assert line.get_color() == COLOURS["hard"]
    for length, values in found["MNIST"]["hard"].items():
        corners = band.get_paths()[0].vertices
        ends = corners[corners[:, 0] == length, 1]
        assert (ends.min(), ends.max()) == pytest.approx(interval(values))
    assert [text.get_text() for text in axes.texts] == ["hard"]
    assert axes.figure.get_suptitle() == "Best length of a step in training (ring):\nhard 2"


def test_a_length_that_is_too_near_to_the_next_has_no_label():
    names = {0.25: "0.25", 0.5: "0.5", 0.9: "", 1.0: "1", 2.0: "2", 4.0: "4"}
    by_length = {length: [50.0, 51.0] for length in names}
    (axes,) = figure_lengths({"MNIST": {"hard": by_length}}, KINDS).axes
    assert axes.get_xticks().tolist() == [*by_length]
    assert [text.get_text() for text in axes.get_xticklabels()] == [*names.values()]
    found = {"MNIST": {"natural": {"plain": [[80.0, 82.0], [90.0, 91.0]]}}}
    (axes,) = figure_curves([300, 9000], found, "training samples").axes
    assert [text.get_text() for text in axes.get_xticklabels()] == ["300", "9k"]


def test_a_curve_of_samples_has_means_and_a_band_and_may_end_early():
    by_arm = {"plain": [[80.0, 82.0], [90.0, 91.0]], "label": [[78.0, 81.0]]}
    found = {"MNIST": {"natural": by_arm}}
    figure = figure_curves([300, 900], found, "training samples", headline="more is better")
    assert figure.get_suptitle() == "more is better"
    axes = figure.axes[0]
    for line, band, (arm, by_size) in zip(
        axes.lines, axes.collections, by_arm.items(), strict=True
    ):
        assert line.get_ydata() == pytest.approx([np.mean(values) for values in by_size])
        assert line.get_color() == COLOURS[COLOUR[arm]]
        ends = band.get_paths()[0].vertices[:, 1]
        assert ends.max() == pytest.approx(max(interval(values)[1] for values in by_size))
    assert axes.get_ylabel() == "natural, %"
    assert "MNIST, natural, plain 81.0 to 90.5" in figure.get_label()


def test_what_happens_along_the_training_is_a_curve_for_each_arm():
    values = {"plain": [[0.4, 0.5], [0.5, 0.6]], "hard": [[0.2, 0.3], [0.1, 0.2]]}
    figure = figure_curves((1, 10), {"MNIST": {"median cosine": values}}, "passes", unit="")
    (axes,) = figure.axes
    for line, (arm, by_pass) in zip(axes.lines, values.items(), strict=True):
        assert line.get_xdata() == pytest.approx([1, 10])
        assert line.get_ydata() == pytest.approx([np.mean(one) for one in by_pass])
        assert line.get_color() == COLOURS[arm]
    assert axes.get_ylabel() == "median cosine"


def test_a_dot_of_transfer_is_the_mean_of_a_pair_hollow_where_it_is_apart():
    shares = {
        ("a", "a"): [90, 92],
        ("a", "b"): [10, 20],
        ("b", "a"): [40, 50],
        ("b", "b"): [80, 80],
    }
    figure = figure_transfer({"MNIST": {"plain on hard": shares}}, apart="b")
    (axes,) = figure.axes
    filled, hollow, mean = axes.lines
    assert (filled.get_xdata().tolist(), hollow.get_markerfacecolor()) == ([], "white")
    assert sorted(hollow.get_xdata()) == [15, 45]  # between a and b
    assert mean.get_xdata().tolist() == [30]
    assert [name.get_text() for name in axes.get_yticklabels()] == ["plain on hard"]
    assert figure.get_suptitle() == "Examples made on plain networks\nharm hard ones least: 30%"
    assert [mark.get_text() for mark in axes.texts] == ["30%"]
    assert figure._supxlabel.get_text().endswith("(hollow: to or from the b)")
    more = {"a on a": shares, "a on b": {pair: [share[0]] for pair, share in shares.items()}}
    both = figure_transfer({"MNIST": more, "Fashion-MNIST": more})
    assert both.get_suptitle() == "Examples made on a networks\nharm b ones least: 25% and 25%"
    assert len(both.axes[0].lines[0].get_xdata()) == 2  # none is hollow
    of_rows = [line.get_color() for line in both.axes[0].lines[::3]]
    assert of_rows == [COLOURS["plain"], COLOURS["hard"]]  # the least in colour
    assert "plain on hard 30.0" in figure.get_label()
