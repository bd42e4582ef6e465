"""One run of a chapter with parameters of its own, as values that can travel between machines.

A `Task` goes to a worker and a `Result` comes back; neither needs a shared disk. The worker has
its own copy of pwlib and of the data, and refuses a task that was planned with others.
"""

import ast
import base64
import functools
import platform
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import nbformat
from nbformat import NotebookNode

from pwlib.places import CHAPTERS
from pwlib.reruns import kept, notebooks
from pwlib.reruns.provenance import processor

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
NUMPY = re.compile(r"np\.\w+\((.*)\)")  # a scalar as NumPy prints it
SHOWN = re.compile(r"(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]\d+)?) ?(%?)")
IMAGES = {"image/svg+xml": "svg", "image/png": "png"}


class Refused(Exception):
    """A worker's pwlib, packages or data are not those that the task was planned with."""


class NoWorkers(Exception):
    """Every worker refused, or none is there."""


@dataclass(frozen=True)
class Task:
    """A chapter's notebook as text, the parameters of a run, and what its outputs depend on."""

    chapter: str
    notebook: str
    parameters: dict
    rests_on: dict[str, str]

    @property
    def key(self) -> str:
        """The name of the run, a hash of the chapter, the pwlib that it imports, and parameters."""
        return notebooks.digest([self.chapter, self.rests_on, self.parameters])


@dataclass(frozen=True)
class Result:
    """What a run left: ``state`` is "done" or "failed"; ``notebook`` its text, executed as far as
    it went; ``numbers`` what it glued and what its claims measured; ``figures`` file names and
    contents; ``log`` lines; ``origin`` where it came from.
    """

    state: str
    notebook: str
    numbers: dict[str, float | str | bool]
    figures: dict[str, bytes]
    log: str
    origin: dict


def plan(chapter: str, text: str, parameters: dict) -> Task:
    """The task of running a chapter, given as text, with parameters."""
    return Task(chapter, text, parameters, rests_on(chapter, text))


def rests_on(chapter: str, text: str) -> dict[str, str]:
    """What the outputs of a chapter depend on here: a short hash or a version for each thing."""
    found = notebooks.inputs(nbformat.reads(text, as_version=4), chapter)
    modules, versions = found.pop("modules"), found.pop("versions")
    things = {name: notebooks.digest(part) for name, part in (found | modules).items()}
    if "pwlib.datasets" in modules:
        things["data"] = notebooks.digest(_data())
    return things | versions


