"""The whole book as one PDF: its pages put together into one, and printed by a browser.

Playwright drives a browser without a window, which sees a folder served on this machine. It comes
with ``make test`` and ``make pdf``, not with the book.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup, Tag

from pwlib import checks
from pwlib.book import build
from pwlib.book.build import BUILD, HTML
from pwlib.places import write
from pwlib.reruns.notebooks import contents

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium is on PATH: apt-get install chromium fonts-dejavu-core"
# No other host has an address: what asks for one fails, and nothing leaves this machine.
NO_HOSTS = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
PDF = BUILD / "book.pdf"
READY = "MathJax.startup.promise.then(() => document.fonts.ready).then(() => true)"
# Code that a page folds away, what answers to a reader, and marks of links have no use on paper.
NOT_PRINTED = "details.above-input, figure.play, script, .headerlink, .viewcode-link"


def executable() -> str | None:
    """The path of a Chromium or Chrome, or None where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser with a profile of its own. Raises RuntimeError where none is installed."""
    from playwright.sync_api import sync_playwright

    if (path := executable()) is None:
        raise RuntimeError(MISSING)
    flags = ["--disable-gpu", "--disable-quic", NO_HOSTS]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing of single requests."""


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve a folder on 127.0.0.1 while the block runs; gives the address, with a slash at the end.

    Port 0 is any free one. Raises `OSError`, which names the port, where it can't be had.
    """
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=folder))
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"port {port}") from None
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


def pdf(out: Path = PDF) -> Path:
    """Print the book that lies in ``_build/html``.

    Raises `RuntimeError` where no Chromium is installed, and `build.BookError` where there is no
    book.
    """
    build.require_book()
    with chromium() as browser:
        write(out, printed(browser, whole(contents())))
    return out


def whole(pages: Sequence[str]) -> str:
    """The articles of all pages in one page; their ids get the page's name in front."""
    texts = [(HTML / f"{page}.html").read_text(encoding="utf-8") for page in pages]
    soups = [BeautifulSoup(text, "html.parser") for text in texts]
    names = [PurePosixPath(page).name for page in pages]
    articles = [_article(soup, name, names) for soup, name in zip(soups, names, strict=True)]
    lines = [f'<li><a href="#{a["id"]}">{a.select("h1")[0].get_text()}</a></li>' for a in articles]
    listed = f"<nav><h2>Contents</h2><ol>{''.join(lines[1:])}</ol></nav>"
    (head,) = next((s for s in soups if s.select("script[src*=mathjax]")), soups[0]).select("head")
    head.select("title")[0].string = articles[0].select("h1")[0].get_text()
    for script in head.select("script"):
        if "mathjax" not in str(script).lower():
            script.decompose()
    return (
        f'<!DOCTYPE html><html lang="en" data-theme="light">{head}'
        f'<body class="whole-book">{articles[0]}{listed}{"".join(map(str, articles[1:]))}</body>'
        "</html>"
    )


def _article(soup: BeautifulSoup, name: str, names: Collection[str]) -> Tag:
    """The article of the page ``name``, as it stands among those of the pages ``names``."""
    (article,) = soup.select("article.bd-article")
    for tag in article.select(NOT_PRINTED):
        tag.decompose()
    for folded in article.select("details"):
        folded["open"] = ""
    for tag in article.select("[id]"):
        tag["id"] = f"{name}--{tag['id']}"
    for link in article.select("a[href]"):
        page, _, anchor = str(link["href"]).partition("#")
        stem = page.removesuffix(".html") or name
        if stem in names:
            link["href"] = f"#{stem}--{anchor}" if anchor else f"#{stem}"
        elif not re.match(r"\w+:", page):
            link.unwrap()
    article["id"] = name
    return article


def printed(browser: Browser, page: str) -> bytes:
    """A page that belongs beside the book's others, as a PDF; nothing is fetched from elsewhere."""
    with served(HTML) as address:
        tab = browser.new_page()
        tab.route(
            f"{address}chapters/whole.html",
            lambda route: route.fulfill(body=page, content_type="text/html; charset=utf-8"),
        )
        tab.goto(f"{address}chapters/whole.html", timeout=300_000)
        tab.evaluate(READY)
        return tab.pdf(
            scale=0.85, prefer_css_page_size=True, print_background=True, tagged=True, outline=True
        )


_PAGE = checks.a(
    str, where=lambda page: (HTML / f"{page}.html").is_file(), what="a page of the built book"
)
_BROWSER = checks.a(object, where=lambda one: hasattr(one, "new_page"), what="a browser")
checks.accepts(
    __name__,
    {"folder": checks.a(Path, where=Path.is_dir, what="a folder"), "port": checks.whole(0, 65535)}
    | {"pages": checks.listed(_PAGE), "browser": _BROWSER},
)
