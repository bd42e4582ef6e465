"""The register of assumptions: what the paper leaves open, what was chosen, what a change does."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import yaml
from IPython.display import Markdown

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
    names = {field.name for field in fields(Assumption)}
    entries = yaml.safe_load(path.read_text()) or []
    for entry in entries:
        if set(entry) != names:
            wrong = ", ".join(sorted(set(entry) ^ names))
            raise ValueError(f"{path.name}, {entry.get('id')}: keys missing or unknown: {wrong}")
    return [Assumption(**entry) for entry in entries]


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
