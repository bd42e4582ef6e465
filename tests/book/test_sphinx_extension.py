"""What each chapter offers, what is said of the cost of the book, and mends of small pages."""

import json
import shlex
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from papermill import cli
from sphinx.application import Sphinx

from pwlib.book import sphinx_extension
from pwlib.figures import style
from pwlib.reruns import notebooks

PROCESSOR = "AMD EPYC 7742, 64 cores"
CHAPTERS = {path.stem: path for path in notebooks.chapters()}


def recorded(chapter):
    """What the parameters cell sets, found by running it."""
    found = nbformat.read(chapter, as_version=4).cells
    cells = [cell.source for cell in found if "parameters" in cell.metadata.get("tags", [])]
    names = {}
    exec("\n".join(cells), names)
    return {name: names[name] for name in names.get("__annotations__", {})}


def understood(line):
    """The parameters that papermill's own command line reads in a line."""
    context = cli.papermill.make_context("papermill", shlex.split(line)[1:])
    read = {name: cli._resolve_type(value) for name, value in context.params["parameters"]}
    for text in context.params["parameters_yaml"]:
        read |= yaml.safe_load(text)
    return read


@pytest.mark.parametrize("stem", CHAPTERS)
def test_papermill_reads_in_the_line_exactly_the_recorded_parameters(stem):
    values = sphinx_extension.parameters(CHAPTERS[stem])
    read, expected = (
        understood(sphinx_extension.papermill_line(stem, values)),
        recorded(CHAPTERS[stem]),
    )
    assert read == expected
    assert {name: type(read[name]) for name in read} == {k: type(v) for k, v in expected.items()}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a small notebook, and its path."""
    folder = tmp_path_factory.mktemp("book")
    parameters = nbformat.v4.new_code_cell("n: int = 3\nsizes: list[int] = [1, 2]")
    parameters.metadata["tags"] = ["parameters"]
    table = style.markdown_table([["x", 1]], ["letter", "n"], "What n is")
    texts = [nbformat.v4.new_markdown_cell(text) for text in ("# Title", table)]
    nb = nbformat.v4.new_notebook(cells=[*texts, parameters])
    nb.metadata["pwlib"] = {"seconds": 200, "processor": "A <fast> one"}
    nb.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python"}
    (folder / "chapters").mkdir()
    nbformat.write(nb, folder / "chapters" / "small.ipynb")
    (folder / "index.md").write_text("# Book\n\n```{toctree}\nchapters/small\n```\n")
    settings = {
        "extensions": ["myst_nb", "pwlib.book.sphinx_extension"],
        "html_theme": "sphinx_book_theme",
        "nb_execution_mode": "off",
    }
    out = folder / "out"
    Sphinx(folder, None, out, folder / "trees", "html", settings, status=None).build()
    path = out / "chapters" / "small.html"
    return BeautifulSoup(path.read_text(), "html.parser"), path


def test_a_chapter_offers_its_notebook_and_the_command_that_reruns_it(page):
    soup, path = page
    offers = soup.select_one(".offers")
    assert [link.text for link in offers.select("a")] == ["Download the notebook"]
    assert "Executed in 200 seconds on A <fast> one" in offers.text
    assert offers.select_one("pre").text.strip() == (
        "papermill chapters/small.ipynb out.ipynb -y '{n: 3, sizes: [1, 2]}'"
    )
    there = path.parent / offers.select_one("a")["href"]
    assert nbformat.read(there, as_version=4).cells[0].source == "# Title"


def test_a_table_has_the_caption_above_it_and_heads_that_say_of_what(page):
    (table,) = page[0].select("table")
    assert table.select_one(".caption-text").get_text() == "What n is"
    heads = [(head["scope"], head.get_text().strip()) for head in table.select("th")]
    assert heads == [("col", "letter"), ("col", "n"), ("row", "x")]


@pytest.fixture
def folder(tmp_path):
    chapters = tmp_path / "chapters"
    chapters.mkdir()
    for name, seconds in {"a": 90.0, "b": 30.0, "never-executed": None}.items():
        nb = nbformat.v4.new_notebook()
        if seconds:
            nb.metadata["pwlib"] = {"seconds": seconds, "processor": "A Processor"}
        nbformat.write(nb, chapters / f"{name}.ipynb")
    (chapters / "results").mkdir()
    return chapters


def write(folder, name, **about):
    (folder / "results" / f"{name}.csv").write_text("seed,natural\n0,97.5\n")
    (folder / "results" / f"{name}.json").write_text(json.dumps(about))


def rows(folder):
    env = SimpleNamespace(srcdir=folder.parent, note_reread=lambda: None)
    lines = sphinx_extension._cost_table(env).splitlines()[4:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_origin_of_a_table_says_how_many_runs_took_how_many_core_hours_on_what(folder):
    write(folder, "one", runs=10, core_hours=2.5, processor=PROCESSOR)
    assert rows(folder)[1:] == [["`results/one.csv`", "10", "2.5 core hours", PROCESSOR]]


def test_less_than_a_tenth_of_a_core_hour_is_not_shown_as_none(folder):
    write(folder, "quick", runs=10, core_hours=0.0, processor=PROCESSOR)
    assert rows(folder)[1][2] == "under 0.1 core hours"


def test_a_table_without_an_origin_or_whose_origin_is_silent_is_shown_as_not_recorded(folder):
    write(folder, "silent", runs=None, core_hours=None, processor=None)
    (folder / "results" / "untold.csv").write_text("n\n1\n")
    silent = ["not recorded"] * 3
    shown = [[f"`results/{name}.csv`", *silent] for name in ("silent", "untold")]
    assert rows(folder)[1:] == shown


def test_the_times_of_the_executed_chapters_are_added(folder):
    assert rows(folder) == [["the chapters, each executed once", "2", "2.0 minutes", "A Processor"]]


def kept(node):
    return [part.astext() for part in node.findall(nodes.inline) if "keep" in part["classes"]]


def test_a_formula_keeps_the_punctuation_behind_it():
    line = nodes.paragraph("", "", nodes.Text("at "), nodes.math("", "x"), nodes.Text("), or"))
    sphinx_extension._keep_punctuation(None, line)
    assert kept(line) == ["x),"]
    assert line.astext() == "at x), or"


def test_a_benchmark_that_nobody_ran_says_how_to_measure_it():
    asked = []
    said = sphinx_extension._benchmark(SimpleNamespace(note_dependency=asked.append), "speed")
    assert said == "Not measured yet: `make bench ONLY=speed` does it, `make accept` keeps it."
    assert [path.rpartition("/")[2] for path in asked] == ["benchmarks.json"]


def test_what_is_drawn_is_told_from_pictures_of_data_which_get_a_dark_drawing(tmp_path):
    data = '<svg version="1"><path style="fill: #ffffff; stroke: #009e73"/><image href="#a"/></svg>'
    texts = {"drawn.svg": "<svg><path/></svg>", "data.svg": data, "photo.png": ""}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    page = nodes.paragraph("", "", *(nodes.image(uri=name) for name in texts))
    added = SimpleNamespace(docname="page", images=set())
    added.images = SimpleNamespace(add_file=lambda page, file: files.append((page, file)))
    files = []
    sphinx_extension._tell_drawings(SimpleNamespace(srcdir=tmp_path, env=added), page)
    found = {image["uri"]: image["classes"] for image in page.findall(nodes.image)}
    assert found == {
        "drawn.svg": ["drawing"],
        "data.svg": ["picture", "for-light"],
        "data-dark.svg": ["picture", "for-dark"],
        "photo.png": ["picture"],
    }
    assert files == [("page", "data-dark.svg")]
    dark = (tmp_path / "data-dark.svg").read_text()
    assert dark.startswith('<svg fill="#f0f0f0" ')  # what had no colour was black
    assert 'fill: #141414; stroke: #59ffd2"' in dark
    assert 'href="#a"' in dark


def test_what_a_figure_says_of_itself_ends_the_text_for_those_who_do_not_see_it(tmp_path):
    said = "<svg><dc:description>35 % &lt; 40 %</dc:description><path/></svg>"
    (tmp_path / "drawn.svg").write_text(said)
    image = nodes.image(uri="drawn.svg", alt="Two curves.")
    page = nodes.paragraph("", "", image)
    sphinx_extension._tell_drawings(SimpleNamespace(srcdir=tmp_path), page)
    assert image["alt"] == "Two curves. 35 % < 40 %"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("98.5 % of them, at n = 3", "98.5% of them, at n\u00a0=\u00a03"),
        ("gains -0.3 (-0.8 to 0.1) points", "gains −0.3 (−0.8\u00a0to\u00a00.1) points"),
        ("degrees 3-4, 1e-9, PGD-20 and 2026-11-26", "degrees 3-4, 1e-9, PGD-20 and 2026-11-26"),
    ],
)
def test_numbers_are_set_as_a_typesetter_would(written, shown):
    document = nodes.paragraph("", written)
    sphinx_extension._set_numbers(None, document, "")
    assert document.astext() == shown


def test_a_glued_number_keeps_its_sign_of_per_cent_and_code_is_left_alone():
    parts = [nodes.inline("", "83"), nodes.Text(" %, "), nodes.literal("", "a -3 %")]
    document = nodes.paragraph("", "", *parts)
    sphinx_extension._set_numbers(None, document, "")
    assert document.astext() == "83%, a -3 %"


def test_what_a_bar_of_progress_said_last_is_left_out():
    blocks = [nodes.literal_block("", text) for text in ("networks trained: 2 of 2", "1 of 2")]
    document = nodes.container("", *blocks)
    sphinx_extension._drop_progress(None, document)
    assert document.astext() == "1 of 2"


def test_a_picture_that_is_fetched_late_keeps_its_place(tmp_path):
    (tmp_path / "a-dark.svg").write_text('<svg viewBox="0 0 331.2 75.0"/>')
    images = {"a-dark.svg": ({"page"}, "hash-dark.svg")}
    app = SimpleNamespace(srcdir=tmp_path, env=SimpleNamespace(images=images))
    late, early = (
        '<img loading="lazy" src="../_images/hash-dark.svg"',
        '<img src="../_images/b.svg"',
    )
    context = {"body": f"{late} />{early} />"}
    sphinx_extension._hold_places(app, "page", "", context, None)
    assert context["body"] == f'{late} width="442" height="100" />{early} />'
