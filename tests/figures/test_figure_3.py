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
    curve, triangles = panels[0].lines
    np.testing.assert_allclose(curve.get_ydata(), loss(X), atol=1e-9)
    np.testing.assert_array_equal(curve.get_xdata(), X)
    assert (curve.get_color(), curve.get_linestyle()) == (COLOURS["ink"], "-")
    np.testing.assert_allclose(triangles.get_ydata(), loss(triangles.get_xdata()), atol=1e-9)
    below = panels[1].lines[0]
    assert not below.get_ydata().any()
    for drawn in (triangles, below):
        np.testing.assert_allclose(drawn.get_xdata(), maximisers(), atol=1e-4)
        assert (drawn.get_marker(), drawn.get_linestyle()) == ("^", "None")
        assert to_hex(drawn.get_markerfacecolor()).upper() == COLOURS["hard"]


def test_guides_run_through_both_panels_at_the_maximisers(panels):
    for axes in panels:
        (guides,) = axes.collections
        across = [segment[:, 0] for segment in guides.get_segments()]
        np.testing.assert_allclose(across, np.tile(maximisers(), (2, 1)).T, atol=1e-4)
        assert to_hex(guides.get_color()[0]).upper() == COLOURS["hard"]
        up = guides.get_segments()[0][:, 1]
        assert min(up) <= min(axes.get_ylim())
        assert max(up) >= max(axes.get_ylim()) - 0.1


@pytest.mark.parametrize(
    ("row", "name", "face"), [(1, "roots", COLOURS["chebyshev"]), (2, "extrema", "white")]
)
def test_a_row_below_has_the_nodes_of_a_grid(panels, row, name, face):
    dots = panels[1].lines[row]
    np.testing.assert_array_equal(dots.get_xdata(), NODES[name])
    np.testing.assert_array_equal(dots.get_ydata(), np.full(len(NODES[name]), row))
    assert (dots.get_marker(), dots.get_linestyle()) == ("o", "None")
    assert (dots.get_color(), dots.get_markerfacecolor()) == (COLOURS["chebyshev"], face)
    assert len(panels[1].lines) == 3


def distances(name):
    """How far the nodes of a grid inside are from the nearest maximiser, in local spacings."""
    inside = NODES[name][(NODES[name] > 0) & (NODES[name] < 1)]
    apart = np.subtract.outer(np.arccos(1 - 2 * inside), np.arccos(1 - 2 * maximisers()))
    return np.abs(apart).min(1) * N / np.pi


def test_words_and_limits(panels):
    top, bottom = panels
    figure = top.figure
    assert figure.get_suptitle() == f"Degree {N}: maximisers of (12) near, not at, Chebyshev nodes"
    farthest = max(distances(name).max() for name in NODES)
    assert bottom.get_title() == f"from node to maximiser: up to {farthest:.2f} of a spacing"
    assert (top.get_ylabel(), bottom.get_xlabel()) == ("expected loss (12)", "$x$")
    names = [label.get_text() for label in bottom.get_yticklabels()]
    assert (names, list(bottom.get_yticks())) == (["maximisers", "roots", "extrema"], [0, 1, 2])
    assert (top.get_xlim(), top.get_ylim()[0]) == ((-0.02, 1.02), 0)
    assert top.get_ylim()[1] > loss(maximisers()).max()
    assert bottom.get_ylim() == (2.5, -0.6)  # the first row is the highest


def test_the_message_counts_the_maximisers_and_says_how_far_the_farthest_nodes_lie(panels):
    said = panels[0].figure.get_label()
    assert said.startswith(f"{len(maximisers())} maximisers;")
    for name in NODES:
        assert f"{distances(name).max():.2f} ({name})" in said
