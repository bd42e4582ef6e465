"""What a sweep is to run: a task for each point of a grid of a chapter's parameters."""

import itertools
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml

from pwlib.reruns import runs
from pwlib.reruns.runs import Task

RANGE = re.compile(r"(-?\d+):(-?\d+)(?::(-?\d+))?")
TYPES = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "dict": dict}
MOST = 100_000  # runs of one sweep; more are a slip of the pen


class SweepError(ValueError):
    """Why a sweep can't be run as it was asked for, a line for each reason."""


@dataclass(frozen=True)
class Plan:
    """The tasks of a sweep, in the order of its grid, and the parameters that the grid varies."""

    tasks: list[Task]
    swept: list[str]


def plan(chapter: Path, grid: Sequence[str] = (), pairs: Sequence[Sequence[str]] = ()) -> Plan:
    """A task for each point of a grid, after everything that was asked for is checked.

    ``grid`` holds "name=values"; ``pairs`` names and values, in YAML, that all runs share. The
    singular of a list's name stands for its members one at a time: ``seed=0:3`` sets ``seeds`` to
    [0], [1], [2]. Raises SweepError, with all that is wrong.
    """
    text, types = _read(chapter)
    axes, wrong = dict[str, list](), list[str]()
    asked = [(*axis.partition("=")[::2], values) for axis in grid]
    asked += [(name, value, lambda text: [yaml.safe_load(text)]) for name, value in pairs]
    for name, value, parse in asked:
        try:
            full, found = _axis(types, name, value, parse)
            if full in axes:
                raise SweepError(f"{full}: given twice")
            axes[full] = found
        except SweepError as error:
            wrong.append(str(error))
    if math.prod(map(len, axes.values())) > MOST:
        wrong.append(f"--grid: got more runs than {MOST:,}, accepts at most so many")
    if wrong:
        raise SweepError("\n".join(wrong))
    alone = {"workers": 1} if "workers" in types else {}  # a process a run
    try:
        rests_on = runs.rests_on(chapter.stem, text)
    except SyntaxError as error:
        raise SweepError(f"{chapter}: accepts cells of Python alone, got {error}") from None
    points = (dict(zip(axes, point, strict=True)) for point in itertools.product(*axes.values()))
    tasks = [Task(chapter.stem, text, alone | point, rests_on) for point in points]
    once = {task.key: task for task in tasks}
    return Plan(list(once.values()), list(axes)[: len(grid)])


def values(text: str) -> Sequence:
    """The values that a grid names: "0:10", "0:10:2", "a,b", "1.5,3" or "[0,1],[2,3]".

    Raises ValueError or yaml.YAMLError for what is none of these.
    """
    if match := RANGE.fullmatch(text):
        return range(*(int(part) for part in match.groups() if part is not None))
    return yaml.safe_load(f"[{text}]")


def _axis(
    types: Mapping[str, str], name: str, text: str, parse: Callable[[str], Sequence]
) -> tuple[str, list]:
    """The parameter that a name stands for, and values as the chapter declares them."""
    listed = types.get(f"{name}s", "")
    single = name not in types and listed.startswith("list[")
    if name not in types and not single:
        raise SweepError(f"parameter: got {name!r}, accepts one of {', '.join(types) or 'none'}")
    kind = listed[len("list[") : -1] if single else types[name]
    try:
        found = parse(text)[: MOST + 1]
    except (yaml.YAMLError, ValueError):
        found = []
    if not found:
        raise SweepError(f"{name}: got {text!r}, accepts values in YAML, as 0:10, 1.5,3 or a,b")
    typed = [_typed(name, value, kind) for value in found]
    return (f"{name}s", [[value] for value in typed]) if single else (name, typed)


def _typed(name: str, value: object, kind: str) -> object:
    """A value as the type that a chapter declares, where that loses nothing."""
    if kind.startswith("list[") and isinstance(value, list):
        return [_typed(name, member, kind[len("list[") : -1]) for member in value]
    try:
        if kind == "float" and not isinstance(value, bool):
            return float(value)  # type: ignore[arg-type]  # YAML reads 1e-3 as text
        json.dumps(value, sort_keys=True)  # YAML has dates too
        if type(value) is TYPES.get(kind, type(value)) and not kind.startswith("list["):
            return value
    except (TypeError, ValueError, OverflowError):
        pass
    raise SweepError(f"{name}: got {value!r}, accepts {kind}")


def _read(chapter: Path) -> tuple[str, dict[str, str]]:
    """A chapter without its outputs; the names of its parameters, and their types as written."""
    from papermill import inspect_notebook

    try:
        nb = nbformat.read(chapter, as_version=4)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        text, found = nbformat.writes(nb), inspect_notebook(str(chapter))
    except Exception as error:  # whatever a file of any content makes its reader raise
        why = (str(error).splitlines() or [""])[0]
        raise SweepError(f"chapter: got {str(chapter)!r}, which can't be read: {why}") from None
    kinds = {name: about["inferred_type_name"] for name, about in found.items()}
    return text, {name: "plain data" if k == "None" else k for name, k in kinds.items()}
