"""Knobs: what they say and draw against independent formulas, in the page and in a browser."""

import json
import re

import nbformat
import numpy as np
import pytest
from numpy.polynomial.chebyshev import chebval

from pwlib import grids, maxmargin
from pwlib import polynomials as poly
from pwlib.figures import figure_3, figures_1_2
from pwlib.figures.style import COLOURS
from pwlib.places import CHAPTERS

PAGES = {  # the knobs of each page, and how many bytes they may add to it
    "3a-pointwise-convergence": (["knob-1", "knob-2"], 150_000),
    "4a-hard-points-of-polynomials": (["knob-3"], 150_000),
}
NUMBER = r"\d+(?:\.\d+)?"
DEGREES, SIZES = range(1, 41), range(2, 121, 2)
MIDDLES = (np.arange(20_000) + 0.5) / 20_000
T = np.arccos(2 * MIDDLES - 1)


class Knob:
    """A knob read as the page's script reads it."""

    def __init__(self, text):
        self.text, self.name = text, re.search(r'<figure class="knobs" id="([\w-]+)"', text)[1]
        self.data = json.loads(re.search(r'json">(.*)</script>', text, re.S)[1])
        self.start = 0
        for control in self.data["controls"]:
            self.start = self.start * len(control["texts"]) + control["start"]

    def shown(self, at):
        """The sentence and the numbers of each layer of a setting."""
        said, *layers = (self.data["pieces"][place] for place in self.data["frames"][at])
        return said, layers

    def said(self, at):
        return self.shown(at)[0]

    def drawn(self, at, **look):
        """The numbers of the layer that looks so."""
        layers = enumerate(self.data["layers"])
        (place,) = (i for i, layer in layers if look.items() <= layer.items())
        return np.array(self.shown(at)[1][place])


def fitted(grid, m):
    x, labels = grids.training_set(grid(m))
    return maxmargin.fit(poly.chebyshev_features(30, x), labels).weights


def classifiers(n, x):
    """(5) and (7), up to a positive factor, where x = (1 + cos t)/2."""
    p = (n + 1) // 2
    return x**n - (1 - x) ** n, np.sin(2 * p * np.arccos(2 * x - 1)) * (1 / p)


def inside(spans):
    """Which of MIDDLES lie in one of the intervals, none of which is empty."""
    found = np.zeros(len(MIDDLES), bool)
    for left, right in spans:
        assert right - left > 1e-4
        found |= (MIDDLES - left) * (right - MIDDLES) > 0
    return found


@pytest.fixture(scope="module")
def knob_1():
    return Knob(figures_1_2.knob_1("knob-1", DEGREES, 21).data)


@pytest.fixture(scope="module")
def weights():
    of = {"$C_m$, Chebyshev grid": grids.chebyshev, "$E_m$, equispaced grid": grids.equispaced}
    return {label: {m: fitted(grid, m) for m in SIZES} for label, grid in of.items()}


@pytest.fixture(scope="module")
def knob_2(weights):
    return Knob(figures_1_2.knob_2("knob-2", weights, 62).data)


@pytest.fixture(scope="module")
def knob_3():
    return Knob(figure_3.knob_3("knob-3", DEGREES, 10).data)


@pytest.fixture(scope="module")
def all_knobs(knob_1, knob_2, knob_3):
    return [knob_1, knob_2, knob_3]


@pytest.mark.parametrize("chapter", PAGES)
def test_a_page_has_its_knobs_in_as_few_bytes_as_it_may(chapter):
    cells = nbformat.read(CHAPTERS / f"{chapter}.ipynb", as_version=4).cells
    outputs = [out.get("data", {}) for cell in cells for out in cell.get("outputs", [])]
    texts = [out["text/html"] for out in outputs if 'class="knobs"' in out.get("text/html", "")]
    names, most = PAGES[chapter]
    assert [re.search(r' id="([\w-]+)"', text)[1] for text in texts] == names
    assert sum(len(text.encode()) for text in texts) <= most


def test_the_knobs_of_polynomials_are_small(knob_1, knob_2, knob_3):
    for knobs in ((knob_1, knob_2), (knob_3,)):
        assert sum(len(knob.text.encode()) for knob in knobs) <= 100_000


def test_without_a_script_there_is_a_caption_and_the_sentence_of_the_start(all_knobs):
    for knob in all_knobs:
        said = f'<output id="{knob.name}-said" aria-live="polite">{knob.said(knob.start)}</output>'
        assert said in knob.text
        assert f"<figcaption>Figure {knob.name[-1]}, one " in knob.text
        assert f'<svg role="img" aria-labelledby="{knob.name}-said"' in knob.text


