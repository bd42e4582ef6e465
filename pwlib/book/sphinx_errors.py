"""The errors that a function raises, as its source has them, for the reference.

Messages here read "name: got …, accepts …": what is accepted is what a caller wants to know. So no
docstring has to repeat it, and none can differ from the code.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Collection, Mapping
from types import FunctionType

from sphinx.application import Sphinx

SAID = re.compile(r"\b[Rr]aise|[a-z]Error\b|\brefuse")


def raised(function: FunctionType) -> list[str]:
    """What a function itself raises, a line each: the error's name, and what it doesn't refuse."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    named = inspect.signature(function).parameters
    found = [_line(c, function.__globals__, named) for c in calls if isinstance(c, ast.Call)]
    return list(dict.fromkeys(found))


def _line(call: ast.Call, known: Mapping[str, object], named: Collection[str]) -> str:
    """The error's name, and what it accepts of one of the named parameters."""
    made = known.get(ast.unparse(call.func))
    name = made.__annotations__["return"] if inspect.isfunction(made) else ast.unparse(call.func)
    message = "".join(_piece(part, known) for part in _parts(call))
    match = re.fullmatch(r"(.+): got .*?, accepts (.+)", message, re.S)
    told = match and match[1] in named
    return f"{name} ({match[1]}: accepts {match[2]})" if told else str(name)


def _parts(call: ast.Call) -> list[ast.expr]:
    message = call.args[0] if call.args else None
    return message.values if isinstance(message, ast.JoinedStr) else [message]


def _piece(part: ast.expr | None, known: Mapping[str, object]) -> str:
    """A piece of a message: its text, the value of what modules know, or the expression itself."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    if not isinstance(part, ast.FormattedValue):
        return ""
    try:
        return str(eval(ast.unparse(part.value), dict(known)))
    except (NameError, AttributeError, TypeError):
        return ast.unparse(part.value)


def add_errors(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Below a docstring that says nothing of errors: those that its function raises."""
    if inspect.isfunction(obj) and not SAID.search("\n".join(lines)) and (found := raised(obj)):
        lines += ["", f"*Raises* {'; '.join(found)}.", ""]


def setup(app: Sphinx) -> None:
    """Called by `pwlib.book.sphinx_extension`."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", add_errors, priority=300)
