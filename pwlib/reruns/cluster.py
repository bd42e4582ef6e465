"""Tasks on a Dask cluster: of this machine's cores, or one that is already there."""

import gc
import logging
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

import dask
from distributed import Client, Future, LocalCluster, Worker, as_completed, get_worker

from pwlib.reruns import runs
from pwlib.reruns.runs import NoWorkers, Refused, Result, Task

TRIES = 3  # of a task whose worker or kernel dies
PATIENCE = 10  # seconds that a scheduler has to answer, and workers to be there
SETTINGS = {
    "distributed.worker.daemon": False,  # a kernel is a process of its own
    "distributed.scheduler.allowed-failures": TRIES - 1,
    "distributed.admin.tick.limit": "1h",
    "distributed.comm.timeouts.connect": PATIENCE,
}


def dask_setup(worker: Worker) -> None:
    """What Dask calls in each process of this machine's own cluster as it starts.

    Ctrl-C is for the client, which ends its workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def connected(scheduler: str | None, workers: int) -> Iterator[Client]:
    """A client of the scheduler at an address, or of so many processes here, of one thread each.

    Raises NoWorkers where no scheduler answers.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(SETTINGS), ExitStack() as stack:
        if scheduler is None:
            yield stack.enter_context(Client(stack.enter_context(_own(workers))))
            return
        try:
            client, why = Client(scheduler, timeout=PATIENCE), ""
        except (OSError, ValueError) as error:
            client, why = None, f"got {scheduler!r}, where none answers: {_first_line(error)}"
        if client is None:
            # What is left of a client that failed closes itself when it is collected; should that
            # happen while the next one starts, both wait for ever.
            gc.collect()
            raise NoWorkers(f"--scheduler: {why}")
        yield stack.enter_context(client)


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


def execute(
    client: Client, tasks: Sequence[Task], say: Callable[[str], None], cached: bool = True
) -> Iterator[tuple[Task, Result]]:
    """Run every task on some worker; each comes with its result as it ends.

    Each thread of the workers has one task at a time, so that one which kills its worker takes no
    other with it. Dask tries tasks again whose worker died or whose kernel didn't start. The tasks
    rest on the same things; workers that differ in them get none, and ``say`` is told so. Raises
    NoWorkers when there is no worker for PATIENCE seconds that can. ``cached`` allows the workers
    their cache of networks.
    """
    todo, running, ended = deque(tasks), dict[Future, Task](), as_completed()
    crew = _Crew(client, tasks[0], say)
    submit = partial(client.submit, _on_worker, cached=cached, pure=False, retries=TRIES - 1)
    while todo or running:
        threads = crew.threads(wait=not running)
        # A task that is bound to workers waits for ever if all of them die, so only where it must.
        only = {"workers": [*threads], "allow_other_workers": True} if crew.refused else {}
        for _ in range(min(len(todo), sum(threads.values()) - len(running))):
            task = todo.popleft()
            future = submit(task, **only)
            running[future] = task
            ended.add(future)
        future = next(ended)
        task = running.pop(future)
        if future.status == "error":
            error = future.exception()
            yield task, runs.lost(task, f"{type(error).__name__}: {error}")
        elif future.status != "finished":  # cancelled, as the scheduler went
            todo.append(task)
        elif isinstance(found := future.result(), Result):
            yield task, found
        else:  # by a worker that has just joined
            todo.append(task)
            crew.refuse(*found)
        future.release()  # or Dask computes it again, should its worker die


def _on_worker(task: Task, cached: bool) -> Result | tuple[str, str]:
    """A result, or the address of a worker that refuses, and why."""
    try:
        return runs.run(task, cached)
    except Refused as refused:
        return get_worker().address, str(refused)


@dataclass
class _Crew:
    """The workers as they come and go, and those among them that can't run the tasks."""

    client: Client
    task: Task
    say: Callable[[str], None]
    known: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def threads(self, wait: bool) -> dict[str, int]:
        """The threads of each worker that hasn't refused; waits for one if asked to."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                there = self.client.nthreads()
            except (OSError, RuntimeError) as error:
                raise NoWorkers(f"the scheduler has gone: {_first_line(error)}") from None
            if new := [*(there.keys() - self.known)]:
                self._ask(new)
            able = {worker: n for worker, n in there.items() if worker not in self.refused}
            if able or not wait:
                return able
            if time.monotonic() > until:
                none = f"the scheduler has had no worker for {PATIENCE} seconds"
                why = "no worker is left that has this pwlib and these data"
                raise NoWorkers(why if self.refused else none)
            time.sleep(0.5)

    def refuse(self, worker: str, why: str) -> None:
        """Note, and say once, that a worker can't run the tasks."""
        if worker not in self.refused:
            self.say(f"refused: {worker}: {why}")
        self.refused.add(worker)

    def _ask(self, new: list[str]) -> None:
        """Ask workers that have just joined; some may lack pwlib itself."""
        self.known.update(new)
        asked = self.client.run(runs.refuse_others, self.task, workers=new, on_error="return")
        for worker, answer in asked.items():
            if isinstance(answer, Exception) and not isinstance(answer, OSError):  # it has gone
                self.refuse(worker, str(answer))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
