"""What a sweep is to run: a task for each point of a grid of a chapter's parameters."""

from __future__ import annotations

import difflib
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import yaml

from pwlib.reruns import runs
from pwlib.reruns.runs import Task

RANGE = re.compile(r"(-?\d+):(-?\d+)(?::(-?\d+))?")
TYPES = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "dict": dict}
MOST = 100_000  # runs of one sweep; more are a slip of the pen
WRONG = object()  # stands for what couldn't be read


class SweepError(ValueError):
    """All that is wrong with a sweep as it was asked for, a line each."""


@dataclass(frozen=True)
class Request:
    """A sweep as a person asks for it.

    ``grid`` holds "name=values"; ``pairs``, ``texts`` and ``paths`` are papermill's -p, -y and -f,
    the parameters that all runs share.
    """

    chapter: Path
    grid: Sequence[str] = ()
    pairs: Sequence[Sequence[str]] = ()
    texts: Sequence[str] = ()
    paths: Sequence[Path] = ()


@dataclass(frozen=True)
class Plan:
    """The tasks of a sweep, in the order of its grid, and the parameters that the grid varies."""

    tasks: list[Task]
    swept: list[str]


def plan(request: Request) -> Plan:
    """A task for each point of a grid, after everything that was asked for is checked.

    The singular of a list's name stands for its members one at a time: ``seed=0:3`` sets ``seeds``
    to [0], [1], [2]. Raises SweepError, with all that is wrong.
    """
    wrong: list[str] = []
    chapter, nb = request.chapter, _read(request.chapter)
    names = declared(chapter)
    axes = [_axis(names, axis, wrong) for axis in request.grid]
    common = [
        _parameter(names, name, [value], wrong) for name, value in shared(request, wrong).items()
    ]
    every = [name for name, _ in [*axes, *common] if name]
    wrong += [f"{name}: given twice" for name in dict.fromkeys(every) if every.count(name) > 1]
    if (count := math.prod(len(values) for _, values in axes)) > MOST:
        wrong.append(f"--grid: got {count:,} runs, accepts at most {MOST:,}")
    if wrong:
        raise SweepError("\n".join(dict.fromkeys(wrong)))
    first = _first(chapter, nb)
    alone = {"workers": 1} if "workers" in names else {}  # a process a run
    fixed = alone | {name: value for name, (value,) in common}
    swept = [name for name, _ in axes]
    points = itertools.product(*(values for _, values in axes))
    settings = [fixed | dict(zip(swept, point, strict=True)) for point in points]
    return Plan([replace(first, parameters=parameters) for parameters in settings], swept)


def declared(chapter: Path) -> dict[str, str]:
    """The names in a chapter's ``parameters`` cell, and their types as written there."""
    from papermill import inspect_notebook
    from papermill.exceptions import PapermillException

    try:
        found = inspect_notebook(str(chapter))
    except (ValueError, AttributeError, PapermillException):
        raise SweepError(f"chapter: got {str(chapter)!r}, which names no Python kernel") from None
    return {name: about["inferred_type_name"] for name, about in found.items()}


def values(text: str) -> Sequence:
    """The values that a grid names: "0:10", "0:10:2", "a,b", "1.5,3" or "[0,1],[2,3]".

    Raises ValueError or yaml.YAMLError for what is none of these.
    """
    if match := RANGE.fullmatch(text):
        return range(*(int(part) for part in match.groups() if part is not None))
    return yaml.safe_load(f"[{text}]")


def shared(request: Request, wrong: list[str]) -> dict[str, object]:
    """The parameters that all runs share: files, then texts, then pairs, of which the last counts.

    What is wrong with them joins ``wrong``.
    """
    found: dict[str, object] = {}
    for option, source in _sources(request, wrong):
        parameters = _parsed(option, source, wrong)
        if isinstance(parameters, dict):
            found |= {str(name): value for name, value in parameters.items()}
        elif parameters is not WRONG:
            wrong.append(f"{option}: got {source.strip()!r}, accepts a mapping in YAML")
    pairs = {name: _parsed(f"-p {name}", value, wrong) for name, value in request.pairs}
    return found | {name: value for name, value in pairs.items() if value is not WRONG}


def _parsed(option: str, text: str, wrong: list[str]) -> object:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        wrong.append(f"{option}: got {text.strip()!r}, which is no YAML")
        return WRONG


