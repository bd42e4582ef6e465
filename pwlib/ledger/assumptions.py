"""The register of assumptions: what the paper leaves open, what was chosen, what a change does."""

import re
from dataclasses import dataclass
from pathlib import Path

from IPython.display import Markdown

from pwlib.checks import NAME, accepts, maybe
from pwlib.ledger.claims import entries, ledger
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


def page(path: Path = REGISTER) -> Markdown:
    """The whole register, an entry for each choice; `pwlib.ledger.claims.page` is its model."""
    text = []
    for one in register(path):
        number = one.chapter.split("-")[0]
        where = f"[Chapter {number}]({one.chapter}.ipynb)"
        change = f"`{one.parameter}` in {where}" if one.parameter else where
        text += [
            f'<div class="entry" id="register-{one.id}" data-chapter="{number}">',
            f"**{one.open.rstrip('.')}.**",
            f"*Chosen.* {one.choice.rstrip('.')} ({change}). {one.why}",
            f"*Alternatives:* {'; '.join(one.alternatives)}.",
            f"*Effect.* {one.effect}",
            "</div>",
        ]
    shown = "\n\n".join(text)
    for claim in ledger():  # the ids of claims become their names, as links to the chapters
        shown = re.sub(rf"(?<![\w#-]){claim.id}(?![\w-])", claim.link(claim.name), shown)
    return Markdown(shown)


accepts(
    __name__,
    {},
    Assumption={"id open choice why effect chapter": NAME, "parameter": maybe(NAME)},
)
