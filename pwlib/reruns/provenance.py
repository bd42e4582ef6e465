"""What a result depends on: the code behind it, the versions of packages, the processor."""

from __future__ import annotations

import ast
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).parent


def imports(code: str) -> tuple[set[str], set[str]]:
    """The modules of pwlib and the other top-level packages that a piece of code rests on.

    Directly or through modules of pwlib; imports inside functions count too.
    """
    modules: set[str] = set()
    packages: set[str] = set()
    todo = [code]
    while todo:
        ours, others = _imported_names(todo.pop())
        packages |= others
        todo += [source(name) for name in ours - modules]
        modules |= ours
    return modules, packages


def source(module: str) -> str:
    """The text of a module of pwlib."""
    return (PACKAGE / f"{module}.py").read_text()


def version(package: str) -> str:
    """The version of the distribution that brings a package, without its local build tag."""
    names = _distributions().get(package, [])
    return " ".join(metadata.version(name).split("+")[0] for name in sorted(set(names)))


@cache
def _distributions() -> dict[str, list[str]]:
    return metadata.packages_distributions()


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = (line.split(":", 1)[1] for line in lines if line.startswith("model name"))
        return next(names).strip()
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


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
