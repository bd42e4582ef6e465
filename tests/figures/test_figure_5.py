"""Figure 5 as it is drawn: whose accuracy, under whose adversarial examples, with which band."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from pwlib.figures.figures_4_5 import figure_5, figure_climb, figure_slice
from pwlib.figures.style import COLOURS
from pwlib.networks import MLP
from pwlib.objectives import hard_objective

LENGTHS = (0.0, 0.5, 1.0, 3.0)
# The panel, whose accuracy (the colour), the dash, and the name beside the curve.
CURVES = {
    "own": (0, COLOURS["hard"], "-", "hard points"),
    "reference": (0, COLOURS["plain"], "-", "reference"),
    "from_reference": (1, COLOURS["hard"], "--", "hard points"),
    "to_reference": (1, COLOURS["plain"], "--", "reference"),
    "control": (1, COLOURS["plain"], ":", "control"),
}


@pytest.fixture(scope="module")
def accuracies():
    rng = np.random.default_rng(0)
    return {
        name: {key: 100 * np.sort(rng.random((3, 4)))[:, ::-1] for key in CURVES}
        for name in ("MNIST", "FashionMNIST")
    }


@pytest.fixture(scope="module")
def figure(accuracies):
    return figure_5(LENGTHS, accuracies)


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("key", CURVES)
def test_a_curve_is_the_mean_over_seeds_with_a_band_from_the_lowest_to_the_highest(
    figure, accuracies, row, key
):
    panel, colour, dash, label = CURVES[key]
    axes, seeds = figure.axes[2 * row + panel], list(accuracies.values())[row][key]
    looks = [(line.get_color(), line.get_linestyle()) for line in axes.lines]
    at = looks.index((colour, dash))
    line, band = axes.lines[at], axes.collections[at]
    np.testing.assert_array_equal(line.get_xdata(), LENGTHS)
    np.testing.assert_allclose(line.get_ydata(), seeds.sum(0) / 3)
    assert (line.get_label(), looks.count((colour, dash))) == (label, 1)
    corners = band.get_paths()[0].vertices
    for i, length in enumerate(LENGTHS):
        heights = corners[corners[:, 0] == length, 1]
        assert (heights.min(), heights.max()) == (min(seeds[:, i]), max(seeds[:, i]))
    assert to_hex(band.get_facecolor()[0]) == colour.lower()
    assert 0.1 < band.get_facecolor()[0, 3] < 0.5


def test_every_curve_has_its_name_beside_it_in_its_colour_and_the_figure_its_message(
    figure, accuracies
):
    assert figure.get_supxlabel() == "$L^2$ length of the step, before clamping"
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["its own examples", "another network's", "", ""]
    for i, axes in enumerate(figure.axes):
        here = {(label, colour) for panel, colour, _, label in CURVES.values() if panel == i % 2}
        assert {(text.get_text(), text.get_color()) for text in axes.texts} == here
        assert len(axes.lines) - (i % 2 == 0) == len(axes.collections) == len(here)
        assert axes.get_ylim() == (-2, 102)
    for axes, name in zip(figure.axes[::2], accuracies, strict=True):
        assert axes.get_ylabel() == f"{name}, accuracy, %"
    kept = []
    for axes, (name, curves) in zip(figure.axes[::2], accuracies.items(), strict=True):
        at_length = [curves[key][:, 2].mean() for key in ("own", "reference")]
        np.testing.assert_allclose(axes.lines[-1].get_xydata(), [[1, y] for y in at_length])
        own, reference = (f"{accuracy:.0f}%" for accuracy in at_length)
        kept.append(f"{own} against {reference} ({name})")
        said = f"{name}, length 1: {own} with hard points, {reference} for the reference"
        assert said in figure.get_label()
    assert figure.get_suptitle().split("\n")[1] == ", ".join(kept)


def test_the_headline_says_so_where_one_data_set_has_hard_points_behind_the_reference(accuracies):
    curves = accuracies["MNIST"]
    ahead = curves | {"own": curves["reference"] + 1}
    for other, verb in (
        (ahead, "resists"),
        (curves | {"own": curves["reference"]}, "doesn't resist"),
    ):
        figure = figure_5(LENGTHS, {"MNIST": ahead, "FashionMNIST": other})
        words = f"Training on hard points {verb} a step of length 1:\n"
        assert figure.get_suptitle().startswith(words)


def test_a_slice_is_shaded_where_another_class_leads_and_marks_image_attack_and_noise():
    lengths = np.linspace(-1, 3, 81)
    along, aside = np.meshgrid(lengths, lengths)  # the attack along columns
    leads = {"near": 0.5 - along + 0 * aside, "far": 2.5 - along}
    figure = figure_slice(lengths, 1.0, leads)
    for axes, border in zip(figure.axes, (0.5, 2.5), strict=True):
        shade, line = axes.collections
        corners = np.concatenate([path.vertices for path in shade.get_paths()])
        assert corners[:, 0].min() == pytest.approx(border)
        assert line.get_paths()[0].vertices[:, 0] == pytest.approx(border)
        assert axes.lines[0].get_xydata().tolist() == [[0, 0], [1, 0], [0, 1]]
        assert [text.get_text() for text in axes.texts] == [
            "another answer",
            "image",
            "attack",
            "noise",
        ]
        assert to_hex(shade.get_facecolor()[0]) == COLOURS["loss"].lower()
    assert "near: another answer from length 0.55 on" in figure.get_label()


@pytest.mark.filterwarnings("ignore:No contour levels")
def test_a_slice_in_which_no_other_class_leads_has_no_shade():
    lengths = np.linspace(-1, 3, 5)
    figure = figure_slice(lengths, 1.0, dict.fromkeys("ab", np.full((5, 5), 2.0)))
    assert not any(path.vertices.size for path in figure.axes[0].collections[0].get_paths())


def test_a_climb_shows_each_image_with_what_the_network_says_and_its_objective():
    network = MLP((784, 16, 10), "relu", seed=0)
    images = torch.rand(3, 784, generator=torch.Generator().manual_seed(1))
    axes = figure_climb(network, {"up (9)": images, "down": images.flip(0)}, "MNIST").axes
    assert [one.get_title() for one in axes[:3]] == ["0 steps", "1 step", "2 steps"]
    read = network(images).argmax(-1).tolist()
    assert axes[0].get_ylabel() == f"up (9):\n“{read[0]}” → “{read[2]}”"
    assert axes[3].get_ylabel() == f"down:\n“{read[2]}” → “{read[0]}”"
    words = f"After 2 steps of one length the “{read[2]}” is read as"
    last = f"“{read[2]}” up (9), “{read[0]}” down"
    assert axes[0].figure.get_suptitle() == f"{words}\n{last}"
    end = axes[5].get_xlabel().replace("\n", ", ")
    assert axes[0].figure.get_label().endswith(f"down: in the end {end}.")
    for i, (one, image) in enumerate(zip(axes, [*images, *images.flip(0)], strict=True)):
        shown = one.images[0]
        np.testing.assert_array_equal(shown.get_array(), image.reshape(28, 28).numpy())
        assert (shown.get_clim(), shown.cmap.name) == ((0, 1), "gray")  # ink is white
        (p,), (nats,) = network(image[None]).softmax(-1), hard_objective(network, image[None])
        text = f"“{p.argmax()}”, {100 * p.max():.0f}%"
        assert one.get_xlabel() == text + f"\n(9) = {nats:.2f}" * (i < 3)  # on its way up
