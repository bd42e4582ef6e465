"""Knobs against what they are made from: drawings, formulas, networks."""

import base64
import html
import json
import re
from io import BytesIO, StringIO

import nbformat
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from pwlib import attacks, examples, grids, maxmargin
from pwlib import polynomials as poly
from pwlib.datasets import Dataset
from pwlib.figures import figure_5 as pictures
from pwlib.figures import knobs, turned
from pwlib.networks import MLP
from pwlib.reruns.notebooks import CHAPTERS

PAGES = {  # the knobs of each page, and how many bytes they may add to it
    "3a-pointwise-convergence": (["knob-1", "knob-2"], 150_000),
    "4a-hard-points-of-polynomials": (["knob-3"], 150_000),
    "4c-adversarial-training": (["knob-5"], 400_000),
}
NUMBER = r"\d+(?:\.\d+)?"


class Knob:
    """A knob read as the page's script reads it."""

    def __init__(self, text):
        self.text = text
        self.data = json.loads(re.search(r'json">(.*)</script>', text, re.S)[1])
        self.slots = [tuple(slot) for slot in self.data["slots"]]

    def frame(self, at):
        pieces = (self.data["pieces"][place] for place in self.data["frames"][at])
        return dict(zip(self.slots, pieces, strict=True))

    def frames(self):
        return [self.frame(at) for at in range(len(self.data["frames"]))]

    def said(self, at):
        (text,) = [v for (id, _), v in self.frame(at).items() if id.endswith("-said")]
        return text


def in_page(chapter):
    """The knobs that a committed chapter holds, by name."""
    cells = nbformat.read(CHAPTERS / f"{chapter}.ipynb", as_version=4).cells
    found = [
        out["data"]["text/html"]
        for cell in cells
        for out in cell.get("outputs", [])
        if 'class="knobs"' in out.get("data", {}).get("text/html", "")
    ]
    return {re.search(r' id="([\w-]+)"', text)[1]: Knob(text) for text in found}


def drawn_paths(figure):
    """The paths of a figure's moving artists as matplotlib writes them: commands by gid."""
    out = StringIO()
    figure.savefig(out, format="svg")
    found = re.findall(r'<g id="knob-([\w-]+)">\s*<path(?: d="([^"]*)")?', out.getvalue())
    return {gid: re.findall(r"([ML]) ([-\d.]+) ([-\d.]+)", path) for gid, path in found}


def farthest(path, other):
    """How far the points of a path lie from the segments of another one, at most; commands M, L."""
    points = np.array([command[1:] for command in path], float)
    ends = np.array([command[1:] for command in other], float)
    lines = [i for i, command in enumerate(other) if command[0] == "L"]
    start, along = ends[np.subtract(lines, 1)], ends[lines] - ends[np.subtract(lines, 1)]
    from_start = points[:, None] - start
    length = np.maximum((along**2).sum(1), 1e-12)
    share = np.clip((from_start * along).sum(2) / length, 0, 1)
    return np.linalg.norm(from_start - share[..., None] * along, axis=2).min(1).max()


def assert_same_picture(frame, figure):
    paths = {id[len("knob-1-") :]: value for (id, kind), value in frame.items() if kind == "d"}
    for gid, direct in drawn_paths(figure).items():
        path = [(c, x / knobs.UNITS, y / knobs.UNITS) for c, x, y in knobs.decoded(paths.pop(gid))]
        path = [command for command in path if command[0] != "z"]
        assert bool(path) == bool(direct), gid
        if path:  # a curve is within 0.15 points of the truth, then rounded by 0.1
            assert max(farthest(path, direct), farthest(direct, path)) < 0.4, gid
    assert not paths


def weights_of(degree, x):
    x, labels = grids.training_set(x)
    return maxmargin.fit(poly.chebyshev_features(degree, x), labels).weights


@pytest.fixture(scope="module")
def page_3a():
    return in_page("3a-pointwise-convergence")


@pytest.fixture(scope="module")
def page_4a():
    return in_page("4a-hard-points-of-polynomials")


def test_path_data_lead_to_the_points_that_they_came_from():
    path = "M 1 2 \nL 3.3 2 \nL 3.3 2 \nL -5.04 100 \nz\nM 10 10 \nL 10 10 \nM 7 7 \nL 7 9.1 \nz\n"
    assert knobs.decoded(knobs.compact(path)) == [
        ("M", 5, 10),
        ("L", 16, 10),
        ("L", -25, 500),
        ("z", 5, 10),
        ("M", 50, 50),
        ("L", 50, 50),  # a dot stays
        ("M", 35, 35),
        ("L", 35, 46),
        ("z", 35, 35),
    ]


