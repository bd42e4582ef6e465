"""Figures to play with: the page's solver against `pwlib.maxmargin`, and what the page shows."""

import copy
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
import torch
from numpy.polynomial import legendre

from pwlib import attacks, directions, grids, maxmargin, objectives, sample_complexity
from pwlib import polynomials as poly
from pwlib.datasets import Dataset
from pwlib.figures import play
from pwlib.figures.style import COLOURS
from pwlib.networks import MLP
from pwlib.places import CHAPTERS

STATIC = CHAPTERS / "_static"
SCRIPTS = ("maxmargin.js", "perceptron.js", "play.js")
NUMBER = r"-?\d+(?:\.\d+)?"
MESH = (1 - np.cos(np.linspace(0, np.pi, 4001))) / 2
MIDDLES = (np.arange(20_000) + 0.5) / 20_000
STATED_MARGIN = 1e-6  # above it values agree to 1e-6
SOLVED = """sets => sets.map(({basis, n, points}) => {
    const solved = maxmargin.fit(basis, n, points);
    return solved && {...solved, cap: 20 * (points.length + n + 1)};
})"""


def orthonormal_legendre(n, x):
    return legendre.legvander(2 * np.asarray(x) - 1, n) * np.sqrt(2 * np.arange(n + 1) + 1)


FEATURES = {"Bernstein": poly.bernstein_features, "Chebyshev": poly.chebyshev_features}
FEATURES |= {"Legendre": orthonormal_legendre}


def fitted(basis, n, points):
    """The weights by `pwlib.maxmargin`, or None where they can't be found in double precision."""
    x, labels = np.transpose(points)
    try:
        return maxmargin.fit(FEATURES[basis](n, x), labels).weights
    except ValueError:
        return None