def test_every_setting_has_a_frame_with_all_its_parts(all_knobs):
    for knob in all_knobs:
        settings = np.prod([len(control["texts"]) for control in knob.data["controls"]])
        assert len(knob.data["frames"]) == settings
        parts = 1 + len(knob.data["layers"])
        assert {len(frame) for frame in knob.data["frames"]} == {parts}


@pytest.mark.parametrize("n", [1, 2, 3, 8, 21, 40])
def test_figure_1_draws_f_and_g_and_shades_where_they_agree(knob_1, n):
    f, g = classifiers(n, MIDDLES)
    drawn_f = knob_1.drawn(n - 1, label="$f_n$, Bernstein", colour=COLOURS["bernstein"])
    drawn_g = knob_1.drawn(n - 1, label="$g_n$, Chebyshev", colour=COLOURS["chebyshev"])
    np.testing.assert_allclose(chebval(2 * MIDDLES - 1, drawn_f), f, atol=3e-4)
    np.testing.assert_allclose(chebval(2 * MIDDLES - 1, drawn_g), g / 2 / np.sin(T), atol=3e-4)
    shaded = inside(knob_1.drawn(n - 1, kind="spans", label="signs agree"))
    assert np.mean(shaded != (np.sign(f) == np.sign(g))) < 3 * n / 20_000
    p = (n + 1) // 2
    spurious = np.delete((1 - np.cos(np.arange(1, 2 * p) * np.pi / (2 * p))) / 2, p - 1)
    assert knob_1.drawn(n - 1, kind="dots", hollow=False).tolist() == [[0.5, 0]]
    hollow = knob_1.drawn(n - 1, kind="dots", hollow=True).reshape(-1, 2)
    np.testing.assert_allclose(hollow, np.column_stack((spurious, 0 * spurious)), atol=1e-4)


def test_the_numbers_said_of_figure_1_are_those_of_the_sines(knob_1):
    x = (np.arange(200_000) + 0.5) / 200_000
    for n in (1, 2, 3, 4, 9, 10, 21, 40):
        f, g = classifiers(n, x)
        changes = [np.count_nonzero(np.diff(np.sign(v))) for v in (f, g)]
        said = re.findall(NUMBER, knob_1.said(n - 1))
        assert [int(said[0]), int(said[1]), int(said[2])] == [n, *changes]
        assert float(said[3]) == pytest.approx(np.mean(np.sign(f) == np.sign(g)), abs=6e-4)


@pytest.mark.parametrize("panel", [0, 1])
@pytest.mark.parametrize("m", [2, 8, 20, 32, 60, 120])
def test_figure_2_draws_its_classifiers_and_shades_their_mistakes(knob_2, weights, panel, m):
    grid, colour = list(weights)[panel], COLOURS[("chebyshev", "equispaced")[panel]]
    assert knob_2.data["panels"][panel]["title"] == grid
    at, values = m // 2 - 1, np.cos(np.outer(T, np.arange(31))) @ weights[grid][m]
    series = knob_2.drawn(at, kind="series", panel=panel, colour=colour)
    np.testing.assert_allclose(chebval(2 * MIDDLES - 1, series), values, atol=1e-3)
    low, high = knob_2.data["panels"][panel]["ylim"]
    assert low < values.min() < values.max() < high
    spans = knob_2.drawn(at, kind="spans", panel=panel)
    wrong = np.sign(values) != np.sign(MIDDLES - 0.5)
    assert np.mean(inside(spans) != wrong) < 31 / 20_000
    changes = np.flatnonzero(np.diff(np.sign(values)))
    own, hollow = (
        knob_2.drawn(at, kind="dots", panel=panel, hollow=hollow).reshape(-1, 2)
        for hollow in (False, True)
    )
    assert own.tolist() == [[0.5, 0]]
    found = np.sort([*own[:, 0], *hollow[:, 0]])
    np.testing.assert_allclose(found, (MIDDLES[changes] + MIDDLES[changes + 1]) / 2, atol=2e-4)