@pytest.mark.parametrize("start", range(0, 40, 8))
def test_each_setting_of_figures_1_and_3_is_what_is_drawn_for_it(page_3a, page_4a, start):
    for n in range(start + 1, start + 9):
        assert_same_picture(page_3a["knob-1"].frame(n - 1), turned.draw_1(n).figure)
        assert_same_picture(page_4a["knob-3"].frame(n - 1), turned.draw_3(n).figure)


def test_each_setting_of_figure_2_is_what_is_drawn_for_it(page_3a):
    sizes = range(2, 121, 2)
    weights = {
        "$C_m$, Chebyshev grid": {m: weights_of(30, grids.chebyshev(m)) for m in sizes},
        "$E_m$, equispaced grid": {m: weights_of(30, grids.equispaced(m)) for m in sizes},
    }
    values = [poly.chebyshev_features(30, turned.X) @ w[m] for w in weights.values() for m in w]
    for at, m in enumerate(sizes):
        here = {grid: by_size[m] for grid, by_size in weights.items()}
        words = ["Chebyshev", "equispaced"]
        picture = turned.draw_2(m, here, words, np.abs(values).max())
        assert page_3a["knob-2"].said(at) == picture.said
        assert_same_picture(page_3a["knob-2"].frame(at), picture.figure)


@pytest.mark.parametrize("chapter", PAGES)
def test_the_page_shows_the_frame_that_its_controls_stand_at(chapter):
    names, most = PAGES[chapter]
    found = in_page(chapter)
    assert list(found) == names
    assert sum(len(knob.text.encode()) for knob in found.values()) <= most
    for knob in found.values():
        at = 0
        for control, written in zip(
            re.findall(r"<input[^>]*>|<select.*?</select>", knob.text),
            knob.data["written"],
            strict=True,
        ):
            options = re.findall(r"<option( selected)?>", control)
            place = (
                options.index(" selected") if options else re.search(r' value="(\d+)"', control)[1]
            )
            at = at * len(written) + int(place)
            if not options:
                assert f'max="{len(written) - 1}"' in control
                assert f'aria-valuetext="{written[int(place)]}"' in control
        for (id, attribute), value in knob.frame(at).items():
            (element,) = re.findall(rf'<[^<>]* id="{id}"[^<>]*>[^<]*', knob.text)
            shown = re.search(rf' {attribute}="([^"]*)"|>(.*)', element)
            assert (
                html.unescape(shown[1] if attribute != "text" else element.split(">")[1]) == value
            )


@pytest.mark.parametrize("chapter", PAGES)
def test_ids_are_unique_in_a_page_and_references_lead_to_them(chapter):
    text = "".join(knob.text for knob in in_page(chapter).values())
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(set(ids)) == len(ids)
    used = re.findall(r'(?:href="#|url\(#|for="|labelledby=")([^")]+)', text)
    assert set(used) <= set(ids)
    assert len(re.findall(r"<label ", text)) == len(re.findall(r"<input |<select ", text))


