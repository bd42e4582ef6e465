"""Runs of a chapter, each with parameters of its own, on the workers of a Dask cluster.

The cluster is of this machine's cores, or one that is there. A `Task` goes to a worker and a
`Result` comes back; neither needs a shared disk. The worker has its own copy of pwlib and of the
data, and refuses a task that was planned with others.
"""

import ast
import gc
import logging
import platform
import re
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import dask
import nbformat
from distributed import Client, Future, LocalCluster, Worker, as_completed, get_worker
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from tornado.ioloop import PeriodicCallback

from pwlib import parallel
from pwlib.checks import NAME, PLAIN, a, accepts, maybe
from pwlib.parameters import integer
from pwlib.places import CHAPTERS
from pwlib.reruns import kept, notebooks
from pwlib.reruns.provenance import machine

TRIES = 3  # of a task whose worker or kernel dies
PATIENCE = 10  # seconds that a scheduler has to answer, and workers to be there
SETTINGS = {
    "distributed.worker.daemon": False,  # a kernel is a process of its own
    "distributed.scheduler.allowed-failures": TRIES - 1,
    "distributed.admin.tick.limit": "1h",
    "distributed.comm.timeouts.connect": PATIENCE,
}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
NUMPY = re.compile(r"np\.\w+\((.*)\)")  # a scalar as NumPy prints it

Numbers = dict[str, float | str | bool]


class SweepError(ValueError):
    """Why a sweep or a table can't be made as it was asked for, a line for each reason."""


class Refused(Exception):
    """A worker's pwlib, packages or data are not those that the task was planned with."""


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
    """What a run left: ``notebook`` its text, executed as far as it went; ``numbers`` what it glued
    and what its claims measured; ``origin`` where it came from, with an "error" if it failed.
    """

    notebook: str
    numbers: Numbers
    origin: dict


def rests_on(chapter: str, text: str) -> dict[str, str]:
    """What the outputs of a chapter depend on here: a short hash or a version for each thing.

    Fetches the data that the chapter needs. Raises RuntimeError where they can't be had.
    """
    found = notebooks.inputs(nbformat.reads(text, as_version=4), chapter)
    modules, versions = found.pop("modules"), found.pop("versions")
    if "pwlib.datasets" in modules:
        _fetch()
    return {name: notebooks.digest(part) for name, part in (found | modules).items()} | versions


def run(task: Task, cached: bool = True) -> Result:
    """Execute a task in a kernel of this machine, with one thread a process.

    A cell that raises is a result too. Raises Refused where this machine's pwlib or packages
    differ from those of the task, or data lack. Networks are cached where the task's and this
    machine's settings both allow it.
    """
    refuse_others(task)
    nb = with_parameters(nbformat.reads(task.notebook, as_version=4), task.parameters)
    start, failure = datetime.now(UTC), dict[str, Any]()
    with kept.counted(cached) as environment:
        try:
            notebooks.run(nb, CHAPTERS, environment | ONE_THREAD, lambda cell: None)
        except CellExecutionError as error:
            kinds = [[o["output_type"] for o in cell.get("outputs", [])] for cell in nb.cells]
            cell = next(i for i, found in enumerate(kinds, 1) if "error" in found)
            failure = {"error": f"{error.ename}: {error.evalue}", "failed_cell": cell}
        networks = {"networks": kept.summary(environment)}
    origin = _origin(task, start) | {"rests_on": task.rests_on} | networks | machine() | failure
    return Result(nbformat.writes(nb) + "\n", numbers(nb), origin)


def refuse_others(task: Task) -> None:
    """Raise Refused where what the task rests on isn't what this machine has."""
    try:
        here = rests_on(task.chapter, task.notebook)
    except (OSError, RuntimeError) as error:
        raise Refused(f"{platform.node()} lacks something: {error}") from None
    differ = [name for name in task.rests_on | here if task.rests_on.get(name) != here.get(name)]
    if differ:
        raise Refused(f"{platform.node()} differs in {', '.join(sorted(differ))}")


def numbers(nb: NotebookNode) -> Numbers:
    """What a notebook glued, and what its claims measured as "claim: quantity"."""
    found: Numbers = {}
    for output in (output for cell in nb.cells for output in cell.get("outputs", [])):
        about, data = output.get("metadata", {}), output.get("data", {})
        if "scrapbook" in about and not any("image/" in mime for mime in data):
            for text in (text for mime, text in data.items() if mime.endswith("text/plain")):
                found[about["scrapbook"]["name"]] = _glued(text)
        if "claim" in (claim := about.get("pwlib", {})):
            found[claim["claim"]] = claim["verdict"]
            found |= {f"{claim['claim']}: {k}": v for k, v in claim["measured"].items()}
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


def dask_setup(worker: Worker) -> None:
    """What Dask calls in each process of our own cluster: Ctrl-C is for the client alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def connected(scheduler: str | None, workers: int) -> Iterator[Client]:
    """A client of the scheduler at an address, or of so many processes here, of one thread each.

    Raises SweepError where no scheduler answers, or none that has workers.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(SETTINGS):
        if scheduler is None:
            with parallel.starting():  # which Dask can't undo half-way
                here = LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",  # any port: two sweeps at once have one each
                    silence_logs="CRITICAL",
                    memory_limit=0,
                    preload=[__name__],
                )
            # One that dies as it starts takes its nanny along, and Dask alone starts no other.
            anew = PeriodicCallback(lambda: here.scale(workers), 1000 * PATIENCE)
            with here, Client(here) as client:
                client.loop.add_callback(anew.start)
                try:
                    yield client
                finally:
                    client.loop.add_callback(anew.stop)
            return
        with _client(scheduler) as client:
            yield client


