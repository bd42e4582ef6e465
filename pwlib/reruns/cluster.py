"""Tasks on a Dask cluster: of this machine's cores, or one that is already there."""

import logging
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import dask
from distributed import Client, Future, LocalCluster, Worker, as_completed, get_worker

from pwlib.reruns import runs
from pwlib.reruns.runs import Refused, Result, SweepError, Task

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

    Raises SweepError where no scheduler answers, or none that has workers.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(SETTINGS):
        if scheduler is None:
            with _own(workers) as here, Client(here) as client:
                yield client
            return
        try:
            client = Client(scheduler, timeout=PATIENCE)
            client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            why = f"got {scheduler!r}, where no worker answers: {_first_line(error)}"
            raise SweepError(f"--scheduler: {why}") from None
        with client:
            yield client


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

    answers = client.run(runs.refuse_others, tasks[0], on_error="return")
    for worker, why in answers.items():
        if why is not None:  # what was raised there; some may lack pwlib itself
            refuse(worker, why)
    while todo or running:
        able = {worker: n for worker, n in _threads(client).items() if worker not in refused}
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
            error = future.exception()
            yield task, runs.lost(task, f"{type(error).__name__}: {error}")
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
        return runs.run(task, cached)
    except Refused as refused:
        return get_worker().address, str(refused)


def _threads(client: Client) -> dict[str, int]:
    """The number of threads of each worker, by its address."""
    try:
        return client.nthreads()
    except (OSError, RuntimeError) as error:
        raise SweepError(f"the scheduler has gone: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
