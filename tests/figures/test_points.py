"""The figures of the sizes draw what is handed over, told apart as the legend says."""

import numpy as np
import pytest

from pwlib.figures import points
from pwlib.figures.style import COLOURS, READABLE


def line(axes, label):
    (found,) = (one for one in axes.lines if one.get_label() == label)
    return found


def test_last_sizes_are_drawn_as_shares_of_the_degree_and_of_its_square_with_their_limits():
    chebyshev = {"even $m$": [(100, 52), (62, 32)], "odd $m$": [(100, 59)]}
    equispaced = {"even $m$, $p$ even": [(80, 436)], "odd $m$, $p$ odd": [(82, 560)]}
    limits = {"even $m$": 0.517, "odd $m$": 0.6}
    limits |= {"even $m$, $p$ even": 0.067, "odd $m$, $p$ odd": 0.079}
    figure = points.figure_laws(chebyshev, equispaced, limits)
    left, right = figure.axes
    enough = "$m = 0.600\\,n$\non Chebyshev grids, $m = 0.079\\,n^2$ on equispaced ones"
    assert figure.get_suptitle() == f"For large $n$ no wrong sign beyond {enough}"
    assert (left.get_title(), right.get_title()) == tuple(
        f"{grid}: last size $m$ with a wrong sign"
        for grid in ("Chebyshev grids", "equispaced grid")
    )
    drawn = line(left, "even $m$: 0.517 $n$")
    np.testing.assert_allclose(drawn.get_xdata(), [62, 100])
    np.testing.assert_allclose(drawn.get_ydata(), [32 / 62, 0.52])
    assert drawn.get_markerfacecolor() == drawn.get_color() == COLOURS["muted"]
    most = line(left, "odd $m$: 0.600 $n$")
    assert (most.get_color(), most.get_markerfacecolor()) == (COLOURS["chebyshev"], "white")
    assert line(right, "odd $m$, $p$ odd: 0.079 $n^2$").get_color() == COLOURS["equispaced"]
    np.testing.assert_allclose(
        line(right, "odd $m$, $p$ odd: 0.079 $n^2$").get_ydata(), [560 / 82**2]
    )
    levels = {float(one.get_ydata()[0]) for one in (*left.lines, *right.lines)}
    assert set(limits.values()) <= levels
    third, least = {"even $m$, $p$ odd": [(81, 800)]}, {"even $m$, $p$ odd": 0.118}
    _, right = points.figure_laws(chebyshev, equispaced | third, limits | least).axes
    assert line(right, "the rest: at most 0.079 $n^2$").get_color() == COLOURS["muted"]
    named = [text.get_text() for text in right.texts]
    assert named == ["even $m$, $p$ odd: 0.118 $n^2$", "the rest: at most 0.079 $n^2$"]
    assert right.texts[1].get_color() == READABLE  # MUTED has too little contrast for a text


def test_the_critical_curves_meet_at_the_training_points():
    y = np.linspace(0, 3 * np.pi, 61)
    curves = {name: 1 + shift * np.cos(y) for name, shift in zip("abc", (0.5, 1, 1.5), strict=True)}
    figure = points.figure_critical(y, curves, curves)
    left, right = figure.axes
    headline = "With fewer points than the critical share the sign is wrong"
    assert figure.get_suptitle() == headline
    assert left.get_title() == "even $m$: a dip goes below 0 with fewer"
    assert right.get_title() == "odd $m$: the slope at the middle goes below 0 with fewer"
    np.testing.assert_array_equal(line(left, "b").get_ydata(), curves["b"])
    dots = [[one for one in axes.lines if one.get_marker() == "o"] for axes in (left, right)]
    np.testing.assert_allclose(dots[0][0].get_xdata(), [0.5, 1.5, 2.5])
    np.testing.assert_allclose(dots[1][0].get_xdata(), [1, 2, 3])


