"""What a reader sees is what was executed: checks of the committed files, and edits they catch.

Each check returns the places that are wrong, as words. `test_structure` asks for stale chapters.
"""

import configparser
import copy
import json
import re
from functools import cache
from itertools import chain

import nbformat
import pytest
from committed import PATHS, code_cells, read
from nbformat.v4 import new_code_cell, new_output

from pwlib.ledger import claims
from pwlib.places import RESULTS, ROOT
from pwlib.reruns import notebooks, results

TAGS = {"parameters", "remove-input", "remove-cell", "nbval-ignore-output"}
METADATA = {"kernelspec", "language_info", "pwlib"}  # others can hide outputs from the pages
TABLES = sorted(path.stem for path in RESULTS.glob("*.csv"))
PARTS = sorted(json.loads((RESULTS / "benchmarks.json").read_text("utf-8")))
LEDGER = {claim.id: claim for claim in claims.ledger()}
SANITIZERS = ROOT / "tests" / "nbval.cfg"


@pytest.fixture(autouse=True)
def _ledger_read_once(monkeypatch):
    monkeypatch.setattr(claims, "ledger", lambda path: LEDGER.values())


def odd_marks(nb):
    """Cells with marks that change what is executed, checked or shown; no chapter has them."""
    wrong = [] if nb.metadata.keys() <= METADATA else ["the notebook's metadata"]
    for cell in nb.cells:
        if not set(cell.metadata.get("tags", [])) <= TAGS or "NBVAL_" in cell.source:
            wrong.append(f"cell {cell.id}")
    return wrong


def false_verdicts(nb):
    """Cells whose verdict, or box, isn't what the criteria make of the numbers beside it."""
    wrong = []
    for cell in code_cells(nb):
        for output in cell.outputs:
            found = output.get("metadata", {}).get("pwlib", {})
            if "claim" in found and not is_judged(found, output.data["text/markdown"]):
                wrong.append(f"cell {cell.id}")
    return wrong


def is_judged(found, box):
    if found["claim"] not in LEDGER:
        return False
    claim, measured = LEDGER[found["claim"]], dict(found["measured"])
    try:
        verdict = claims.judge(claim.id, claim.at, **measured | groups(claim, measured))
    except claims.ClaimError:  # a number lacks
        return False
    shown = claims._shown(claim, verdict, measured, claim.at, True)
    agrees = not claims._disagreements(claim, verdict, measured)
    agrees = agrees and found["agrees"] and found["at_recorded"]
    return agrees and found["verdict"] == verdict and box == shown


def groups(claim, measured):
    """The mappings that criteria name, put together from the members that a notebook holds."""
    words = set(re.findall(r"[A-Za-z_]\w*", " ".join(map(str, claim.criteria.values()))))
    found = {}
    for group in words - {re.sub(r"\W", "_", name) for name in measured}:
        keys = {re.sub(f"^{group}_|_{group}$", "", name): name for name in measured}
        if members := {key: measured[name] for key, name in keys.items() if key != name}:
            found[group] = members
    return found


def texts(nb):
    """What nbval compares of a notebook, but drawings and playable figures, which have tests."""
    for output in chain.from_iterable(cell.outputs for cell in code_cells(nb)):
        yield from filter(None, [output.get("text")])
        for kind, text in output.get("data", {}).items():
            if kind != "image/svg+xml" and 'class="play"' not in text:
                yield text


def hidden(sanitizers, nbs):
    """The sanitizers of nbval that hide something other than a drawing or a place in memory."""
    parser = configparser.RawConfigParser()
    parser.read_string(sanitizers)
    shown = "\n".join(chain.from_iterable(map(texts, nbs))) + "\n0.123 1e-5 98.7 % holds 3 of 4"
    return [name for name in parser.sections() if re.search(parser[name]["regex"], shown)]


@pytest.mark.parametrize("name", PATHS)
def test_no_mark_hides_a_cell_from_its_check_or_an_output_from_the_page(name):
    wrong = odd_marks(read(name))
    assert not wrong, f"{name}, {', '.join(wrong)}: got a mark that chapters don't have"


@pytest.mark.parametrize("name", PATHS)
def test_every_verdict_is_what_the_criteria_make_of_the_numbers_in_the_notebook(name):
    wrong = false_verdicts(read(name))
    assert not wrong, f"{name}, {', '.join(wrong)}: not what chapters/claims.yml makes of it"


