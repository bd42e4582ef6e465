"""Tasks on a Dask cluster: of this machine's cores, or one that is already there."""

from __future__ import annotations

import gc
import logging
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

import dask
from distributed import Client, Future, LocalCluster, Worker, get_worker, wait

from pwlib.reruns import runs
from pwlib.reruns.runs import NoWorkers, Refused, Result, Task

TRIES = 3  # of a task whose worker or kernel died
POLL = 0.5  # seconds between looks at what is running
PATIENCE = 10  # seconds that a scheduler has to answer, and workers to be there
SETTINGS = {
    "distributed.worker.daemon": False,  # a kernel is a process of its own
    "distributed.scheduler.allowed-failures": 0,  # they are counted here
    "distributed.admin.tick.limit": "1h",
    "distributed.comm.timeouts.connect": PATIENCE,
}


def dask_setup(worker: Worker) -> None:
    """What Dask calls in each process of this machine's own cluster as it starts.

    Ctrl-C is for the client, which ends its workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Watcher(Protocol):
    """Who is told how the work goes on."""

    def finished(self, task: Task, result: Result) -> None:
        """A task has ended, well or badly."""

    def lost(self, task: Task, why: str) -> None:
        """A task couldn't be run at all, after TRIES tries."""

    def say(self, text: str) -> None:
        """Something that a person should know."""

    def look(self, running: Sequence[Task]) -> None:
        """A moment in which these tasks are running."""


@dataclass(frozen=True)
class _Refusal:
    worker: str
    why: str


@dataclass
class _Flight:
    """The tasks that are under way, how often each was tried, and the workers that refused."""

    under_way: dict[Future, tuple[Task, frozenset[str]]] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


@contextmanager
def connected(scheduler: str | None, workers: int) -> Iterator[Client]:
    """A client of the scheduler at an address, or of so many processes here, of one thread each.

    Raises NoWorkers where no scheduler answers, or where it goes away.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(SETTINGS), ExitStack() as stack:
        if scheduler is None:
            yield stack.enter_context(Client(stack.enter_context(_own(workers))))
            return
        client = _client(scheduler)
        if isinstance(client, str):
            # What is left of a client that failed closes itself when it is collected; should that
            # happen while the next one starts, both wait for ever.
            gc.collect()
            raise NoWorkers(f"--scheduler: got {scheduler!r}, where none answers: {client}")
        yield stack.enter_context(client)


def _client(scheduler: str) -> Client | str:
    """A client of the scheduler at an address, or why there is none."""
    try:
        return Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        return _first_line(str(error))


def _own(workers: int) -> LocalCluster:
    """A cluster of this machine; Ctrl-C is ignored while it starts, which Dask can't undo."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # which its processes inherit
    try:
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any port: two sweeps at once have one each
            silence_logs="CRITICAL",
            memory_limit=0,
            preload=[__name__],
        )
    finally:
        signal.signal(signal.SIGINT, before)


def execute(client: Client, tasks: Sequence[Task], watcher: Watcher, cached: bool = True) -> None:
    """Run every task on some worker and tell the watcher of each as it ends.

    A worker has one task at a time for each of its threads. A task whose worker died, or whose
    kernel didn't start, is tried again. Raises NoWorkers when all workers have refused, or when
    there is none for PATIENCE seconds. ``cached`` allows the workers their cache of networks.
    """
    todo, flight = list(reversed(tasks)), _Flight()
    try:
        while todo or flight.under_way:
            _welcome(client, flight, watcher)
            _submit(client, todo, flight, cached)
            if not flight.under_way:
                _wait_for_worker(client, flight)
                continue
            watcher.look([task for task, _ in flight.under_way.values()])
            with suppress(TimeoutError, CancelledError):
                wait(list(flight.under_way), POLL, return_when="FIRST_COMPLETED")
            for future in [f for f in flight.under_way if f.done()]:
                task, _ = flight.under_way.pop(future)
                _settle(future, task, todo, flight, watcher)
            _take_back(client, todo, flight)
    finally:
        with suppress(Exception):  # the scheduler may have gone
            client.cancel(list(flight.under_way))


def _workers(client: Client) -> dict[str, int]:
    """The workers that are there, and the threads of each."""
    try:
        return client.nthreads()
    except (OSError, RuntimeError) as error:
        raise NoWorkers(f"the scheduler has gone: {_first_line(str(error))}") from None


def _wait_for_worker(client: Client, flight: _Flight) -> None:
    """Wait for a worker that hasn't refused; where all have, there is no hope of one."""
    hope = not flight.refused or flight.known - flight.refused
    until = time.monotonic() + (PATIENCE if hope else 0)
    while not _workers(client).keys() - flight.refused:
        if time.monotonic() > until:
            why = "no worker is left that has this pwlib and these data"
            none = f"the scheduler has had no worker for {PATIENCE} seconds"
            raise NoWorkers(why if flight.refused else none)
        time.sleep(POLL)


def _welcome(client: Client, flight: _Flight, watcher: Watcher) -> None:
    """Look whether workers that have just joined can import pwlib at all."""
    new = _workers(client).keys() - flight.known
    answers = client.run(_greet, workers=list(new), on_error="return") if new else {}
    for worker, answer in answers.items():
        if isinstance(answer, OSError):  # it has gone again
            continue
        flight.known.add(worker)
        if isinstance(answer, Exception):
            flight.refused.add(worker)
            watcher.say(f"refused: {worker}: {type(answer).__name__}: {answer}")


def _greet() -> bool:
    return True


def _submit(client: Client, todo: list[Task], flight: _Flight, cached: bool) -> None:
    """Give each free thread of the workers that haven't refused a task."""
    threads = {w: n for w, n in _workers(client).items() if w in flight.known - flight.refused}
    free = sum(threads.values()) - len(flight.under_way)
    for _ in range(min(free, len(todo))):
        task = todo.pop()
        bound = frozenset(threads) if flight.refused else frozenset()
        future = client.submit(_on_worker, task, cached, pure=False, workers=list(bound) or None)
        flight.under_way[future] = task, bound


def _on_worker(task: Task, cached: bool) -> Result | _Refusal:
    try:
        return runs.run(task, cached)
    except Refused as refused:
        return _Refusal(get_worker().address, str(refused))


def _settle(
    future: Future, task: Task, todo: list[Task], flight: _Flight, watcher: Watcher
) -> None:
    """Pass a result on; put a task that was refused, or whose worker died, back."""
    error = future.exception() if future.status == "error" else None
    if future.status == "finished" and isinstance(found := future.result(), Result):
        watcher.finished(task, found)
    elif future.status == "finished":
        if found.worker not in flight.refused:
            watcher.say(f"refused: {found.worker}: {found.why}")
        flight.refused.add(found.worker)
        todo.append(task)
    else:
        flight.tries[task.key] = flight.tries.get(task.key, 0) + 1
        why = f"{type(error).__name__}: {error}" if error else f"its future was {future.status}"
        if flight.tries[task.key] < TRIES:
            watcher.say(f"tried again: {_first_line(why)}")
            todo.append(task)
        else:
            watcher.lost(task, why)


def _take_back(client: Client, todo: list[Task], flight: _Flight) -> None:
    """A task bound to workers of which none is left would wait for ever."""
    here = set(_workers(client))
    for future, (task, bound) in list(flight.under_way.items()):
        if bound and future.status == "pending" and not bound & here:
            del flight.under_way[future]
            client.cancel([future])
            todo.append(task)


def _first_line(text: str) -> str:
    return (text.splitlines() or [""])[0]
