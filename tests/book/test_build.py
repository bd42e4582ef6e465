"""The whole book, built from the committed notebooks with warnings as errors."""

import importlib
import inspect
import re
from html.parser import HTMLParser

import nbformat
import pytest
from bs4 import BeautifulSoup

from pwlib.book import build, sphinx_links
from pwlib.ledger import claims
from pwlib.reruns import notebooks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(making):
    return {p.stem: p.read_text() for p in (build.HTML / "chapters").glob("*.html")}


def is_main(name):
    """Is it the front page or a chapter, and no appendix?"""
    return name == "index" or name[0].isdecimal()


@pytest.fixture(scope="module")
def soups(pages):
    return {name: BeautifulSoup(html, "html.parser") for name, html in pages.items()}


def test_the_book_builds_without_a_warning_and_changes_no_tracked_file(making):
    status, printed, changed = making
    assert status == 0, printed[-3000:]
    assert not changed


def test_it_prints_every_claim_measured_beside_recorded_and_where_the_book_lies(making):
    _, printed, _ = making
    for claim in claims.ledger():
        assert f"\n{claim.id}: {claim.verdict} ({claim.verdict})\n" in printed
        for name in claim.recorded:
            assert re.search(rf"^    {re.escape(name)}: .+ \(.+\)$", printed, re.M)
    assert str(build.HTML / "index.html") in printed


def test_every_chapter_has_its_page(pages):
    assert {path.stem for path in notebooks.chapters()} <= set(pages)
    assert {"api", "run-it", "bibliography"} <= set(pages)


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
        with_both = [i for i in found if i.get("src") and i.get("alt")]
        assert with_both == found, name
        bad = [i["src"] for i in found if re.search(r"\.\w{3}$", i["alt"])]
        assert not bad, (name, bad)


def data_tables(soup):
    """The tables of an article; an index is laid out by tables and has none."""
    return soup.select("article.bd-article table:not(.indextable)")


def test_every_table_has_a_caption_and_heads_of_its_rows_and_columns(soups):
    assert sum(len(data_tables(soup)) for soup in soups.values()) > 100
    for name, soup in soups.items():
        for table in data_tables(soup):
            assert table.caption.get_text().strip(), (name, table.get_text()[:80])
            assert all(head.get_text().strip() for head in table.select("thead th[scope=col]"))
            assert len(table.select("thead th[scope=col]")) == len(table.select("thead tr > *"))
            for row in table.select("tbody tr"):
                first = row.find(["th", "td"])
                assert first.get("scope") == "row", (name, row.get_text())
                assert first.get_text().strip(), (name, row.get_text())


def test_no_chapter_has_more_than_three_tables(soups):
    found = {name: len(data_tables(soup)) for name, soup in soups.items() if is_main(name)}
    assert len(found) == 12
    assert max(found.values()) <= 3, found


def counted(tags):
    return sum(len(tag.get_text(" ").split()) for tag in tags)


def test_the_main_chapters_are_read_in_an_afternoon(soups):
    articles = [soups[name].select_one("article.bd-article") for name in soups if is_main(name)]
    assert counted(articles) < 40_000
    made = ["cell_output", "offers", "rests-on"]
    texts = [tag for article in articles for tag in article.select("p, li, dd")]
    innermost = [tag for tag in texts if not tag.find(["p", "li"])]
    assert counted(tag for tag in innermost if not tag.find_parent(class_=made)) < 25_000


def test_every_public_function_is_in_the_reference_once(pages):
    reference = "".join(html for name, html in pages.items() if name.startswith("api"))
    for path in (notebooks.ROOT / "pwlib").rglob("[a-z]*.py"):
        module = ".".join(path.relative_to(notebooks.ROOT).with_suffix("").parts)
        for name, node in vars(importlib.import_module(module)).items():
            ours = getattr(node, "__module__", None) == module and inspect.isroutine(node)
            if ours and not name.startswith("_"):
                assert reference.count(f'<dt class="sig sig-object py" id="{module}.{name}">') == 1