def test_sanitizers_hide_drawings_alone():
    wrong = hidden(SANITIZERS.read_text("utf-8"), map(read, PATHS))
    assert not wrong, f"tests/nbval.cfg, {wrong}: hides numbers, or text"


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_the_one_that_its_origin_was_written_for(name):
    results.read(name)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_benchmarks_is_as_it_was_measured(part):
    found = json.loads((RESULTS / "benchmarks.json").read_text("utf-8"))[part]
    assert results.is_sealed(found), f"benchmarks.json, {part}: make bench ONLY={part} measures it"


# The edits. Each takes a cell of the kind named in EDITS and returns nothing.


def cells_with(nb, wanted):
    """The cells of which an output is of a type, or holds data or metadata of that kind."""
    for cell in code_cells(nb):
        for out in cell.outputs:
            if wanted in (out.output_type, *out.get("data", {}), *out.get("metadata", {})):
                yield cell, out


def digit(text):
    """The text with its first digit another one."""
    changed = re.sub(r"\d", lambda found: str((int(found[0]) + 1) % 10), text, count=1)
    return changed if changed != text else text + "1"


def in_data(kind, change=digit):
    def edit(cell, out):
        out.data[kind] = change(out.data[kind])

    return edit


def in_claim(**changes):
    def edit(cell, out):
        out.metadata["pwlib"].update(changes)

    return edit


def measured(change):
    def edit(cell, out):
        numbers = out.metadata["pwlib"]["measured"]
        change(numbers, next(iter(numbers)))

    return edit


def tag(*tags):
    return lambda cell, out: cell.metadata.update(tags=[*cell.metadata.get("tags", []), *tags])


def look(part, key, change):
    def edit(cell, out):
        cell.metadata["mystnb"][part][key] = change(cell.metadata["mystnb"][part][key])

    return edit


def act(function):
    return lambda cell, out: function(cell, out) and None


SVG, BOX, GLUE = "image/svg+xml", "pwlib", "application/papermill.record/text/plain"
EDITS = {
    "a number of a table in Markdown": ("text/markdown", in_data("text/markdown")),
    "a number of a table in HTML": ("text/html", in_data("text/html")),
    "a number of a formula": ("text/latex", in_data("text/latex")),
    "a glued number": (GLUE, in_data(GLUE)),
    "a glued number's name": ("scrapbook", act(lambda c, o: o.metadata.scrapbook.update(name="x"))),
    "a printed number": ("stream", act(lambda c, o: o.update(text=digit(o.text)))),
    "a sign in what is printed": ("stream", act(lambda c, o: o.update(text="-" + o.text))),
    "a number as text": ("text/plain", in_data("text/plain", lambda text: text + "0")),
    "a verdict box that holds": (
        BOX,
        in_data("text/markdown", lambda text: re.sub(r"\*\*[\w ]+:", "**Holds so well:", text)),
    ),
    "a verdict box's claim": (BOX, in_data("text/markdown", lambda text: text + " always")),
    "the verdict beside a box": (BOX, in_claim(verdict="not testable here")),
    "the claim beside a box": (BOX, in_claim(claim="eq-0")),
    "where a claim was judged": (BOX, in_claim(at_recorded=False)),
    "whether it agreed": (BOX, in_claim(agrees=False)),
    "a measured number": (BOX, measured(lambda numbers, name: numbers.update({name: -7}))),
    "a measured number's name": (BOX, measured(lambda n, name: n.update(x=n.pop(name)))),
    "a measured number lost": (BOX, measured(lambda numbers, name: numbers.pop(name))),
    "a box's metadata lost": (BOX, act(lambda c, o: o.metadata.clear())),
    "a drawing emptied": (
        SVG,
        in_data(SVG, lambda text: re.sub("<g .*</g>", "", text, flags=re.S)),
    ),
    "a curve in another colour": (
        SVG,
        in_data(SVG, lambda t: re.sub("#[0-9a-f]{6}", "#123456", t)),
    ),
    "a point of a curve": (SVG, in_data(SVG, lambda t: t.replace('d="M ', 'd="M 1', 1))),
    "a drawing's message": (
        SVG,
        in_data(SVG, lambda t: t.replace("</dc:description>", " not</dc:description>")),
    ),
    "another drawing": (SVG, in_data(SVG, lambda text: "<svg></svg>")),
    "a drawing as a picture": (SVG, act(lambda c, o: o.data.update({"image/png": "iVBO"}))),
    "nonsense as alternative text": (SVG, look("image", "alt", lambda alt: "eight " * 8)),
    "a number of an alternative text": (SVG, look("image", "alt", lambda alt: alt + " of 9")),
    "a caption": (SVG, look("figure", "caption", lambda caption: caption + " All hold.")),
    "a figure's name": (SVG, look("figure", "name", lambda name: "fig-x")),
    "another output kept from its check": ("execute_result", tag("nbval-ignore-output")),
    "a cell kept from its check": ("stream", tag("nbval-skip")),
    "an error allowed": ("stream", tag("raises-exception")),
    "an output kept from the page": ("execute_result", tag("remove-output")),
    "a cell kept from the page": ("execute_result", tag("remove-cell")),
    "tags lost": ("execute_result", act(lambda c, o: c.metadata.pop("tags"))),
    "outputs stripped": ("execute_result", act(lambda c, o: c.outputs.clear())),
    "outputs and counts stripped": (
        "execute_result",
        act(lambda c, o: c.update(outputs=[], execution_count=None)),
    ),
    "one output lost": ("display_data", act(lambda c, o: c.outputs.remove(o))),
    "an output twice": ("display_data", act(lambda c, o: c.outputs.append(o))),
    "an output more": (
        "display_data",
        act(lambda c, o: c.outputs.append(new_output("stream", text="100 %"))),
    ),
    "an execution count": ("stream", act(lambda c, o: c.update(execution_count=99))),
    "a result hidden behind a kind": (
        "text/markdown",
        act(lambda c, o: o.data.update({"text/html": "<b>9</b>"})),
    ),
    "a kind of a result lost": ("text/plain", act(lambda c, o: o.data.pop("text/plain"))),
    "an id": ("stream", act(lambda c, o: c.update(id="another"))),
    "an output folded": ("stream", act(lambda c, o: c.metadata.update(collapsed=True))),
}
STAMP = ["fingerprint", "seconds", "python", "processor", "cells", "seal"]