def test_the_numbers_said_of_figure_1_are_those_of_the_sines(page_3a):
    x = (np.arange(200_000) + 0.5) / 200_000
    t = np.arccos(2 * x - 1)
    for n in range(1, 41):
        f, g = x**n - (1 - x) ** n, np.sin((n + 1) // 2 * 2 * t)  # over a positive factor
        changes = [np.count_nonzero(np.diff(np.sign(v))) for v in (f, g)]
        said = re.findall(NUMBER, page_3a["knob-1"].said(n - 1))
        assert [int(said[0]), int(said[1]), int(said[2])] == [n, *changes]
        assert float(said[3]) == pytest.approx(np.mean(np.sign(f) == np.sign(g)), abs=6e-4)


def test_the_numbers_said_of_figure_2_are_those_of_its_classifiers(page_3a):
    u = np.cos(np.pi * (np.arange(100_000) + 0.5) / 100_000)
    cosines = np.cos(np.outer(np.arccos(u), np.arange(31)))
    share = np.sin(np.arccos(u)) * np.pi / 2 / len(u)  # of [0, 1], x = (1 + u)/2
    for m in (2, 8, 20, 32, 60, 114, 120):
        said = page_3a["knob-2"].said(m // 2 - 1).replace("no spur", "0 spur")
        found = re.findall(rf"({NUMBER}) spurious.*?({NUMBER}) % wrong, margin ({NUMBER})", said)
        for x, numbers in zip((grids.chebyshev(m), grids.equispaced(m)), found, strict=True):
            w = weights_of(30, x)
            signs = np.sign(cosines @ w)
            assert int(numbers[0]) == np.count_nonzero(np.diff(signs)) - 1
            wrong = 100 * share[signs != np.sign(u)].sum()
            assert float(numbers[1]) == pytest.approx(wrong, rel=0.05, abs=0.01)
            at = np.cos(np.outer(np.arccos(2 * x - 1), np.arange(31)))
            margin = np.abs(at @ w).min() / np.linalg.norm(w)
            assert float(numbers[2]) == pytest.approx(margin, rel=0.05)


def test_the_numbers_said_of_figure_3_are_those_of_the_sum(page_4a):
    t = np.linspace(0, np.pi, 40_001)
    for n in (1, 2, 7, 10, 25, 40):
        loss = np.mean(1 - np.cos(np.outer(t, np.arange(n + 1))) ** 2, axis=1)
        peaks = t[1:-1][(loss[1:-1] > loss[:-2]) & (loss[1:-1] >= loss[2:])]
        roots = (2 * np.arange(n) + 1) * np.pi / (2 * n)
        extrema = np.arange(1, n + 1) * np.pi / (n + 1)
        said = re.findall(NUMBER, page_4a["knob-3"].said(n - 1))
        assert [int(said[0]), int(said[1])] == [n, len(peaks)]
        for nodes, number in zip((roots, extrema), said[2:], strict=True):
            apart = np.abs(np.subtract.outer(nodes, peaks)).min(1).max() * n / np.pi
            assert float(number) == pytest.approx(apart, abs=2e-3)


def test_what_moves_without_being_marked_is_refused():
    def draw(n):
        figure = Figure()
        figure.subplots().plot([0, n])
        return knobs.Picture(figure, "said")

    control = knobs.Control("n", "n", (1, 2), ("1", "2"))
    with pytest.raises(ValueError, match="moves whose gid"):
        knobs.show("knob", [control], draw, "caption")


@pytest.mark.parametrize("look", [{"marker": "o"}, {"clip_on": True}])
def test_a_moving_artist_that_is_not_one_unclipped_path_is_refused(look):
    figure = Figure()
    figure.subplots().plot([0, 1], gid="knob-line", **({"clip_on": False} | look))
    with pytest.raises(ValueError, match="one unclipped path"):
        knobs.split(figure, "knob")


def test_a_curve_is_thinned_no_further_than_allowed():
    x = np.linspace(0, 300, 1501)
    points = np.column_stack((x, 50 * np.sin(x / 7)))
    kept = turned.thinned(points, 0.15)
    again = np.interp(x, x[kept], points[kept, 1])
    assert len(kept) < 300
    assert np.abs(again - points[:, 1]).max() < 0.15 * np.hypot(1, 50 / 7) + 1e-9


EPS = (0.0, 1.0, 3.0)


@pytest.fixture(scope="module")
def small():
    """Three small networks, and a data set on which they are right where they agree."""
    generator = torch.Generator().manual_seed(0)
    networks = {arm: MLP((784, 12, 10), "relu", i) for i, arm in enumerate(examples.ARMS)}
    x = torch.rand(300, 784, generator=generator)
    for model in networks.values():
        with torch.no_grad():
            model.layers[-1].weight.mul_(20)
    y = networks["reference"](x).argmax(1)
    networks["plain fraction"].load_state_dict(networks["reference"].state_dict())
    networks["hard points"].load_state_dict(networks["reference"].state_dict())
    with torch.no_grad():
        networks["hard points"].layers[0].weight.mul_(1.1)
    return networks, Dataset(x, y, x, y)


@pytest.fixture(scope="module")
def knob_5(small):
    networks, data = small
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "loaded", lambda name: data)
        shown = {"MNIST": examples.shown("MNIST", networks, EPS)}
    rng = np.random.default_rng(0)
    keys = [(arm, attack) for arm in examples.ARMS for attack in examples.ATTACKS]
    curves = {"MNIST": {key: np.sort(rng.random((3, 3)))[:, ::-1] for key in keys}}
    made = pictures.knob_5("knob-5", EPS, curves, shown)
    return Knob(made.data), curves["MNIST"], shown["MNIST"]


def test_the_chosen_images_are_the_first_of_two_classes_that_all_get_right(small):
    networks, data = small
    rows = examples.chosen(networks, data.test_x, data.test_y, 2).tolist()
    right = [all(m(x[None]).argmax() == y for m in networks.values()) for x, y in zip(*data[2:])]  # noqa: B905
    first = right.index(True)
    other = next(i for i, r in enumerate(right) if r and data.test_y[i] != data.test_y[first])
    assert rows == [first, other]


def test_examples_are_those_of_the_attack_and_no_longer_than_it(small):
    networks, data = small
    x, y = data.test_x[:20], data.test_y[:20]
    for arm in examples.ARMS:
        for attack in examples.ATTACKS:
            found = examples.adversarial(networks, x, y, arm, attack, EPS)
            for eps, points in zip(EPS, found, strict=True):
                assert (points - x).norm(dim=1).max() <= eps + 1e-4
                assert points.min() >= 0
                assert points.max() <= 1
        own, other, pgd = (
            examples.adversarial(networks, x, y, arm, attack, EPS)[1] for attack in examples.ATTACKS
        )
        torch.testing.assert_close(own, attacks.one_step(networks[arm], x, y, 1.0))
        source = networks[examples.OTHER[arm]]
        torch.testing.assert_close(other, attacks.one_step(source, x, y, 1.0))
        stronger = (attacks.margin_loss(networks[arm](at), y).mean() for at in (pgd, own))
        assert next(stronger) >= next(stronger)


def test_further_curves_are_accuracies_of_the_right_network(small, monkeypatch):
    networks, data = small
    monkeypatch.setattr(examples, "loaded", lambda name: data)
    found = examples.further_curves("MNIST", networks, EPS)
    assert found.keys() | examples.EVALUATED.keys() == {
        (arm, attack) for arm in examples.ARMS for attack in examples.ATTACKS
    }
    moved = attacks.one_step(networks["reference"], data.test_x, data.test_y, 3.0)
    right = networks["plain fraction"](moved).argmax(1) == data.test_y
    assert found["plain fraction", "other"][2] == pytest.approx(right.double().mean().item())
    assert found["reference", "PGD"][0] == 1.0


def test_figure_5_says_what_its_curves_and_its_networks_say(small, knob_5):
    networks, data = small
    knob, curves, _ = knob_5
    rows = examples.chosen(networks, data.test_x, data.test_y, 2)
    at = 0
    for arm in examples.ARMS:
        for attack in examples.ATTACKS:
            for k, eps in enumerate(EPS):
                said = knob.said(at).split("ε = ")[1]
                numbers = [float(number) for number in re.findall(NUMBER, said)][:4]
                accuracy = 100 * curves[arm, attack][:, k]
                expected = [eps, accuracy.mean(), accuracy.min(), accuracy.max()]
                np.testing.assert_allclose(numbers, expected, atol=0.06)
                frame, at = knob.frame(at), at + 1
                for i, row in enumerate(rows):
                    x, y = data.test_x[row][None], data.test_y[row][None]
                    point = examples.adversarial(networks, x, y, arm, attack, EPS)[k]
                    for j, model in enumerate(networks.values()):
                        likely = torch.softmax(model(point)[0].double(), 0)
                        text = frame[f"knob-5-answer-{i}-{j}", "text"]
                        assert text.startswith(f"{likely.argmax()} (")
                        assert ("wrong" in text) == (likely.argmax() != y)
                        percent = float(re.search(r"(\d+)\xa0%", text)[1])
                        assert percent == pytest.approx(100 * likely.max().item(), abs=0.6)
    assert at == len(knob.data["frames"])


def test_figure_5_shows_the_image_that_was_attacked(knob_5):
    knob, _, shown = knob_5
    settings = [(key, k) for key in shown.images for k in range(len(EPS))]
    for frame, (key, k) in zip(knob.frames(), settings, strict=True):
        for i, images in enumerate(shown.images[key]):
            data = frame[f"knob-5-image-{i}", "src"].split(",")[1]
            strip = np.asarray(Image.open(BytesIO(base64.b64decode(data))).convert("L")) / 255
            percent = float(re.search(rf"({NUMBER})%", frame[f"knob-5-image-{i}", "style"])[1])
            left = round(percent / 100 * (strip.shape[1] - strip.shape[0]))
            seen = strip[:, left : left + 28].ravel()
            assert np.abs(seen - images[k]).max() < 0.5 / (pictures.SHADES - 1) + 0.003


def test_each_setting_of_figure_5_is_what_is_drawn_for_it(knob_5):
    knob, curves, _ = knob_5
    settings = [(*key, k) for key in curves for k in range(len(EPS))]
    for frame, (arm, attack, k) in zip(knob.frames(), settings, strict=True):
        assert_same_picture(frame, pictures.draw_5(EPS, curves, arm, attack, k))
