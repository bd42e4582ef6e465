"""What a result depends on: what the code behind it means, versions of packages, the processor."""

from __future__ import annotations

import ast
import platform
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

PACKAGE = __name__.split(".")[0]
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def imports(code: str) -> tuple[set[str], set[str]]:
    """The modules of this package and the other top-level packages that a piece of code rests on.

    Directly or through modules of this package, whose names are full, "pwlib.attacks"; imports
    inside functions count too.
    """
    modules: set[str] = set()
    packages: set[str] = set()
    todo = [code]
    while todo:
        ours, others = _imported(todo.pop())
        packages |= others
        todo += [source(name) for name in ours - modules]
        modules |= ours
    return modules, packages


def source(module: str) -> str:
    """The text of a module, by its full name. Raises ModuleNotFoundError where there is none."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"module: got {module!r}, which isn't installed")
    return Path(spec.origin).read_text(encoding="utf-8")


@cache
def meaning(code: str) -> str:
    """A piece of code as its syntax tree, without comments, docstrings and places of lines.

    Two texts with one meaning compute the same. A semicolon at the end, which keeps a notebook
    from showing a value, is part of it; what is no Python stands for itself.
    """
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return code
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return ast.dump(tree) + ";" * code.rstrip().endswith(";")


def tables(code: str) -> set[str | None]:
    """The tables that a piece of code reads, as ``results.read("name")``; None for one that it
    doesn't name in so many words.
    """
    calls = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    read = (call.args[0] for call in calls if ast.unparse(call.func).endswith("results.read"))
    return {str(name.value) if isinstance(name, ast.Constant) else None for name in read}


def version(package: str) -> str:
    """The version of the distribution that brings a package, without its local build tag."""
    names = _distributions().get(package, [])
    return " ".join(metadata.version(name).split("+")[0] for name in sorted(set(names)))


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = (line.split(":", 1)[1] for line in lines if line.startswith("model name"))
        return next(names).strip()
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


@cache
def _imported(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """The modules of this package and the other packages that a piece of code names itself."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    ours = {name for name in named if name.split(".")[0] == PACKAGE}
    others = {name.split(".")[0] for name in named} - {PACKAGE}
    ours |= {above for name in ours for above in _above(name)}
    return frozenset(filter(_is_module, ours)), frozenset(others)


def _above(name: str) -> list[str]:
    """The packages that a full name stands in."""
    parts = name.split(".")
    return [".".join(parts[:i]) for i in range(1, len(parts))]


@cache
def _is_module(name: str) -> bool:
    """Whether a full name is that of a module, and not of something in one."""
    parent = name.rpartition(".")[0]
    if parent and not _is_package(parent):  # which finding its parts would import
        return False
    return find_spec(name) is not None


def _is_package(name: str) -> bool:
    spec = find_spec(name) if _is_module(name) else None
    return spec is not None and spec.submodule_search_locations is not None