@pytest.fixture(scope="module")
def sealed():
    """Chapters as they are stamped by an execution that leaves their outputs."""

    @cache
    def found(name):
        nb = copy.deepcopy(read(name))
        about = {"fingerprint": "0", "seconds": 1.5, "python": "3.11", "processor": "x"}
        notebooks.seal(nb, about)
        assert not notebooks.edited(nb)
        return nb

    return found


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_of_what_a_cell_shows_is_caught_and_its_cell_named(what, sealed):
    wanted, edit = EDITS[what]
    tried = 0
    for name in PATHS:
        cells = [cell.id for cell, _ in cells_with(sealed(name), wanted)]
        if not cells:
            continue
        nb = copy.copy(sealed(name))
        nb.cells = [copy.deepcopy(c) if c.id == cells[-1] else c for c in nb.cells]
        (cell, out), *_ = [found for found in cells_with(nb, wanted) if found[0].id == cells[-1]]
        if what in ("tags lost", "a cell kept from the page") and "tags" not in cell.metadata:
            continue
        if "mystnb" not in cell.metadata and wanted == SVG:
            continue
        edit(cell, out)
        said = notebooks.edited(nb)
        assert re.search(rf"^cell .*\b{re.escape(cells[-1])}\b.*: outputs, tags or capt", said), (
            name
        )
        tried += 1
    assert tried


@pytest.mark.parametrize("key", STAMP)
def test_an_edit_of_a_stamp_is_caught(key, sealed):
    for name in PATHS:
        nb = copy.deepcopy(sealed(name).metadata)
        old = nb["pwlib"][key]
        nb["pwlib"][key] = old + 1 if isinstance(old, float) else type(old)()
        edited = nbformat.from_dict({**sealed(name), "metadata": nb})
        assert nb["pwlib"][key] == old or "its stamp" in notebooks.edited(edited), name


def test_a_cell_more_or_less_is_caught(sealed):
    nb = copy.copy(sealed("4c-adversarial-training"))
    (first, *rest) = (cell for cell in nb.cells if cell.cell_type == "code")
    nb.cells = rest
    assert f"cell {first.id}: " in notebooks.edited(nb)
    nb.cells = [first, *rest, new_code_cell("", id="more")]
    assert "cell more: " in notebooks.edited(nb)


MARKS = {
    "a tag": lambda nb: nb.cells[3].metadata.update(tags=["skip-execution"]),
    "a comment for nbval": lambda nb: nb.cells[3].update(source="# NBVAL_IGNORE_OUTPUT\n1"),
    "settings of the whole": lambda nb: nb.metadata.update(mystnb={"remove_code_outputs": True}),
}


