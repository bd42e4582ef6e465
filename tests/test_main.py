"""The command line: what can be expected to fail ends in one line with a way out."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import pwlib
from pwlib import __main__
from pwlib.book import build
from pwlib.ledger import assumptions, claims
from pwlib.places import ROOT
from pwlib.reruns import notebooks, tables

SLEEPS = "import time\nfor _ in range(600):\n    time.sleep(0.1)"


@pytest.fixture
def checkout(tmp_path):
    """A checkout of a book of two small chapters."""
    (tmp_path / "chapters").mkdir()
    part = {"caption": "Part", "chapters": [{"file": "chapters/b"}]}
    contents = {"format": "jb-book", "root": "chapters/a", "parts": [part]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(contents), "utf-8")
    for name in ("claims", "assumptions"):
        (tmp_path / "chapters" / f"{name}.yml").write_text("[]", "utf-8")
    for name, code in {"a": "1 + 1", "b": SLEEPS}.items():
        cells = [new_markdown_cell(f"# {name}"), new_code_cell(code)]
        nbformat.write(new_notebook(cells=cells), tmp_path / "chapters" / f"{name}.ipynb")
    return tmp_path


@pytest.fixture
def here(checkout, monkeypatch):
    """That checkout, which the commands of this process take for theirs."""
    for module in (build, notebooks, assumptions, claims):
        for name, value in vars(module).items():
            if isinstance(value, Path) and value.is_relative_to(ROOT):
                monkeypatch.setattr(module, name, checkout / value.relative_to(ROOT))
    return checkout


def start(checkout, *command, **settings):
    """A command of the checkout, which gets a package of its own, in a process of its own."""
    package = Path(pwlib.__file__).parent
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, checkout / "pwlib", ignore=ignore)
    return subprocess.Popen(
        [sys.executable, "-m", "pwlib", *command],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def last_words(running):
    """The line on stderr of a command that ends with status 1."""
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 1, stderr
    (line,) = stderr.strip().splitlines()
    return line


def said(*command):
    """What a command that is run here says as it ends with status 1."""
    with pytest.raises(SystemExit) as ended:
        __main__.main(list(command))
    line = str(ended.value).strip()
    assert "\n" not in line
    return line


@pytest.mark.parametrize("port", ["x", "-1", "65536", "8000.5"])
def test_a_port_that_is_none_is_a_slip_in_usage_told_in_one_line(port, capsys):
    with pytest.raises(SystemExit) as ended:
        __main__.main(["serve", f"--port={port}"])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"--port: got '{port}', accepts a whole number from 0 to 65535" in line


def test_a_port_that_is_taken_is_named(tmp_path, monkeypatch):
    (tmp_path / "index.html").touch()
    monkeypatch.setattr(build, "HTML", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert said("serve", "--port", str(port)).startswith(
            f"port {port}: Address already in use;"
        )


@pytest.mark.parametrize("command", ["serve", "pdf"])
def test_what_needs_a_built_book_says_how_to_build_it(command, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "HTML", tmp_path / "html")
    assert said(command).startswith(f"{tmp_path}/html: got no book, which make book")


def test_a_file_in_the_place_of_the_data_is_named_with_the_variable(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PWLIB_DATA", str(tmp_path / "file"))
    line = said("data")
    assert line.startswith(f"PWLIB_DATA: got '{tmp_path}/file', accepts a folder")


def test_a_checkout_that_cannot_be_written_to_is_named(checkout):
    (checkout / "_build").touch()  # as good as a folder that is read-only, for root too
    line = last_words(start(checkout, "book"))
    assert line.startswith(f"{checkout}/_build/executed")
    assert line.endswith("this needs a whole checkout of the book that can be written to")


def test_what_a_checkout_lacks_is_named(here):
    assert said("accept").startswith(f"{here}/README.md: No such file or directory; ")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("chapters/b.ipynb", '{"cells": [{"cell_t'),
        ("chapters/claims.yml", "- id: [1"),
        ("chapters/claims.yml", "- id: a"),
        ("_toc.yml", "root: chapters/a"),
    ],
)
def test_a_file_of_the_book_that_cannot_be_read_is_named(here, name, content):
    chapter = here / "chapters" / "a.ipynb"
    code = "from pwlib.ledger import assumptions, claims"  # a chapter rests on what it imports
    chapter.write_text(chapter.read_text("utf-8").replace("1 + 1", code), "utf-8")
    (here / name).write_text(content, "utf-8")
    line = said("accept")
    assert line.startswith(f"{here / name}: ")
    assert line.endswith("mend it, or bring back the committed one with git checkout")


def executed(chapter, out):
    """A chapter as its execution leaves it, whose cells show nothing."""
    nb = notebooks.read(chapter)
    notebooks.seal(nb, {"fingerprint": notebooks.fingerprint(chapter)})
    notebooks.write(nb, out)
    return out


def test_accept_keeps_what_is_fresh_and_says_what_is_stale(here, capsys, monkeypatch):
    monkeypatch.setattr(build, "readme", str.upper)
    monkeypatch.setattr(build, "readme_figure", lambda: "<svg/>")
    chapters, ran = here / "chapters", here / "_build" / "executed" / "a.ipynb"
    found = {here / "README.md": "text", here / "_build" / "benchmarks.json": '{"b": 2, "c": 2}'}
    found[chapters / "results" / "benchmarks.json"] = '{"a": 1, "b": 1}'
    for path, text in found.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    executed(chapters / "a.ipynb", ran)
    assert __main__.main(["accept"]) == 0
    accepted = ["accepted  chapters/a.ipynb", "accepted  chapters/results/benchmarks.json"]
    why = "its code, or what that rests on, isn't what was executed (make book executes it)"
    stale = f"stale     chapters/b.ipynb: {why}"
    assert capsys.readouterr().out.splitlines() == [accepted[0], stale, accepted[1]]
    assert "pwlib" in notebooks.read(chapters / "a.ipynb").metadata
    merged = (chapters / "results" / "benchmarks.json").read_text("utf-8")
    assert json.loads(merged) == {"a": 1, "b": 2, "c": 2}
    assert (here / "README.md").read_text("utf-8") == "TEXT"
    assert (chapters / "_static" / "front.svg").read_text("utf-8") == "<svg/>"
    for path in (ran, here / "_build" / "benchmarks.json"):
        path.unlink()
    assert __main__.main(["accept"]) == 0
    assert capsys.readouterr().out.splitlines() == [stale]


def test_the_sources_of_the_pages_are_those_of_today_and_what_is_the_same_is_left_alone(here):
    (here / "_config.yml").write_text("title: a", "utf-8")
    chapters, source = here / "chapters", here / "_build" / "source"
    chosen = [executed(path, path) for path in chapters.glob("*.ipynb")]
    build._assemble(chosen)
    names = {path.relative_to(here) for path in chapters.iterdir()}
    names |= {Path("_config.yml"), Path("_toc.yml")}
    assert {p.relative_to(source) for p in source.rglob("*") if p.is_file()} == names
    written = {name: (source / name).stat().st_mtime_ns for name in names}
    (source / "chapters" / "gone.md").touch()
    (here / "_config.yml").write_text("title: b", "utf-8")
    build._assemble(chosen)
    assert not (source / "chapters" / "gone.md").exists()
    assert (source / "_config.yml").read_text("utf-8") == "title: b"
    changed = {name for name in names if (source / name).stat().st_mtime_ns != written[name]}
    assert changed == {Path("_config.yml")}


def test_pages_with_warnings_are_no_book_and_show_what_sphinx_said(here, capsys, monkeypatch):
    program = here / "jupyter-book"
    program.write_text("#!/bin/sh\necho a warning; exit 1\n", "utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(here / "python"))
    with pytest.raises(build.BookError, match="^the pages: got errors or warnings, those above"):
        build._render()
    assert "a warning" in capsys.readouterr().out.splitlines()


@pytest.fixture
def _pages_are_not_made(monkeypatch):
    for step in ("_assemble", "_render", "_report"):
        monkeypatch.setattr(build, step, lambda *chosen: None)


@pytest.mark.usefixtures("_pages_are_not_made")
def test_a_cut_notebook_of_an_earlier_execution_is_dropped_and_executed_again(
    here, capsys, monkeypatch
):
    monkeypatch.setattr(notebooks, "chapters", lambda: [here / "chapters" / "a.ipynb"])
    cut = here / "_build" / "executed" / "a.ipynb"
    cut.parent.mkdir(parents=True)
    cut.write_text('{"cells": [', "utf-8")
    assert __main__.main(["book"]) == 0
    first, _, third = capsys.readouterr().out.splitlines()
    assert first == f"dropped   {cut}, which is no whole notebook: it is executed again"
    assert third.startswith("executed  a ")


@pytest.mark.slow
def test_ctrl_c_in_a_chapter_ends_in_one_line(checkout):
    running = start(checkout, "book")
    while not running.stdout.readline().startswith("executing b "):
        pass
    time.sleep(1)
    os.killpg(running.pid, signal.SIGINT)
    assert last_words(running) == __main__.INTERRUPTED


@pytest.mark.slow
def test_a_chapter_that_fails_is_named_with_its_error(checkout):
    path = checkout / "chapters" / "a.ipynb"
    path.write_text(path.read_text("utf-8").replace("1 + 1", "degree"), "utf-8")
    line = last_words(start(checkout, "book"))
    assert line.startswith(f"{path}: NameError: name 'degree' is not defined; see {checkout}")


def test_ctrl_c_is_one_line_also_while_modules_are_imported(tmp_path):
    (tmp_path / "argparse.py").write_text("raise KeyboardInterrupt", "utf-8")
    command = [sys.executable, "-m", "pwlib", "cache"]
    first = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(command, env=os.environ | first, capture_output=True, text=True)
    assert (done.returncode != 0, done.stdout) == (True, "")
    assert done.stderr == f"{__main__.INTERRUPTED}\n"
    (tmp_path / "argparse.py").write_text("raise LookupError", "utf-8")
    done = subprocess.run(command, env=os.environ | first, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "LookupError"  # another error keeps its traceback


def test_ctrl_c_is_one_line_also_while_another_line_is_made_up(monkeypatch, capsys):
    def broken(*given):
        raise OSError("x")

    monkeypatch.setattr(build, "require_book", broken)
    monkeypatch.setattr(__main__, "_line", lambda *given: signal.raise_signal(signal.SIGINT))
    assert said("serve") == __main__.INTERRUPTED


def test_an_edited_table_and_a_place_for_rows_that_is_a_file_are_named(tmp_path, monkeypatch):
    for kind, text in {"csv": "arm,seed\nhard,1\n", "json": '{"runs": 1, "sha256": "0"}'}.items():
        (tmp_path / f"networks.{kind}").write_text(text, "utf-8")
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    assert said("table", "networks").startswith(f"{tmp_path}/networks.csv: got other content than")
    line = said("table", "point-sets", "--out", str(tmp_path / "networks.csv"))
    assert line == f"{tmp_path}/networks.csv: File exists; --out takes another folder"


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch):
    def fault(fresh, runs):
        raise ValueError("ours")

    monkeypatch.setattr(build, "make", fault)
    with pytest.raises(ValueError, match="ours"):
        __main__.main(["book"])


@pytest.mark.usefixtures("_pages_are_not_made")
def test_a_fresh_book_executes_every_chapter_without_kept_networks(monkeypatch):
    asked = []
    monkeypatch.setattr(build.notebooks, "execute", lambda *run: asked.append((run[0], run[3])))
    monkeypatch.setattr(build.notebooks, "stamp", lambda executed: {"seconds": 0})
    assert __main__.main(["book", "--fresh"]) == 0
    assert asked == [(chapter, True) for chapter in build.notebooks.chapters()]
