"""Jobs on worker processes, one torch thread each, and a bar that shows how far the work is."""

import multiprocessing
import os
import pickle
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

from tqdm import tqdm

from pwlib.checks import a, accepts, listed, whole


def run(
    function: Callable[..., Any], jobs: Sequence[tuple], workers: int, what: str = "jobs"
) -> list[Any]:
    """``[function(*job) for job in jobs]`` on that many processes, with one line of progress.

    The function must be importable; the processes start from nothing (spawn) and end with the
    call, or with this process. Put long jobs first. Raises what a job raises, RuntimeError when a
    worker dies, and ParameterError for fewer than one worker.
    """
    context = multiprocessing.get_context("spawn")
    workers = max(1, min(workers, len(jobs)))
    others = multiprocessing.active_children()
    executor = ProcessPoolExecutor(workers, context, initializer=_start_worker)
    try:
        with starting():
            futures = [executor.submit(_call, pickle.dumps((function, job))) for job in jobs]
        with bar(len(jobs), what) as shown:
            for future in as_completed(futures):
                future.result()
                shown.update()
        return [pickle.loads(future.result()) for future in futures]  # noqa: S301  # of our own
    except BrokenProcessPool:
        raise RuntimeError(
            f"{what}: a worker process was killed, most often for want of memory; "
            f"run again with fewer workers than {workers}, or with more memory"
        ) from None
    except KeyboardInterrupt:
        for worker in set(multiprocessing.active_children()) - {*others}:
            worker.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def starting() -> Iterator[None]:
    """Processes that start in this block leave Ctrl-C to this one, where it waits for the end."""
    if threading.current_thread() is not threading.main_thread():  # others get no Ctrl-C
        yield
        return
    came = threading.Event()
    resource_tracker.ensure_running()  # which would unblock it
    before = signal.signal(signal.SIGINT, lambda *_: came.set())
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # is inherited
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, before)
    if came.is_set():
        raise KeyboardInterrupt


def bar(total: int, what: str) -> tqdm:
    """A bar that counts up to a total; ``disable`` is set where there is no one to see it.

    In a notebook it is the text "networks trained: 3 of 24", the same in every execution.
    """
    # A notebook has imported IPython; nobody else should wait for it.
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if hasattr(shell, "kernel"):
        text = "{desc}: {n_fmt} of {total_fmt}"
        return tqdm(total=total, desc=what, file=_Cell(), bar_format=text)
    wide = shutil.get_terminal_size().columns  # 80 where the terminal says 0
    return tqdm(total=total, desc=what, ncols=wide, disable=not (total and sys.stderr.isatty()))


class _Cell:
    """A file for tqdm that is one output of the cell that runs, overwritten in place."""

    def __init__(self) -> None:
        from IPython.display import display

        self.handle = display({"text/plain": ""}, raw=True, display_id=True)

    def write(self, text: str) -> None:
        if text.strip():
            self.handle.update({"text/plain": text.strip()}, raw=True)

    def flush(self) -> None:
        pass


def _call(packed: bytes) -> bytes:
    # Packed by hand: the pool's own pickler would pass tensors through shared memory, of which
    # containers have little.
    function, job = pickle.loads(packed)  # noqa: S301  # of the process that started this one
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


accepts(__name__, {"jobs": listed(a(tuple), 0), "workers": whole(1), "total": whole(0)})
