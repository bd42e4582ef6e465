"""The whole book, built from the committed notebooks with warnings as errors."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from pwlib import book, claims, notebooks, provenance

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built():
    command = [sys.executable, "-m", "pwlib", "book"]
    return subprocess.run(command, cwd=notebooks.ROOT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def pages(built):
    return {p.stem: p.read_text() for p in (book.HTML / "chapters").glob("*.html")}


def tracked_changes():
    command = ["git", "status", "--porcelain", "--untracked-files=no"]
    return subprocess.run(command, cwd=notebooks.ROOT, capture_output=True, text=True).stdout


def test_the_book_builds_without_a_warning_and_changes_no_tracked_file():
    before = tracked_changes()
    command = [sys.executable, "-m", "pwlib", "book"]
    done = subprocess.run(command, cwd=notebooks.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert tracked_changes() == before


def test_it_prints_every_claim_measured_beside_recorded_and_where_the_book_lies(built):
    for claim in claims.ledger():
        assert f"\n{claim.id}: {claim.verdict} ({claim.verdict})\n" in built.stdout
        for name in claim.recorded:
            assert re.search(rf"^    {re.escape(name)}: .+ \(.+\)$", built.stdout, re.M)
    assert str(book.HTML / "index.html") in built.stdout


def test_every_chapter_has_its_page(pages):
    assert {path.stem for path in notebooks.chapters()} <= set(pages)
    assert {"api", "execution", "bibliography"} <= set(pages)


def test_no_page_shows_a_raw_role_or_directive(pages):
    for name, html in pages.items():
        text = re.sub(r"<(pre|script|code)\b.*?</\1>", "", html, flags=re.S)
        raw = re.findall(r"\{(?:glue|cite|ref|eq|doc|numref)[:}][^<]{0,40}|```\{", text)
        assert not raw, (name, raw)


def test_every_image_says_what_one_sees(pages):
    class Images(HTMLParser):
        def handle_starttag(self, tag, attributes):
            if tag == "img":
                found.append(dict(attributes))

    for name, html in pages.items():
        found = []
        Images().feed(html)
        bad = [i["src"] for i in found if not i.get("alt") or re.search(r"\.\w{3}$", i["alt"])]
        assert not bad, (name, bad)


def test_every_public_module_is_in_the_api_reference(pages):
    for path in provenance.PACKAGE.glob("[a-z]*.py"):
        if path.stem != "sphinx_extension":
            assert f'id="module-pwlib.{path.stem}"' in pages["api"]


def test_every_claim_of_the_ledger_leads_to_the_cell_that_settles_it(pages):
    for claim in claims.ledger():
        assert f'{claim.chapter}.html#claim-{claim.id}"' in pages["5-conclusion"]
        assert f'id="claim-{claim.id}"' in pages[claim.chapter]


def test_no_page_loads_thebe(pages):
    loads = re.compile(r"<script[^>]*src=[^>]*thebe|https?://[^\"' ]*thebe")
    assert not [name for name, html in pages.items() if loads.search(html)]
