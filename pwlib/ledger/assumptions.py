"""The register of assumptions: what the paper leaves open, what was chosen, what a change does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from IPython.display import Markdown

from pwlib.ledger.entries import entries
from pwlib.markdown import markdown_table
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
    return [Assumption(**entry) for entry in entries(path, Assumption, ValueError)]


def table(path: Path = REGISTER) -> Markdown:
    """The whole register as a table."""
    columns = ["The paper leaves open", "Chosen, and why", "Alternatives", "Effect"]
    rows = [
        [
            entry.open,
            f"{entry.choice.rstrip('.')} ({_where(entry)}). {entry.why}",
            "; ".join(entry.alternatives),
            entry.effect,
        ]
        for entry in register(path)
    ]
    return Markdown(markdown_table(rows, columns))


def _where(entry: Assumption) -> str:
    """Its chapter, and the parameter if there is one."""
    number = f"[{entry.chapter.split('-')[0]}]({entry.chapter}.ipynb)"
    return f"`{entry.parameter}` in {number}" if entry.parameter else f"in {number}"
