"""Jobs on worker processes, one torch thread each, from a script or from a notebook's kernel."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from pwlib import progress


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
        with progress.bar(len(jobs), what) as bar:
            for future in as_completed(futures):
                future.result()
                bar.update()
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
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(1)
