"""What must be true of the chapters as files, without executing them."""

import ast
import re
from collections import Counter
from itertools import chain

import committed
import papermill
import pytest
import yaml

from pwlib.book import build
from pwlib.ledger import assumptions, claims
from pwlib.reruns import notebooks

NO_PARAMETERS = {"index", "5-conclusion", "details", "ledger", "register"}
# Cells whose output depends on the processor: their numbers are held by the ledger's intervals.
MAY_IGNORE_OUTPUT = {
    "2-related-work",
    "4b-optimal-points-of-networks",
    "4c-adversarial-training",
    "6c-what-makes-a-network-robust",
    "settings",
}

each_chapter = pytest.mark.parametrize("name", committed.PATHS)


def code_cells(name):
    return committed.code_cells(committed.read(name))


def tags(cell):
    return cell.metadata.get("tags", [])


def prose():
    cells = chain.from_iterable(committed.read(name).cells for name in committed.PATHS)
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_the_book_has_the_chapters_of_the_paper():
    assert list(committed.PATHS) == [
        "index",
        "1-introduction",
        "2-related-work",
        "3a-pointwise-convergence",
        "3b-optimal-points",
        "4a-hard-points-of-polynomials",
        "4b-optimal-points-of-networks",
        "4c-adversarial-training",
        "5-conclusion",
        "6a-how-many-points",
        "6b-which-points",
        "6c-what-makes-a-network-robust",
        "proofs",
        "details",
        "settings",
        "ledger",
        "register",
    ]


@each_chapter
def test_every_code_cell_was_executed_in_order(name):
    counts = [cell.execution_count for cell in code_cells(name)]
    assert counts == list(range(1, len(counts) + 1))


@each_chapter
def test_no_chapter_is_stale(name):
    path = notebooks.CHAPTERS / f"{name}.ipynb"
    why = notebooks.why_stale(path, path)
    assert not why, f"{name}: {why}: make book accept"


@each_chapter
def test_no_output_holds_an_error_or_a_warning(name):
    for output in chain.from_iterable(cell.outputs for cell in code_cells(name)):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text


@each_chapter
def test_every_figure_has_a_caption_and_says_what_one_sees(name):
    for cell in code_cells(name):
        if not any("image/" in mime for out in cell.outputs for mime in out.get("data", {})):
            continue
        shown = cell.metadata["mystnb"]
        alt, caption = shown["image"]["alt"], shown["figure"]["caption"]
        assert len(alt.split()) >= 8, f"{name}: {alt!r} doesn't say what one sees"
        assert not re.search(r"\.(png|svg|jpe?g)\b", alt)
        assert caption.startswith("**Figure "), f"{name}: {caption!r} has no number"
        assert shown["figure"]["name"]


@each_chapter
def test_every_drawing_says_its_message_with_a_number(name):
    drawings = [
        out.data["image/svg+xml"]
        for cell in code_cells(name)
        for out in cell.outputs
        if "image/svg+xml" in out.get("data", {})
    ]
    for drawing in drawings:
        assert re.search(r"<dc:description>[^<]*\d", drawing)


def test_the_papers_five_figures_are_there():
    captions = "".join(
        cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")
        for name in committed.PATHS
        for cell in code_cells(name)
    )
    for number in range(1, 6):
        assert f"**Figure {number}" in captions


def test_no_two_figures_share_a_number_or_a_name():
    shown = [
        cell.metadata.get("mystnb", {}).get("figure")
        for name in committed.PATHS
        for cell in code_cells(name)
    ]
    numbers = [re.match(r"\*\*(.*?)\*\*", figure["caption"]).group(1) for figure in shown if figure]
    names = [figure["name"] for figure in shown if figure]
    assert len(set(numbers)) == len(numbers)
    assert len(set(names)) == len(names)


def test_each_of_the_papers_equations_is_labelled_once():
    labels = Counter(re.findall(r"^\(eq-(\d+)\)=", prose(), re.M))
    tagged = Counter(re.findall(r"\\tag\{(\d+)\}", prose()))
    assert labels == tagged == Counter(str(number) for number in range(1, 13))


