"""Figure 3 as it is drawn: the expected loss, its maximisers, two grids and their distances."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from pwlib import grids
from pwlib.figures.figures_1_2_3 import figure_3
from pwlib.figures.style import COLOURS

N = 10
X = np.linspace(0, 1, 20_001)
NODES = {"roots": grids.chebyshev(N, "roots"), "extrema": grids.chebyshev(N + 2)}


def loss(x):
    """The summand of (12) as the mean that it is."""
    return np.mean(1 - np.cos(np.outer(np.arccos(2 * x - 1), np.arange(N + 1))) ** 2, axis=1)


def maximisers():
    values = loss(X)
    return X[1:-1][(values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])]


@pytest.fixture(scope="module")
def panels():
    return figure_3(N, X, NODES).axes


def line(axes, label):
    (found,) = (one for one in axes.lines if one.get_label() == label)
    return found


def test_the_curve_is_the_expected_loss_and_its_triangles_stand_on_the_maxima(panels):
    curve, triangles = line(panels[0], "expected loss (12)"), line(panels[0], "its maximisers")
    np.testing.assert_allclose(curve.get_ydata(), loss(X), atol=1e-9)
    np.testing.assert_array_equal(curve.get_xdata(), X)
    assert (curve.get_color(), curve.get_linestyle()) == (COLOURS["ink"], "-")
    np.testing.assert_allclose(triangles.get_xdata(), maximisers(), atol=1e-4)
    np.testing.assert_allclose(triangles.get_ydata(), loss(triangles.get_xdata()), atol=1e-9)
    assert (triangles.get_marker(), triangles.get_linestyle()) == ("^", "None")
    assert to_hex(triangles.get_markerfacecolor()).upper() == COLOURS["hard"]


@pytest.mark.parametrize(("name", "face"), [("roots", COLOURS["chebyshev"]), ("extrema", "white")])
def test_nodes_lie_on_the_curve_with_their_distances_below(panels, name, face):
    dots, nodes = line(panels[0], name), NODES[name]
    np.testing.assert_array_equal(dots.get_xdata(), nodes)
    np.testing.assert_allclose(dots.get_ydata(), loss(nodes), atol=1e-9)
    drawn = [one for one in panels[1].lines if one.get_marker() == "o"]
    (below,) = (one for one in drawn if one.get_markerfacecolor() == face)
    inside = nodes[(nodes > 0) & (nodes < 1)]
    np.testing.assert_array_equal(below.get_xdata(), inside)
    apart = np.subtract.outer(np.arccos(1 - 2 * inside), np.arccos(1 - 2 * maximisers()))
    nearest = apart[np.arange(len(inside)), np.abs(apart).argmin(1)] * N / np.pi
    np.testing.assert_allclose(below.get_ydata(), nearest, atol=2e-3)
    for drawn in (dots, below):
        assert drawn.get_marker() == "o"
        assert drawn.get_linestyle() == "None"
        assert drawn.get_color() == COLOURS["chebyshev"]
        assert drawn.get_markerfacecolor() == face


def test_words_limits_and_legend(panels):
    top, bottom = panels
    assert top.get_title() == f"$n = {N}$: maximisers beside Chebyshev nodes"
    labels = top.get_ylabel(), bottom.get_ylabel(), bottom.get_xlabel()
    assert labels == ("expected loss (12)", "distance to a\nmaximiser / spacing", "$x$")
    assert (top.get_xlim(), top.get_ylim()[0]) == ((0, 1), 0)
    assert top.get_ylim()[1] > loss(maximisers()).max()
    (legend,) = top.figure.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == ["expected loss (12)", "its maximisers", "roots", "extrema"]
    markers = [handle.get_marker() for handle in legend.legend_handles]
    assert markers == ["None", "^", "o", "o"]


def test_the_message_counts_the_maximisers_and_says_how_far_the_farthest_nodes_lie(panels):
    said = panels[0].figure.get_label()
    assert said.startswith(f"{len(maximisers())} maximisers;")
    for name, nodes in NODES.items():
        inside = nodes[(nodes > 0) & (nodes < 1)]
        apart = np.subtract.outer(np.arccos(1 - 2 * inside), np.arccos(1 - 2 * maximisers()))
        assert f"{np.abs(apart).min(1).max() * N / np.pi:.2f} ({name})" in said
