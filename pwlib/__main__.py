"""The commands of the book.

``python -m pwlib data | book | serve | pdf | accept | sweep | table | cache``.
"""

# ruff: noqa: E402  # other imports come after what a Ctrl-C among them is told by

import sys

INTERRUPTED = "interrupted; what is whole is kept, and the same command goes on from there"
if __name__ == "__main__":
    sys.excepthook = lambda kind, error, trace: (
        print(INTERRUPTED, file=sys.stderr)
        if issubclass(kind, KeyboardInterrupt)
        else sys.__excepthook__(kind, error, trace)
    )

import argparse
import io
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

CHECKOUT = "this needs a whole checkout of the book that can be written to"
WAYS_OUT = {
    "serve": "--port (make serve PORT=…) takes another",
    "table": "--out takes another folder",
    "cache": "PWLIB_CACHE can name another folder",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status.

    An expected failure ends the program with status 1 and a line that names the thing and the way
    out; any other is a fault of ours and keeps its traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not every terminal has the signs of mathematics
    try:
        options = _parser().parse_args(arguments)
        try:
            return _run(options)
        except Exception as error:
            if line := _line(error, WAYS_OUT.get(options.command, CHECKOUT)):
                sys.exit(line)
            raise
    except KeyboardInterrupt:
        sys.exit(f"\n{INTERRUPTED}")


def _line(error: Exception, way_out: str) -> str | None:
    """An expected failure as a person is told of it; None for any other."""
    if isinstance(error, RuntimeError):
        return " ".join(str(error).split())
    if isinstance(error, OSError):
        return f"{error.filename or ''}: {error.strerror or error}; {way_out}".removeprefix(": ")
    from pwlib.book import build
    from pwlib.reruns.runs import SweepError

    if isinstance(error, SweepError):
        return str(error)
    broken = build.unreadable()
    return broken and f"{broken}; mend it, or bring back the committed one with git checkout"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End the program with one line and status 2."""
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help says more\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m pwlib", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, help: str) -> Callable[..., argparse.Action]:
        return commands.add_parser(name, help=help).add_argument

    add("data", "get MNIST and Fashion-MNIST, unless they are here")
    book = add("book", "execute the stale chapters and render the book")
    book("--fresh", action="store_true", help="execute all chapters")
    book("--live", action="store_true", help="chapters run in the reader's page too")
    serve = add("serve", "serve the built book on this machine")
    serve("--port", type=_whole, default=8000, help="8000; 0: any that is free")
    add("pdf", "print the built book to _build/book.pdf")
    add("accept", "copy executed chapters back to chapters/")
    sweep = add("sweep", "run a chapter over a grid of parameters")
    sweep("chapter", type=Path, help="chapters/<chapter>.ipynb")
    grid = "seed=0:10 (0 to 9), radius=1.5,3,5, dataset=MNIST; every combination is run"
    several = {"action": "extend", "nargs": "+", "default": []}
    sweep("--grid", **several, metavar="NAME=VALUES", help=grid)
    sweep("-p", action="append", nargs=2, default=[], metavar=("NAME", "VALUE"), help="of all runs")
    sweep("--out", type=Path, required=True, help="the folder of the runs")
    table = add("table", "make a table of chapters/results")
    table("name", help="networks; a wrong name lists all")
    table("--out", type=Path, help="the folder of the runs; runs/<name>")
    for option in (sweep, table):
        option("--workers", type=_whole, default=0, help="processes here; 0: as many as cores")
    sweep("--scheduler", help="tcp://host:8786, a Dask cluster that is there")
    sweep("--retry-failed", action="store_true", help="run those again")
    sweep("--quiet", action="store_true", help="show failures alone")
    cache = add("cache", "show where trained networks are kept")
    cache("--empty", action="store_true", help="remove them")
    return parser


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"got {text!r}, accepts a whole number from 0 to 65535")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    """Run a command; what it needs is imported here, as torch takes its time."""
    if options.command in ("book", "accept", "pdf", "serve"):
        from pwlib.book import build, printing

    match options.command:
        case "data":
            from pwlib import datasets

            for name in datasets.NAMES:
                datasets.fetch(name)
        case "book":
            build.make(options.fresh, options.live)
        case "accept":
            build.accept()
        case "pdf":
            print(f"the book is printed at {printing.pdf()}")
        case "serve":
            build.require_book()
            with suppress(KeyboardInterrupt), printing.served(build.HTML, options.port) as address:
                print(f"the book is at {address} until you press Ctrl-C", flush=True)
                threading.Event().wait()
        case "cache":
            from pwlib.reruns import kept

            place = kept.folder() or kept.default_folder()
            if options.empty:
                print(f"removed {kept.empty(place)} networks from {place}")
            else:
                sizes = [path.stat().st_size for path in kept.stored(place)]
                print(f"{len(sizes)} networks, {sum(sizes) / 1e6:.0f} MB, in {place}")
        case "sweep":
            from pwlib.reruns import sweeps

            how = (options.scheduler, options.workers, options.retry_failed, options.quiet)
            plan = sweeps.plan(options.chapter, options.grid, options.p)
            return int(sweeps.run(plan, sweeps.Settings(options.out, *how)) > 0)
        case "table":
            from pwlib.reruns import tables

            out = options.out or Path("runs", options.name)
            print(tables.make(options.name, out, options.workers))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # what ends here has nothing to say any more