def test_each_claim_is_checked_in_exactly_one_chapter_the_one_that_it_names():
    checked = [
        (found, name)
        for name in committed.PATHS
        for cell in code_cells(name)
        for found in re.findall(r"claims\.(?:settle|check)\(\s*\"([\w-]+)\"", cell.source)
    ]
    assert sorted(checked) == sorted((claim.id, claim.chapter) for claim in claims.ledger())


def test_every_committed_check_ran_at_the_recorded_settings_and_agreed():
    found = notebooks.measured_claims([*committed.PATHS.values()])
    assert sorted(record["claim"] for record in found) == sorted(c.id for c in claims.ledger())
    assert all(record["agrees"] and record["at_recorded"] for record in found)


def test_every_verdict_in_the_prose_is_the_ledgers():
    recorded = {claim.id: claim for claim in claims.ledger()}
    links = re.findall(r"\[([^\]]+)\]\(([\w-]+)\.ipynb#claim-([\w-]+)\)", prose())
    assert len(links) > 10
    for text, chapter, id in links:
        assert recorded[id].chapter == chapter
        assert text == recorded[id].verdict or text not in claims.VERDICTS, (id, text)


@pytest.mark.parametrize("name", [name for name in committed.PATHS if name not in NO_PARAMETERS])
def test_every_chapter_with_a_computation_has_typed_parameters_that_are_checked_next(name):
    cells = code_cells(name)
    (at,) = [i for i, cell in enumerate(cells) if "parameters" in tags(cell)]
    names = {node.target.id for node in ast.parse(cells[at].source).body}  # AnnAssign alone
    assert names == set(papermill.inspect_notebook(str(notebooks.CHAPTERS / f"{name}.ipynb")))
    assert all("#" in line for line in cells[at].source.splitlines()), "a comment a parameter"
    assert cells[at + 1].source.startswith("parameters.known()\n")  # papermill's names
    unchecked = {p for p in names if not re.search(rf"\"{p}\", {p}\b", cells[at + 1].source)}
    assert not unchecked


@each_chapter
def test_cells_are_short(name):
    for cell in code_cells(name):
        lines = cell.source.splitlines()
        assert len(lines) <= 15, cell.source
        assert max(map(len, lines), default=0) <= 92, cell.source


@each_chapter
def test_output_is_ignored_only_where_it_depends_on_the_processor(name):
    ignoring = [cell for cell in code_cells(name) if "nbval-ignore-output" in tags(cell)]
    assert not ignoring or name in MAY_IGNORE_OUTPUT
    assert not any("nbval-skip" in tags(cell) for cell in code_cells(name))


def test_every_assumption_names_a_chapter_and_a_parameter_that_exist():
    for entry in assumptions.register():
        known = papermill.inspect_notebook(str(notebooks.CHAPTERS / f"{entry.chapter}.ipynb"))
        assert entry.parameter is None or entry.parameter in known


def test_nothing_names_this_machine():
    home = re.compile(rf"{re.escape(str(notebooks.ROOT))}/|/(home|Users)/\w+/|/root/|/tmp/")
    tracked = [*notebooks.ROOT.glob("[!.]*.*"), *notebooks.CHAPTERS.glob("*.*")]
    for path in (path for path in tracked if path.is_file()):
        assert not home.search(path.read_text("utf-8")), path.name


def test_the_installed_packages_are_the_pinned_ones():
    from importlib.metadata import version

    pins = re.findall(
        r"^([\w.-]+)==(\S+)$",
        "".join((notebooks.ROOT / f"{n}.txt").read_text() for n in ("requirements", "constraints")),
        re.M,
    )
    assert len(pins) > 50
    assert {name: version(name).split("+")[0] for name, _ in pins} == dict(pins)


def test_the_table_of_contents_names_files_that_exist():
    toc = yaml.safe_load((notebooks.ROOT / "_toc.yml").read_text())
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    for file in [toc["root"], *files]:
        assert list(notebooks.ROOT.glob(f"{file}.*")), file


def test_the_readme_shows_what_the_book_found():
    text = (notebooks.ROOT / "README.md").read_text(encoding="utf-8")
    assert text == build.readme(text), "make accept"
    figure = notebooks.CHAPTERS / "_static" / "front.svg"
    assert figure.read_text(encoding="utf-8") == build.readme_figure(), "make accept"
