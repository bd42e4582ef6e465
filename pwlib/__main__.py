"""The commands of the book.

``python -m pwlib data | book | serve | pdf | accept | sweep | table | cache``.
"""

from __future__ import annotations

import argparse
import io
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from pwlib.reruns.sweeps import Settings

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
        return options.run(options)
    except KeyboardInterrupt:
        sys.exit(f"\n{INTERRUPTED}")
    except Exception as error:
        line = _line(error, options.way_out)
        if line is None:
            raise
        sys.exit(line)


def _line(error: Exception, way_out: str) -> str | None:
    """An expected failure as a person is told of it; None for any other."""
    from pwlib.book import build
    from pwlib.reruns import plans, runs

    if isinstance(error, plans.SweepError | runs.NoWorkers):
        return str(error)
    if isinstance(error, RuntimeError):
        return " ".join(str(error).split())
    if isinstance(error, OSError):
        what = error.filename or ""
        return f"{what}: {error.strerror or error}; {way_out}".removeprefix(": ")
    if broken := build.unreadable():
        return f"{broken}; mend it, or bring back the committed one with git checkout"
    return None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End the program with one line and status 2."""
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help says more\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m pwlib", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    data = commands.add_parser("data", help="get MNIST and Fashion-MNIST, unless they are here")
    data.set_defaults(run=_data, way_out="PWLIB_DATA can name another folder for the data")
    checkout = "this needs a whole checkout of the book that can be written to"
    book = commands.add_parser("book", help="execute the stale chapters and render the book")
    book.add_argument("--fresh", action="store_true", help="execute all chapters")
    book.set_defaults(run=_book, way_out=checkout)
    serve = commands.add_parser("serve", help="serve the built book on this machine")
    serve.add_argument("--port", type=_port, default=8000, help="8000; 0: any that is free")
    serve.set_defaults(run=_serve, way_out="--port (make serve PORT=…) takes another")
    pdf = commands.add_parser("pdf", help="print the built book to _build/book.pdf")
    pdf.set_defaults(run=_pdf, way_out=checkout)
    accept = commands.add_parser("accept", help="copy executed chapters back to chapters/")
    accept.set_defaults(run=_accept, way_out=checkout)
    _add_sweep(commands.add_parser("sweep", help="run a chapter over a grid of parameters"))
    table = commands.add_parser("table", help="make a table of chapters/results")
    table.add_argument("name", help="controls; a wrong name lists all")
    table.add_argument("--out", type=Path, help="the folder of the runs; runs/<name>")
    _add_cluster(table)
    table.set_defaults(run=_table)
    cache = commands.add_parser("cache", help="show where trained networks are kept")
    cache.add_argument("--empty", action="store_true", help="remove them")
    cache.set_defaults(run=_cache, way_out="PWLIB_CACHE can name another folder")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"got {text!r}, accepts a whole number from 0 to 65535")
    return int(text)


def _add_sweep(sweep: argparse.ArgumentParser) -> None:
    sweep.add_argument("chapter", type=Path, help="chapters/<chapter>.ipynb")
    sweep.add_argument(
        "--grid",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUES",
        help="seed=0:10 (0 to 9), radius=1.5,3,5, dataset=MNIST; every combination is run",
    )
    sweep.add_argument("--out", type=Path, required=True, help="the folder of the runs")
    sweep.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    sweep.add_argument("-y", action="append", default=[], metavar="YAML", help="parameters")
    sweep.add_argument("-f", action="append", default=[], type=Path, metavar="FILE", help="YAML")
    _add_cluster(sweep)
    sweep.set_defaults(run=_sweep)


def _add_cluster(command: argparse.ArgumentParser) -> None:
    command.add_argument("--scheduler", help="tcp://host:8786, a Dask cluster that is there")
    command.add_argument("--workers", type=int, help="processes here; as many as cores")
    command.add_argument("--retry-failed", action="store_true", help="run those again")
    command.add_argument("--quiet", action="store_true", help="show failures alone")
    command.set_defaults(way_out="--out can name another folder for the runs")


def _data(options: argparse.Namespace) -> int:
    from pwlib import datasets

    for name in datasets.NAMES:
        datasets.fetch(name)
    return 0


def _book(options: argparse.Namespace) -> int:
    from pwlib.book import build

    build.make(options.fresh)
    return 0


def _serve(options: argparse.Namespace) -> int:
    from pwlib.book import browser, build

    build.front()
    try:
        with browser.served(build.HTML, options.port) as address:
            print(f"the book is at {address} until you press Ctrl-C", flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    return 0


def _pdf(options: argparse.Namespace) -> int:
    from pwlib.book import printing

    print(f"the book is printed at {printing.pdf()}")
    return 0


def _accept(options: argparse.Namespace) -> int:
    from pwlib.book import build

    build.accept()
    return 0


def _sweep(options: argparse.Namespace) -> int:
    from pwlib.reruns import plans, sweeps

    request = plans.Request(options.chapter, options.grid, options.p, options.y, options.f)
    return 1 if sweeps.sweep(request, _settings(options, options.out)) else 0


def _table(options: argparse.Namespace) -> int:
    from pwlib.reruns import tables

    print(tables.make(options.name, _settings(options, options.out or Path("runs") / options.name)))
    return 0


def _settings(options: argparse.Namespace, out: Path) -> Settings:
    from pwlib.reruns.sweeps import Settings

    return Settings(out, options.scheduler, options.workers, options.retry_failed, options.quiet)


def _cache(options: argparse.Namespace) -> int:
    from pwlib.reruns import kept

    place = kept.folder() or kept.default_folder()
    if options.empty:
        print(f"removed {kept.empty(place)} networks from {place}")
        return 0
    found = kept.stored(place)
    size = sum(path.stat().st_size for path in found) / 1e6
    print(f"{len(found)} networks, {size:.0f} MB, in {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
