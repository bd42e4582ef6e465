"""The claims as a reproducibility report lists them: by what became of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from IPython.display import Markdown

from pwlib.ledger.claims import Claim
from pwlib.markdown import markdown_table


def list_claims(claims: Sequence[Claim], verdict: str, found: bool = True) -> Markdown:
    """The claims with a verdict, each with its name, which leads to the cell that settles it.

    ``found`` adds the first sentence of the evidence.
    """
    columns = ["Name", "Claim", *(["What was found"] if found else [])]
    rows = [
        [claim.link(claim.id), claim.claim, first_sentence(claim.found())][: len(columns)]
        for claim in claims
        if claim.verdict == verdict
    ]
    return Markdown(markdown_table(rows, columns) if rows else "")


def first_sentence(text: str) -> str:
    """The first sentence of a text, up to a full stop with a space behind it."""
    return re.split(r"(?<=\.)\s", text, maxsplit=1)[0]
