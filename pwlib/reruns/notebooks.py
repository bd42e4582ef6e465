"""Executing chapters the same way every time, and knowing which of them are stale.

An executed chapter carries a fingerprint of what its outputs depend on: its code cells, the modules
of pwlib behind them, its entries in the registers, the tables if it reads any, and the versions of
packages; data enter through their checksums in ``pwlib/datasets.py``. A chapter is stale when
today's fingerprint is another; prose, comments and docstrings are not part of it. It is stale too
where what a reader sees of a code cell isn't what the execution left: outputs, tags, captions and
alternative texts have digests of their own in its stamp.
"""

import atexit
import hashlib
import json
import logging
import platform
import re
import tempfile
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from pwlib import checks, places
from pwlib.checks import PLAIN, TEXT, a, accepts, named
from pwlib.ledger import plain
from pwlib.places import CHAPTERS, ROOT
from pwlib.reruns import kept
from pwlib.reruns.provenance import imports, meaning, processor, source, version


def contents() -> list[str]:
    """The book's pages in the order of its table of contents, each as its path without a suffix."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]


def chapters() -> list[Path]:
    """The notebooks of the book, in the same order."""
    return [path for name in contents() if (path := ROOT / f"{name}.ipynb").exists()]


def fingerprint(path: Path) -> str:
    """The fingerprint (see the module's text) that a fresh execution of a chapter would carry."""
    return digest(inputs(nbformat.read(path, as_version=4), path.stem))


def inputs(nb: NotebookNode, chapter: str) -> dict[str, Any]:
    """All that the outputs of a chapter depend on, as plain data: texts, versions, entries."""
    cells = [cell.source for cell in _code_cells(nb)]
    modules, packages = imports("\n".join(cells))
    texts = {name: source(name) for name in sorted(modules)}
    registers = [name for name in ("claims", "assumptions") if f"pwlib.ledger.{name}" in modules]
    found: dict[str, Any] = {
        "cells": [meaning(cell) for cell in cells],
        "modules": {name: meaning(text) for name, text in texts.items()},
        "versions": {name: version(name) for name in sorted(packages)},
        "registers": {name: _entries(name, chapter, cells) for name in registers},
    }
    if any("results.read" in cell for cell in cells):
        tables = sorted((CHAPTERS / "results").glob("*.csv"))
        found["tables"] = {path.stem: path.read_text("utf-8") for path in tables}
    return found


def digest(data: object) -> str:
    """16 hexadecimal digits that stand for plain data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def why_stale(executed: Path, chapter: Path) -> str:
    """Why the outputs in ``executed`` aren't those of today's ``chapter``; nothing if they are."""
    if not executed.exists():
        return "it isn't executed"
    about = stamp(executed)
    if about.get("fingerprint") != fingerprint(chapter):
        return "its code, or what that rests on, isn't what was executed"
    return edited(with_outputs(chapter, executed))


def edited(nb: NotebookNode) -> str:
    """The cells of which a reader sees other things than the execution left; nothing if none is."""
    about = dict(nb.metadata["pwlib"])
    if about.pop("seal", "") != digest(about):
        return "its stamp isn't the one that its execution wrote"
    shown, bound = _shown(nb), about["cells"]
    cells = [id for id in bound | shown if bound.get(id) != shown.get(id)]
    what = "outputs, tags or captions aren't those of its execution"
    return f"cell {', '.join(cells)}: {what}" if cells else ""


def stamp(executed: Path) -> dict:
    """What the run that made a notebook's outputs left: fingerprint, seconds, python, processor."""
    return dict(nbformat.read(executed, as_version=4).metadata.get("pwlib", {}))


def execute(path: Path, out: Path, started: Callable[[int], None], fresh: bool = False) -> None:
    """Execute a chapter in its own folder and write it, whole or not at all, to ``out``.

    Networks that were trained before come from the cache (`pwlib.reruns.kept`), unless ``fresh``;
    the stamp says how many did. When a cell raises, the half-executed notebook is kept as
    ``<name>.failed.ipynb`` beside ``out`` and the nbclient error goes on to the caller.
    """
    before, start = fingerprint(path), time.monotonic()
    nb = nbformat.read(path, as_version=4)
    try:
        with kept.counted(not fresh) as environment:
            run(nb, path.parent, environment, started)
            networks = kept.summary(environment)
    except CellExecutionError:
        write(nb, out.with_suffix(".failed.ipynb"))
        raise
    stamp = {"fingerprint": before, "seconds": round(time.monotonic() - start, 1)}
    stamp |= {"python": platform.python_version(), "processor": processor()}
    seal(nb, stamp | ({"networks": networks} if networks else {}))
    write(nb, out)
    out.with_suffix(".failed.ipynb").unlink(missing_ok=True)


def seal(nb: NotebookNode, about: Mapping) -> None:
    """Stamp a notebook with what is said of its execution, bound to what each code cell shows."""
    bound = {**about, "cells": _shown(nb)}
    nb.metadata["pwlib"] = bound | {"seal": digest(bound)}


def run(
    nb: NotebookNode, folder: Path, environment: Mapping[str, str], started: Callable[[int], None]
) -> None:
    """Execute a notebook in place, in a kernel that runs in a folder, with an environment.

    ``started`` is told the index of each cell as it starts. Raises CellExecutionError when a cell
    raises, and DeadKernelError, with the kernel's last words, when the kernel ends.
    """
    with (
        tempfile.TemporaryDirectory() as place,
        open(f"{place}/stderr", "w+", encoding="utf-8", errors="replace") as stderr,
    ):
        # Sockets are files, as two kernels that start at once may choose the same port.
        sockets = {"transport": "ipc", "connection_file": f"{place}/kernel.json"}
        client = NotebookClient(
            nb,
            config=Config(KernelManager=sockets),
            timeout=None,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(folder)}},
            on_cell_start=lambda cell, cell_index: started(cell_index),
        )
        try:
            client.execute(env=dict(environment), stderr=stderr)  # the process's, not its cells'
        except CellExecutionError:
            raise
        except (AssertionError, CancelledError):  # how nbclient ends, which takes Ctrl-C for itself
            logging.disable()  # its tasks have more to say
            raise KeyboardInterrupt from None
        except (DeadKernelError, RuntimeError) as error:
            atexit.unregister(client._cleanup_kernel)  # nbclient's, which fails without kernel
            stderr.seek(0)
            said = [str(error), *stderr.read().splitlines()[-1:]]
            raise DeadKernelError(": ".join(said)) from None
    # What differs between machines says nothing.
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    nb.metadata.update(kernelspec=kernel, language_info={"name": "python"})


