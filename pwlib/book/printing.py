"""The whole book as one PDF: its pages put together into one, and printed by a browser.

Playwright drives a browser without a window, which sees a folder served on this machine. It comes
with ``make test`` and ``make pdf``, not with the book.
"""

from __future__ import annotations

import logging
import re
import shutil
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, cast

import yaml
from bs4 import BeautifulSoup, Tag

from pwlib.book import build
from pwlib.book.build import BUILD, HTML
from pwlib.places import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pypdf.generic import DictionaryObject

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium is on PATH: apt-get install chromium fonts-dejavu-core"
# No other host has an address: what asks for one fails, and nothing leaves this machine.
NO_HOSTS = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
PDF = BUILD / "book.pdf"
FOOTER = """<div style="width: 100%; text-align: center; font-size: 8pt">
<span class="pageNumber"></span></div>"""
READY = "MathJax.startup.promise.then(() => document.fonts.ready).then(() => true)"
# Code that a page folds away, what answers to a reader, and marks of links have no use on paper.
NOT_PRINTED = "details.above-input, figure.knobs, script, .headerlink, .viewcode-link"


def executable() -> str | None:
    """The path of a Chromium or Chrome, or None where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser with a profile of its own, closed at the end.

    Raises `RuntimeError` where no Chromium is installed.
    """
    from playwright.sync_api import sync_playwright

    path = executable()
    if path is None:
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
    """Print the book that lies in ``_build/html``; a crash leaves the old file or none.

    Raises `RuntimeError` where no Chromium is installed, and `build.BookError` where there is no
    book.
    """
    build.require_book()
    page = whole(contents())
    with chromium() as browser:
        content = printed(browser, page)
    out.write_bytes(with_outline(content, page))
    return out


def contents() -> list[str]:
    """The book's pages in their order, each as its place in ``_build/html`` without a suffix."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"])]


def whole(pages: Sequence[str]) -> BeautifulSoup:
    """One HTML page with the articles of all pages; it belongs beside the first of them.

    Ids get their page's name before them, and links lead to where their target now stands.
    """
    texts = [(HTML / f"{page}.html").read_text(encoding="utf-8") for page in pages]
    soups = [BeautifulSoup(text, "html.parser") for text in texts]
    names = [PurePosixPath(page).name for page in pages]
    articles = [_article(soup, name, names) for soup, name in zip(soups, names, strict=True)]
    titles = [_title(article) for article in articles]
    lines = [f'<li><a href="#{n}">{t}</a></li>' for n, t in zip(names, titles, strict=True)]
    listed = f"<nav><h2>Contents</h2><ol>{''.join(lines[1:])}</ol></nav>"
    book = soups[0]
    for script in book.select("head script"):
        if "mathjax" not in str(script).lower():
            script.decompose()
    book.html["data-theme"] = "light"
    book.title.string = titles[0]
    book.body.replace_with(body := book.new_tag("body", attrs={"class": "whole-book"}))
    body.extend([articles[0], BeautifulSoup(listed, "html.parser"), *articles[1:]])
    return book


def _title(article: Tag) -> str:
    return article.select("h1")[0].get_text()


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
        if "made-by-code" in link.get("class", []):  # to code that isn't printed
            link.unwrap()
        elif stem in names:
            link["href"] = f"#{stem}--{anchor}" if anchor else f"#{stem}"
        elif not re.match(r"\w+:", page):
            link.unwrap()
    article["id"] = name
    return article


def with_outline(content: bytes, page: BeautifulSoup) -> bytes:
    """A PDF of a page whose outline has the page's headings, equations as they are written.

    Chromium gathers them from the painted lines: without the spaces between these, and twice over
    where a heading begins a page.
    """
    from pypdf import PdfWriter
    from pypdf.generic import DictionaryObject, NameObject, TextStringObject

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it counts Chromium's objects otherwise
    writer = PdfWriter(BytesIO(content), incremental=True)
    entries = list(_entries(cast(DictionaryObject, writer.root_object["/Outlines"])))
    headings = page.find_all(re.compile("^h[1-6]$"))
    for entry, heading in zip(entries, headings, strict=True):
        title = re.sub(r"\\[()]|\s+", " ", heading.get_text()).strip()
        entry[NameObject("/Title")] = TextStringObject(title)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _entries(node: DictionaryObject) -> Iterator[DictionaryObject]:
    """The entries below a node of an outline, in the order in which one reads them."""
    child = node.get("/First")
    while child is not None:
        entry = child.get_object()
        yield entry
        yield from _entries(entry)
        child = entry.get("/Next")


def printed(browser: Browser, page: BeautifulSoup) -> bytes:
    """A page that belongs beside the book's others, as a PDF; nothing is fetched from elsewhere."""
    with served(HTML) as address:
        tab = browser.new_page()
        tab.route(
            f"{address}chapters/whole.html",
            lambda route: route.fulfill(body=str(page), content_type="text/html; charset=utf-8"),
        )
        tab.goto(f"{address}chapters/whole.html", timeout=300_000)
        tab.evaluate(READY)
        sides = {"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"}
        return tab.pdf(
            format="A4",
            scale=0.85,
            margin=sides,
            print_background=True,
            tagged=True,
            outline=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
        )
