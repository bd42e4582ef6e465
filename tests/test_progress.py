"""What a long piece of work shows of itself."""

import os
from pathlib import Path

from nbformat.v4 import new_code_cell, new_notebook

from pwlib import progress
from pwlib.reruns import notebooks


def test_without_a_terminal_nothing_is_shown(capsys):
    with progress.bar(2, "naps taken") as bar:
        bar.update()
    assert bar.disable
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_there_is_a_bar_with_the_time_left(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    bar = progress.bar(4, "naps taken")
    bar.update(2)
    bar.refresh()
    last = capsys.readouterr().err.split("\r")[-1]
    bar.close()
    assert last.startswith("naps taken:  50%")
    assert "2/4 [00:00<00:0" in last


def test_what_has_nothing_to_do_has_no_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    progress.bar(0, "naps taken").close()
    assert capsys.readouterr().err == ""


def test_in_a_notebook_it_is_one_text_that_is_updated_in_place():
    nap = "import time\nfrom pwlib import parallel\n"
    nap += "parallel.run(time.sleep, [(0.01,)] * 3, 2, 'naps taken');"
    nb = new_notebook(cells=[new_code_cell(nap, id="a")])
    done = notebooks.executed(nb, Path.cwd(), os.environ, lambda index: None)
    (output,) = done.cells[0].outputs
    assert output.data == {"text/plain": "naps taken: 3 of 3"}