def _sources(request: Request, wrong: list[str]) -> Iterator[tuple[str, str]]:
    """An option and its text, for each of -f and -y."""
    for path in request.paths:
        try:
            yield f"-f {path}", path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "not a text"
            wrong.append(f"-f: got {str(path)!r}, which can't be read: {why}")
    yield from (("-y", text) for text in request.texts)


def _axis(names: Mapping[str, str], axis: str, wrong: list[str]) -> tuple[str, list]:
    """The parameter that "name=values" varies, and its values; what is wrong joins ``wrong``."""
    name, _, text = axis.partition("=")
    try:
        found = values(text) if name else []
    except (yaml.YAMLError, ValueError):
        found = []
    if not found:
        wrong.append(f"--grid: got {axis!r}, accepts name=values, as 0:10, 1.5,3 or a,b")
    elif len(found) > MOST:
        wrong.append(f"--grid: got {axis!r}, accepts at most {MOST:,} values")
    else:
        return _parameter(names, name, found, wrong)
    if name and _full_name(names, name) is None:
        wrong.append(_unknown(names, name))
    return "", []


def _parameter(
    names: Mapping[str, str], name: str, values: Sequence, wrong: list[str]
) -> tuple[str, list]:
    """The parameter that a name stands for, and values as the chapter declares them."""
    full = _full_name(names, name)
    if full is None:
        wrong.append(_unknown(names, name))
        return "", []
    kind = names[full]
    found, bad = [], []
    for value in values:
        try:
            found.append(_typed([value] if full != name else value, kind))
        except (TypeError, ValueError, OverflowError):
            bad.append(repr(value))
    if bad:
        shown = ", ".join(bad[:3]) + (" …" if len(bad) > 3 else "")
        wrong.append(f"{name}: got {shown}, accepts {_accepted(names, name, full)}")
    counts = Counter(json.dumps(value) for value in found)
    if twice := [text for text, count in counts.items() if count > 1]:
        wrong.append(f"{name}: got {', '.join(twice)} twice, accepts values without repeats")
    return full, found


def _full_name(names: Mapping[str, str], name: str) -> str | None:
    if name in names:
        return name
    plural = f"{name}s"
    return plural if names.get(plural, "").startswith("list[") else None


def _unknown(names: Mapping[str, str], name: str) -> str:
    if not names:
        return f"{name}: the chapter has no cell of parameters"
    near = difflib.get_close_matches(name, names, 1, 0.4)
    nearest = f"the nearest is {near[0]!r}" if near else f"it has {', '.join(names)}"
    return f"{name}: no parameter of the chapter; {nearest}"


def _accepted(names: Mapping[str, str], name: str, full: str) -> str:
    kind = names[full]
    if full != name:
        return kind[5:-1]
    single = name.removesuffix("s")
    if kind.startswith("list[") and single not in names:
        return f"{kind}, as [1,2]; {single}=… takes the members one at a time"
    return "plain data" if kind == "None" else kind


def _typed(value: object, kind: str) -> object:
    """A value as the type that a chapter declares, where that loses nothing."""
    if kind.startswith("list["):
        if not isinstance(value, list):
            raise TypeError
        return [_typed(member, kind[5:-1]) for member in value]
    if kind == "float" and isinstance(value, int | float | str) and not isinstance(value, bool):
        return float(value)  # YAML reads 1e-3 as text
    if kind in TYPES and type(value) is not TYPES[kind]:
        raise TypeError
    json.dumps(value, sort_keys=True)  # YAML has dates too
    return value


def _read(chapter: Path) -> nbformat.NotebookNode:
    """A chapter without its outputs."""
    if not chapter.is_file():
        raise SweepError(f"chapter: got {str(chapter)!r}, which isn't there")
    try:
        nb = nbformat.read(chapter, as_version=4)
        cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    except (OSError, ValueError, TypeError, AttributeError, nbformat.ValidationError):
        raise SweepError(f"chapter: got {str(chapter)!r}, which is no notebook") from None
    for cell in cells:
        cell.outputs, cell.execution_count = [], None
    return nb


def _first(chapter: Path, nb: nbformat.NotebookNode) -> Task:
    """The task of a chapter as it stands."""
    try:
        return runs.plan(chapter.stem, nbformat.writes(nb), {})
    except (SyntaxError, OSError, RuntimeError) as error:
        raise SweepError(f"chapter: got {str(chapter)!r}, which can't be run: {error}") from None
