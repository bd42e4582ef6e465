"""Mends of a page, on small documents."""

from types import SimpleNamespace

from docutils import nodes

from pwlib.book import sphinx_extension


def kept(node):
    return [part.astext() for part in node.findall(nodes.inline) if "keep" in part["classes"]]


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
