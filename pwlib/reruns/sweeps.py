"""Sweeps: a chapter run once for each point of a grid of parameters.

`plan` makes a task of each point. Each run has a folder in ``out`` that is named by its
`runs.Task.key`, so a run that is there already is never repeated: a sweep that was killed goes on
where it was. Workers send results back, and only the client writes.
"""

import hashlib
import itertools
import json
import math
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml
from filelock import FileLock, Timeout

from pwlib import places
from pwlib.checks import NAME, TEXT, a, accepts, columns_of, listed, maybe, members, whole
from pwlib.reruns import kept, notebooks, results, runs
from pwlib.reruns.runs import Result, SweepError, Task

ORIGIN, NUMBERS = "origin.json", "numbers.json"
RANGE = re.compile(r"(-?\d+):(-?\d+)(?::(-?\d+))?")
TYPES = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "dict": dict}
MOST = 100_000  # runs of one sweep; more are a slip of the pen


@dataclass(frozen=True)
class Plan:
    """The tasks of a sweep, in the order of its grid, and the parameters that the grid varies."""

    tasks: list[Task]
    swept: list[str]


@dataclass(frozen=True)
class Settings:
    """How a sweep is run: where it goes, on which cluster, and what is done with failures."""

    out: Path
    scheduler: str | None = None
    workers: int = 0  # as many as cores
    retry_failed: bool = False
    quiet: bool = False


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
    """What "0:10", "0:10:2", "a,b" or "[0,1],[2,3]" names; raises ValueError or yaml.YAMLError."""
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


def run(plan: Plan, settings: Settings) -> int:
    """Run what isn't there yet; write the table and the summary; return the number of failures.

    Raises `runs.SweepError` where nothing can be written, and where another sweep writes.
    """
    out = settings.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        with FileLock(out / ".lock", timeout=0):
            return _run(plan, settings)
    except Timeout:
        raise SweepError(f"--out: got {str(out)!r}, into which another sweep writes") from None
    except OSError as error:
        raise SweepError(f"--out: got {str(out)!r}, but {error}") from None


def _run(plan: Plan, settings: Settings) -> int:
    tasks, out = plan.tasks, settings.out
    if changed := [out / task.key for task in tasks if not is_whole(out, task)]:
        raise SweepError("\n".join(f"{folder}: {results.CHANGED}" for folder in changed))
    again = ("waiting", "failed") if settings.retry_failed else ("waiting",)
    todo = [task for task in tasks if state(out, task) in again]
    if not settings.quiet:
        _say(f"{len(tasks)} runs, {len(tasks) - len(todo)} of them there already")
    try:
        if todo:
            _run_all(todo, plan.swept, settings)
    finally:
        written = table(out, tasks)
    page = summary(written, tasks[0].chapter, plan.swept, list(tasks[0].parameters))
    if not settings.quiet:
        _say(f"the numbers of all runs: {written}, {page}")
    failed = [task for task in tasks if state(out, task) == "failed"]
    for task in failed:
        origin = _origin(out, task)
        cell, why = origin.get("failed_cell"), origin["error"].splitlines()[0]
        where = f"in cell {cell}" if cell else "without a result"
        _say(f"failed  {_label(task, plan.swept)}  {where}: {why}\n        {out / task.key}")
    return len(failed)


def _run_all(todo: Sequence[Task], swept: Sequence[str], settings: Settings) -> None:
    """Keep what each task leaves, and say how far that is."""
    workers = min(settings.workers or len(os.sched_getaffinity(0)), len(todo))
    cached = os.environ.get(kept.VARIABLE) not in ("", kept.OFF)
    with runs.connected(settings.scheduler, workers) as client:
        for done, (task, result) in enumerate(runs.execute(client, todo, _say, cached), 1):
            keep(settings.out, task, result)
            if not settings.quiet:
                how = f"{result.origin['seconds']:.0f} s; {done} of {len(todo)}"
                _say(f"{state(settings.out, task):8} {_label(task, swept)}  ({how})")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _label(task: Task, names: Sequence[str]) -> str:
    """A run as the parameters that tell it from the others: "seeds=[3] radius=1.5"."""
    return " ".join(f"{name}={task.parameters[name]}" for name in names) or "the only run"


