import pytest

from pwlib.book import sphinx_links
from pwlib.ledger import claims
from pwlib.reruns import notebooks

LEDGER = {claim.id: claim for claim in claims.ledger()}


@pytest.mark.parametrize(
    ("id", "labels"),
    [
        ("eq-5", ["eq-5"]),
        ("eq-12-objective", ["eq-11", "eq-12"]),
        ("chebyshev-endpoints", []),  # T*_i(1) is no equation
        ("fig-3-nodes-near-optimal", ["eq-12", "fig-3"]),
        ("direction-matters", ["eq-9", "fig-5"]),
        ("beyond-eq-8-well-posed", ["eq-8"]),
        ("beyond-nearest-formula", ["eq-12", "fig-3"]),
    ],
)
def test_a_claim_is_about_the_equations_and_figures_that_it_names(id, labels):
    assert sphinx_links.about(LEDGER[id]) == labels


def test_each_of_the_papers_numbers_stands_in_one_chapter():
    found = [label for path in notebooks.chapters() for label in sphinx_links.labels(path)]
    assert sorted(found) == sorted(sphinx_links.SHOWN)


def linked(text):
    lines = text.split("\n")
    sphinx_links._link_docstring(None, "function", "pwlib.f", None, None, lines)
    return "\n".join(lines)


def test_the_papers_numbers_in_a_docstring_are_links_outside_code():
    both = "solves :ref:`(12) <eq-12>`, see :ref:`Figure 3 <fig-3>`"
    assert linked("solves (12), see Figure 3") == both
    assert linked("f(1) and ``(12)`` and (13)") == "f(1) and ``(12)`` and (13)"


def test_a_bar_in_a_docstring_is_a_modulus():
    assert linked("|x| < `|y|`") == r"\|x\| < `|y|`"


def test_a_signature_names_arrays_as_people_do():
    array = "~numpy.ndarray[tuple[~typing.Any, ...], ~numpy.dtype[~numpy.float64]]"
    like = "~numpy._typing._array_like._Buffer | ~numpy._SupportsArray[~numpy.dtype[~typing.Any]]"
    like += " | complex | bytes | str | ~numpy._NestedSequence[complex | bytes | str]"
    call, gives = f"(n: int, x: {like}, model: ~pwlib.networks.MLP)", f"tuple[{array}, float]"
    shortened = sphinx_links._shorten_signature(None, "function", "f", None, None, call, gives)
    assert shortened[0] == "(n: int, x: ArrayLike, model: ~pwlib.networks.MLP)"
    assert shortened[1] == "tuple[NDArray[float64], float]"
    assert sphinx_links._shorten_signature(None, "module", "f", None, None, None, None) == (
        None,
        None,
    )
