"""The commands of the book.

``python -m pwlib data | book | serve | pdf | accept | sweep | table | cache``.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pwlib.reruns.sweeps import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    options = _parser().parse_args(arguments)
    return options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pwlib", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    data = commands.add_parser("data", help="get MNIST and Fashion-MNIST, unless they are here")
    data.set_defaults(run=_data)
    book = commands.add_parser("book", help="execute the stale chapters and render the book")
    book.add_argument("--fresh", action="store_true", help="execute all chapters")
    book.set_defaults(run=_book)
    serve = commands.add_parser("serve", help="serve the built book on this machine")
    serve.add_argument("--port", type=int, default=8000, help="8000; 0: any that is free")
    serve.set_defaults(run=_serve)
    pdf = commands.add_parser("pdf", help="print the built book to _build/book.pdf")
    pdf.set_defaults(run=_pdf)
    accept = commands.add_parser("accept", help="copy executed chapters back to chapters/")
    accept.set_defaults(run=_accept)
    _add_sweep(commands.add_parser("sweep", help="run a chapter over a grid of parameters"))
    table = commands.add_parser("table", help="make a table of chapters/results")
    table.add_argument("name", help="controls; a wrong name lists all")
    table.add_argument("--out", type=Path, help="the folder of the runs; runs/<name>")
    _add_cluster(table)
    table.set_defaults(run=_table)
    cache = commands.add_parser("cache", help="show where trained networks are kept")
    cache.add_argument("--empty", action="store_true", help="remove them")
    cache.set_defaults(run=_cache)
    return parser


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


def _data(options: argparse.Namespace) -> int:
    from pwlib import datasets

    try:
        for name in datasets.NAMES:
            datasets.fetch(name)
    except RuntimeError as error:
        sys.exit(str(error))
    return 0


def _book(options: argparse.Namespace) -> int:
    from pwlib.book import build

    return build.make(options.fresh)


def _serve(options: argparse.Namespace) -> int:
    from pwlib.book import browser, build

    try:
        with browser.served(build.HTML, options.port) as address:
            print(f"the book is at {address} until you press Ctrl-C", flush=True)
            threading.Event().wait()
    except OSError as error:
        sys.exit(f"port {options.port}: {error.strerror}; make serve PORT=… takes another")
    except KeyboardInterrupt:
        return 0


def _pdf(options: argparse.Namespace) -> int:
    from pwlib.book import printing

    try:
        print(f"the book is printed at {printing.pdf()}")
    except RuntimeError as error:
        sys.exit(str(error))
    return 0


def _accept(options: argparse.Namespace) -> int:
    from pwlib.book import build

    return build.accept()


def _sweep(options: argparse.Namespace) -> int:
    from pwlib.reruns import plans, sweeps

    request = plans.Request(options.chapter, options.grid, options.p, options.y, options.f)
    with _one_line():
        failures = sweeps.sweep(request, _settings(options, options.out))
    return 1 if failures else 0


def _table(options: argparse.Namespace) -> int:
    from pwlib.reruns import tables

    settings = _settings(options, options.out or Path("runs") / options.name)
    with _one_line():
        print(tables.make(options.name, settings))
    return 0


def _settings(options: argparse.Namespace, out: Path) -> Settings:
    from pwlib.reruns.sweeps import Settings

    return Settings(out, options.scheduler, options.workers, options.retry_failed, options.quiet)


@contextmanager
def _one_line() -> Iterator[None]:
    """A sweep that can't be run ends the program with one line."""
    from pwlib.reruns import plans, runs

    try:
        yield
    except (plans.SweepError, runs.NoWorkers) as error:
        sys.exit(str(error))


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
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; what is whole is kept, and the same command goes on from there")