def training_sets(count=100, seed=0):
    """Random points and grids with random labels, a threshold, or a few runs of equal labels."""
    rng = np.random.default_rng(seed)
    for k in range(count):
        n, m = rng.integers(1, 41), rng.integers(2, 21)
        x = rng.random(m) if k % 4 else grids.chebyshev(m)
        kinds = rng.choice([-1, 1], m), np.where(x < rng.random(), -1, 1)
        kinds += (np.where(np.sin(9 * x + k) > 0, 1, -1),)
        points = [[float(at), int(label)] for at, label in zip(x, kinds[k % 3], strict=True)]
        yield {"basis": list(FEATURES)[k // 3 % 3], "n": int(n), "points": points}


def assert_solved_as_pwlib_does(evaluate):
    """`evaluate` runs a function of the page's script on the training sets."""
    sets = list(training_sets())
    resolved = 0
    for one, solved in zip(sets, evaluate(SOLVED, sets), strict=True):
        weights = fitted(**one)
        assert (solved is None) == (weights is None), one
        if weights is None:
            continue
        assert solved["steps"] <= solved["cap"]
        features = FEATURES[one["basis"]](one["n"], MESH)
        ours, theirs = features @ weights, features @ np.array(solved["w"])
        rounding = 1e-9 * np.abs(features) @ np.abs(weights)
        away = np.abs(ours) > rounding
        np.testing.assert_array_equal(np.sign(ours[away]), np.sign(theirs[away]), err_msg=str(one))
        if 1 / np.linalg.norm(weights) > STATED_MARGIN:
            resolved += 1
            assert (np.abs(theirs - ours) <= 1e-6 * np.maximum(np.abs(ours), 1)).all(), one
    assert resolved >= 90


def test_the_solver_agrees_with_pwlib_on_a_hundred_training_sets_in_node():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here: the browser test runs the same sets")
    script = f"const maxmargin = require({json.dumps(str(STATIC / 'maxmargin.js'))});"
    script += "const read = JSON.parse(require('fs').readFileSync(0, 'utf8'));"

    def evaluate(function, argument):
        code = f"{script} console.log(JSON.stringify(({function})(read)));"
        done = subprocess.run(
            [node, "-e", code], input=json.dumps(argument), capture_output=True, text=True
        )
        assert not done.returncode, done.stderr
        return json.loads(done.stdout)

    assert_solved_as_pwlib_does(evaluate)


def test_the_solver_agrees_with_pwlib_on_a_hundred_training_sets_in_a_browser(page):
    assert_solved_as_pwlib_does(page.evaluate)


FRONT = [(0.1, -1), (0.35, 1), (0.6, 1), (0.9, -1)]
NETWORKS = {f"network {seed}": MLP((784, 16, 12, 10), "relu", seed) for seed in (0, 1)}


def some_images():
    generator = torch.Generator().manual_seed(0)
    images = (255 * torch.rand(30, 784, generator=generator)).round() / 255
    return Dataset(images, torch.arange(30) % 10, images, torch.arange(30) % 10)


DATA = some_images()
FIGURES = {
    "drag": lambda: play.drag("drag", FRONT, 30),
    "limit": lambda: play.limit("limit", 30, 20),
    "nodes": lambda: play.nodes("nodes", 10),
    "push": lambda: play.push("push", NETWORKS, DATA, 5),
}


def test_the_scripts_and_the_data_of_a_figure_are_small():
    scripts = [(STATIC / name).read_text() for name in SCRIPTS]
    assert sum(text.count("\n") for text in scripts) <= 600
    assert sum(len(text.encode()) for text in scripts) < 50_000
    for name, figure in FIGURES.items():
        assert len(figure().data.encode()) < (60_000 if name == "push" else 5_000)
    large = {f"network {seed}": MLP((784, 64, 64, 10), "relu", seed) for seed in (0, 1)}
    assert len(play.push("push", large, DATA, 10).data.encode()) < 200_000


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page of all figures, in a file."""
    head = "".join(f'<script src="{(STATIC / name).as_uri()}"></script>' for name in SCRIPTS)
    head += f'<link rel="stylesheet" href="{(STATIC / "play.css").as_uri()}">'
    head += '<meta name="viewport" content="width=device-width">'
    body = "".join(figure().data for figure in FIGURES.values())
    path = tmp_path_factory.mktemp("play") / "page.html"
    text = f'<!doctype html><meta charset="utf-8">{head}<div class="bd-article">{body}</div>'
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(chromium, address):
    yield from opened(chromium, address, {"width": 1000, "height": 900})


@pytest.fixture
def phone(chromium, address):
    yield from opened(chromium, address, {"width": 360, "height": 740}, has_touch=True)


def opened(chromium, address, viewport, **more):
    tab, errors = chromium.new_page(viewport=viewport, **more), []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("requestfailed", lambda request: errors.append(request.url))
    tab.goto(address)
    yield tab
    tab.close()
    assert not errors


def said(page, figure="drag"):
    return page.locator(f"#{figure}-said").inner_text()


def nearest(points, x):
    at, labels = np.transpose(points)
    return labels[np.abs(np.subtract.outer(x, at)).argmin(1)]


def assert_shows(page, points, n, bases=("Bernstein", "Chebyshev")):
    """The sentence, the curves, the circles and the glow are those of pwlib's classifiers."""
    words, points = said(page), sorted(points)
    turns = np.count_nonzero(np.diff([label for _, label in points]))
    changing = f"{turns or 'no'} sign change{'' if turns == 1 else 's'} of the labels"
    expected = f"{len(points)} points, {changing}"
    assert words.startswith(f"{expected}, degree {n}."), (words, expected)
    for basis in bases:
        weights = fitted(basis, n, points)
        f, middles = FEATURES[basis](n, MESH) @ weights, FEATURES[basis](n, MIDDLES) @ weights
        changes = np.count_nonzero(np.diff(np.sign(f[f != 0])))
        wrong = np.mean(np.sign(middles) != nearest(points, MIDDLES))
        pattern = rf"{basis}: (\w+) sign changes?, ({NUMBER})% wrong, own margin ({NUMBER})\."
        counted, share, margin = re.search(pattern, words).groups()
        assert counted.replace("no", "0") == str(changes), (basis, words)
        assert float(share) == pytest.approx(100 * wrong, rel=0.06, abs=0.05), (basis, words)
        assert float(margin) == pytest.approx(1 / np.linalg.norm(weights), rel=0.06)
        svg = page.locator(f'#drag svg[data-basis="{basis}"]')
        assert svg.locator("circle.change").count() == changes
        assert svg.locator("circle.point").count() == len(points)
        drawn = svg.locator("rect.wrong").evaluate_all(
            "all => all.map(e => +e.getAttribute('width'))"
        )
        _, unit = scale(svg)
        assert sum(drawn) / unit == pytest.approx(wrong, abs=2e-3)
        assert_curve(svg, lambda x, w=weights, b=basis: FEATURES[b](n, x) @ w)


def scale(svg):
    """Where x = 0 lies in a drawing, and how many pixels further x = 1."""
    return svg.evaluate("svg => [svg.spot.across(0), svg.spot.across(1) - svg.spot.across(0)]")


def assert_curve(svg, f):
    """The curve of a drawing, mapped back to data, is f, but for the rounding to 0.1 pixels."""
    path = svg.locator("path.curve").get_attribute("d")
    right, down = np.array(re.findall(f"({NUMBER}) ({NUMBER})", path), float).T
    start, unit = scale(svg)
    x = np.clip((right - start) / unit, 0, 1)
    zero, one = svg.evaluate("svg => [svg.spot.up(0), svg.spot.up(1)]")
    drawn = (zero - down) / (zero - one) * np.arcsinh(1)
    step = 0.06 / unit
    nearby = [np.arcsinh(f(np.clip(x + shift, 0, 1))) for shift in (-step, 0, step)]
    assert (drawn <= np.max(nearby, 0) + 0.02).all()
    assert (drawn >= np.min(nearby, 0) - 0.02).all()


def at(page, basis, point):
    """Where a point (x, y) is on the screen."""
    svg = page.locator(f'#drag svg[data-basis="{basis}"]')
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    right, down = svg.evaluate("(svg, [x, y]) => [svg.spot.across(x), svg.spot.up(y)]", point)
    return box["x"] + right, box["y"] + down


def set_value(page, id, value):
    page.locator(f"#{id}").evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })); }", value
    )


