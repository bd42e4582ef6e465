"""The commands of the book.

``python -m pwlib data | book | serve | pdf | accept | sweep | table | cache``.
"""

import argparse
import io
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

INTERRUPTED = "interrupted; what is whole is kept, and the same command goes on from there"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status.

    An expected failure ends the program with status 1 and a line that names the thing and the way
    out; any other is a fault of ours and keeps its traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not every terminal has the signs of mathematics
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except KeyboardInterrupt:
        sys.exit(f"\n{INTERRUPTED}")
    except Exception as error:
        if line := _line(error, options.way_out):
            sys.exit(line)
        raise


def _line(error: Exception, way_out: str) -> str | None:
    """An expected failure as a person is told of it; None for any other."""
    from pwlib.book import build
    from pwlib.reruns import plans, runs

    if isinstance(error, plans.SweepError | runs.NoWorkers):
        return str(error)
    if isinstance(error, RuntimeError):
        return " ".join(str(error).split())
    if isinstance(error, OSError):
        return f"{error.filename or ''}: {error.strerror or error}; {way_out}".removeprefix(": ")
    broken = build.unreadable()
    return broken and f"{broken}; mend it, or bring back the committed one with git checkout"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End the program with one line and status 2."""
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help says more\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m pwlib", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Callable, help: str, way_out: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help)
        command.set_defaults(run=run, way_out=way_out)
        return command

    checkout = "this needs a whole checkout of the book that can be written to"
    data = "PWLIB_DATA can name another folder for the data"
    add("data", _data, "get MNIST and Fashion-MNIST, unless they are here", data)
    book = add("book", _book, "execute the stale chapters and render the book", checkout)
    book.add_argument("--fresh", action="store_true", help="execute all chapters")
    port = "--port (make serve PORT=…) takes another"
    serve = add("serve", _serve, "serve the built book on this machine", port)
    serve.add_argument("--port", type=_port, default=8000, help="8000; 0: any that is free")
    add("pdf", _pdf, "print the built book to _build/book.pdf", checkout)
    add("accept", _accept, "copy executed chapters back to chapters/", checkout)
    runs = "--out can name another folder for the runs"
    _add_sweep(add("sweep", _rerun, "run a chapter over a grid of parameters", runs))
    table = add("table", _rerun, "make a table of chapters/results", runs)
    table.add_argument("name", help="networks; a wrong name lists all")
    table.add_argument("--out", type=Path, help="the folder of the runs; runs/<name>")
    _add_cluster(table)
    networks = "PWLIB_CACHE can name another folder"
    cache = add("cache", _cache, "show where trained networks are kept", networks)
    cache.add_argument("--empty", action="store_true", help="remove them")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"got {text!r}, accepts a whole number from 0 to 65535")
    return int(text)


def _add_sweep(sweep: argparse.ArgumentParser) -> None:
    each: dict[str, Any] = {"action": "append", "default": []}
    grid = "seed=0:10 (0 to 9), radius=1.5,3,5, dataset=MNIST; every combination is run"
    sweep.add_argument("chapter", type=Path, help="chapters/<chapter>.ipynb")
    sweep.add_argument(
        "--grid", **each | {"action": "extend"}, nargs="+", metavar="NAME=VALUES", help=grid
    )
    sweep.add_argument("--out", type=Path, required=True, help="the folder of the runs")
    sweep.add_argument("-p", **each, nargs=2, metavar=("NAME", "VALUE"))
    sweep.add_argument("-y", **each, metavar="YAML", help="parameters")
    sweep.add_argument("-f", **each, type=Path, metavar="FILE", help="YAML")
    _add_cluster(sweep)


def _add_cluster(command: argparse.ArgumentParser) -> None:
    command.add_argument("--scheduler", help="tcp://host:8786, a Dask cluster that is there")
    command.add_argument("--workers", type=int, help="processes here; as many as cores")
    command.add_argument("--retry-failed", action="store_true", help="run those again")
    command.add_argument("--quiet", action="store_true", help="show failures alone")


def _data(options: argparse.Namespace) -> None:
    from pwlib import datasets

    for name in datasets.NAMES:
        datasets.fetch(name)


def _book(options: argparse.Namespace) -> None:
    from pwlib.book import build

    build.make(options.fresh)


def _serve(options: argparse.Namespace) -> None:
    from pwlib.book import build, printing

    build.require_book()
    with suppress(KeyboardInterrupt), printing.served(build.HTML, options.port) as address:
        print(f"the book is at {address} until you press Ctrl-C", flush=True)
        threading.Event().wait()


def _pdf(options: argparse.Namespace) -> None:
    from pwlib.book import printing

    print(f"the book is printed at {printing.pdf()}")


def _accept(options: argparse.Namespace) -> None:
    from pwlib.book import build

    build.accept()


def _rerun(options: argparse.Namespace) -> int:
    from pwlib.reruns import plans, sweeps

    out = options.out or Path("runs", options.name)
    how = (options.scheduler, options.workers, options.retry_failed, options.quiet)
    settings = sweeps.Settings(out, *how)
    if options.command == "table":
        from pwlib.reruns import tables  # which needs torch

        print(tables.make(options.name, settings))
        return 0
    request = plans.Request(options.chapter, options.grid, options.p, options.y, options.f)
    return int(sweeps.sweep(request, settings) > 0)


def _cache(options: argparse.Namespace) -> None:
    from pwlib.reruns import kept

    place = kept.folder() or kept.default_folder()
    if options.empty:
        print(f"removed {kept.empty(place)} networks from {place}")
    else:
        found = kept.stored(place)
        size = sum(path.stat().st_size for path in found) / 1e6
        print(f"{len(found)} networks, {size:.0f} MB, in {place}")


if __name__ == "__main__":
    sys.exit(main())
