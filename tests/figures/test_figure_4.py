"""Figure 4 and its like as they are drawn."""

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from scipy.stats import spearmanr

from pwlib.boundaries import Maps
from pwlib.figures.figures_4_5 import CLASSES, figure_4, figure_4_rows

SIZE = 40
CENTRES = (2 * np.arange(SIZE) + 1) / SIZE - 1


@pytest.fixture(scope="module")
def seen():
    """Four classes, one a quadrant, with maps that differ everywhere."""
    x, y = np.meshgrid(CENTRES, CENTRES)
    classes = (x > 0) + 2 * (y > 0)
    return Maps(classes.astype(np.int64), 0.6 + 0.2 * x, np.exp(3 * x + y), x - 2 * y + 5)


def assert_map(axes, values):
    """The image of a map: its values where they belong, coloured from percentile 2 to 98."""
    (image,) = axes.images
    np.testing.assert_allclose(image.get_array(), values)
    low, high = sorted(values.ravel())[32], sorted(values.ravel())[-33]  # of 1,600
    assert image.get_clim() == pytest.approx((low, high), abs=0.02 * (high - low))
    assert image.cmap.name == "cividis"
    assert (image.origin, tuple(image.get_extent())) == ("lower", (-1, 1, -1, 1))


def assert_output(axes, seen):
    """The classes in their colours, white at a confidence of 1/5 and full at 1."""
    (image,) = axes.images
    for row, column in ((3, 5), (8, 33), (30, 2), (39, 39)):
        strength = (seen.confidence[row, column] - 0.2) / 0.8
        full = np.array(to_rgb(CLASSES[seen.classes[row, column]]))
        expected = strength * full + (1 - strength)
        np.testing.assert_allclose(image.get_array()[row, column], expected, atol=0.5 / 32)
    assert (image.origin, tuple(image.get_extent())) == ("lower", (-1, 1, -1, 1))


def boundary_colours(axes):
    """The colours of the lines of a panel and of their edges; the lines lie on the axes."""
    lines = [one for one in axes.collections if one.get_paths()]
    for one in lines:
        points = np.concatenate([path.vertices for path in one.get_paths()])
        assert np.abs(points).min(axis=1).max() < 1 / SIZE
        assert np.abs(points).max() > 0.9
    edges = {to_hex(edge._gc["foreground"]) for one in lines for edge in one.get_path_effects()[:1]}
    return edges | {to_hex(one.get_edgecolor()[0]) for one in lines}


def test_figure_4_shows_each_map_under_its_title_with_its_boundary(seen):
    figure = figure_4(seen)
    output, adversarial, hard, logarithm = figure.axes
    assert [axes.get_title() for axes in figure.axes] == [
        *("the network's\nclasses", "adversarial objective (10)\n(yellow: large)"),
        *("hard objective (9),\nand the borders", "(10) again, its\nlogarithm"),
    ]
    border = np.abs(CENTRES) < 1.5 / SIZE  # the cells on either side of 0, in each direction
    border = border[:, None] | border
    ten, nine = (np.median(m[border]) / np.median(m) for m in (seen.adversarial, seen.hard))
    assert ten < 2 > nine  # in this picture
    words = "At class borders the adversarial objective (10)"
    not_large = "doesn't follow them"
    assert figure.get_suptitle() == f"{words} {not_large},\nthe hard objective (9) {not_large}"
    steep = Maps(seen.classes, seen.confidence, 1 + 2 * border, seen.hard)
    assert figure_4(steep).get_suptitle().startswith(f"{words} is large,\n")
    assert_output(output, seen)
    assert_map(adversarial, seen.adversarial)
    assert_map(logarithm, np.log10(seen.adversarial))
    assert_map(hard, seen.hard)
    assert boundary_colours(hard) == {"#ffffff", "#000000"}  # seen on the dark and on the bright
    for axes in (output, adversarial, logarithm):
        assert not boundary_colours(axes)
    assert [output.get_ylabel(), logarithm.get_xlabel()] == ["$x_2$", "$x_1$"]


def test_a_row_of_figure_4_rows_is_one_network(seen):
    other = Maps(3 - seen.classes, seen.confidence[::-1], seen.adversarial.T, seen.hard.T)
    figure = figure_4_rows([seen, other], ["seed 0", "seed 1"])
    axes = np.reshape(figure.axes, (2, 3))
    for row, maps, title in zip(axes, (seen, other), ("seed 0", "seed 1"), strict=True):
        assert row[0].get_ylabel() == title
        assert_output(row[0], maps)
        assert_map(row[1], maps.adversarial)
        assert_map(row[2], maps.hard)
        assert boundary_colours(row[2]) == {"#ffffff", "#000000"}
        assert not boundary_colours(row[0]) | boundary_colours(row[1])
        rho = spearmanr(maps.adversarial, maps.hard, axis=None).statistic
        first = spearmanr(seen.hard, maps.hard, axis=None).statistic
        assert f"{title} {rho:.2f} and {first:.2f}" in figure.get_label()
    columns = [
        "output",
        "adversarial (10):\nlarge at borders",
        "hard (9):\nfollows no border",
    ]
    assert [one.get_title() for one in axes[0]] == columns
    mirror = figure_4_rows([seen], ["seed 0"], ["a", "b", "c"])
    assert [one.get_title() for one in mirror.axes] == ["a", "b", "c"]
