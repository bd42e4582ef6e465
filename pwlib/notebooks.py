"""Executing chapters the same way every time, and knowing which of them are stale.

An executed chapter carries a fingerprint of what its outputs depend on: its code cells, the modules
of pwlib that it imports directly or indirectly, its entries in the ledger and in the register of
assumptions, and the versions of the packages behind them. The data files enter through their
checksums, which stand in ``pwlib/datasets.py``. A chapter is stale when the fingerprint of today
differs from the one it carries. Prose is not part of it: editing a paragraph costs no execution.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
CHAPTERS = ROOT / "chapters"
PACKAGE = Path(__file__).parent

# What a kernel says when another one took its port; about 1 start in 200, so worth trying again.
PORT_TAKEN = ("Address already in use", "Kernel died before replying")


@dataclass(frozen=True)
class Progress:
    """A moment of a run: cell ``cell`` of ``cells`` has started, ``seconds`` after the start."""

    chapter: str
    cell: int
    cells: int
    seconds: float


def chapters() -> list[Path]:
    """The notebooks of the book, in the order of its table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    names = [toc["root"]]
    for part in toc["parts"]:
        names += [chapter["file"] for chapter in part["chapters"]]
    return [path for name in names if (path := ROOT / f"{name}.ipynb").exists()]


def fingerprint(path: Path) -> str:
    """The fingerprint (see the module's text) that a fresh execution of a chapter would carry."""
    nb = nbformat.read(path, as_version=4)
    modules, packages = _imports(nb)
    registers = [name for name in ("claims", "assumptions") if name in modules]
    inputs = {
        "cells": [cell.source for cell in _code_cells(nb)],
        "modules": {name: (PACKAGE / f"{name}.py").read_text() for name in sorted(modules)},
        "versions": {name: _version(name) for name in sorted(packages)},
        "registers": {name: _entries(name, path.stem, nb) for name in registers},
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def is_fresh(executed: Path, chapter: Path) -> bool:
    """Do the outputs in ``executed`` belong to today's ``chapter`` and to what it depends on?"""
    if not executed.exists():
        return False
    return stamp(executed).get("fingerprint") == fingerprint(chapter)


def stamp(executed: Path) -> dict:
    """What the run that made a notebook's outputs left: fingerprint, seconds, python, processor."""
    return dict(nbformat.read(executed, as_version=4).metadata.get("pwlib", {}))


def execute(path: Path, out: Path, progress: Callable[[Progress], None], tries: int = 3) -> None:
    """Execute a chapter in its own folder and write it, whole or not at all, to ``out``.

    When a cell raises, the half-executed notebook is kept as ``<name>.failed.ipynb`` beside ``out``
    and the nbclient error goes on to the caller.
    """
    before = fingerprint(path)
    for attempt in range(tries):
        nb = nbformat.read(path, as_version=4)
        start = time.monotonic()
        try:
            _client(nb, path, start, progress).execute()
            break
        except CellExecutionError:
            write(nb, out.with_suffix(".failed.ipynb"))
            raise
        except (DeadKernelError, RuntimeError) as error:
            if attempt + 1 == tries or not any(text in str(error) for text in PORT_TAKEN):
                raise
    nb.metadata["pwlib"] = {
        "fingerprint": before,
        "seconds": round(time.monotonic() - start, 1),
        "python": platform.python_version(),
        "processor": processor(),
    }
    _normalise(nb)
    write(nb, out)
    out.with_suffix(".failed.ipynb").unlink(missing_ok=True)


def write(nb: NotebookNode, path: Path) -> None:
    """Write a notebook so that a crash leaves the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    nbformat.write(nb, part)
    os.replace(part, path)


def with_outputs(chapter: Path, executed: Path) -> NotebookNode:
    """Today's text of a chapter with the outputs of a fresh execution of its code."""
    nb, ran = (nbformat.read(path, as_version=4) for path in (chapter, executed))
    for cell, done in zip(_code_cells(nb), _code_cells(ran), strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    nb.metadata["pwlib"] = ran.metadata["pwlib"]
    return nb


def measured_claims(executed: Iterable[Path]) -> list[dict]:
    """What the claim checks in executed notebooks measured (see `pwlib.claims.check`), in order."""
    return [
        dict(output.metadata["pwlib"])
        for path in executed
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        if "claim" in output.get("metadata", {}).get("pwlib", {})
    ]


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = (line.split(":", 1)[1] for line in lines if line.startswith("model name"))
        return next(names).strip()
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _client(
    nb: NotebookNode, path: Path, start: float, progress: Callable[[Progress], None]
) -> NotebookClient:
    def started(cell: NotebookNode, cell_index: int) -> None:
        progress(Progress(path.stem, cell_index + 1, len(nb.cells), time.monotonic() - start))

    return NotebookClient(
        nb,
        timeout=None,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=started,
    )


def _normalise(nb: NotebookNode) -> None:
    """Drop what differs from run to run or from machine to machine without saying anything."""
    nb.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    nb.metadata["language_info"] = {"name": "python"}
    for cell in nb.cells:
        cell.metadata.pop("execution", None)


def _code_cells(nb: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def _imports(nb: NotebookNode) -> tuple[set[str], set[str]]:
    """The modules of pwlib and the other top-level packages that a notebook rests on."""
    modules: set[str] = set()
    packages: set[str] = set()
    todo = ["\n".join(cell.source for cell in _code_cells(nb))]
    while todo:
        ours, others = _imported_names(todo.pop())
        packages |= others
        todo += [(PACKAGE / f"{name}.py").read_text() for name in ours - modules]
        modules |= ours
    return modules, packages


@cache
def _imported_names(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """The modules of pwlib and the other packages that a piece of code names in its imports."""
    ours, others = {"__init__"}, set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "pwlib":
            names = [f"pwlib.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        ours |= {name.split(".")[1] for name in names if name.startswith("pwlib.")}
        others |= {name.split(".")[0] for name in names} - {"pwlib"}
    return frozenset(ours), frozenset(others)


def _version(package: str) -> str:
    """The version of the distribution that brings a package, without its local build tag."""
    names = _distributions().get(package, [])
    return " ".join(metadata.version(name).split("+")[0] for name in sorted(set(names)))


@cache
def _distributions() -> dict[str, list[str]]:
    return metadata.packages_distributions()


def _entries(register: str, chapter: str, nb: NotebookNode) -> list[dict]:
    """A chapter's entries in a register; all of them for a chapter that shows the whole of it."""
    entries = yaml.safe_load((CHAPTERS / f"{register}.yml").read_text()) or []
    whole = re.compile(rf"\b{register}\.(counts|table)\((?!\")")
    if any(whole.search(cell.source) for cell in _code_cells(nb)):
        return entries
    return [entry for entry in entries if entry["chapter"] == chapter]