def test_the_points_of_the_end_stand_on_the_curve_at_the_roots_of_j_over_c_beside_the_dips():
    z = np.linspace(0, 10, 1001)
    curves = {"limit": np.cos(z), "n = 60": np.cos(z) + 0.1}
    dips = {name: {"c": [0.1, 0.2], "dip": [-k, k]} for k, name in enumerate(curves, 1)}
    figure = points.figure_end(z, 0.25, curves, dips)
    left, right = figure.axes
    headline = "On equispaced grids no wrong sign\nbeyond $m = 0.25\\,n^2$ for large $n$"
    assert figure.get_suptitle() == headline
    assert left.get_title() == "at $c = 0.25$ the dip next to the end goes down to -1.00"
    assert right.get_title() == "the dip is last below 0 at the dots"
    for name, at in {"limit": (0.1, -1), "n = 60": (0.1, -2)}.items():
        (last,) = (text for text in right.texts if text.get_text() == f"{name}: 0.1000")
        assert last.xy == at
        assert at in [tuple(one.get_xydata()[0]) for one in right.lines if one.get_marker() == "o"]
    dots, lowest = (one for one in left.lines if one.get_marker() == "o")
    np.testing.assert_allclose(np.ravel(lowest.get_xydata()), [np.pi, -1], atol=0.01)
    np.testing.assert_allclose(dots.get_xdata(), 2 * np.sqrt(np.arange(26)))
    np.testing.assert_allclose(dots.get_ydata(), np.cos(dots.get_xdata()), atol=1e-4)
    for axes in (left, right):
        assert line(axes, "limit").get_color() == COLOURS["ink"]
        assert line(axes, "n = 60").get_color() == COLOURS["equispaced"]
    assert {"limit", "n = 60"} <= {text.get_text() for text in right.texts}
    np.testing.assert_array_equal(line(right, "n = 60").get_ydata(), [-2, 2])


def test_the_limit_is_drawn_below_each_scaled_classifier_and_the_distances_last():
    x, limit = np.linspace(0.5, 1, 11), np.array([0.0, 1.0])
    distances = {"equispaced": {10: 0.5, 20: 0.25}}
    figure = points.figure_limit(x, {10: limit / 2, 20: 0.8 * limit}, limit, distances)
    for axes, (m, share) in zip(figure.axes, {10: 0.5, 20: 0.8}.items(), strict=False):
        _, below, curve = axes.lines
        np.testing.assert_allclose(below.get_ydata(), 2 * x - 1)
        np.testing.assert_allclose(curve.get_ydata(), share * (2 * x - 1))
        title = f"$m = {m}$, distance {distances['equispaced'][m]:.2f}"
        assert (axes.get_title(), curve.get_color()) == (title, COLOURS["equispaced"])
    np.testing.assert_allclose(line(figure.axes[3], "equispaced").get_ydata(), [0.5, 0.25])
    assert "0.5 at m = 10, 0.25 at m = 20" in figure.get_label()
    rate = "With more points the classifier nears a limit $G$, like $m^{-1.0}$"
    assert figure.get_suptitle() == rate


def test_merging_points_have_the_error_with_its_largest_value_and_its_tangents():
    x = np.linspace(0, 1, 2001)
    panels = {f"{k}": (np.array([0.25, 0.75]), k * np.cos(2 * np.pi * x)) for k in (4, 3)}
    figure = points.figure_merging(x, panels)
    assert figure.get_suptitle() == "As pairs merge, (8) vanishes, and the error keeps 75%"
    for axes, k in zip(figure.axes, (4, 3), strict=True):
        _, error, *tangents, dots, largest = axes.lines
        np.testing.assert_allclose(error.get_ydata(), k * np.cos(2 * np.pi * x))
        np.testing.assert_allclose(dots.get_xdata(), [0.25, 0.75])
        assert abs(largest.get_ydata()[0]) == k
        for tangent, slope in zip(tangents, (-2 * np.pi * k, 2 * np.pi * k), strict=True):
            assert np.diff(tangent.get_ydata()) / np.diff(tangent.get_xdata()) == pytest.approx(
                slope, rel=1e-4
            )


def test_the_headline_of_the_objectives_has_their_largest_factors():
    sets = ("equispaced", "Chebyshev extrema", "Chebyshev roots", "merging pairs")
    eight = {
        name: [(mean, 1), (1, 1), (1e-9, 0)]
        for name, mean in zip(sets, (10, 20, 40, 0.01), strict=True)
    }
    errors = {
        name: [(3, 1), (mean, 1), (0, 0)] for name, mean in zip(sets, (3, 2, 2.5, 3), strict=True)
    }
    figure = points.figure_optimal_objective([4, 6, 12], eight, errors, 10)
    factors = "4,000-fold,\nthe error at most 1.5-fold"
    assert figure.get_suptitle() == f"Between sets of points (8) differs up to {factors}"
    none = eight | {"merging pairs": [(0, 0)] * 3}  # where points determine all
    assert points.figure_optimal_objective([4, 6, 12], none, errors, 10).get_suptitle() == ""
