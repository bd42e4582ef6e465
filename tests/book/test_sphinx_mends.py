"""Mends of a page, on small documents."""

import pytest
from docutils import nodes

from pwlib.book import sphinx_mends


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
        ("42.4 (-38.2 to 46.7), n = 5", ["(-38.2 to 46.7)"]),
        ("at most 1.6e-06", ["1.6e-06"]),
        ("3.5185 ± 0.0001", ["3.5185 ± 0.0001"]),
        ("± 3.6e-05 and 8.5 %", ["± 3.6e-05", "8.5 %"]),
        ("97.47 (97.42–97.51)", ["(97.42–97.51)"]),
        ("-0.52 [-1.34, +0.30]", ["-0.52", "[-1.34, +0.30]"]),
        ("fig-2-chebyshev, 7 of 12", []),
    ],
)
def test_a_number_in_a_table_stays_in_one_piece_and_its_text_as_it_was(text, together):
    document = table([[text]])
    sphinx_mends.keep_numbers(None, document)
    assert kept(document) == together
    assert document.next_node(nodes.tbody).astext() == text


def test_a_formula_keeps_the_punctuation_behind_it():
    line = nodes.paragraph("", "", nodes.Text("at "), nodes.math("", "x"), nodes.Text("), or"))
    sphinx_mends.keep_punctuation(None, line)
    assert kept(line) == ["x),"]
    assert line.astext() == "at x), or"


def test_columns_of_wordy_tables_share_the_width_by_what_they_hold():
    document = nodes.paragraph("", "", table([["a", "b " * 100, "c " * 50]]))
    sphinx_mends.tell_wordy_tables(None, document)
    found = document.next_node(nodes.table)
    assert {"wordy", "colwidths-given"} == set(found["classes"])
    assert [column["colwidth"] for column in found.findall(nodes.colspec)] == [8, 66, 33]
