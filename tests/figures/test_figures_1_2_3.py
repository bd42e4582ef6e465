"""Figures 1 and 2 as they are drawn: curves, colours, shades, dots and words."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from pwlib import grids, maxmargin, polynomials
from pwlib.figures.figures_1_2_3 import (
    figure_1,
    figure_2,
    figure_between,
    figure_training_set,
)
from pwlib.figures.style import COLOURS

X = (1 - np.cos(np.linspace(0, np.pi, 2001))) / 2
DEGREES = (3, 6, 12, 21)
DEGREE, SIZES = 30, (10, 18, 32, 60)
GRIDS = {"$C_m$, Chebyshev grid": grids.chebyshev, "$E_m$, equispaced grid": grids.equispaced}
INK, WHITE = COLOURS["ink"], "#ffffff"


def line(axes, label):
    (found,) = (one for one in axes.lines if one.get_label() == label)
    return found


def colour(artist):
    return to_hex(artist.get_color()).upper()


def g(n, x=X):
    """(7) as the sum that it is."""
    p = (n + 1) // 2
    return np.cos(np.outer(np.arccos(2 * x - 1), 2 * np.arange(p) + 1)).sum(1) / p


def weights_of(grid, m):
    x, labels = grids.training_set(GRIDS[grid](m))
    return maxmargin.fit(polynomials.chebyshev_features(DEGREE, x), labels).weights


def face(artist):
    return to_hex(artist.get_markerfacecolor())


def sign_changes(values, x=X):
    """Where sampled values change sign, to the spacing of the samples."""
    at = np.flatnonzero(np.diff(np.sign(values)))
    return (x[at] + x[at + 1]) / 2


def assert_dots(axes, changes, atol):
    """A filled dot at the change nearest to 1/2, hollow ones at the others, all on the axis."""
    own, others = (
        next(one for one in axes.lines if one.get_marker() == "o" and face(one) == expected)
        for expected in (INK, WHITE)
    )
    for dots in (own, others):
        assert (dots.get_marker(), dots.get_linestyle(), colour(dots)) == ("o", "None", INK)
        assert not dots.get_ydata().any()
    found = np.sort([*own.get_xdata(), *others.get_xdata()])
    assert own.get_xdata() == pytest.approx([0.5], abs=1e-9)
    np.testing.assert_allclose(found, changes, atol=atol)


@pytest.fixture(scope="module")
def first():
    return figure_1(X, DEGREES)


@pytest.mark.parametrize("column", range(len(DEGREES)))
def test_figure_1_draws_f_and_g(first, column):
    n, axes = DEGREES[column], first.axes[column]
    curves = {"bernstein": X**n - (1 - X) ** n, "chebyshev": g(n)}
    for name, values in curves.items():
        (curve,) = (one for one in axes.lines if colour(one) == COLOURS[name].upper())
        np.testing.assert_array_equal(curve.get_xdata(), X)
        np.testing.assert_allclose(curve.get_ydata(), values, atol=1e-9)
        assert axes.get_xlim()[0] <= 0 < 1 <= axes.get_xlim()[1]
        assert axes.get_ylim()[0] < values.min() < values.max() < axes.get_ylim()[1]


@pytest.mark.parametrize("column", range(len(DEGREES)))
def test_figure_1_shades_where_the_signs_agree_and_says_on_how_much(first, column):
    n, axes = DEGREES[column], first.axes[column]
    middles = (np.arange(20_000) + 0.5) / 20_000
    shaded = np.zeros(len(middles), bool)
    for patch in axes.patches:
        left, right = patch.get_x(), patch.get_x() + patch.get_width()
        assert right - left > 1e-4
        assert (patch.get_y(), patch.get_height()) == (0, 1)  # of the height of the axes
        assert to_hex(patch.get_facecolor(), keep_alpha=True) == "#f0e44280"
        shaded |= (left < middles) & (middles < right)
    agree = np.sign(middles**n - (1 - middles) ** n) == np.sign(g(n, middles))
    assert np.mean(shaded != agree) < 2 * n / 20_000
    title, text = axes.get_title().split(", agree on ")
    assert title == f"$n = {n}$"
    assert float(text.removesuffix("%")) == pytest.approx(100 * agree.mean(), abs=0.1)
    assert f"{text} at n = {n}" in first.get_label()


@pytest.mark.parametrize("column", range(len(DEGREES)))
def test_figure_1_marks_the_sign_changes_of_g(first, column):
    p = (DEGREES[column] + 1) // 2
    zeros = (1 - np.cos(np.arange(1, 2 * p) * np.pi / (2 * p))) / 2
    assert_dots(first.axes[column], zeros, 1e-9)


def test_the_curves_of_figure_1_are_named_in_their_colours_and_the_panels_stand_two_by_two(first):
    named = {text.get_text(): text.get_color() for text in first.axes[0].texts}
    assert named["$f_n$, Bernstein"] == COLOURS["bernstein"]
    assert named["$g_n$, Chebyshev"] == COLOURS["chebyshev"]
    assert [text.get_text() for text in first.legends[0].get_texts()] == [
        *("signs agree", "sign change of $g_n$", "of $f_n$, too"),
    ]
    changes = [round(2 * ((n + 1) // 2) - 1) for n in DEGREES]  # of g_n, by its degree 2p - 1
    found = first.get_suptitle()
    assert found == "Chebyshev changes sign {}, {}, {} and {} times, Bernstein once".format(
        *changes
    )
    assert figure_1(X, (3,)).get_suptitle() == "Chebyshev changes sign 3 times, Bernstein once"
    assert first.axes[0].get_gridspec().get_geometry() == (2, 2)
    assert len(figure_1(X, (2, 3, 4)).axes) == 3


@pytest.fixture(scope="module")
def second():
    weights = {grid: {m: weights_of(grid, m) for m in SIZES} for grid in GRIDS}
    points = {grid: {m: GRIDS[grid](m) for m in SIZES} for grid in GRIDS}
    return figure_2(X, weights, points), weights


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("m", SIZES)
def test_figure_2_draws_the_classifier_and_counts_its_mistakes(second, grid, m):
    figure, weights = second
    axes = figure.axes[SIZES.index(m) * len(GRIDS) + list(GRIDS).index(grid)]
    u = np.cos(np.pi * (np.arange(100_000) + 0.5) / 100_000)[::-1]
    cosines, fine = np.cos(np.outer(np.arccos(u), np.arange(DEGREE + 1))), (1 + u) / 2
    values = cosines @ weights[grid][m]
    (curve,) = (one for one in axes.lines if len(one.get_xdata()) == len(X))
    np.testing.assert_array_equal(curve.get_xdata(), X)
    np.testing.assert_allclose(curve.get_ydata(), np.interp(X, fine, values), atol=1e-3)
    expected = COLOURS["chebyshev" if grid.startswith("$C") else "equispaced"]
    assert colour(curve) == expected.upper()
    changes = sign_changes(values, fine)
    assert_dots(axes, changes, 1e-4)
    spurious, wrong = axes.get_title().split("\n")[-1].split(", ")
    assert spurious == f"{len(changes) - 1} spurious"
    (ticks,) = (one for one in axes.lines if one.get_marker() == "|")
    np.testing.assert_array_equal(ticks.get_xdata(), GRIDS[grid](m))
    assert f"m = {m}: {spurious}, {wrong}" in figure.get_label()
    share = 100 * (np.sqrt(1 - u**2) * np.pi / 2 / len(u))[np.sign(values) != np.sign(u)].sum()
    number = float(wrong.removesuffix("% wrong"))
    assert number == pytest.approx(share, rel=0.05, abs=0.01)
    shaded = sum(patch.get_width() for patch in axes.patches)
    assert 100 * shaded == pytest.approx(share, rel=0.05, abs=0.01)


def test_figure_2_has_a_signed_logarithmic_scale_with_its_numbers(second):
    figure, _ = second
    axes = figure.axes[0]
    assert axes.get_yscale() == "asinh"
    for tick, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True):
        assert float(label.get_text().replace("−", "-")) == tick
    low, high = axes.get_ylim()
    for panel in figure.axes:
        for curve in panel.lines:
            if curve.get_marker() == "|":
                continue
            assert low < min(curve.get_ydata(), default=0)
            assert max(curve.get_ydata(), default=0) < high
    assert [one.get_ylabel() for one in figure.axes[::2]] == [f"$m = {m}$" for m in SIZES]
    words = "All signs right, of these sizes"
    assert figure.get_suptitle() == f"{words}: $C_m$ from 18, $E_m$ not yet"
    assert [one.get_title().split("\n")[0] for one in figure.axes[:2]] == list(GRIDS)


def test_a_training_set_is_drawn_with_each_classifier_and_its_sign_changes():
    x, sample, labels = np.linspace(0, 1, 11), np.array([0.2, 0.5, 0.7]), np.array([1.0, -1, 1])
    classifiers = {"Bernstein": (x - 0.3, np.array([0.3])), "Chebyshev": (20 * x, np.zeros(0))}
    figure = figure_training_set(x, sample, labels, classifiers)
    for axes, (name, (values, changes)) in zip(figure.axes, classifiers.items(), strict=True):
        (curve,) = (one for one in axes.lines if len(one.get_xdata()) == len(x))
        assert colour(curve) == COLOURS[name.lower()].upper()
        np.testing.assert_array_equal(curve.get_ydata(), values)
        (dots,) = (one for one in axes.lines if one.get_marker() == "o")
        np.testing.assert_array_equal(dots.get_xdata(), changes)
        assert to_hex(dots.get_markerfacecolor()) == WHITE
        (points,) = axes.collections
        np.testing.assert_array_equal(points.get_offsets(), np.column_stack((sample, labels)))
        faces = [to_hex(face).upper() for face in points.get_facecolors()]
        assert faces == [COLOURS["positive" if y > 0 else "negative"] for y in labels]
        assert axes.get_ylim()[1] > 20
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["Bernstein: 1 sign change", "Chebyshev: no sign changes"]


def test_between_the_theorems_every_try_is_a_dot_and_what_is_proved_a_line_or_a_star():
    seen = {"$r$": {0.5: [1], 1.0: [29]}, "$s$": {0.0: [29]}, "$m$": {2: [27, 29], 4: [25, 24]}}
    seen["other"] = {0.0: [3]}
    proved = {"$r$": {"orthogonal": {1.0: 29}}, "$s$": {"raw": {0.0: 29}}, "other": {"a": {0.0: 3}}}
    proved["$m$"] = {"at least": {2: 27, 4: 23}, "Bernstein": {2: 1, 4: 1}}
    figure = figure_between(seen, proved, [*"abcd"], "what is left")
    drawn = figure.axes
    assert figure.get_suptitle() == "what is left"
    for axes, (label, counts), title in zip(drawn, seen.items(), "abcd", strict=True):
        assert (axes.get_xlabel(), axes.get_title()) == (label, title)
        dots = {(x, y) for x, tries in counts.items() for y in tries}
        assert set(zip(*axes.lines[0].get_data(), strict=True)) == dots
        assert axes.lines[0].get_linestyle() == "None"
        for name, by_value in proved[label].items():
            what = line(axes, name)
            assert dict(zip(*what.get_data(), strict=True)) == by_value
            assert what.get_marker() == ("*" if len(by_value) == 1 else "")
        assert len(axes.lines) == 1 + len(proved[label])
        legend = axes.get_legend()
        shown = axes.texts if legend is None else legend.get_texts()
        assert [text.get_text() for text in shown] == [*proved[label]]
        assert axes.get_ylim()[0] == 0
