import os
import re
import uuid
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from pwlib.places import CHAPTERS, ROOT
from pwlib.reruns import notebooks, provenance

MODULES = {
    "__init__": "",
    "inner": 'def value(x=1):\n    """One."""\n    return x\n',
    "outer": "from {tiny} import inner\n",
    "unused": "",
    "looks.__init__": "",
    "looks.style": "colour = 'red'\n",
}


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    """A package of a few modules, one importing another, and a chapter that uses it."""
    tiny = f"tiny{uuid.uuid4().hex}"
    monkeypatch.setattr(provenance, "PACKAGE", tiny)
    monkeypatch.setattr(provenance, "FOLDER", tmp_path)
    monkeypatch.setattr(notebooks, "CHAPTERS", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name, text in MODULES.items():
        path = tmp_path.joinpath(tiny, *name.split(".")).with_suffix(".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(tiny=tiny))
    path = tmp_path / "one.ipynb"
    code = new_code_cell(f"if False:\n    from {tiny} import outer", id="a")
    nb = new_notebook(
        cells=[new_markdown_cell("prose", id="b"), code, new_code_cell("1 + 1", id="c")]
    )
    nbformat.write(nb, path)
    return path


def edit(path, cell, source):
    nb = nbformat.read(path, as_version=4)
    nb.cells[cell].source = source
    nbformat.write(nb, path)


def module(chapter, name):
    return chapter.parent.joinpath(provenance.PACKAGE, *name.split(".")).with_suffix(".py")


@pytest.mark.parametrize("name", ["outer", "inner", "__init__"])
def test_editing_a_module_makes_the_chapters_that_use_it_stale(chapter, name):
    before = notebooks.fingerprint(chapter)
    path = module(chapter, name)
    path.write_text(path.read_text() + "edited = 1\n")
    assert notebooks.fingerprint(chapter) != before


def test_editing_a_module_leaves_other_chapters_fresh(chapter):
    before = notebooks.fingerprint(chapter)
    module(chapter, "unused").write_text("edited = True")
    module(chapter, "looks.style").write_text("colour = 'blue'")
    assert notebooks.fingerprint(chapter) == before


def test_what_code_means_is_written_alike_by_each_version_of_python():
    form = "Constant(value='d')"
    written = provenance.meaning("def f(x, d):\n    return f'{x:{d}}'")
    for text in ("type_params", "[]", "None", "Constant"):
        assert text not in written
    assert form in provenance.meaning("f'{x:d}'")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("# a comment\ndef value(x=1):\n    'Another.'\n    return x  # too\n", True),
        ("def value(\n    x = 1,\n):\n    return (x)\n", True),
        ("def value(x=2):\n    return x\n", False),
        ("def value(x=1):\n    return -x\n", False),
    ],
)
def test_only_what_code_means_counts(chapter, text, same):
    before = notebooks.fingerprint(chapter)
    module(chapter, "inner").write_text(text)
    assert (notebooks.fingerprint(chapter) == before) is same


@pytest.mark.parametrize(
    "code",
    [
        "from {tiny}.looks import style",
        "import {tiny}.looks.style",
        "from {tiny}.looks.style import colour as c",
        "def f():\n    import {tiny}.looks.style as s",
        "try:\n    from {tiny}.looks import (\n        style,\n    )\nfinally:\n    pass",
    ],
)
@pytest.mark.parametrize("edited", ["looks.style", "looks.__init__", "__init__"])
def test_imports_are_followed_through_packages_however_they_are_written(chapter, code, edited):
    edit(chapter, 1, code.format(tiny=provenance.PACKAGE))
    before = notebooks.fingerprint(chapter)
    module(chapter, edited).write_text("colour = 'blue'\n")
    assert notebooks.fingerprint(chapter) != before


def test_editing_code_makes_a_chapter_stale_and_editing_prose_does_not(chapter):
    before = notebooks.fingerprint(chapter)
    edit(chapter, 0, "other prose")
    edit(chapter, 2, "1+1  # two")
    assert notebooks.fingerprint(chapter) == before
    edit(chapter, 2, "1 + 2")
    assert notebooks.fingerprint(chapter) != before


def test_a_semicolon_at_a_cells_end_counts(chapter):
    before = notebooks.fingerprint(chapter)
    edit(chapter, 2, "1 + 1;")
    assert notebooks.fingerprint(chapter) != before


def test_a_chapter_depends_on_its_own_entries_in_the_ledger(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "CHAPTERS", tmp_path)
    chapter, ledger = tmp_path / "one.ipynb", tmp_path / "claims.yml"
    code = new_code_cell("from pwlib.ledger import claims", id="a")
    nbformat.write(new_notebook(cells=[code]), chapter)
    ledger.write_text("[{id: a, chapter: one}, {id: b, chapter: two}]")
    before = notebooks.fingerprint(chapter)
    ledger.write_text("[{id: a, chapter: one}, {id: c, chapter: two}]")
    assert notebooks.fingerprint(chapter) == before
    ledger.write_text("[{id: d, chapter: one}]")
    assert notebooks.fingerprint(chapter) != before


@pytest.mark.parametrize("call", ["counts()", "page()", "table()"])
def test_a_chapter_that_shows_the_whole_ledger_depends_on_all_entries(call, tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "CHAPTERS", tmp_path)
    chapter, ledger = tmp_path / "one.ipynb", tmp_path / "claims.yml"
    code = new_code_cell(f"from pwlib.ledger import claims\n\nclaims.{call}", id="a")
    nbformat.write(new_notebook(cells=[code]), chapter)
    ledger.write_text("[{id: a, chapter: two}]")
    before = notebooks.fingerprint(chapter)
    ledger.write_text("[{id: b, chapter: two}]")
    assert notebooks.fingerprint(chapter) != before


