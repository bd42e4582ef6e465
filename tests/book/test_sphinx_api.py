import ast
import re
from types import SimpleNamespace

from pwlib.book import sphinx_api, sphinx_errors
from pwlib.grids import chebyshev
from pwlib.reruns import notebooks, provenance

BOOK = SimpleNamespace(
    srcdir=notebooks.ROOT,
    confdir=notebooks.ROOT,
    config=SimpleNamespace(bibtex_bibfiles=["chapters/references.bib"]),
)


def linked(text):
    lines = text.split("\n")
    sphinx_api.link_docstring(BOOK, "function", "pwlib.grids.chebyshev", chebyshev, None, lines)
    return "\n".join(lines)


def test_the_papers_numbers_become_links_outside_code():
    assert (
        linked("solves (12), see Figure 3")
        == "solves :ref:`(12) <eq-12>`, see :ref:`Figure 3 <fig-3>`"
    )
    assert linked("f(1) and ``(12)`` and (13)") == "f(1) and ``(12)`` and (13)"


def test_a_work_by_author_and_year_is_cited_where_the_bibliography_has_it():
    assert linked("Fejér (1932): yes") == "Fejér (1932) :cite:p:`fejer1932`: yes"
    assert linked("Ehlich and Zeller 1964") == "Ehlich and Zeller 1964 :cite:p:`ehlich1964`"
    assert linked("Nobody (1932)") == "Nobody (1932)"


def test_names_of_the_package_become_links():
    assert linked("as `equispaced` is") == "as :py:obj:`equispaced <pwlib.grids.equispaced>` is"
    assert linked("`signs.no_such_thing`") == "`signs.no_such_thing`"
    assert linked("``equispaced``") == "``equispaced``"


def test_a_bar_is_a_modulus():
    assert linked("|x| < `|y|`") == r"\|x\| < `|y|`"


def test_a_module_is_used_where_it_is_imported():
    codes = {"a": "from pwlib import grids", "b": "import numpy", "c": "from pwlib.signs import x"}
    assert sphinx_api.used_in("grids", codes) == ("Used in", ["a"])
    assert sphinx_api.used_in("signs", codes) == ("Used in", ["c"])
    assert sphinx_api.used_in("book", codes)[1] == []
    codes = {"a": "from pwlib import maxmargin"}
    assert sphinx_api.used_in("maxmargin", codes) == ("Used in", ["a"])


def test_an_error_is_told_with_what_is_accepted():
    (line,) = sphinx_errors.raised(chebyshev)
    assert line == "ValueError (kind: accepts one of 'lobatto', 'roots', 'roots+ends')"


def test_every_public_name_has_a_docstring_that_starts_with_a_sentence():
    for path in provenance.PACKAGE.glob("[a-z]*.py"):
        for name, text in sphinx_api.members(path.stem).items():
            first = text.split("\n\n")[0]
            assert re.search(r"[.:?]$", first), f"pwlib.{path.stem}.{name}: {first!r}"


# As what they are given.
SHAPE_OF_X = {"attacks.move", "attacks.pgd", "outcomes.damage_share"}


def test_a_function_that_returns_an_array_tells_its_shape():
    arrays = re.compile(r"ndarray|Tensor|Matrix|Vector|NDArray")
    shape = re.compile(r"\([\w ,*+−^…/-]*\)|→|\b(shape|each|rows?|columns?|one value|a point)\b")
    for path in provenance.PACKAGE.glob("[a-z]*.py"):
        documented = sphinx_api.members(path.stem)
        for node in ast.parse(path.read_text()).body:
            name = f"{path.stem}.{getattr(node, 'name', '')}"
            if not isinstance(node, ast.FunctionDef) or name in SHAPE_OF_X or not node.returns:
                continue
            if node.name in documented and arrays.search(ast.unparse(node.returns)):
                assert shape.search(documented[node.name]), name


def test_a_class_made_by_python_has_a_signature_to_read():
    args = "(w: ~collections.abc.Sequence[~torch.Tensor], times: ~typing.Any = <function product>, "
    args += "now: ~pwlib.reruns.progress.Progress, made: dict = <factory>, eps: tuple = (1.0, 0.5))"
    found, _ = sphinx_api.written_signature(None, "class", "Layers", object(), None, args, None)
    readable = "(w: Sequence[Tensor], times: Any = product, "
    readable += "now: ~pwlib.reruns.progress.Progress, made: dict = …, eps: tuple = (1.0, 0.5))"
    assert found == readable


def test_filler_of_python_is_left_out_and_methods_are_not():
    class Some:
        def method(self):
            """Do."""

    def left_out(name, obj):
        return sphinx_api.leave_out_filler(None, "class", name, obj, False, None)

    assert left_out("times", sphinx_api.plain)
    assert left_out("train_x", property(doc="Alias for field number 0"))
    assert left_out("method", Some.method) is None
