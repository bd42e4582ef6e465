"""What a result depends on: what the code behind it means, versions of packages, the processor."""

import ast
import platform
import sys
from functools import cache
from importlib import metadata
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

from pwlib.checks import a, accepts

PACKAGE = __name__.split(".")[0]
FOLDER = Path(__file__).parents[2]  # where the package lies
distributions = cache(metadata.packages_distributions)  # which takes a while
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
    """The text of a module of this package, by its full name. Raises ModuleNotFoundError."""
    if (path := _file(module)) is None:
        raise ModuleNotFoundError(f"module: got {module!r}, which isn't installed")
    return path.read_text(encoding="utf-8")


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
        if isinstance(node, ast.JoinedStr):  # Python 3.12 puts empty text into some
            node.values = [part for part in node.values if getattr(part, "value", None) != ""]
    return _dump(tree) + ";" * code.rstrip().endswith(";")


def _dump(node: object) -> str:
    """A syntax tree without what is empty, of which each version of Python has some of its own."""
    if isinstance(node, list):
        return f"[{', '.join(map(_dump, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [f"{k}={_dump(v)}" for k, v in ast.iter_fields(node) if v is not None and v != []]
    return f"{type(node).__name__}({', '.join(fields)})"


@cache
def version(package: str) -> str:
    """The version of the distribution that brings a package, without its local build tag; nothing
    for one of Python's own.
    """
    names = sorted(set(distributions().get(package, [])))
    return " ".join(metadata.version(name).split("+")[0] for name in names)


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = (line.split(":", 1)[1] for line in lines if line.startswith("model name"))
        return next(names).strip()
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


@cache  # reading what is installed takes a fifth of a second
def machine() -> dict[str, Any]:
    """What a computation here depends on, beside its code: versions and the processor."""
    return {
        "python": platform.python_version(),
        "packages": {d.name: d.version for d in metadata.distributions()},
        "processor": processor(),
    }


@cache
def _imported(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """The modules of this package and the other packages that a piece of code names itself."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {f"{node.module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in named]
    ours = [accumulate(part, "{}.{}".format) for part in parts if part[0] == PACKAGE]
    others = {part[0] for part in parts} - {PACKAGE}
    return frozenset(filter(_file, chain.from_iterable(ours))), frozenset(others)


def _file(module: str) -> Path | None:
    """The file of a module of this package; None for a name that isn't one's."""
    path = FOLDER.joinpath(*module.split("."))
    files = path.with_suffix(".py"), path / "__init__.py"
    return next((file for file in files if file.is_file()), None)


def _is_python(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True


def _is_package(name: str) -> bool:
    return name in distributions() or name in sys.stdlib_module_names


accepts(
    __name__,
    {"package": a(str, where=_is_package, what="a package that is there")},
    imports={"code": a(str, where=_is_python, what="code in Python")},
)