def test_a_formula_of_the_reference_leads_to_its_equation(soups):
    name = "pwlib.polynomials.chebyshev_classifier"
    described = soups["api-polynomials"].find(id=name).parent
    assert described.find("a", string="(7)")["href"].endswith("#eq-7")


def test_every_claim_of_the_ledger_leads_to_the_cell_that_settles_it(pages):
    for claim in claims.ledger():
        assert f'{claim.chapter}.html#claim-{claim.id}"' in pages["ledger"]
        assert f'id="claim-{claim.id}"' in pages[claim.chapter]


def test_every_link_within_the_book_leads_somewhere(soups):
    ids = {
        f"{name}.html": {tag["id"] for tag in soup.select("[id]")} for name, soup in soups.items()
    }
    for name, soup in soups.items():
        for href in {tag["href"] for tag in soup.select("article a[href]")}:
            path, _, anchor = href.partition("#")
            if re.match(r"\w+:", href) or path.startswith("../_modules"):
                continue
            page = path or f"{name}.html"
            assert (build.HTML / "chapters" / page).exists(), (name, href)
            assert not anchor or anchor in ids[page], (name, href)


def test_ledger_and_claims_lead_to_each_other(soups):
    for claim in claims.ledger():
        entry = soups["ledger"].find(id=f"ledger-{claim.id}")
        assert claim.name in entry.text
        assert entry["data-verdict"] == claim.verdict
        assert entry.find("a", href=f"{claim.chapter}.html#claim-{claim.id}")
        line = soups[claim.chapter].find(id=f"claim-{claim.id}")
        assert claim.name in line.text
        assert line.find("a", href=f"ledger.html#ledger-{claim.id}")


def ends(links, prefix):
    """What follows a prefix in the anchors of links."""
    anchors = [link["href"].partition("#")[2] for link in links]
    return {anchor.removeprefix(prefix) for anchor in anchors if anchor.startswith(prefix)}


def test_claims_and_the_papers_numbers_lead_to_each_other(soups):
    boxes, rows = set(), set()
    for soup in soups.values():
        for box in soup.select("div.claim"):
            found = ends(box.select("a"), "")
            about = found & set(sphinx_links.SHOWN)
            boxes |= {(box["id"].removeprefix("claim-"), label) for label in about}
    for row in soups["where"].select("tbody tr"):
        (label,) = ends([row.th.a] if row.th.a else [], "") or {None}
        rows |= {(id, label) for id in ends(row.select("a"), "claim-") if label}
    assert {label for _, label in rows} <= set(sphinx_links.SHOWN)
    assert len(boxes) > 20
    assert boxes == rows


def test_under_each_of_the_papers_equations_and_figures_with_claims_a_line_leads_to_them(soups):
    lines, claimed = {}, set()
    for row in soups["where"].select("tbody tr"):
        label = ends([row.th.a] if row.th.a else [], "")
        claimed |= label if ends(row.select("a"), "claim-") else set()
    for line in (line for soup in soups.values() for line in soup.select(".rests-on")):
        label = line.find_previous_sibling(id=re.compile(r"^(eq|fig)-\d+$"))["id"]
        lines[label] = ends(line.select("a"), "paper-")
    kinds = {"eq": {"equations"}, "fig": {"figures"}}
    assert len(claimed) == 14
    assert lines == {label: kinds[label.split("-")[0]] for label in claimed}


def test_no_link_lies_within_a_link(soups):
    assert not [name for name, soup in soups.items() if soup.select("a a")]


def test_every_chapter_with_parameters_offers_its_executed_notebook(soups):
    for path in notebooks.chapters():
        cells = nbformat.read(path, as_version=4).cells
        offered = soups[path.stem].select_one(".offers a[download]")
        assert bool(offered) == any("parameters" in c.metadata.get("tags", []) for c in cells)
        if offered:
            nb = nbformat.read(build.HTML / "chapters" / offered["href"], as_version=4)
            assert nb.metadata["pwlib"]["fingerprint"] == notebooks.fingerprint(path)
            assert any(cell.get("outputs") for cell in nb.cells)
            assert soups[path.stem].select(".offers pre")
