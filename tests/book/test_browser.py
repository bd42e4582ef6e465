"""The built book in a headless Chromium: what a reader meets on every page."""

import re
from contextlib import contextmanager

import pytest
import visits

from pwlib.book import build, printing

pytestmark = pytest.mark.slow

# Words that a reader may look for, and the page that has to be found by each.
SEARCHES = {
    "equispaced": "chapters/3a-pointwise-convergence.html",
    "AutoAttack": "chapters/settings.html",
    "papermill": "chapters/index.html",
}
# The figures of each page that a reader plays with.
PLAYS = {
    "chapters/index.html": ["play-front"],
    "chapters/3a-pointwise-convergence.html": ["play-1", "play-2"],
    "chapters/4a-hard-points-of-polynomials.html": ["play-3"],
    "chapters/4c-adversarial-training.html": ["play-5"],
    "chapters/6a-how-many-points.html": ["play-4"],
}
PROSE = "chapters/3a-pointwise-convergence.html"
LISTED = "chapters/ledger.html"


@pytest.fixture(scope="module")
def address(built_book):
    with printing.served(build.HTML) as address:
        yield address


@pytest.fixture(scope="module")
def walked(address):
    return visits.walk_all(address)


@pytest.fixture(scope="module")
def close(walked):
    """A close look at every page over http."""
    return walked[0]


@pytest.fixture(scope="module")
def both(walked):
    """Every page over http, and one of each kind from the folder."""
    return walked[0] + walked[1]


@pytest.fixture(scope="module")
def chrome(walked):
    """A browser for what is done by hand, once the walk is over."""
    with printing.chromium() as opened:
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
    assert sum(visit.facts["equations"] for visit in both) > 500
    for visit in both:
        assert not visit.facts["unrendered"], (visit.page, visit.facts["unrendered"])
        assert not visit.facts["errors"], (visit.page, visit.facts["errors"])


def test_the_tab_key_stops_at_no_equation_that_is_seen_whole(both):
    assert not [(visit.page, visit.facts["stops"]) for visit in both if visit.facts["stops"]]


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


def test_the_text_of_every_figure_can_be_read_on_a_phone(close):
    assert not [(visit.page, visit.too_small) for visit in close if visit.too_small]


def test_every_figure_is_seen_whole_without_scrolling(close):
    assert not [(visit.page, visit.scrolled) for visit in close if visit.scrolled]


def test_no_line_begins_with_the_punctuation_behind_a_formula(close):
    assert sum(visit.facts["punctuated"] for visit in close) > 500  # so there are some to see
    assert not [(visit.page, visit.torn) for visit in close if visit.torn]


def test_no_formula_in_a_line_is_wider_than_the_line(close):
    assert not [(visit.page, visit.cut) for visit in close if visit.cut]


def test_no_table_is_wider_than_a_phone(close):
    assert not [(visit.page, visit.wide_tables) for visit in close if visit.wide_tables]


def test_no_displayed_equation_is_cut_on_a_phone(close):
    assert not [(visit.page, visit.cut_displays) for visit in close if visit.cut_displays]


def test_a_page_loads_less_than_two_megabytes(close):
    found = {visit.page: visit.facts["bytes"] for visit in close}
    assert not {page: size for page, size in found.items() if not 100_000 < size < 2_000_000}


def test_a_chapter_has_a_picture_within_two_screens_few_tables_and_one_answer(close):
    facts = {v.page: v.facts for v in close if re.match(r"chapters/\d", v.page)}
    assert len(facts) == 11
    for page, found in facts.items():
        assert found["firstFigure"] < 2000, page
        assert len(found["tables"]) <= 3, page
        assert found["boxes"] == 1, page


def test_every_table_has_a_caption_and_heads_of_rows(close):
    lists = ("genindex.html", "py-modindex.html")  # which Sphinx lays out
    for visit in close:
        if visit.page not in lists:
            for table in visit.facts["tables"]:
                assert table["caption"], (visit.page, table)
                assert table["heads"], (visit.page, table)


def test_axe_finds_nothing_of_level_a_or_aa_in_either_theme(close):
    found = [f"{visit.page} {violation}" for visit in close for violation in visit.violations]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("word", SEARCHES)
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_a_word(chrome, address, scheme, word):
    base = address if scheme == "http" else f"{build.HTML.as_uri()}/"
    visit = visits.Visit("search.html")
    with tab(chrome, f"{base}chapters/index.html") as page:
        visits.watch(page, visit, base)
        page.keyboard.press("Control+k")
        page.keyboard.type(word)
        page.keyboard.press("Enter")
        page.locator(f"#search-results li > a[href*='{SEARCHES[word]}']").first.wait_for()
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


