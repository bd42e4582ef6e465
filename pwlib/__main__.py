"""The commands behind the Makefile: ``python -m pwlib data | book [--fresh] | accept``."""

from __future__ import annotations

import argparse
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m pwlib", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("data", help="get MNIST and Fashion-MNIST, unless they are here already")
    book = commands.add_parser("book", help="execute the stale chapters and render the book")
    book.add_argument("--fresh", action="store_true", help="execute all chapters")
    commands.add_parser("accept", help="copy executed chapters back to chapters/")
    options = parser.parse_args(arguments)
    if options.command == "data":
        from pwlib import datasets

        try:
            for name in datasets.NAMES:
                datasets.fetch(name)
        except RuntimeError as error:
            sys.exit(str(error))
        return 0
    from pwlib import book as making

    return making.accept() if options.command == "accept" else making.make(options.fresh)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; the chapters executed so far are kept")