def state(out: Path, task: Task) -> str:
    """ "done" or "failed", where a whole run lies in its folder, else "waiting"."""
    origin = _origin(out, task)
    return "waiting" if not origin else "failed" if "error" in origin else "done"


def _origin(out: Path, task: Task) -> dict:
    """Where a run came from; nothing where there is none, or where the disk lost it."""
    try:
        return dict(json.loads((out / task.key / ORIGIN).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return {}


def is_whole(out: Path, task: Task) -> bool:
    """Does the run's folder hold what the run left there, or nothing that counts?"""
    origin, folder = _origin(out, task), out / task.key
    try:
        files = [(folder / name).read_bytes() for name in origin.get("files", ())]
    except OSError:
        return False
    return not origin or results.is_sealed(origin, _bound(task, files))


def _bound(task: Task, files: Sequence[bytes]) -> str:
    """What the seal of a run stands for, beside its origin: whose run it is, and its files."""
    return "".join([task.key, *(hashlib.sha256(file).hexdigest() for file in files)])


def keep(out: Path, task: Task, result: Result) -> Path:
    """Write what a run left to its folder, the origin last; returns the folder."""
    folder = out / task.key
    files = {NUMBERS: json.dumps(result.numbers, indent=1).encode()}
    files |= {"notebook.ipynb": result.notebook.encode()} if result.notebook else {}
    origin = results.sealed(result.origin | {"files": [*files]}, _bound(task, [*files.values()]))
    files[ORIGIN] = json.dumps(origin, indent=1).encode()
    (folder / ORIGIN).unlink(missing_ok=True)  # without it a folder counts for nothing
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        places.write(folder / name, content)
    return folder


def table(out: Path, tasks: Sequence[Task]) -> Path:
    """Write ``out/table.csv``: a row for each run, its parameters, its numbers, its state."""
    rows = []
    for task in tasks:
        row = {"run": task.key, "state": state(out, task)} | task.parameters
        found, there = out / task.key / NUMBERS, row["state"] != "waiting"
        numbers = json.loads(found.read_text(encoding="utf-8")) if there else {}
        rows.append(row | {f"glued {n}" if n in row else n: v for n, v in numbers.items()})
    places.write(out / "table.csv", results.text(rows))
    return out / "table.csv"


def summary(table: Path, chapter: str, swept: Sequence[str], parameters: Sequence[str]) -> Path:
    """Write ``summary.ipynb``, executed, beside a sweep's table, and a page of it; its path."""
    from nbconvert import HTMLExporter

    template = nbformat.read(Path(__file__).with_name("summary.ipynb"), as_version=4)
    about = {"table": str(table.absolute()), "chapter": chapter}
    nb = runs.with_parameters(template, about | {"swept": swept, "parameters": parameters})
    notebooks.run(nb, table.parent, os.environ | runs.ONE_THREAD, lambda cell: None)
    notebooks.write(nb, table.with_name("summary.ipynb"))
    exporter = HTMLExporter(
        exclude_input=True, exclude_output_prompt=True, mathjax_url="", require_js_url=""
    )
    text, _ = exporter.from_notebook_node(nb)
    page = table.with_name("summary.html")
    places.write(page, re.sub(r"<script\b.*?</script>", "", text, flags=re.S))  # it needs none
    return page


accepts(
    __name__,
    {"grid": listed(TEXT, 0), "pairs": listed(members(TEXT, TEXT), 0), "chapter": NAME}
    | {"table": a(Path, where=Path.is_file, what="the file of a table")}
    | {"swept parameters": columns_of("table")},
    plan={"chapter": a(Path)},
    Plan={"tasks": listed(a(Task))},
    Settings={"workers": whole(0), "scheduler": maybe(NAME)},
)
