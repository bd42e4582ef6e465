"""The built book in a headless Chromium: what a reader meets on every page.

What the browser needs is in requirements-browser.txt, which ``make test`` installs where there is
a Chromium. Where the environment says CI=true, a missing one is a failure.
"""

import importlib.util
import os
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest
import visits

from pwlib import book, browser, notebooks

pytestmark = pytest.mark.slow

# Words that a reader may look for, and the page that has to be found by each.
SEARCHES = {
    "equispaced": "chapters/3a-pointwise-convergence.html",
    "AutoAttack": "chapters/6c-is-it-the-hard-objective.html",
    "papermill": "chapters/index.html",
}
# The pages with knobs, and how many each has: Figures 1 and 2, 3, and 5.
KNOBS = {
    "chapters/3a-pointwise-convergence.html": 2,
    "chapters/4a-hard-points-of-polynomials.html": 1,
    "chapters/4c-adversarial-training.html": 1,
}
PROSE = "chapters/3a-pointwise-convergence.html"
LISTED = "chapters/5-conclusion.html"


def what_is_missing():
    if browser.executable() is None:
        return browser.MISSING
    if importlib.util.find_spec("axe_playwright_python") is None:
        return "no playwright here: make test installs it, from tests/requirements-browser.txt"
    return None


@pytest.fixture(scope="module", autouse=True)
def built():
    if missing := what_is_missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    command = [sys.executable, "-m", "pwlib", "book"]
    done = subprocess.run(command, cwd=notebooks.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.fixture(scope="module")
def address(built):
    with browser.served(book.HTML) as address:
        yield address


@pytest.fixture(scope="module")
def walked(address):
    return visits.walk_all(address)


@pytest.fixture(scope="module")
def close(walked):
    """A close look at every page over http."""
    return [visit for visit, _ in walked]


@pytest.fixture(scope="module")
def both(walked):
    """Every page over http, and from the folder."""
    return [visit for pair in walked for visit in pair]


@pytest.fixture(scope="module")
def chrome(walked):
    """A browser for what is done by hand, once the walk is over."""
    with browser.chromium() as opened:
        yield opened


@contextmanager
def tab(chrome, url, **settings):
    opened = chrome.new_page(**{"reduced_motion": "reduce"} | settings)
    opened.add_init_script(path=visits.SCRIPT)
    opened.goto(url)
    if settings.get("java_script_enabled", True):
        opened.evaluate("visits.ready()")
    yield opened
    opened.close()


def test_no_page_has_an_error_or_a_warning_in_the_console(both):
    assert not [(visit.page, visit.said) for visit in both if visit.said]


def test_no_page_asks_another_host(both):
    assert not [(visit.page, visit.asked) for visit in both if visit.asked]


def test_every_equation_is_rendered_without_an_error(both):
    assert sum(visit.facts["equations"] for visit in both) > 1000
    for visit in both:
        assert not visit.facts["unrendered"], (visit.page, visit.facts["unrendered"])
        assert not visit.facts["errors"], (visit.page, visit.facts["errors"])


def test_every_image_is_loaded_and_says_what_one_sees_or_is_hidden(both):
    assert any(visit.facts["images"] for visit in both)
    for visit in both:
        for image in visit.facts["images"]:
            assert image["loaded"], (visit.page, image)
            assert image["alt"] is not None, (visit.page, image)
            assert image["hidden"] == (image["alt"] == ""), (visit.page, image)
            assert not re.search(r"\.\w{3,4}$", image["alt"]), (visit.page, image)


def test_headings_are_in_order_below_one_title(close):
    for visit in close:
        levels = [level for level, _ in visit.facts["headings"]]
        assert levels.count(1) == 1, (visit.page, visit.facts["headings"])
        for before, (level, text) in zip(levels, visit.facts["headings"][1:], strict=False):
            assert level <= before + 1, (visit.page, text)


def test_no_two_elements_of_a_page_share_an_id(close):
    assert not [(v.page, v.facts["doubled"]) for v in close if v.facts["doubled"]]


def test_no_page_scrolls_sideways_on_a_phone_a_tablet_or_a_desk(close):
    assert not [(visit.page, visit.sticks_out) for visit in close if visit.sticks_out]


def test_axe_finds_nothing_of_level_a_or_aa_in_either_theme(close):
    found = [f"{visit.page} {violation}" for visit in close for violation in visit.violations]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("word", SEARCHES)
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_a_word(chrome, address, scheme, word):
    base = address if scheme == "http" else f"{book.HTML.as_uri()}/"
    visit = visits.Visit("search.html")
    with tab(chrome, f"{base}chapters/index.html") as page:
        visits.watch(page, visit, base)
        page.keyboard.press("Control+k")
        page.keyboard.type(word)
        page.keyboard.press("Enter")
        page.locator("#search-results .search li").first.wait_for()
        page.wait_for_function("!document.querySelector('#search-progress')?.textContent.trim()")
        links = page.eval_on_selector_all("#search-results li > a", "all => all.map(a => a.href)")
    assert any(link.startswith(base + SEARCHES[word]) for link in links), links
    assert not visit.said + visit.asked


def test_the_theme_toggle_changes_the_theme_and_the_next_page_keeps_it(chrome, address):
    def paper(page):
        theme = page.evaluate("document.documentElement.dataset.theme")
        return theme, page.evaluate("getComputedStyle(document.body).backgroundColor")

    with tab(chrome, f"{address}{LISTED}", color_scheme="light") as page:
        seen = [paper(page)]
        for _ in range(2):  # from auto to light, and on to dark
            page.locator(".theme-switch-button:visible").click()
            seen.append(paper(page))
        page.goto(f"{address}{PROSE}")
        assert paper(page) == seen[-1]
    assert {theme for theme, _ in seen} == {"light", "dark"}
    assert len(set(seen)) == 2, seen


@pytest.mark.parametrize("page", [PROSE, LISTED, "search.html"])
@pytest.mark.parametrize("theme", visits.THEMES)
def test_what_has_the_focus_can_be_seen(chrome, address, page, theme):
    with tab(chrome, address + page, color_scheme=theme) as opened:
        for _ in range(60):
            opened.keyboard.press("Tab")
            element, seen = opened.evaluate("visits.focus()")
            assert seen or element.startswith("<body"), (page, element)


def test_pages_are_printed_on_white_paper_from_the_dark_theme_too(chrome, address):
    theme = "document.documentElement.dataset.theme"
    with tab(chrome, f"{address}{PROSE}", color_scheme="dark") as page:
        assert page.evaluate(theme) == "dark"
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate(theme) == "light"
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert page.evaluate(theme) == "dark"


def test_the_dark_theme_inverts_drawings_and_leaves_pictures_alone(chrome, address):
    filters = """all => all.map(image => [image.className, getComputedStyle(image).filter])"""
    for page, kind in ((PROSE, "drawing"), ("chapters/1-introduction.html", "picture")):
        with tab(chrome, address + page, color_scheme="dark") as opened:
            found = opened.eval_on_selector_all("figure img", filters)
            assert any(kind in names for names, _ in found), page
            for names, filter in found:
                assert ("invert" in filter) == ("drawing" in names), (page, names, filter)