@pytest.mark.parametrize("what", MARKS)
def test_a_mark_that_hides_something_is_caught(what):
    nb = copy.deepcopy(read("4c-adversarial-training"))
    assert not odd_marks(nb)
    MARKS[what](nb)
    assert len(odd_marks(nb)) == 1


# Without its metadata a claim is missed by `test_structure`.
VERDICTS = [what for what, (kind, _) in EDITS.items() if kind == BOX and "metadata" not in what]


@pytest.mark.parametrize("what", VERDICTS)
def test_a_verdict_that_its_numbers_do_not_give_is_caught_whatever_the_stamp(what):
    """Also where all that was stamped is stamped anew."""
    for name in ("3a-pointwise-convergence", "4c-adversarial-training"):
        nb = copy.deepcopy(read(name))
        cell, out = next(cells_with(nb, BOX))
        EDITS[what][1](cell, out)
        assert false_verdicts(nb) == [f"cell {cell.id}"]


WIDER = {
    "all numbers": "[numbers]\nregex: [0-9]+\nreplace: N",
    "fractions": "[fractions]\nregex: \\d+\\.\\d+\nreplace: N",
    "last digits": "[digits]\nregex: (?<=\\d)\\d\\b\nreplace: N",
    "verdicts": "[verdicts]\nregex: holds\nreplace: V",
    "shares": "[shares]\nregex: [\\d.]+ %\nreplace: V",
    "everything": "[all]\nregex: (?s).+\nreplace: V",
}


@pytest.mark.parametrize("what", WIDER)
def test_a_sanitizer_that_hides_numbers_is_caught(what):
    section = re.search(r"\w+", WIDER[what])[0]
    assert hidden(WIDER[what], [read("3a-pointwise-convergence")]) == [section]


@pytest.mark.parametrize("wider", ["<?xml.*", "0x[0-9a-f]{1,}|\\d+"])
def test_a_sanitizer_that_is_widened_is_caught(wider):
    text = SANITIZERS.read_text("utf-8").replace("0x[0-9a-f]{8,}", wider)
    assert hidden(text.replace("<?xml", "(<?xml)?"), map(read, PATHS)) == ["memory address"]


def test_the_committed_notebooks_are_checked_by_nbval_with_these_sanitizers():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(
        r"pytest tests chapters .*\\\n\s+--nbval --nbval-sanitize-with tests/nbval", makefile
    )


@pytest.mark.parametrize("name", TABLES)
def test_an_edit_of_a_table_or_of_its_origin_is_caught_and_named(name, tmp_path):
    paths = [RESULTS / f"{name}.csv", RESULTS / f"{name}.json"]
    table, about = (path.read_text("utf-8") for path in paths)
    lines = table.splitlines(keepends=True)
    last = re.sub(r"\d(?=\D*$)", lambda d: str((int(d[0]) + 1) % 10), lines[-1])
    tables = ["".join([*lines[:-1], last]), "".join(lines[:-1]), "".join([*lines, lines[-1]])]
    tables += ["".join([lines[0], *reversed(lines[1:])]), lines[0].replace(",", ",x", 1)]
    tables += ["".join(["x" + lines[0], *lines[1:]])]
    origins = [re.sub(r'"runs": \d+', '"runs": 3', about), about.replace("{", '{"x": 1,', 1)]
    origins += [about.replace("sha256", "sha"), re.sub(r'(?<="sha256": ")\w', "x", about)]
    pairs = [(table, about), *((edit, about) for edit in tables), *((table, e) for e in origins)]
    for number, pair in enumerate(pairs):
        assert number == 0 or pair != (table, about)
        for text, kind in zip(pair, ("csv", "json"), strict=True):
            (tmp_path / f"{name}.{kind}").write_text(text, "utf-8")
        if number == 0:
            results.read(name, tmp_path)
            continue
        with pytest.raises(
            RuntimeError, match=rf"/{name}\.csv: got other content than {name}\.json"
        ):
            results.read(name, tmp_path)


@pytest.mark.parametrize("part", PARTS)
def test_an_edit_of_a_benchmark_is_caught(part):
    found = json.loads((RESULTS / "benchmarks.json").read_text("utf-8"))[part]
    for change in (
        lambda one: one["tables"][0]["rows"][0].__setitem__(2, "9.9"),
        lambda one: one["tables"][0]["rows"].pop(),
        lambda one: one["notes"].append("Ours is the fastest."),
        lambda one: one.update(processor="another"),
        lambda one: one.update(seconds=1),
        lambda one: one.pop("sha256"),
    ):
        edited = copy.deepcopy(found)
        change(edited)
        assert not results.is_sealed(edited)
