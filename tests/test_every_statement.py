"""Every statement of the chapters has a check that reads all of its formulas and words."""

import importlib
import re

import formulas
import nbformat
import pytest
import sayings
import sympy as sp

from pwlib.places import CHAPTERS

for module in ("statements_on_bases", "statements_on_points"):
    pytest.register_assert_rewrite(module)
    importlib.import_module(module)
GENERATED = {"ledger", "register"}  # quote the paper, not theorems
CHAPTERS_READ = sorted({path.stem for path in CHAPTERS.glob("*.ipynb")} - GENERATED)


@pytest.mark.parametrize(("chapter", "name"), sayings.CHECKS)
def test_a_statement_is_true_as_it_is_worded(chapter, name):
    sayings.try_statement(chapter, name, sayings.statements(chapter)[name])


@pytest.mark.parametrize("chapter", CHAPTERS_READ)
def test_no_statement_is_without_a_check(chapter):
    named = re.findall(r"\*\*(?:Theorem|Lemma|Proposition|Corollary)", formulas.prose(chapter))
    found = sayings.statements(chapter)
    assert {(chapter, name) for name in found} - set(sayings.CHECKS) == set()
    assert len(named) <= len(found)


def test_what_cells_show_of_theorems_2_and_3_is_what_chapter_3a_states():
    cells = nbformat.read(CHAPTERS / "proofs.ipynb", as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    for name, theorem, symbols in (
        ("exactly", "Theorem 2", {"p": "p"}),
        ("at_least", "Theorem 3", {"m_in": "m_{in}", "m_end": "m_{end}"}),
    ):
        (written,) = re.findall(rf"^{name} = (.+?)(?:  #.*)?$", code, re.MULTILINE)
        stated = sayings.statements("3a-pointwise-convergence")[theorem]
        (formula,) = re.findall(r"changes sign (?:exactly|at least) \$(.+?)\$", stated)
        assert sp.expand(sp.sympify(written) - formulas.read(formula)) == 0, symbols


FOUND = (
    AssertionError, ArithmeticError, LookupError, TypeError, ValueError, pytest.fail.Exception,
)  # fmt: skip
SWAPS = {
    "+": "-", "-": "+", r"\le": r"\ge", r"\ge": r"\le", "<": ">", ">": "<", "odd": "even",
    "even": "odd", "at least": "at most", "at most": "at least", "exactly": "at least",
    "two": "three", "one": "two", "once": "twice", "symmetric": "any", "extrema": "roots",
    "orthonormal": "orthogonal", "largest": "least", "shortest": "longest", "every": "some",
    "infinitely many": "finitely many", "simple": "double", "decreases": "grows",
}  # fmt: skip
CHANGED = re.compile(
    rf"\d+|[-+<>]|\\[lg]e(?![a-z])|\b(?:{'|'.join(w for w in SWAPS if w[0].isalpha())})\b"
)


def edits(said):
    """A statement with one whole number, sign, relation or word changed, each in turn."""
    for fragment in sayings.FRAGMENT.finditer(said):
        for one in CHANGED.finditer(fragment.group()):
            at, old = fragment.start() + one.start(), one.group()
            new = SWAPS[old] if old in SWAPS else str(int(old) + 1)
            yield said[:at] + new + said[at + len(old) :]


@pytest.mark.slow
@pytest.mark.parametrize(("chapter", "name"), sayings.CHECKS)
def test_a_wrong_number_sign_relation_or_word_in_a_statement_is_found(chapter, name):
    for edited in edits(sayings.statements(chapter)[name]):
        with pytest.raises(FOUND):
            sayings.try_statement(chapter, name, edited)
