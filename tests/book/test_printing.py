"""The book on paper: one page of all pages, and the PDF that the browser prints of it."""

import re
import sys
from contextlib import nullcontext
from io import BytesIO
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from pwlib.book import printing


@pytest.mark.parametrize(
    ("href", "there"),
    [
        ("#claim-eq-7", "#b--claim-eq-7"),
        ("a.html", "#a"),
        ("a.html#eq-5", "#a--eq-5"),
        ("https://arxiv.org/abs/2107.10599", "https://arxiv.org/abs/2107.10599"),
        ("../_modules/pwlib/grids.html", None),
        ("../genindex.html#A", None),
    ],
)
def test_a_link_leads_to_where_its_target_stands(href, there, tmp_path, monkeypatch):
    head = "<head><title>T</title></head>"
    page = f'{head}<body><article class="bd-article"><h1>T</h1>{{}}</article></body>'
    monkeypatch.setattr(printing, "HTML", tmp_path)
    (tmp_path / "a.html").write_text(f"<html>{page.format('')}</html>")
    (tmp_path / "b.html").write_text(f"<html>{page.format(f'<p><a href={href}>x</a></p>')}</html>")
    found = BeautifulSoup(printing.whole(["a", "b"]), "html.parser").select("p a")
    assert [link["href"] for link in found] == ([there] if there else [])


def test_what_is_folded_is_open_and_what_answers_to_a_reader_is_left_out(tmp_path, monkeypatch):
    head = '<title>T</title><script src="mathjax.js"></script><script src="other.js"></script>'
    folded = '<details class="above-input">code</details><details id="more">more</details>'
    article = f'<article class="bd-article"><h1>T</h1>{folded}<script>1</script></article>'
    monkeypatch.setattr(printing, "HTML", tmp_path)
    (tmp_path / "a.html").write_text(f"<html><head>{head}</head><body>{article}</body></html>")
    found = BeautifulSoup(printing.whole(["a"]), "html.parser")
    assert [script["src"] for script in found("script")] == ["mathjax.js"]
    (details,) = found("details")
    assert details.attrs == {"id": "a--more", "open": ""}


def test_without_a_browser_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "playwright.sync_api", SimpleNamespace(sync_playwright=None))
    monkeypatch.setattr(printing.shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match="^no Chromium is on PATH: "), printing.chromium():
        pass


@pytest.fixture(scope="module")
def page(built_book):
    """The page of all pages."""
    return printing.whole(printing.contents())


@pytest.fixture(scope="module")
def soup(page):
    return BeautifulSoup(page, "html.parser")


@pytest.mark.slow
def test_every_link_of_the_whole_book_has_a_target_and_no_id_is_doubled(soup):
    ids = [tag["id"] for tag in soup.select("[id]")]
    assert len(ids) == len(set(ids))
    links = [a["href"].removeprefix("#") for a in soup.select('a[href^="#"]')]
    assert len(links) > 500
    assert not set(links) - set(ids)


@pytest.mark.slow
def test_the_whole_book_loads_nothing_from_another_host(soup):
    loaded = [tag.get("src") or tag.get("href") for tag in soup.select("[src], link[href]")]
    assert loaded
    assert not [address for address in loaded if re.match(r"\w+:|//", address)]


@pytest.mark.slow
def test_the_pdf_has_the_title_and_every_chapter_on_a_page_of_its_own(page, soup):
    from pypdf import PdfReader

    with printing.chromium() as opened:
        pdf = PdfReader(BytesIO(printing.printed(opened, page)))
    tops = [entry for entry in pdf.outline if not isinstance(entry, list)]
    chapters = [heading.get_text() for heading in soup("h1")]
    assert pdf.metadata.title == chapters[0]
    assert len(chapters) == len(printing.contents())
    assert [entry.title for entry in tops] == chapters
    pages = [pdf.get_destination_page_number(entry) for entry in tops]
    assert pages == sorted(set(pages))
    assert pages[printing.contents().index("chapters/proofs")] <= 100  # those before the appendices
    text = pdf.pages[pages[1]].extract_text()
    assert "".join(chapters[1].split()) in "".join(text.split())


def test_a_crash_leaves_the_old_pdf(tmp_path, monkeypatch):
    def crash(browser, page):
        raise RuntimeError("no paper")

    out = tmp_path / "book.pdf"
    out.write_bytes(b"old")
    monkeypatch.setattr(printing.build, "require_book", lambda: None)
    monkeypatch.setattr(printing, "whole", lambda pages: None)
    monkeypatch.setattr(printing, "printed", crash)
    monkeypatch.setattr(printing, "chromium", nullcontext)
    with pytest.raises(RuntimeError, match="no paper"):
        printing.pdf(out)
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]
