"""Mends of a page, on small documents."""

from types import SimpleNamespace

import pytest
from docutils import nodes

from pwlib.book import sphinx_extension


def table(rows):
    """A table of texts, with a head of numbers."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in rows[0]))
    lines = [nodes.row("", *(nodes.entry("", nodes.paragraph("", t)) for t in r)) for r in rows]
    head = nodes.row(
        "", *(nodes.entry("", nodes.paragraph("", str(i))) for i in range(len(rows[0])))
    )
    group += [nodes.thead("", head), nodes.tbody("", *lines)]
    return nodes.table("", group, classes=["colwidths-auto"])


def kept(node):
    return [part.astext() for part in node.findall(nodes.inline) if "keep" in part["classes"]]


@pytest.mark.parametrize(
    ("text", "together"),
    [
        ("42.4 (-38.2 to 46.7), n = 5", "42.4 (-38.2_to_46.7), n = 5"),
        ("at most 1.6e-06", "at most 1.6e-06"),
        ("3.5185 ± 0.0001", "3.5185_±_0.0001"),
        ("± 3.6e-05 and 8.5 %", "±_3.6e-05 and 8.5_%"),
        ("from 7 to the end of 12", "from 7 to the end of 12"),
    ],
)
def test_a_number_in_a_table_is_not_broken_from_its_error_or_unit(text, together):
    document = table([[text]])
    sphinx_extension.keep_numbers(None, document)
    shown = document.next_node(nodes.tbody).astext()
    assert shown == together.replace("_", "\N{NO-BREAK SPACE}")


def test_a_formula_keeps_the_punctuation_behind_it():
    line = nodes.paragraph("", "", nodes.Text("at "), nodes.math("", "x"), nodes.Text("), or"))
    sphinx_extension.keep_punctuation(None, line)
    assert kept(line) == ["x),"]
    assert line.astext() == "at x), or"


def test_what_is_drawn_is_told_from_pictures_of_data(tmp_path):
    texts = {"drawn.svg": "<svg><path/></svg>", "data.svg": "<svg><image/></svg>", "photo.png": ""}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    page = nodes.paragraph("", "", *(nodes.image(uri=name) for name in texts))
    sphinx_extension.tell_drawings(SimpleNamespace(srcdir=tmp_path), page)
    found = [image["classes"] for image in page.findall(nodes.image)]
    assert found == [["drawing"], ["picture"], ["picture"]]


def test_a_page_says_what_equations_need():
    context = {"body": '<p class="math">x</p>'}
    sphinx_extension.mend_page(None, "page", "page.html", context, None)
    assert context["body"].startswith(f"<noscript><p>{sphinx_extension.NO_SCRIPT}</p></noscript>")