def _client(scheduler: str) -> Client:
    try:
        with ExitStack() as stack:
            client = Client(scheduler, timeout=PATIENCE)
            stack.callback(client.close)
            client.wait_for_workers(1, timeout=PATIENCE)
            stack.pop_all()
            return client
    except Exception as error:  # whatever Dask raises of an address or a key that is none
        why = _first_line(error)
    gc.collect()  # closes a client half made, which must not happen while another one starts
    raise SweepError(f"--scheduler: got {scheduler!r}, where no worker answers: {why}")


def execute(
    client: Client, tasks: Sequence[Task], say: Callable[[str], None], cached: bool = True
) -> Iterator[tuple[Task, Result]]:
    """Run every task on some worker; each comes with its result as it ends.

    Each thread of the workers has one task at a time, so that one which kills its worker takes no
    other with it. Dask tries tasks again whose worker died or whose kernel didn't start. The tasks
    rest on the same things; workers that differ in them get none, and ``say`` is told so. Raises
    SweepError when all have refused, or the scheduler has gone. ``cached`` allows the workers their
    cache of networks.
    """
    todo, running, ended = deque(tasks), dict[Future, Task](), as_completed()
    submit = partial(client.submit, _on_worker, cached=cached, pure=False, retries=TRIES - 1)
    refused = set[str]()

    def refuse(worker: str, why: object) -> None:
        if worker not in refused:
            say(f"refused: {worker}: {why}")
            refused.add(worker)

    for worker, why in client.run(refuse_others, tasks[0], on_error="return").items():
        if why is not None:  # what was raised there; some may lack pwlib itself
            refuse(worker, why)
    while todo or running:
        try:
            able = {worker: n for worker, n in client.nthreads().items() if worker not in refused}
        except (OSError, RuntimeError) as error:
            raise SweepError(f"the scheduler has gone: {_first_line(error)}") from None
        if refused and not able and not running:
            raise SweepError("no worker is left that has this pwlib and these data")
        # A task that is bound to workers waits for ever if all of them die, so only where it must.
        only = {"workers": [*able], "allow_other_workers": True} if refused else {}
        free = max(1, sum(able.values())) - len(running)  # one waits if there is no worker now
        for _ in range(min(len(todo), free)):
            task = todo.popleft()
            future = submit(task, **only)
            running[future] = task
            ended.add(future)
        future = next(ended)
        task = running.pop(future)
        if future.status == "error":
            raised = future.exception()
            why = {"error": f"{type(raised).__name__}: {raised}"}
            yield task, Result("", {}, _origin(task, datetime.now(UTC)) | why)
        elif future.status != "finished":  # cancelled, as the scheduler went
            todo.append(task)
        elif isinstance(found := future.result(), Result):
            yield task, found
        else:  # by a worker that has joined since
            todo.append(task)
            refuse(*found)
        future.release()  # or Dask computes it again, should its worker die


def _on_worker(task: Task, cached: bool) -> Result | tuple[str, str]:
    """A result, or the address of a worker that refuses, and why."""
    try:
        return run(task, cached)
    except Refused as refused:
        return get_worker().address, str(refused)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]


def _origin(task: Task, start: datetime) -> dict[str, Any]:
    """Where a run came from, as it ends."""
    return {
        "chapter": task.chapter,
        "parameters": task.parameters,
        "host": platform.node(),
        "started": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "seconds": round((datetime.now(UTC) - start).total_seconds(), 1),
    }


def _glued(printed: str) -> float | str | bool:
    """A glued value, as a number where it is one."""
    value: object = NUMPY.sub(r"\1", printed)
    with suppress(ValueError, SyntaxError):  # of inf, say
        value = ast.literal_eval(str(value))
    if isinstance(value, bool):
        return value
    with suppress(TypeError, ValueError):
        return float(value)  # type: ignore[arg-type]  # which raises
    return str(value)


@cache
def _fetch() -> None:
    """Fetch and check the data of all chapters, once in a process."""
    from pwlib import datasets

    for name in datasets.NAMES:
        datasets.fetch(name)


@cache  # a sweep's tasks have one text
def _is_notebook(text: str) -> bool:
    try:
        return "cells" in nbformat.reads(text, as_version=4)
    except Exception:  # whatever a text makes its reader raise
        return False


def _processes(name: str, value: int, known: dict) -> int:
    return integer(name, value, int(known["scheduler"] is None))  # there none need be of ours


_TEXT = a(str, where=_is_notebook, what="a notebook as text")
accepts(
    __name__,
    {"nb": notebooks.NOTEBOOK, "parameters": PLAIN, "chapter": NAME, "text": _TEXT}
    | {"workers": _processes},
    Task={"parameters": PLAIN, "chapter": NAME, "notebook": _TEXT},
    Result={"numbers origin": PLAIN},
    connected={"scheduler": maybe(NAME)},
)
