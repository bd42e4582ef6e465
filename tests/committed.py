"""The committed notebooks of the book, each read once in a process, when a test needs it."""

from functools import cache

import nbformat

from pwlib.reruns import notebooks

PATHS = {path.stem: path for path in notebooks.chapters()}


@cache
def read(name):
    return nbformat.read(PATHS[name], as_version=4)


def code_cells(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]
