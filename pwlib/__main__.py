"""The commands of the book: ``python -m pwlib data | book | accept | sweep | cache``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


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
    accept = commands.add_parser("accept", help="copy executed chapters back to chapters/")
    accept.set_defaults(run=_accept)
    _add_sweep(commands.add_parser("sweep", help="run a chapter over a grid of parameters"))
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
    sweep.add_argument("--scheduler", help="tcp://host:8786, a Dask cluster that is there")
    sweep.add_argument("--workers", type=int, help="processes here; as many as cores")
    sweep.add_argument("--retry-failed", action="store_true", help="run those again")
    sweep.add_argument("--quiet", action="store_true", help="show failures alone")
    sweep.set_defaults(run=_sweep)


def _data(options: argparse.Namespace) -> int:
    from pwlib import datasets

    try:
        for name in datasets.NAMES:
            datasets.fetch(name)
    except RuntimeError as error:
        sys.exit(str(error))
    return 0


def _book(options: argparse.Namespace) -> int:
    from pwlib import book

    return book.make(options.fresh)


def _accept(options: argparse.Namespace) -> int:
    from pwlib import book

    return book.accept()


def _sweep(options: argparse.Namespace) -> int:
    from pwlib import plans, runs, sweeps

    settings = sweeps.Settings(
        options.out, options.scheduler, options.workers, options.retry_failed, options.quiet
    )
    request = plans.Request(options.chapter, options.grid, options.p, options.y, options.f)
    try:
        failures = sweeps.sweep(request, settings)
    except (plans.SweepError, runs.NoWorkers) as error:
        sys.exit(str(error))
    return 1 if failures else 0


def _cache(options: argparse.Namespace) -> int:
    from pwlib import cache

    place = cache.folder() or cache.default_folder()
    if options.empty:
        print(f"removed {cache.empty(place)} networks from {place}")
        return 0
    found = cache.stored(place)
    size = sum(path.stat().st_size for path in found) / 1e6
    print(f"{len(found)} networks, {size:.0f} MB, in {place}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; what is whole is kept, and the same command goes on from there")
