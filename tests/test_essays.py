"""The chapters as essays: how much prose, and that the code one sees is mathematics."""

import ast
import re

import committed
import pytest

APPENDICES = {"index", "proofs", "details", "settings", "ledger", "register"}
MAIN = [name for name in committed.PATHS if name not in APPENDICES]
MOST = dict.fromkeys(MAIN, 2500) | {"2-related-work": 3000, "3a-pointwise-convergence": 3000}
OUT_OF_SIGHT = {"remove-input", "remove-cell", "parameters"}
# What isn't mathematics: it shows, formats, looks up, settles or checks.
SHOWS = {
    "print",
    "glue",
    "display",
    "claims",
    "style",
    "results",
    "format",
    "with_interval",
    "join",
}
SHOWS |= {"values", "difference", "titles", "named", "kinds"}  # of a table that is there


def words(book):
    """Every word that a reader sees in the cells of text, but for displayed formulas and code.

    Headings, titles of boxes and the names and numbers in formulas count; what a cell glues into
    the text is a word.
    """
    text = "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    text = re.sub(r"\$\$.*?\$\$|```.*?```", " ", text, flags=re.S)
    text = re.sub(r"^\([\w-]+\)=$|^:::(\{\w+\})?|^:\w+:.*$", " ", text, flags=re.M)
    text = re.sub(r"\{[\w:]+\}`[^`]*`", " x ", re.sub(r"\]\([^)]*\)", "]", text))
    return len(re.findall(r"\w[\w'’-]*", text))


def visible(book):
    """The statements of the code that a page shows."""
    for cell in book.cells:
        if cell.cell_type == "code" and not OUT_OF_SIGHT & set(cell.metadata.get("tags", [])):
            yield from ast.parse(cell.source).body


def statements(node):
    """A statement, or those inside where it holds others, without docstrings."""
    inner = [one for one in getattr(node, "body", []) if isinstance(one, ast.stmt)]
    if not inner:
        yield node
    for one in inner:
        if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)):
            yield from statements(one)


def is_mathematics(node):
    """Does it compute something, and neither show, format, look up, settle nor check it?"""
    inside = list(ast.walk(node))
    names = {one.id for one in inside if isinstance(one, ast.Name)}
    names |= {one.attr for one in inside if isinstance(one, ast.Attribute)}
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert) or names & SHOWS:
        return False
    if any(isinstance(one, ast.JoinedStr) for one in inside):
        return False
    return any(isinstance(one, ast.Call | ast.BinOp | ast.Compare | ast.UnaryOp) for one in inside)


def draws(node):
    """One line for a figure, which counts neither way."""
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return isinstance(node, ast.Expr) and any(name.startswith("figure") for name in names)


def share_of_mathematics(book):
    lines = {True: 0, False: 0}
    for top in visible(book):
        for node in statements(top):
            if not draws(node):
                lines[is_mathematics(node)] += node.end_lineno - node.lineno + 1
    return lines[True] / max(sum(lines.values()), 1)


@pytest.mark.parametrize("name", MAIN)
def test_a_chapter_has_no_more_prose_than_a_reader_takes_in_ten_minutes(name):
    assert words(committed.read(name)) <= MOST[name]


def test_the_chapters_together_can_be_read_in_an_afternoon():
    assert sum(words(committed.read(name)) for name in MAIN) < 25_000


@pytest.mark.parametrize("name", MAIN)
def test_the_code_that_a_page_shows_is_mathematics(name):
    book = committed.read(name)
    assert not list(visible(book)) or share_of_mathematics(book) >= 0.8