@pytest.mark.parametrize("page", ["chapters/6c-what-makes-a-network-robust.html", LISTED])
def test_no_table_sticks_out_of_a_sheet_of_paper(chrome, address, page):
    beyond = """all => all.map(table => table.getBoundingClientRect().right
        - table.closest(".bd-article").getBoundingClientRect().right)"""
    with tab(chrome, address + page, viewport={"width": 718, "height": 1000}) as opened:
        opened.emulate_media(media="print")
        found = opened.eval_on_selector_all(".bd-article table", beyond)
        assert found
        assert max(found) <= 0.5, page


def test_the_dark_theme_inverts_drawings_and_leaves_pictures_alone(chrome, address):
    filters = """all => all.map(image => [image.className, getComputedStyle(image).filter])"""
    for page, kind in ((PROSE, "drawing"), ("chapters/1-introduction.html", "picture")):
        with tab(chrome, address + page, color_scheme="dark") as opened:
            found = opened.eval_on_selector_all("figure img", filters)
            assert any(kind in names for names, _ in found), page
            for names, filter in found:
                assert ("invert" in filter) == ("drawing" in names), (page, names, filter)


def seen(figure):
    """What a figure shows: its drawings, its words, and the picture on the screen."""
    drawn = figure.locator("svg").evaluate_all("all => all.map(svg => svg.innerHTML).join()")
    return drawn, figure.locator("output").inner_text(), figure.locator(".seen").screenshot()


def assert_all_changes(figure, act, how):
    before = seen(figure)
    act()
    for part, old, new in zip(("drawing", "words", "picture"), before, seen(figure), strict=True):
        assert old != new, f"{how} doesn't change the {part}"


def drag(slider):
    """Take the slider by the mouse to a fifth of its length, or to four fifths if it is there."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    at = slider.evaluate("e => (e.value - e.min) / (e.max - e.min)")
    to = 0.8 if at < 0.5 else 0.2
    mouse, middle = slider.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 8 + at * (box["width"] - 16), middle)
    mouse.down()
    mouse.move(box["x"] + to * box["width"], middle, steps=4)
    mouse.up()


def press(control):
    """A step by keyboard, away from the nearer end."""
    control.focus()
    back = control.evaluate("e => +e.value > (+e.min + +e.max) / 2")
    control.page.keyboard.press("PageDown" if back else "PageUp")


def test_every_figure_to_play_with_is_where_it_belongs(close):
    found = {visit.page: visit.facts["plays"] for visit in close if visit.facts["plays"]}
    found.pop("index.html", None)
    assert found == {page: len(names) for page, names in PLAYS.items()}


@pytest.mark.parametrize("page", PLAYS)
def test_a_figure_is_played_with_by_mouse_and_keyboard(chrome, address, page):
    with tab(chrome, address + page, viewport={"width": 1400, "height": 900}) as opened:
        for name in PLAYS[page]:
            figure = opened.locator(f"#{name}")
            for slider in figure.locator("input[type=range]").all():
                label = slider.evaluate("e => e.labels[0].textContent.trim()")
                for act in (press, drag):
                    how = f"{name}, {label}, {act.__name__}"
                    assert_all_changes(figure, lambda s=slider, a=act: a(s), how)


@pytest.mark.parametrize("page", PLAYS)
def test_without_script_and_on_paper_the_figure_that_stands_still_is_there(chrome, address, page):
    def still(opened):
        for name in PLAYS[page]:
            assert not opened.locator(f"#{name}").is_visible()
            before = f"xpath=//*[@id='{name}']/preceding::figure[not(contains(@class, 'play'))][1]"
            assert opened.locator(f"{before}//img").is_visible()

    with tab(chrome, address + page, java_script_enabled=False) as opened:
        still(opened)
    with tab(chrome, address + page) as opened:
        opened.emulate_media(media="print")
        still(opened)


@pytest.mark.parametrize("page", PLAYS)
@pytest.mark.parametrize("width", [360, 1400])
def test_nothing_moves_when_the_script_draws(chrome, address, page, width):
    """The figures are as high before the scripts have run as they are at the end."""
    heights = "all => all.map(e => e.offsetHeight)"
    size = {"width": width, "height": 900}
    found = []
    for pattern in ("**/play.js*", "**/never.js"):  # held back, and not
        with tab(chrome, "about:blank", viewport=size) as opened:
            opened.route(pattern, lambda route: route.fulfill(body=""))
            opened.goto(address + page)
            opened.evaluate("visits.ready()")
            found.append(opened.eval_on_selector_all("figure.play", heights))
    assert found[0] == found[1]


@pytest.mark.parametrize(("width", "height"), [(360, 640), (1400, 900)])
def test_the_first_screen_has_question_picture_findings_and_doors(chrome, address, width, height):
    parts = ["h1", "figure:not(.play) img", ".findings li:nth-child(5) a", ".doors a:nth-child(4)"]
    size = {"width": width, "height": height}
    with tab(chrome, f"{address}chapters/index.html", viewport=size) as page:
        for part in parts:
            box = page.locator(f".bd-article {part}").first.bounding_box()
            assert 0 <= box["y"] < box["y"] + box["height"] <= height, part
