"""What the pages of the built book do and say in a browser, page by page."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from pwlib.book import build
from pwlib.book.printing import chromium

WIDTHS = (360, 768, 1400)
THEMES = ("light", "dark")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
AGAIN = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]
# A page of each kind: what one can't do from a folder depends on its scripts alone.
FROM_FOLDER = (
    "index.html",
    "search.html",
    "chapters/4c-adversarial-training.html",
    "chapters/ledger.html",
    "chapters/api-networks.html",
)
SCRIPT = Path(__file__).with_suffix(".js")


@dataclass
class Visit:
    """One load of one page: what it said in the console, whom it asked, what stood in it."""

    page: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    facts: dict = field(default_factory=dict)
    sticks_out: list[str] = field(default_factory=list)
    too_small: list[str] = field(default_factory=list)
    scrolled: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    wide_tables: list[str] = field(default_factory=list)
    cut_displays: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def pages() -> list[str]:
    """Every page of the built book, as a path in its folder; sources of modules are one kind."""
    found = sorted(
        p.relative_to(build.HTML).as_posix()
        for p in build.HTML.rglob("*.html")
        if "_static" not in p.parts
    )
    sources = [page for page in found if page.startswith("_modules/pwlib/")]
    return [page for page in found if page not in sources[1:]]


def watch(tab, visit: Visit, address: str) -> None:
    """Note what a tab says and asks for from now on."""

    def say(message):
        if message.type in ("error", "warning"):
            visit.said.append(f"{message.type}: {message.text}")

    def ask(request):
        if not request.url.startswith((address, "data:", "blob:")):
            visit.asked.append(request.url)

    tab.on("console", say)
    tab.on("pageerror", lambda error: visit.said.append(f"not caught: {error}"))
    tab.on("requestfailed", lambda request: visit.said.append(f"failed: {request.url}"))
    tab.on("request", ask)


def look(browser, page: str, address: str, *, closely: bool) -> Visit:
    """Open a page and see what it does; ``closely``: also at all widths, and by axe in both themes.

    ``address`` is of the book's folder, http: or file:.
    """
    visit = Visit(page)
    # Without motion no colour is seen half-way between two themes.
    size = {"width": WIDTHS[-1], "height": 900}
    tab = browser.new_page(viewport=size, reduced_motion="reduce")
    tab.add_init_script(path=SCRIPT)
    watch(tab, visit, address)
    tab.goto(address + page)
    if page == "index.html":  # sends the reader on
        tab.wait_for_url(f"{address}chapters/index.html")
    tab.evaluate("visits.ready()")
    visit.facts = tab.evaluate("visits.facts()")
    if closely:
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            visit.sticks_out += [f"{width}: {e}" for e in tab.evaluate("visits.sticksOut()")]
            visit.too_small += [f"{width}: {e}" for e in tab.evaluate("visits.tooSmall()")]
            visit.scrolled += [f"{width}: {e}" for e in tab.evaluate("visits.scrolled()")]
            visit.torn += [f"{width}: {e}" for e in tab.evaluate("visits.torn()")]
            visit.cut += [f"{width}: {e}" for e in tab.evaluate("visits.cut()")]
            if width == WIDTHS[0]:
                visit.wide_tables = tab.evaluate("visits.wideTables()")
                visit.cut_displays = tab.evaluate("visits.cutDisplays()")
        # axe fetches style sheets in its own way: what it says isn't the page's.
        said = list(visit.said)
        tab.evaluate("visits.thin()")
        visit.violations = [f"{theme}: {v}" for theme in THEMES for v in _violations(tab, theme)]
        visit.said = said
    tab.close()
    return visit


def _violations(tab, theme: str) -> list[str]:
    """What axe finds by the rules of levels A and AA; in the second theme on a phone.

    There it asks again only what colours and widths can change.
    """
    from axe_playwright_python.sync_playwright import Axe

    rules = {"type": "tag", "values": LEVELS}
    tab.evaluate(f"visits.setTheme('{theme}')")
    if theme != THEMES[0]:
        tab.set_viewport_size({"width": WIDTHS[0], "height": 900})
        rules = {"type": "rule", "values": AGAIN}
        tab.wait_for_timeout(450)  # the theme looks 300 ms later at what has become scrollable
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found = Axe().run(tab, options=options).response
    return [
        f"{rule['id']} at {node['target']}: {node['html'][:120]} {_why(node)}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def _why(node: dict) -> str:
    return "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])


def walk(pages: list[str], address: str) -> tuple[list[Visit], list[Visit]]:
    """Look at pages in one browser: closely at the address, and at some from the folder."""
    folder = f"{build.HTML.as_uri()}/"
    with chromium() as browser:
        close = [look(browser, page, address, closely=page != "index.html") for page in pages]
        some = [page for page in pages if page in FROM_FOLDER]
        return close, [look(browser, page, folder, closely=False) for page in some]


def walk_all(address: str) -> tuple[list[Visit], list[Visit]]:
    """Look at every page of the book, in two processes that share the work about evenly."""
    largest_first = sorted(pages(), key=lambda page: -(build.HTML / page).stat().st_size)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        halves = [pool.submit(walk, largest_first[i::2], address) for i in (0, 1)]
        (close, folder), (more, more_folder) = (half.result() for half in halves)
    return close + more, folder + more_folder