def test_the_numbers_said_of_figure_2_are_those_of_its_classifiers(knob_2, weights):
    u = np.cos(np.pi * (np.arange(100_000) + 0.5) / 100_000)
    cosines = np.cos(np.outer(np.arccos(u), np.arange(31)))
    share = np.sin(np.arccos(u)) * np.pi / 2 / len(u)  # of [0, 1], x = (1 + u)/2
    for m in (2, 8, 20, 32, 60, 114, 120):
        said = knob_2.said(m // 2 - 1).replace("no spur", "0 spur")
        found = re.findall(rf"({NUMBER}) spurious.*?({NUMBER}) % wrong, margin ({NUMBER})", said)
        grid = (grids.chebyshev(m), grids.equispaced(m))
        for x, by_size, numbers in zip(grid, weights.values(), found, strict=True):
            w = by_size[m]
            signs = np.sign(cosines @ w)
            assert int(numbers[0]) == np.count_nonzero(np.diff(signs)) - 1
            wrong = 100 * share[signs != np.sign(u)].sum()
            assert float(numbers[1]) == pytest.approx(wrong, rel=0.05, abs=0.01)
            at = np.cos(np.outer(np.arccos(2 * x - 1), np.arange(31)))
            margin = np.abs(at @ w).min() / np.linalg.norm(w)
            assert float(numbers[2]) == pytest.approx(margin, rel=0.05)


def hard_and_nodes(n):
    """The mean loss on a grid of angles, the angles of its maxima, those of two sets of nodes."""
    t = np.linspace(0, np.pi, 40_001)
    loss = np.mean(1 - np.cos(np.outer(t, np.arange(n + 1))) ** 2, axis=1)
    peaks = t[1:-1][(loss[1:-1] > loss[:-2]) & (loss[1:-1] >= loss[2:])]
    roots = (2 * np.arange(n) + 1) * np.pi / (2 * n)
    return t, loss, peaks, roots, np.arange(n + 2) * np.pi / (n + 1)


@pytest.mark.parametrize("n", [1, 2, 7, 10, 40])
def test_figure_3_draws_the_sum_with_its_maxima_and_the_nodes(knob_3, n):
    t, loss, peaks, roots, extrema = hard_and_nodes(n)
    series = knob_3.drawn(n - 1, kind="series", label="expected loss (12)", colour=COLOURS["ink"])
    np.testing.assert_allclose(chebval(np.cos(t), series), loss, atol=1e-3)
    triangles = knob_3.drawn(n - 1, kind="triangles", colour=COLOURS["positive"])
    np.testing.assert_allclose(triangles[:, 0], np.sort((1 + np.cos(peaks)) / 2), atol=2e-4)
    np.testing.assert_allclose(triangles[:, 1], np.interp(peaks, t, loss), atol=2e-4)
    for nodes, hollow in ((roots, False), (extrema, True)):
        look = {"kind": "dots", "colour": COLOURS["chebyshev"], "hollow": hollow}
        above, below = (knob_3.drawn(n - 1, panel=panel, **look) for panel in (0, 1))
        assert above[:, 0] == pytest.approx(np.sort((1 + np.cos(nodes)) / 2), abs=1e-4)
        assert above[:, 1] == pytest.approx(np.interp(nodes, t, loss), abs=2e-4)
        apart = np.subtract.outer(nodes[1:-1] if hollow else nodes, peaks) * n / np.pi
        nearest = apart[np.arange(len(apart)), np.abs(apart).argmin(1)]
        assert below[:, 1] == pytest.approx(nearest, abs=2e-3)


def test_the_numbers_said_of_figure_3_are_those_of_the_sum(knob_3):
    for n in (1, 2, 7, 10, 25, 40):
        _, _, peaks, roots, extrema = hard_and_nodes(n)
        said = re.findall(NUMBER, knob_3.said(n - 1))
        assert [int(said[0]), int(said[1])] == [n, len(peaks)]
        for nodes, number in zip((roots, extrema[1:-1]), said[2:], strict=True):
            apart = np.abs(np.subtract.outer(nodes, peaks)).min(1).max() * n / np.pi
            assert float(number) == pytest.approx(apart, abs=2e-3)


@pytest.fixture(scope="module")
def page(all_knobs, chromium, tmp_path_factory):
    """A page of all knobs, from a file, in a browser."""
    static = (CHAPTERS / "_static").as_uri()
    head = f'<script src="{static}/knobs.js"></script>'
    head += f'<link rel="stylesheet" href="{static}/knobs.css">'
    path = tmp_path_factory.mktemp("knobs") / "page.html"
    body = "".join(knob.text for knob in all_knobs)
    path.write_text(f'<!doctype html><meta charset="utf-8">{head}{body}', encoding="utf-8")
    opened, errors = chromium.new_page(), []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("requestfailed", lambda request: errors.append(request.url))
    opened.goto(path.as_uri())
    yield opened
    opened.close()
    assert not errors


def turn(page, id, value):
    """Move a slider, as a reader does."""
    page.locator(f"#{id}").evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )


