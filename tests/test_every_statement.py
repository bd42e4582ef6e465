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
MUTATIONS = {"+": "-", "-": "+", r"\le": r"\ge", r"\ge": r"\le", "<": ">", ">": "<"}


def edits(said):
    """A statement with one whole number, sign or relation changed, each in turn."""
    for match in re.finditer(sayings.MATH + r"|(?<![-\w(])\d+\b", said):
        for one in re.finditer(r"\d+|[-+<>]|\\[lg]e(?![a-z])", match.group()):
            at, old = match.start() + one.start(), one.group()
            new = MUTATIONS[old] if old in MUTATIONS else str(int(old) + 1)
            yield said[:at] + new + said[at + len(old) :]


@pytest.mark.slow
@pytest.mark.parametrize(("chapter", "name"), sayings.CHECKS)
def test_a_wrong_number_sign_or_relation_in_a_statement_is_found(chapter, name):
    for edited in edits(sayings.statements(chapter)[name]):
        with pytest.raises(FOUND):
            sayings.try_statement(chapter, name, edited)