def read(path: Path) -> NotebookNode:
    """A notebook, if it is a whole and valid one."""
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb)
    return nb


def write(nb: NotebookNode, path: Path) -> None:
    """Write a notebook, whole or not at all."""
    places.write(path, nbformat.writes(nb) + "\n")


def with_outputs(chapter: Path, executed: Path) -> NotebookNode:
    """Today's text of a chapter with the outputs of a fresh execution of its code."""
    nb, ran = (nbformat.read(path, as_version=4) for path in (chapter, executed))
    for cell, done in zip(_code_cells(nb), _code_cells(ran), strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    nb.metadata["pwlib"] = ran.metadata["pwlib"]
    return nb


def measured_claims(executed: Sequence[Path]) -> list[dict]:
    """What the claim checks in executed notebooks measured (see `claims.settle`), in order."""
    return [
        dict(output.metadata["pwlib"])
        for path in executed
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        if "claim" in output.get("metadata", {}).get("pwlib", {})
    ]


def _code_cells(nb: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def _shown(nb: NotebookNode) -> dict[str, str]:
    """A digest of what a reader sees of each code cell but its text, by the cell's id.

    JupyterLab writes times into the metadata of cells, which nobody is shown.
    """
    shown = {}
    for cell in _code_cells(nb):
        about = {key: value for key, value in cell.metadata.items() if key != "execution"}
        shown[cell.id] = digest([about, cell.execution_count, cell.outputs])
    return shown


def _entries(register: str, chapter: str, cells: Iterable[str]) -> list[dict]:
    """A chapter's entries in a register; all of them for a chapter that shows the whole of it."""
    entries = plain(CHAPTERS / f"{register}.yml")
    whole = re.compile(rf"\b{register}\.(counts|page|table)\((?!\")")
    if any(whole.search(cell) for cell in cells):
        return entries
    return [entry for entry in entries if entry["chapter"] == chapter]


NOTEBOOK = a(NotebookNode, where=lambda nb: {"cells", "metadata"} <= set(nb), what="a notebook")


accepts(
    __name__,
    {"nb": NOTEBOOK, "data": checks.plain, "about": PLAIN, "environment": named(TEXT)},
    edited={
        "nb": a(NotebookNode, where=lambda nb: "pwlib" in nb.metadata, what="an executed notebook")
    },
)
