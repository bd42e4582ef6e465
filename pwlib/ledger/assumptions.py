"""The register of assumptions: what the paper leaves open, what was chosen, what a change does."""

from dataclasses import dataclass
from pathlib import Path

from IPython.display import Markdown

from pwlib.figures import style
from pwlib.ledger.claims import entries
from pwlib.places import CHAPTERS

REGISTER = CHAPTERS / "assumptions.yml"


@dataclass(frozen=True)
class Assumption:
    """One entry: ``parameter`` is the papermill parameter that changes it, None where none does."""

    id: str
    open: str
    choice: str
    why: str
    alternatives: list[str]
    parameter: str | None
    effect: str
    chapter: str


def register(path: Path = REGISTER) -> list[Assumption]:
    """All assumptions, in the order of the file; a ValueError names a malformed entry."""
    return entries(path, Assumption)


def table(path: Path = REGISTER) -> Markdown:
    """The whole register as a table."""
    columns = ["The paper leaves open", "Chosen, and why", "Alternatives", "Effect"]
    rows = []
    for entry in register(path):
        where = f"in [{entry.chapter.split('-')[0]}]({entry.chapter}.ipynb)"
        where = f"`{entry.parameter}` {where}" if entry.parameter else where
        chosen = f"{entry.choice.rstrip('.')} ({where}). {entry.why}"
        rows.append([entry.open, chosen, "; ".join(entry.alternatives), entry.effect])
    return style.table(rows, columns)