def points_of(page, knob, panel, **look):
    """The points of the path of a look, mapped back from the drawing to data by the ticks."""
    query = "".join(f'[{name.replace("_", "-")}="{value}"]' for name, value in look.items())
    path = page.locator(f"#{knob.name} svg path{query}").first.get_attribute("d")
    points = np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", path), float)
    axes = knob.data["panels"][panel]
    left, top, right, bottom = axes["box"]
    bent = np.arcsinh if axes["asinh"] else np.asarray
    x = axes["xlim"][0] + (points[:, 0] - left) / (right - left) * np.diff(axes["xlim"])
    low, high = bent(axes["ylim"])
    y = low + (points[:, 1] - bottom) / (top - bottom) * (high - low)
    return x, np.sinh(y) if axes["asinh"] else y


def test_a_slider_redraws_the_curves_that_it_stands_for(page, knob_1, knob_2, knob_3, weights):
    for n in (1, 12, 40):
        turn(page, "knob-1-0", n - 1)
        turn(page, "knob-3-0", n - 1)
        x, f = points_of(page, knob_1, 0, stroke=COLOURS["bernstein"])
        assert len(x) > 500
        x = np.clip(x, 0, 1)
        np.testing.assert_allclose(f, x**n - (1 - x) ** n, atol=3e-3)
        x, g = points_of(page, knob_1, 0, stroke=COLOURS["chebyshev"])
        p, t = (n + 1) // 2, np.arccos(np.clip(2 * x - 1, -1, 1))
        within = (x > 0.01) & (x < 0.99)  # rounding shifts x, and g is steep at the ends
        sines = np.sin(2 * p * t[within]) / (2 * p * np.sin(t[within]))
        np.testing.assert_allclose(g[within], sines, atol=0.01)
        x, loss = points_of(page, knob_3, 0, stroke=COLOURS["ink"])
        t = np.arccos(np.clip(2 * x - 1, -1, 1))[(x > 0.01) & (x < 0.99)]
        mean = np.mean(1 - np.cos(np.outer(t, np.arange(n + 1))) ** 2, axis=1)
        np.testing.assert_allclose(loss[(x > 0.01) & (x < 0.99)], mean, atol=0.01)
        assert page.locator("#knob-1-said").inner_text() == knob_1.said(n - 1)
        slider = page.locator("#knob-1-0")
        assert slider.get_attribute("aria-valuetext") == str(n)
        assert page.locator("#knob-1 .slider span").inner_text() == str(n)
    turn(page, "knob-2-0", 7)  # m = 16
    x, values = points_of(page, knob_2, 1, stroke=COLOURS["equispaced"])
    expected = chebval(2 * np.clip(x, 0, 1) - 1, weights["$E_m$, equispaced grid"][16])
    within = (x > 0.05) & (x < 0.95)
    np.testing.assert_allclose(np.arcsinh(values[within]), np.arcsinh(expected[within]), atol=0.05)


def test_ids_are_unique_controls_are_labelled_and_drawings_described(page):
    ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
    assert len(set(ids)) == len(ids)
    labels = page.eval_on_selector_all(
        ".turn input", "all => all.map(e => e.labels[0].textContent)"
    )
    assert labels == ["degree n", "points m", "degree n"]
    for svg in page.locator("figure.knobs svg").all():
        assert svg.get_attribute("role") == "img"
        assert svg.get_attribute("aria-labelledby") in ids
        assert svg.locator("text").count() > 5


def test_ticks_stand_where_their_values_are(page, knob_1):
    """The label of a tick, in the middle of the curve's own height there."""
    turn(page, "knob-1-0", 0)  # f_1 = 2x - 1 is -1 at the left, 1 at the right
    curve = page.locator(f'#knob-1 path[stroke="{COLOURS["bernstein"]}"]').first.bounding_box()
    for label, height in (("1", curve["y"]), ("−1", curve["y"] + curve["height"])):
        tick = page.locator('#knob-1 text[text-anchor="end"]', has_text=re.compile(f"^{label}$"))
        box = tick.bounding_box()
        assert box["y"] < height < box["y"] + box["height"]
