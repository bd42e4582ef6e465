"""What each chapter offers its reader, and what is said of the cost of the book."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from papermill import cli
from sphinx.application import Sphinx

from pwlib.book import sphinx_about
from pwlib.reruns import notebooks

ADDRESS = "https://github.com/someone/a-book"
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
    values = sphinx_about.parameters(CHAPTERS[stem])
    read, expected = understood(sphinx_about.papermill_line(stem, values)), recorded(CHAPTERS[stem])
    assert read == expected
    assert {name: type(read[name]) for name in read} == {k: type(v) for k, v in expected.items()}


@pytest.mark.slow
def test_the_line_reruns_a_chapter(tmp_path):
    stem = "6d-how-many-samples"
    values = sphinx_about.parameters(CHAPTERS[stem])
    words = shlex.split(sphinx_about.papermill_line(stem, values))
    words[0] = str(Path(sys.executable).parent / "papermill")
    words[2] = str(tmp_path / "out.ipynb")
    done = subprocess.run(words, cwd=notebooks.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(Path(words[2]).read_text())["metadata"]["papermill"]["parameters"] == values


def test_only_a_repository_on_github_can_be_opened_elsewhere():
    found = sphinx_about.places("3a-x", ADDRESS + ".git", "main")
    assert found == {
        "Open in Colab": "https://colab.research.google.com/github/someone/a-book/blob/main/chapters/3a-x.ipynb",
        "Open in Binder": "https://mybinder.org/v2/gh/someone/a-book/main?labpath=chapters/3a-x.ipynb",
    }
    assert sphinx_about.places("3a-x", "", "main") == {}
    assert sphinx_about.places("3a-x", "https://example.org/a/b", "main") == {}


def test_a_time_is_said_in_seconds_or_minutes():
    said = [sphinx_about.duration(seconds) for seconds in (0.3, 1.4, 62.4, 89.9, 994.1)]
    assert said == ["1 second", "1 second", "62 seconds", "90 seconds", "17 minutes"]


def page(folder, options):
    """The page of a small notebook in a book with these options of the theme."""
    parameters = nbformat.v4.new_code_cell("n: int = 3\nsizes: list[int] = [1, 2]")
    parameters.metadata["tags"] = ["parameters"]
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title"), parameters])
    nb.metadata["pwlib"] = {"seconds": 200, "processor": "A <fast> one"}
    nb.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python"}
    (folder / "chapters").mkdir()
    nbformat.write(nb, folder / "chapters" / "small.ipynb")
    (folder / "index.md").write_text("# Book\n\n```{toctree}\nchapters/small\n```\n")
    settings = {
        "extensions": ["myst_nb", "pwlib.book.sphinx_extension"],
        "html_theme": "sphinx_book_theme",
        "html_theme_options": options,
        "nb_execution_mode": "off",
    }
    out = folder / "out"
    Sphinx(folder, None, out, folder / "trees", "html", settings, status=None).build()
    return BeautifulSoup((out / "chapters" / "small.html").read_text(), "html.parser")


def test_without_an_address_a_chapter_offers_what_lies_in_the_book(tmp_path):
    offers = page(tmp_path, {}).select_one(".offers")
    assert [link.text for link in offers.select("a")] == ["Download the notebook"]
    assert "Executed in 3 minutes on A <fast> one" in offers.text
    assert offers.select_one("pre").text.strip() == (
        "papermill chapters/small.ipynb out.ipynb -p n 3 -y '{sizes: [1, 2]}'"
    )
    there = tmp_path / "out" / "chapters" / offers.select_one("a")["href"]
    assert nbformat.read(there, as_version=4).cells[0].source == "# Title"


def test_with_an_address_a_chapter_offers_colab_and_binder_too(tmp_path):
    options = {"repository_url": ADDRESS, "repository_branch": "dev"}
    offers = page(tmp_path, options).select_one(".offers")
    names = [link.text for link in offers.select("a")]
    assert names == ["Download the notebook", "Open in Colab", "Open in Binder"]
    assert all("/dev" in link["href"] for link in offers.select("a")[1:])
    first = offers.select("pre")[1].text
    assert first.startswith(f"!git clone --quiet --depth 1 --branch dev {ADDRESS} book\n%cd book\n")
    assert re.search(r"pip install .*daqp==[\d.]+ myst-nb==[\d.]+", first)


def test_binder_finds_a_configuration_with_a_cpu_build_of_torch():
    folder = notebooks.ROOT / "binder"
    assert (folder / "runtime.txt").read_text().startswith("python-3.11")
    script = folder / "postBuild"
    assert script.stat().st_mode & 0o111, "Binder runs it only if it may be executed"
    assert "--torch-backend cpu -r requirements.txt" in script.read_text()
    assert subprocess.run(["bash", "-n", script]).returncode == 0


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
    lines = sphinx_about.cost_table(env).splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_origin_of_a_table_says_how_many_runs_took_how_many_core_hours_on_what(folder):
    write(folder, "one", runs=10, core_hours=2.5, processor=PROCESSOR)
    assert rows(folder)[2:] == [["`results/one.csv`", "10", "2.5 core hours", PROCESSOR]]


def test_a_table_without_an_origin_or_whose_origin_is_silent_is_shown_as_not_recorded(folder):
    write(folder, "silent", runs=None, core_hours=None, processor=None)
    (folder / "results" / "untold.csv").write_text("n\n1\n")
    shown = [[f"`results/{name}.csv`", "", "not recorded", ""] for name in ("silent", "untold")]
    assert rows(folder)[2:] == shown


def test_the_tables_that_say_their_cost_are_added(folder):
    write(folder, "one", runs=10, core_hours=2.5, processor=PROCESSOR)
    write(folder, "two", runs=20, core_hours=1.1, processor="Another")
    write(folder, "three", runs=None, core_hours=None, processor=PROCESSOR)
    about = "the tables that record it, together"
    assert rows(folder)[-1] == [about, "30", "3.6 core hours", f"{PROCESSOR} and Another"]


def test_the_times_of_the_executed_chapters_are_added_and_the_longest_is_named(folder):
    assert rows(folder)[:2] == [
        ["the chapters, each executed once", "2", "2.0 minutes", "A Processor"],
        ["of these the longest, a", "1", "1.5 minutes", "A Processor"],
    ]
