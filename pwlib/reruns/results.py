"""Tables of results: plain CSV, and beside each a JSON that says where it came from.

``python -m pwlib table NAME`` makes those of ``chapters/results``.
"""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from pwlib.checks import PLAIN, accepts, listed
from pwlib.parameters import choice
from pwlib.places import RESULTS

Row = dict[str, Any]  # of plain data
NEW = ".new"  # of a table whose origin was written, and whose writer was killed then
CHANGED = "got other content than its run wrote; remove it, and the same command makes it again"
_DECODER = json.JSONDecoder()

TITLES = {"MNIST": "MNIST", "FashionMNIST": "Fashion-MNIST"}  # of data sets, for readers


def read(name: str, folder: Path = RESULTS) -> list[Row]:
    """The rows of a table, read("networks"), say; numbers and lists of numbers as such.

    Raises ParameterError where there is no such table, and RuntimeError where it isn't the one that
    its origin was written for.
    """
    path, origin = folder / f"{name}.csv", folder / f"{name}.json"
    choice("name", name, sorted(about.stem for about in folder.glob("*.json")))
    about = json.loads(origin.read_text(encoding="utf-8"))
    for written in (path, folder / f"{name}.csv{NEW}"):
        if written.exists() and is_sealed(about, found := written.read_text(encoding="utf-8")):
            return parse(found)
    why = f"got other content than {origin.name} was written for; git checkout brings both back"
    raise RuntimeError(f"{path}: {why}")


def sealed(about: Mapping, content: str = "") -> dict[str, Any]:
    """What is said of some content, and the SHA-256 of both, which an edit of either breaks."""
    said = json.loads(json.dumps({**about, "sha256": None}))  # as it is read again
    del said["sha256"]
    bound = json.dumps(said, sort_keys=True) + content
    return said | {"sha256": hashlib.sha256(bound.encode()).hexdigest()}


def is_sealed(about: Mapping, content: str = "") -> bool:
    """Is what `sealed` returned of the content still as it was?"""
    return about.get("sha256") == sealed(about, content)["sha256"]


def parse(text: str) -> list[Row]:
    """The rows that a text in CSV holds."""
    lines = csv.DictReader(io.StringIO(text, newline=""))
    return [{key: _value(cell) for key, cell in line.items()} for line in lines]


def text(rows: Sequence[Mapping]) -> str:
    """Rows as CSV; a row may lack columns that others have. Text stays, all else becomes JSON."""
    columns = list(dict.fromkeys(chain.from_iterable(rows)))
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells = {k: v if isinstance(v, str) else json.dumps(v) for k, v in row.items()}
        writer.writerow(cells)
    return written.getvalue()


def _value(cell: str | None) -> object:
    """JSON where a cell holds that and nothing else, else its text; `json.loads` is slower."""
    if not cell:
        return ""
    try:
        value, end = _DECODER.raw_decode(cell)
    except json.JSONDecodeError:
        return cell
    return value if end == len(cell) else cell


accepts(__name__, {"about": PLAIN, "rows": listed(PLAIN)})