def test_at_first_a_figure_shows_its_own_points(page):
    assert_shows(page, FRONT, 30)
    page.locator("#drag-Legendre").check()
    assert_shows(page, FRONT, 30, FEATURES)


def test_a_point_follows_the_mouse_and_a_click_adds_one(page):
    start, end = at(page, "Chebyshev", FRONT[1]), at(page, "Chebyshev", (0.25, 1))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()
    moved = float(re.search(r"point 2 at ([\d.]+), label \+", said(page))[1])
    assert moved == pytest.approx(0.25, abs=0.003)
    points = [FRONT[0], (moved, 1), *FRONT[2:]]
    assert_shows(page, points, 30)
    page.mouse.click(*at(page, "Bernstein", (0.75, -1)))
    added = float(re.search(r"point 4 at ([\d.]+), label −", said(page))[1])
    assert added == pytest.approx(0.75, abs=0.003)
    assert_shows(page, [*points, (added, -1)], 30)


def test_a_point_follows_a_finger_and_a_tap_adds_one_on_a_phone(phone):
    assert phone.evaluate("document.scrollingElement.scrollWidth") <= 360
    (x, y), end = at(phone, "Chebyshev", FRONT[3]), at(phone, "Chebyshev", (0.8, -1))
    touch = phone.context.new_cdp_session(phone)
    steps = [(x + (end[0] - x) * k / 5, y) for k in range(6)]
    for kind, place in zip(("touchStart", *["touchMove"] * 5), steps, strict=True):
        points = [{"x": place[0], "y": place[1]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    moved = float(re.search(r"point 4 at ([\d.]+), label −", said(phone))[1])
    assert moved == pytest.approx(0.8, abs=0.006)
    phone.touchscreen.tap(*at(phone, "Chebyshev", (0.5, -1)))
    assert "5 points" in said(phone)
    added = float(re.search(r"point 3 at ([\d.]+), label −", said(phone))[1])
    assert_shows(phone, [*FRONT[:3], (moved, -1), (added, -1)], 30)


def press(tab, button):
    """A button by a finger where there is one, else by the mouse."""
    where = tab.locator(button)
    where.tap() if tab.evaluate("navigator.maxTouchPoints") else where.click()


@pytest.mark.slow
@pytest.mark.parametrize("device", ["page", "phone"])
def test_by_mouse_and_finger_a_point_is_chosen_flipped_removed_and_added(request, device):
    tab = request.getfixturevalue(device)
    touch = tab.touchscreen.tap if device == "phone" else tab.mouse.click
    touch(*at(tab, "Chebyshev", FRONT[2]))
    assert "Chosen: point 3 at 0.600, label +." in said(tab)
    press(tab, "#drag button[name=flip]")
    assert_shows(tab, [*FRONT[:2], (0.6, -1), FRONT[3]], 30)
    press(tab, "#drag button[name=remove]")
    assert_shows(tab, [*FRONT[:2], FRONT[3]], 30)
    press(tab, "#drag button[name=add]")  # in the widest gap
    assert_shows(tab, [*FRONT[:2], (0.625, 1), FRONT[3]], 30)
    for name in ("two", "chebyshev"):
        press(tab, f"#drag button[name={name}]")
        grid = [0, 1] if name == "two" else grids.chebyshev(10)
        assert_shows(tab, [(x, -1 if x < 0.5 else 1) for x in grid], 30)
    slide(tab, "drag-degree", 0.3)
    n = int(tab.locator("#drag-degree").get_attribute("aria-valuetext"))
    assert 8 < n < 18
    assert_shows(tab, [(x, -1 if x < 0.5 else 1) for x in grids.chebyshev(10)], n)
    press(tab, "#drag-Legendre")
    assert_shows(tab, [(x, -1 if x < 0.5 else 1) for x in grids.chebyshev(10)], n, FEATURES)


def slide(tab, id, share):
    """A slider by a finger where there is one, else by the mouse, to a share of its length."""
    slider = tab.locator(f"#{id}")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    place = box["x"] + box["width"] * share, box["y"] + box["height"] / 2
    touch = tab.evaluate("navigator.maxTouchPoints")
    tab.touchscreen.tap(*place) if touch else tab.mouse.click(*place)


def test_another_button_and_what_began_elsewhere_move_nothing(page):
    page.mouse.click(*at(page, "Bernstein", (0.75, -1)), button="right")
    page.mouse.click(*at(page, "Bernstein", FRONT[1]))  # chooses a point, which is let go
    assert_shows(page, FRONT, 30)
    caption = page.locator("#drag figcaption").bounding_box()
    page.mouse.move(caption["x"] + 5, caption["y"] + 5)
    page.mouse.down()
    page.mouse.move(*at(page, "Bernstein", (0.5, 1)), steps=4)
    page.mouse.up()
    assert_shows(page, FRONT, 30)
    page.mouse.click(*at(page, "Bernstein", (0.5, 1)))  # and the mouse still adds
    assert "5 points" in said(page)


def test_a_drag_goes_on_over_points_and_in_a_figure_of_another_width(page):
    page.mouse.move(*at(page, "Chebyshev", FRONT[0]))
    page.mouse.down()
    page.mouse.move(*at(page, "Chebyshev", (0.95, -1)), steps=20)
    page.set_viewport_size({"width": 500, "height": 900})
    page.wait_for_function("document.querySelector('#drag svg').clientWidth > 400")
    page.mouse.move(*at(page, "Chebyshev", (0.2, -1)), steps=5)
    page.mouse.up()
    moved = float(re.search(r"point 1 at ([\d.]+), label −", said(page))[1])
    assert moved == pytest.approx(0.2, abs=0.003)
    assert_shows(page, [(moved, -1), *FRONT[1:]], 30)


def test_one_point_is_kept_and_what_is_full_says_so(page):
    for _ in range(6):
        page.locator("#drag button[name=remove]").press("Enter")
    assert said(page).startswith("1 point, no sign changes of the labels")
    set_value(page, "drag-size", 60)
    page.locator("#drag button[name=add]").click()
    assert said(page).startswith("60 points (no more fit), 1 sign change")


def test_what_a_browser_puts_back_into_controls_is_shown(page):
    page.locator("#drag-degree").evaluate("e => { e.value = 7; }")
    page.evaluate("dispatchEvent(new Event('pageshow'))")
    assert_shows(page, FRONT, 7)


def test_everything_is_done_by_keyboard_too(page):
    page.locator("#drag-point").focus()
    page.keyboard.press("ArrowRight")
    assert "Chosen: point 2 at 0.350, label +." in said(page)
    page.locator("#drag-place").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    points = [FRONT[0], (0.347, 1), *FRONT[2:]]
    assert_shows(page, points, 30)
    page.locator("#drag button[name=flip]").press("Enter")
    assert_shows(page, [FRONT[0], (0.347, -1), *FRONT[2:]], 30)
    page.locator("#drag button[name=remove]").press("Space")
    points = [FRONT[0], *FRONT[2:]]
    assert_shows(page, points, 30)
    page.locator("#drag button[name=add]").press("Enter")  # in the widest gap
    assert_shows(page, [*points, (0.35, -1)], 30)
    page.locator("#drag-degree").focus()
    page.keyboard.press("ArrowLeft")
    assert_shows(page, [*points, (0.35, -1)], 29)
    page.locator("#drag-Bernstein").press("Space")
    assert "Bernstein" not in said(page)
    assert page.locator("#drag-degree").get_attribute("aria-valuetext") == "29"


@pytest.mark.parametrize(
    ("name", "grid"), [("equispaced", grids.equispaced), ("chebyshev", grids.chebyshev)]
)
def test_presets_are_the_papers(page, name, grid):
    page.locator("#drag button[name=two]").click()
    assert_shows(page, [(0, -1), (1, 1)], 30)
    page.locator(f"#drag button[name={name}]").click()
    for m in (11, 32):
        set_value(page, "drag-size", m)
        assert_shows(page, list(zip(*grids.training_set(grid(m)), strict=True)), 30)


def test_what_is_not_separable_in_double_precision_is_said(page):
    page.locator("#drag button[name=two]").click()
    page.locator("#drag-place").focus()
    page.keyboard.press("End")  # the first of the two points onto the second
    assert said(page).count("not separable in double precision") == 2
    assert page.locator("#drag path.curve").count() == 0
    page.keyboard.press("Home")
    assert_shows(page, [(0, -1), (1, 1)], 30)


def assert_settles(page, grid, m, n=30):
    """The sentence and the curve are those of pwlib's classifier of m points."""
    x = sample_complexity.grid("lobatto" if grid == "chebyshev" else grid, m)
    weights, gap = sample_complexity.fit(n, x), sample_complexity.half_gap(x)
    f = poly.chebyshev_features(n, MESH) @ weights
    spurious = np.count_nonzero(np.diff(np.sign(f[np.abs(f) > 1e-12]))) - 1
    pattern = rf"m = {m}: (\w+) spurious sign changes?, margin (\S+), .* ({NUMBER}\S*)\.$"
    counted, margin, away = re.search(pattern, said(page, "limit")).groups()
    assert counted.replace("no", "0") == str(spurious)
    margin, away = (float(text.replace("·10^−", "e-")) for text in (margin, away))
    assert margin == pytest.approx(sample_complexity.margin(weights), rel=0.06)
    expected = sample_complexity.distance_to_limit(weights, gap)
    assert away == pytest.approx(expected, rel=0.06, abs=1e-6)


@pytest.mark.parametrize("grid", ["equispaced", "chebyshev"])
def test_the_limit_shows_the_classifier_of_pwlib(page, grid):
    page.locator("#limit-grid").select_option(grid)
    slider = page.locator("#limit-size")
    slider.focus()
    page.keyboard.press("Home")
    for place, m in enumerate(play.SIZES):
        assert slider.get_attribute("aria-valuetext") == str(m)
        if place % 6 == 0:
            assert_settles(page, grid, m)
        page.keyboard.press("ArrowRight")


def test_the_limit_is_played_by_a_button_and_dragged_by_mouse_and_finger(page, phone):
    for tab in (page, phone):
        press(tab, "#limit button[name=grow]")
        tab.wait_for_function(
            "document.querySelector('#limit-said').textContent.startsWith('m = 20:')"
        )
        slide(tab, "limit-size", 0.75)  # and no longer grows
        slide(tab, "limit-degree", 0.5)
        m, n = (
            int(tab.locator(f"#limit-{name}").get_attribute("aria-valuetext"))
            for name in ("size", "degree")
        )
        assert m > 300
        assert 15 < n < 28
        assert_settles(tab, "equispaced", m, n)


def assert_figure_3(page, n):
    """The maximisers, and the distances of the nodes from them, are those of pwlib."""
    count, root, extremum = re.match(
        rf"n = {n}: (\d+) maximisers?; .* within ({NUMBER}) .* extremum within ({NUMBER})\.$",
        said(page, "nodes"),
    ).groups()
    assert int(count) == n == page.locator("#nodes circle.peak").count()
    for farthest, nodes in (
        (root, grids.chebyshev(n, "roots")),
        (extremum, grids.chebyshev(n + 2)),
    ):
        inside = nodes[(nodes > 0) & (nodes < 1)]
        expected = np.abs(poly.nearest_hard_points(n, inside)[1]).max()
        assert float(farthest) == pytest.approx(expected, abs=6e-4)


def test_figure_3_follows_keys_a_mouse_and_a_finger(page, phone):
    page.locator("#nodes-degree").focus()
    for key, n in (("ArrowRight", 11), ("Home", 1), ("ArrowUp", 2), ("End", 40)):
        page.keyboard.press(key)
        assert_figure_3(page, n)
    for tab in (page, phone):
        slide(tab, "nodes-degree", 0.6)
        n = int(tab.locator("#nodes-degree").get_attribute("aria-valuetext"))
        assert 18 < n < 30
        assert_figure_3(tab, n)


@torch.no_grad()
def eight_bits(model):
    model = copy.deepcopy(model)
    for layer in model.layers:
        scale = layer.weight.abs().max() / 127
        layer.weight.copy_((layer.weight / scale).round() * scale)
    return model.double()


def assert_pushed(page, digit, end, of):
    """The sentence says what the networks make of the image at the end of the push."""
    x, y = DATA.test_x[digit : digit + 1].double(), DATA.test_y[digit : digit + 1]
    models = [eight_bits(model) for model in NETWORKS.values()]
    words = said(page, "push")
    moved, *others, _ = re.search(
        rf"^A {int(y)}, moved by ({NUMBER}): .* \(9\) ({NUMBER}), \(10\) ({NUMBER}), "
        rf"margin loss ({NUMBER})\.( Brush at column \d+, row \d+\.)?$",
        words,
    ).groups()
    assert float(moved) == pytest.approx((end - x).norm().item(), abs=0.006)
    model = models[of]
    expected = (objectives.hard_objective(model, end), objectives.adversarial_objective(model, end))
    expected += (attacks.margin_loss(model(end), y),)
    for found, value in zip(others, expected, strict=True):
        assert float(found) == pytest.approx(value.item(), abs=6e-4)
    for (name, _), network in zip(NETWORKS.items(), models, strict=True):
        p = network(end).softmax(-1)[0]
        assert f"the {name} says {int(p.argmax())} ({100 * p.max():.0f}%)" in words


@pytest.mark.parametrize("way", ["label", "hard", "output"])
def test_a_digit_climbs_as_pwlib_moves_it(page, way):
    page.locator("#push-way").select_option(way)
    for digit, steps, length, of in ((0, 3, 1.0, 0), (2, 5, 0.4, 1), (2, 0, 0.4, 1)):
        for name, value in (("digit", digit), ("steps", steps), ("length", length)):
            set_value(page, f"push-{name}", value)
        page.locator("#push-of").select_option(str(of))
        model = eight_bits(list(NETWORKS.values())[of])
        x, y = DATA.test_x[digit : digit + 1].double(), DATA.test_y[digit : digit + 1]
        end = directions.moved(model, x, y, way, steps, length) if steps else x
        assert_pushed(page, digit, end, of)


def assert_climbed(tab):
    """What is shown is what pwlib makes of the values that the controls have."""
    value = {
        name: tab.locator(f"#push-{name}").input_value()
        for name in ("digit", "way", "steps", "length", "of")
    }
    digit, steps, of = (int(value[name]) for name in ("digit", "steps", "of"))
    model = eight_bits(list(NETWORKS.values())[of])
    x, y = DATA.test_x[digit : digit + 1].double(), DATA.test_y[digit : digit + 1]
    length = float(value["length"])
    end = directions.moved(model, x, y, value["way"], steps, length) if steps else x
    assert_pushed(tab, digit, end, of)
    return value


def test_a_climb_is_set_by_keys_a_mouse_and_a_finger(page, phone):
    assert assert_climbed(page)["steps"] == "3"  # it opens with something moved
    climbs = []
    for name, key in (("way", "ArrowDown"), ("steps", "ArrowRight"), ("steps", "ArrowRight")):
        page.locator(f"#push-{name}").focus()
        page.keyboard.press(key)
        climbs.append(assert_climbed(page))
    for name, key in (("length", "ArrowLeft"), ("digit", "End"), ("of", "ArrowDown")):
        page.locator(f"#push-{name}").focus()
        page.keyboard.press(key)
        climbs.append(assert_climbed(page))
    assert climbs[-1] == {"digit": "4", "way": "hard", "steps": "5", "length": "0.9", "of": "1"}
    for tab in (page, phone):
        for name, share in (("digit", 0.5), ("steps", 0.2), ("length", 0.7)):
            before = tab.locator(f"#push-{name}").input_value()
            slide(tab, f"push-{name}", share)
            assert assert_climbed(tab)[name] != before


def test_a_fast_stroke_has_no_holes_and_another_button_none_at_all(page):
    drawn = page.locator("#push svg").nth(1)
    drawn.scroll_into_view_if_needed()
    corner = drawn.evaluate("e => { const m = e.getScreenCTM(); return [m.e, m.f, m.a * 7.5]; }")
    start, end = (
        [corner[i] + (v + 0.5) * corner[2] for i, v in enumerate(p)] for p in ((2, 3), (9, 24))
    )
    page.mouse.click(*start, button="right")
    assert page.locator("#push-way").input_value() == "label"
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end)
    page.mouse.up()
    own = torch.zeros(28, 28, dtype=torch.double)
    for k in range(22):  # with halves upwards, as JavaScript rounds
        own[3 + k, int(np.floor(2 + 7 * k / 21 + 0.5))] = 1
    x = DATA.test_x[:1].double()
    assert_pushed(page, 0, (x + 3 * (own / own.norm()).reshape(1, 784)).clamp(0, 1), 0)


def test_a_push_is_drawn_by_mouse_finger_and_keyboard(page, phone):
    x, own = DATA.test_x[:1].double(), torch.zeros(28, 28, dtype=torch.double)

    def pixel(tab, row, column):
        drawn = tab.locator("#push svg").nth(1)
        drawn.scroll_into_view_if_needed()
        box = drawn.bounding_box()
        side = min(box["width"], box["height"])
        start = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2
        return start[0] + (column + 0.5) * side / 28, start[1] + (row + 0.5) * side / 28

    def end():
        return (x + 3 * (own / own.norm()).reshape(1, 784)).clamp(0, 1)

    page.mouse.move(*pixel(page, 4, 6))
    page.mouse.down()
    page.mouse.move(*pixel(page, 4, 7))
    page.mouse.up()
    own[4, 6] = own[4, 7] = 1
    assert_pushed(page, 0, end(), 0)
    page.locator("#push-brighter").press("Space")
    page.locator("#push-column").press("ArrowRight")
    page.locator("#push-row").press("ArrowLeft")
    page.locator("#push button[name=paint]").press("Enter")
    own[3, 8] = -1
    assert_pushed(page, 0, end(), 0)
    page.locator("#push button[name=clear]").click()
    assert_pushed(page, 0, x, 0)
    own[:] = 0
    phone.touchscreen.tap(*pixel(phone, 20, 3))
    own[20, 3] = 1
    assert_pushed(phone, 0, end(), 0)


def test_the_accuracy_said_is_that_of_the_rounded_networks(page):
    caption = page.locator("#push figcaption").inner_text()
    for name, model in NETWORKS.items():
        right = (eight_bits(model)(DATA.test_x.double()).argmax(1) == DATA.test_y).double().mean()
        assert f"the {name} {100 * right:.1f}%" in caption


def test_colours_are_those_of_the_book(page):
    used = page.locator("svg *").evaluate_all(
        "all => all.flatMap(e => [e.getAttribute('fill'), e.getAttribute('stroke')])"
    )
    plain = {"none", "white", "#000000", "#999999", None}
    assert set(used) <= plain | set(COLOURS.values())


def test_controls_are_labelled_drawings_described_and_ids_unique(page):
    ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
    assert len(set(ids)) == len(ids)
    for control in page.locator("input, select").all():
        assert control.evaluate("e => e.labels.length") == 1
    for svg in page.locator("svg").all():
        assert svg.get_attribute("role") == "img"
        assert svg.get_attribute("aria-label")
        assert svg.get_attribute("aria-describedby") in ids
    assert page.locator("output[aria-live=polite]").count() == len(FIGURES)
