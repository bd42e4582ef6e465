"""``make bench``: the usual parts, or those named, interleaved with their rivals in one process.

Each part is a module of this folder with a function ``run() -> report.Part``. What is found is
printed and kept in _build/benchmarks.json; ``make accept`` copies that to chapters/results/.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time

os.environ["TQDM_DISABLE"] = "1"  # before the rivals are imported

import report
from tabulate import tabulate

from pwlib.places import ROOT, write
from pwlib.reruns import results

USUAL = ("training", "attacks", "maxmargin", "book")
PARTS = (*USUAL, "sweeps")  # the last, of twenty minutes, only by name
FOUND = ROOT / "_build" / "benchmarks.json"


def main(names: list[str]) -> None:
    """Run the parts named (the usual ones, if none is), print them and merge them into FOUND."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"ONLY: got {' '.join(unknown)!r}, accepts one or more of {', '.join(PARTS)}")
    for name in names or USUAL:
        print(f"{name} …", file=sys.stderr, flush=True)
        start = time.monotonic()
        part = importlib.import_module(name).run()
        record = results.sealed(report.as_record(part, time.monotonic() - start))
        _print(record)
        _keep(name, record)


def _print(record: dict) -> None:
    print(f"\n# {record['title']}  ({record['seconds']} s, {record['processor']})\n")
    for table in record["tables"]:
        if table["caption"]:
            print(table["caption"])
        print(tabulate(table["rows"], table["columns"], disable_numparse=True), end="\n\n")
    for note in record["notes"]:
        print(f"- {note}")


def _keep(name: str, record: dict) -> None:
    """Put a part beside those measured before, whole or not at all."""
    found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    found = {part: (found | {name: record}).get(part) for part in PARTS}
    write(FOUND, json.dumps({p: r for p, r in found.items() if r}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