def named(text):
    """The modules of pwlib that a text's import statements name, found without Python's parser."""
    statements = re.findall(r"^\s*from (pwlib[\w.]*) import (\([^)]*\)|.*)$", text, re.M)
    found = set(re.findall(r"^\s*import (pwlib[\w.]*)", text, re.M))
    for where, what in statements:
        found |= {where, *(f"{where}.{name}" for name in re.findall(r"\w+", what))}
    return found


def uses(text, wanted):
    """Whether a text imports a module of pwlib, directly or through others."""
    seen, todo = set(), named(text)
    while todo:
        name = todo.pop()
        seen.add(name)
        path = ROOT.joinpath(*name.split("."))
        if (path := path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).exists():
            todo |= named(path.read_text()) - seen
    return wanted in seen


@pytest.mark.slow
def test_a_change_of_the_attacks_makes_exactly_the_chapters_stale_that_use_them(monkeypatch):
    paths = sorted(CHAPTERS.glob("*.ipynb"))
    before = {path: notebooks.fingerprint(path) for path in paths}
    source = notebooks.source
    edited = {"pwlib.attacks": source("pwlib.attacks") + "\nedited = 1\n"}
    monkeypatch.setattr(notebooks, "source", lambda name: edited.get(name) or source(name))
    stale = {path.stem for path in paths if notebooks.fingerprint(path) != before[path]}
    code = {
        path: "\n".join(c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code")
        for path in paths
    }
    assert stale == {path.stem for path in paths if uses(code[path], "pwlib.attacks")}
    assert {"2-related-work", "4c-adversarial-training", "settings"} <= stale
    assert not {"3a-pointwise-convergence", "6a-how-many-points"} & stale


def test_executing_twice_gives_the_same_outputs_and_a_fresh_chapter(chapter, tmp_path):
    seen = []
    outs = [tmp_path / "out" / name for name in ("first.ipynb", "second.ipynb")]
    for out in outs:
        notebooks.execute(chapter, out, seen.append)
        assert not notebooks.why_stale(out, chapter)
    first, second = (nbformat.read(out, as_version=4).cells for out in outs)
    assert first == second
    assert first[2].outputs[0].data["text/plain"] == "2"
    assert seen == [0, 1, 2] * 2


def test_prose_edited_after_the_execution_is_what_the_book_shows(chapter, tmp_path):
    out = tmp_path / "out.ipynb"
    notebooks.execute(chapter, out, lambda cell: None)
    edit(chapter, 0, "other prose")
    merged = notebooks.with_outputs(chapter, out)
    assert merged.cells[0].source == "other prose"
    assert merged.cells[2].outputs[0].data["text/plain"] == "2"


def test_a_failing_chapter_keeps_its_traceback_and_the_last_good_execution(chapter, tmp_path):
    out = tmp_path / "out.ipynb"
    notebooks.execute(chapter, out, lambda cell: None)
    good = out.read_bytes()
    edit(chapter, 2, "raise ValueError('on purpose')")
    with pytest.raises(CellExecutionError, match="on purpose"):
        notebooks.execute(chapter, out, lambda cell: None)
    assert out.read_bytes() == good
    failed = nbformat.read(out.with_suffix(".failed.ipynb"), as_version=4)
    assert failed.cells[2].outputs[0].evalue == "on purpose"


def test_a_write_that_fails_leaves_the_old_notebook(chapter, monkeypatch):
    before = chapter.read_bytes()
    monkeypatch.setattr(os, "replace", lambda part, path: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        notebooks.write(new_notebook(), chapter)
    assert chapter.read_bytes() == before


def test_a_chapter_that_reads_a_table_depends_on_all_of_them(chapter):
    results = chapter.parent / "results"
    results.mkdir()
    (results / "law.csv").write_text("n,m\n")
    before = notebooks.fingerprint(chapter)
    (results / "law.csv").write_text("n,m\n1,2\n")
    assert notebooks.fingerprint(chapter) == before
    edit(chapter, 2, "if 0: results.read('law')")
    reading = notebooks.fingerprint(chapter)
    (results / "law.json").write_text("{}")
    assert notebooks.fingerprint(chapter) == reading
    (results / "law.csv").write_text("n,m\n1,3\n")
    assert notebooks.fingerprint(chapter) != reading


@pytest.mark.slow
def test_what_came_from_the_cache_stands_in_the_stamp_unless_all_is_to_be_trained(
    chapter, tmp_path, monkeypatch
):
    monkeypatch.setenv("PWLIB_CACHE", str(tmp_path / "networks"))
    keep = "from pwlib.reruns import kept\nimport torch\n"
    edit(chapter, 2, keep + "kept.keep({}, lambda: {'w': torch.ones(2)})['w']")
    for fresh, found in [(True, None), (False, "0 of 1"), (False, "1 of 1"), (True, None)]:
        notebooks.execute(chapter, tmp_path / "out.ipynb", lambda cell: None, fresh)
        networks = notebooks.stamp(tmp_path / "out.ipynb").get("networks")
        assert networks == (found and f"{found} networks from the cache")


def run(*sources):
    """Execute cells in a real kernel; returns the notebook and the indices of cells as told."""
    cells = [new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    told = []
    nb = new_notebook(cells=cells)
    notebooks.run(nb, Path.cwd(), os.environ, told.append)
    return nb, told


def test_the_last_words_of_a_kernel_that_ends_are_in_the_error():
    words = "import os; os.write(2, b'out of memory\\n'); os._exit(1)"
    with pytest.raises(DeadKernelError, match="Kernel died: out of memory"):
        run("1", words)
