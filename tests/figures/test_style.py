"""One palette, one size, names beside lines, a message, and the one kind of table."""

import re
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from pwlib.figures import style


def test_a_bar_in_a_cell_is_no_edge_of_it():
    text = style.markdown_table([["|x|", 1]], ["a", "b"], "Two")
    assert text == "*Two*\n\n| a | b |\n| --- | --- |\n| \\|x\\| | 1 |"


def test_no_two_things_share_a_colour():
    colours = [to_hex(colour) for colour in style.COLOURS.values()]
    assert len(set(colours)) == len(colours)


def test_the_text_of_a_figure_has_at_least_eight_and_a_half_pixels_on_a_phone():
    column = 328  # of a phone of 360 px, in px of 1/96 inch
    assert 9 / 72 * 96 * column / (96 * style.WIDTH) > 8.5


@pytest.mark.parametrize("ends", [[0.5, 0.5, 0.5], [1.0, 0.99, 0.98], [0.0, 0.01, 1.0]])
def test_names_stand_beside_the_ends_of_their_lines_and_none_upon_another(ends):
    figure, axes = style.subplots()
    axes.set(ylim=(0, 1))
    for name, end in zip("abc", ends, strict=True):
        axes.plot([0, 1, 2], [0.2, end, np.nan], color=style.COLOURS["hard"], label=name)
    style.name_lines(axes)
    figure.draw_without_rendering()
    boxes = sorted(Text.get_window_extent(text).extents.tolist() for text in axes.texts)
    assert {text.get_color() for text in axes.texts} == {style.COLOURS["hard"]}
    heights = sorted((low, high) for _, low, _, high in boxes)
    for (_, high), (low, _) in pairwise(heights):
        assert high <= low + 1
    assert all(left > axes.bbox.x1 and right < figure.bbox.x1 for left, _, right, _ in boxes)


def test_the_drawing_says_the_message_of_its_figure():
    figure, _ = style.subplots()
    text = style._svg(style.say(figure, r"$35$ % < \,40 %"))
    assert "<dc:description>35 % &lt; 40 %</dc:description>" in text
    assert re.search(rf'width="{72 * style.WIDTH:g}pt"', text)
