"""Jobs on worker processes, one torch thread each, from a script or from a notebook's kernel."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any


def run(
    function: Callable[..., Any], jobs: Sequence[tuple], workers: int, what: str = "jobs"
) -> list[Any]:
    """``[function(*job) for job in jobs]`` on that many processes, with one line of progress.

    The function must be importable; the processes start from nothing (spawn) and end with the
    call, or with this process. Put long jobs first. Raises what a job raises, and RuntimeError
    when a worker dies.
    """
    context = multiprocessing.get_context("spawn")
    workers = max(1, min(workers, len(jobs)))
    executor = ProcessPoolExecutor(workers, context, initializer=_start_worker)
    try:
        futures = [executor.submit(_call, pickle.dumps((function, job))) for job in jobs]
        _show_progress(futures, what)
        return [pickle.loads(future.result()) for future in futures]
    except BrokenProcessPool:
        raise RuntimeError(
            f"{what}: a worker process was killed, most often for want of memory; "
            f"run again with fewer workers than {workers}, or with more memory"
        ) from None
    finally:
        executor.shutdown(cancel_futures=True)


def _call(packed: bytes) -> bytes:
    # Packed by hand: the pool's own pickler would pass tensors through shared memory, of which
    # containers have little.
    function, job = pickle.loads(packed)
    return pickle.dumps(function(*job))


def _start_worker() -> None:
    import torch

    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _show_progress(futures: Sequence[Future], what: str) -> None:
    """Count the finished jobs until all are, or one has failed."""
    show = _line()
    show(f"{what}: 0 of {len(futures)}")
    for done, future in enumerate(as_completed(futures), 1):
        future.result()
        show(f"{what}: {done} of {len(futures)}")


def _line() -> Callable[[str], None]:
    """One line to be overwritten: a notebook's output, or the terminal."""
    from IPython import get_ipython  # not above: the workers do without, and start sooner
    from IPython.display import display

    if hasattr(get_ipython(), "kernel"):
        handle = display({"text/plain": ""}, raw=True, display_id=True)
        return lambda text: handle.update({"text/plain": text}, raw=True)
    if sys.stderr.isatty():
        return lambda text: print(f"\r{text}", end="", file=sys.stderr, flush=True)
    return lambda text: None
