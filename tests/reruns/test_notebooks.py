import os
import socket
from pathlib import Path

import nbformat
import pytest
from jupyter_client.connect import LocalPortCache
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from pwlib.reruns import notebooks, provenance


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    """A package `pwlib` of a few modules, one importing another, and a chapter that uses it."""
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path)
    monkeypatch.setattr(notebooks, "CHAPTERS", tmp_path)
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "claims.py").write_text("import json")
    (tmp_path / "inner.py").write_text("value = 1")
    (tmp_path / "outer.py").write_text("from pwlib import inner")
    (tmp_path / "unused.py").write_text("")
    (tmp_path / "claims.yml").write_text("[{id: a, chapter: one}, {id: b, chapter: two}]")
    path = tmp_path / "one.ipynb"
    code = new_code_cell("if False:\n    from pwlib import outer, claims", id="a")
    nb = new_notebook(
        cells=[new_markdown_cell("prose", id="b"), code, new_code_cell("1 + 1", id="c")]
    )
    nbformat.write(nb, path)
    return path


def edit(path, cell, source):
    nb = nbformat.read(path, as_version=4)
    nb.cells[cell].source = source
    nbformat.write(nb, path)


@pytest.mark.parametrize("name", ["outer", "inner", "claims", "__init__"])
def test_editing_a_module_makes_the_chapters_that_use_it_stale(chapter, name):
    before = notebooks.fingerprint(chapter)
    (chapter.parent / f"{name}.py").write_text("from pwlib import inner  # edited")
    assert notebooks.fingerprint(chapter) != before


def test_editing_a_module_leaves_other_chapters_fresh(chapter):
    before = notebooks.fingerprint(chapter)
    (chapter.parent / "unused.py").write_text("edited = True")
    assert notebooks.fingerprint(chapter) == before


def test_editing_code_makes_a_chapter_stale_and_editing_prose_does_not(chapter):
    before = notebooks.fingerprint(chapter)
    edit(chapter, 0, "other prose")
    assert notebooks.fingerprint(chapter) == before
    edit(chapter, 2, "1 + 2")
    assert notebooks.fingerprint(chapter) != before


def test_a_chapter_depends_on_its_own_entries_in_the_ledger(chapter):
    before = notebooks.fingerprint(chapter)
    (chapter.parent / "claims.yml").write_text("[{id: a, chapter: one}, {id: c, chapter: two}]")
    assert notebooks.fingerprint(chapter) == before
    (chapter.parent / "claims.yml").write_text("[{id: d, chapter: one}]")
    assert notebooks.fingerprint(chapter) != before


def test_executing_twice_gives_the_same_outputs_and_a_fresh_chapter(chapter, tmp_path):
    seen = []
    outs = [tmp_path / "out" / name for name in ("first.ipynb", "second.ipynb")]
    for out in outs:
        notebooks.execute(chapter, out, seen.append)
        assert notebooks.is_fresh(out, chapter)
    first, second = (nbformat.read(out, as_version=4).cells for out in outs)
    assert first == second
    assert first[2].outputs[0].data["text/plain"] == "2"
    assert [(now.cell, now.cells) for now in seen] == [(1, 3), (2, 3), (3, 3)] * 2


def test_prose_edited_after_the_execution_is_what_the_book_shows(chapter, tmp_path):
    out = tmp_path / "out.ipynb"
    notebooks.execute(chapter, out, lambda now: None)
    edit(chapter, 0, "other prose")
    merged = notebooks.with_outputs(chapter, out)
    assert merged.cells[0].source == "other prose"
    assert merged.cells[2].outputs[0].data["text/plain"] == "2"


def test_a_failing_chapter_keeps_its_traceback_and_the_last_good_execution(chapter, tmp_path):
    out = tmp_path / "out.ipynb"
    notebooks.execute(chapter, out, lambda now: None)
    good = out.read_bytes()
    edit(chapter, 2, "raise ValueError('on purpose')")
    with pytest.raises(CellExecutionError, match="on purpose"):
        notebooks.execute(chapter, out, lambda now: None)
    assert out.read_bytes() == good
    failed = nbformat.read(out.with_suffix(".failed.ipynb"), as_version=4)
    assert failed.cells[2].outputs[0].evalue == "on purpose"


def test_a_write_that_fails_leaves_the_old_notebook(chapter, monkeypatch):
    before = chapter.read_bytes()
    monkeypatch.setattr(os, "replace", lambda part, path: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        notebooks.write(new_notebook(), chapter)
    assert chapter.read_bytes() == before


def test_a_chapter_depends_on_the_tables_that_its_code_names(chapter):
    results = chapter.parent / "results"
    results.mkdir()
    (results / "law.csv").write_text("n,m\n")
    before = notebooks.fingerprint(chapter)
    edit(chapter, 2, "open('law.csv')")
    named = notebooks.fingerprint(chapter)
    (results / "law.csv").write_text("n,m\n1,2\n")
    assert len({before, named, notebooks.fingerprint(chapter)}) == 3
    (results / "other.csv").write_text("")
    changed = notebooks.fingerprint(chapter)
    (results / "other.csv").write_text("x")
    assert notebooks.fingerprint(chapter) == changed


@pytest.fixture
def taken(monkeypatch):
    """A port that is in use, and how many of the next kernels are told to take it."""
    kernels = []

    def find_available_port(self, ip):
        if not kernels:
            return free(self, ip)
        return kernels.pop()

    free = LocalPortCache.find_available_port
    monkeypatch.setattr(LocalPortCache, "find_available_port", find_available_port)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield lambda n: kernels.extend([sock.getsockname()[1]] * 5 * n)


def run(*sources):
    """Execute cells in a real kernel; returns the notebook and the indices of cells as told."""
    cells = [new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    told = []
    nb = notebooks.executed(new_notebook(cells=cells), Path.cwd(), os.environ, told.append)
    return nb, told


def test_a_kernel_whose_ports_are_taken_is_started_again_in_silence(taken, capfd):
    taken(2)
    nb, told = run("6 * 7")
    assert nb.cells[0].outputs[0].data["text/plain"] == "42"
    assert told == [0]
    assert capfd.readouterr() == ("", "")


def test_ports_that_stay_taken_end_in_an_error_that_names_the_cause(taken):
    taken(3)
    with pytest.raises(DeadKernelError, match="Kernel died.*Address already in use"):
        run("6 * 7")


def test_the_last_words_of_a_kernel_that_ends_are_in_the_error():
    words = "import os; os.write(2, b'out of memory\\n'); os._exit(1)"
    with pytest.raises(DeadKernelError, match="Kernel died: out of memory"):
        run("1", words)