def run(task: Task, cached: bool = True) -> Result:
    """Execute a task in a kernel of this machine, with one thread a process.

    A cell that raises is a result too. Raises Refused where this machine's pwlib, packages or data
    differ from those of the task. Networks are cached where the task's and this machine's settings
    both allow it.
    """
    refuse_others(task)
    nb = with_parameters(nbformat.reads(task.notebook, as_version=4), task.parameters)
    start, lines, error = datetime.now(UTC), list[str](), None

    def log(line: str | int) -> None:
        said = f"cell {line + 1}" if isinstance(line, int) else line
        lines.append(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {said}\n")

    with kept.counted(cached) as environment:
        try:
            nb = notebooks.executed(nb, CHAPTERS, environment | ONE_THREAD, log)
        except notebooks.Failed as failed:
            nb, error = failed.notebook, failed
        origin = _origin(task, start, error, cells=len(lines))
        log(f"failed: {error}" if error else "done")
        lines += [f"{networks}\n" for networks in [kept.summary(environment)] if networks]
    text, state = nbformat.writes(nb) + "\n", "failed" if error else "done"
    printed = "".join(lines) + _streams(nb)
    return Result(state, text, numbers(nb), figures(nb), printed, origin)


def lost(task: Task, why: str) -> Result:
    """What there is of a task that couldn't be run at all."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    about = {"chapter": task.chapter, "parameters": task.parameters, "host": platform.node()}
    origin = about | {"started": now, "seconds": 0.0, "exit": 1, "error": why, "traceback": why}
    return Result("failed", "", {}, {}, f"{now} {why}\n", origin)


def refuse_others(task: Task) -> None:
    """Raise Refused where what the task rests on isn't what this machine has."""
    try:
        here = rests_on(task.chapter, task.notebook)
    except (OSError, RuntimeError) as error:
        raise Refused(f"{platform.node()} lacks something: {error}") from None
    differ = [name for name in task.rests_on | here if task.rests_on.get(name) != here.get(name)]
    if differ:
        raise Refused(f"{platform.node()} differs in {', '.join(sorted(differ))}")


def numbers(nb: NotebookNode) -> dict[str, float | str | bool]:
    """What a notebook glued, and what its claims measured as "claim: quantity"."""
    found: dict[str, float | str | bool] = {}
    for output in (output for cell in nb.cells for output in cell.get("outputs", [])):
        about = output.get("metadata", {})
        if "scrapbook" in about:
            found |= _glued(about["scrapbook"]["name"], output.get("data", {}))
        if "claim" in (claim := about.get("pwlib", {})):
            found[claim["claim"]] = claim["verdict"]
            found |= {f"{claim['claim']}: {k}": v for k, v in claim["measured"].items()}
    return found


def figures(nb: NotebookNode) -> dict[str, bytes]:
    """A notebook's figures as files, named as the chapter names them."""
    found = {}
    for cell in nb.cells:
        named = cell.metadata.get("mystnb", {}).get("figure", {}).get("name", cell.get("id"))
        shown = re.sub(r"[^\w.-]", "-", str(named))
        outputs = [output.get("data", {}) for output in cell.get("outputs", [])]
        drawn = [data for data in outputs if IMAGES.keys() & data.keys()]
        for i, data in enumerate(drawn, 1):
            for mime in IMAGES.keys() & data.keys():
                image = data[mime]
                content = image.encode() if "svg" in mime else base64.b64decode(image)
                found[f"{shown}{f'-{i}' if i > 1 else ''}.{IMAGES[mime]}"] = content
    return found


def with_parameters(nb: NotebookNode, parameters: Mapping) -> NotebookNode:
    """A notebook with a cell that sets parameters after its ``parameters`` cell."""
    from papermill.parameterize import parameterize_notebook

    if not parameters:
        return nb
    for cell in nb.cells:  # as papermill does with the files that it reads
        cell.metadata.setdefault("tags", [])
    nb.metadata.setdefault("papermill", {})
    python = {"kernel_name": "python3", "language": "python", "engine_name": "nbclient"}
    return parameterize_notebook(nb, dict(parameters), **python)


def machine() -> dict[str, Any]:
    """What a computation here depends on, beside its code: versions and the processor."""
    return {
        "python": platform.python_version(),
        "packages": {d.name: d.version for d in metadata.distributions()},
        "processor": processor(),
        "host": platform.node(),
    }


def _origin(
    task: Task, start: datetime, error: notebooks.Failed | None, cells: int
) -> dict[str, Any]:
    """Where a run came from, of which so many cells have started."""
    origin = {
        "chapter": task.chapter,
        "parameters": task.parameters,
        "seeds": {
            name: value for name, value in task.parameters.items() if name.startswith("seed")
        },
        "rests_on": task.rests_on,
        **machine(),
        "started": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "seconds": round((datetime.now(UTC) - start).total_seconds(), 1),
        "exit": 1 if error else 0,
    }
    if error:
        trace = re.sub(r"\x1b\[[\d;]*m", "", str(error.error))
        origin |= {"failed_cell": cells, "error": str(error), "traceback": trace}
    return origin


def _streams(nb: NotebookNode) -> str:
    """What the cells printed."""
    outputs = (output for cell in nb.cells for output in cell.get("outputs", []))
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream")


def _glued(name: str, data: Mapping[str, str]) -> dict[str, float | str | bool]:
    """A glued value under its name, as a number where it is one; nothing for a picture.

    A number may have been glued as text, "1,234"; a share, "98.3%", has the name "name (%)".
    """
    printed = next((text for mime, text in data.items() if mime.endswith("text/plain")), None)
    if printed is None or any("image/" in mime for mime in data):
        return {}
    with suppress(ValueError):
        return {name: float(NUMPY.sub(r"\1", printed))}
    with suppress(ValueError, SyntaxError):  # else a repr of something else, which stays as it is
        value = ast.literal_eval(printed)
        if isinstance(value, bool):
            return {name: value}
        if shown := SHOWN.fullmatch(printed := str(value)):
            return {f"{name} (%)" if shown[2] else name: float(shown[1].replace(",", ""))}
    return {name: printed}


@functools.cache
def _data() -> dict[str, str]:
    """The checksums of the data files as they are on this machine, fetched first if need be."""
    from pwlib import datasets

    return {name: datasets.checksum(datasets.fetch(name)) for name in datasets.NAMES}
