"""The ledger: what the paper claims, what was found, and the check that keeps the two together.

``chapters/claims.yml`` records each claim with its verdict and its numbers. The chapter that
settles a claim computes both afresh and calls `check`: a verdict can't be typed in by hand, and
can't rot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import yaml
from IPython.display import Markdown, display

from pwlib.markdown import markdown_table
from pwlib.places import CHAPTERS

HOLDS = "holds"
CORRECTED = "holds with a correction"
FAILS = "does not hold"
AMBIGUOUS = "ambiguous"
NOT_TESTABLE = "not testable here"
VERDICTS = (HOLDS, CORRECTED, FAILS, AMBIGUOUS, NOT_TESTABLE)

LEDGER = CHAPTERS / "claims.yml"


class ClaimError(Exception):
    """A measurement at the recorded settings contradicts the ledger, or the ledger is malformed."""

    def _render_traceback_(self) -> list[str]:  # IPython shows this instead of a traceback
        return [f"ClaimError: {self}"]


@dataclass(frozen=True)
class Claim:
    """One entry of the ledger.

    ``recorded`` maps a name to what was measured: ``{value, tolerance}`` (absolute),
    ``{interval: [low, high]}``, or a plain value that must be met exactly. ``at`` holds the
    parameters of the chapter at which it was measured. ``evidence`` may name a recorded quantity in
    braces, which stand for its value.
    """

    id: str
    section: str
    claim: str
    verdict: str
    evidence: str
    recorded: dict
    at: dict
    chapter: str

    def found(self) -> str:
        """The evidence, with the recorded numbers put in."""
        text = self.evidence
        for name, value in self.recorded.items():
            number = value.get("value", value) if isinstance(value, Mapping) else value
            text = text.replace(f"{{{name}}}", show(number))
        return text

    def link(self, text: str) -> str:
        """A Markdown link to the cell that settles the claim."""
        return f"[{text}]({self.chapter}.ipynb#claim-{self.id})"


def ledger(path: Path = LEDGER) -> list[Claim]:
    """All claims, in the order of the file. A malformed entry raises a ClaimError that names it."""
    names = [field.name for field in fields(Claim)]
    found: list[Claim] = []
    for entry in yaml.safe_load(path.read_text()) or []:
        if set(entry) != set(names):
            wrong = sorted(set(entry) ^ set(names))
            raise ClaimError(f"{entry.get('id')}: keys missing or unknown: {', '.join(wrong)}")
        if entry["verdict"] not in VERDICTS:
            raise ClaimError(f"{entry['id']}: verdict {entry['verdict']!r}, accepts {VERDICTS}")
        if any(entry["id"] == claim.id for claim in found):
            raise ClaimError(f"{entry['id']}: stands twice")
        found.append(Claim(**entry))
    return found


def verdict(as_stated: bool, corrected: bool = False) -> str:
    """The verdict on a claim that is true as stated, or only in the corrected form, or not."""
    return HOLDS if as_stated else CORRECTED if corrected else FAILS


def verdict_by_reading(readings: Mapping[str, bool]) -> str:
    """The verdict on a claim with several readings: ambiguous where they don't agree."""
    outcomes = set(map(bool, readings.values()))
    return AMBIGUOUS if len(outcomes) > 1 else verdict(outcomes.pop())


def agrees(measured: object, recorded: object) -> bool:
    """Does a measured value lie within what the ledger records (see `Claim`)?"""
    if isinstance(recorded, Mapping) and "interval" in recorded:
        low, high = recorded["interval"]
        return low <= measured <= high
    if isinstance(recorded, Mapping):
        return abs(measured - recorded["value"]) <= recorded["tolerance"]
    return measured == recorded


def disagreements(claim: Claim, verdict: str, measured: Mapping) -> list[str]:
    """What in a measurement contradicts the ledger, a line each."""
    lines = [] if verdict == claim.verdict else [f"found {verdict!r}, recorded {claim.verdict!r}"]
    for name in sorted(set(measured) ^ set(claim.recorded)):
        where = "measured, not recorded" if name in measured else "recorded, not measured"
        lines.append(f"{name} is {where}")
    for name in [name for name in claim.recorded if name in measured]:
        if not agrees(measured[name], claim.recorded[name]):
            lines.append(
                f"{name}: found {show(measured[name])}, recorded {show(claim.recorded[name])}"
            )
    return lines


def check(id: str, verdict: str, measured: Mapping, at: Mapping, path: Path = LEDGER) -> None:
    """Hold what was just measured against the ledger, and show both.

    At the recorded settings a contradiction raises a ClaimError. At others, in a rerun, nothing is
    enforced: the measurement is shown beside the record.
    """
    claim = next((claim for claim in ledger(path) if claim.id == id), None)
    if claim is None:
        raise ClaimError(f"id: got {id!r}, which {path.name} doesn't hold")
    if set(at) != set(claim.at):
        raise ClaimError(f"{id}: settings {sorted(at)}, recorded for {sorted(claim.at)}")
    measured = {name: _plain(value) for name, value in measured.items()}
    at_recorded = all(_plain(at[name]) == claim.at[name] for name in at)
    wrong = disagreements(claim, verdict, measured)
    record = {"claim": id, "verdict": verdict, "measured": measured, "at_recorded": at_recorded}
    display(
        {"text/markdown": _shown(claim, verdict, measured, at, at_recorded)},
        metadata={"pwlib": record | {"agrees": not wrong}},
        raw=True,
    )
    if wrong and at_recorded:
        raise ClaimError(f"{id}: " + "; ".join(wrong))


def table(chapter: str | None = None, evidence: bool = False, path: Path = LEDGER) -> Markdown:
    """The claims that a chapter settles (all of the ledger's if none is named), with verdicts.

    Each verdict links to the cell that settles the claim; ``evidence`` adds what it rests on.
    """
    columns = ["Section", "Claim", "Verdict", *(["Evidence"] if evidence else [])]
    rows = [
        [claim.section, claim.claim, claim.link(claim.verdict), claim.found()][: len(columns)]
        for claim in ledger(path)
        if chapter in (None, claim.chapter)
    ]
    return Markdown(markdown_table(rows, columns))


def counts(path: Path = LEDGER) -> dict[str, int]:
    """How many claims got each verdict."""
    found = [claim.verdict for claim in ledger(path)]
    return {verdict: found.count(verdict) for verdict in VERDICTS}


def show(value: object) -> str:
    """A measured or recorded value as a person reads it."""
    if isinstance(value, Mapping) and "interval" in value:
        return "{} to {}".format(*map(show, value["interval"]))
    if isinstance(value, Mapping):
        decimals = max(0, math.ceil(-math.log10(value["tolerance"])))
        number = f"{value['value']:.{decimals}f}"
        exact = f"{value['value']:g}"
        if decimals > 4 and float(exact) == float(number):
            number = exact  # needs no row of zeros
        return f"{number} ± {value['tolerance']:g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
    return str(value)


def _shown(claim: Claim, verdict: str, measured: Mapping, at: Mapping, at_recorded: bool) -> str:
    rows = [
        [name.replace("_", " "), show(value), show(claim.recorded.get(name, "nothing"))]
        for name, value in measured.items()
    ]
    text = [
        f'<div class="claim" id="claim-{claim.id}">',
        f"**The claim.** {claim.claim}",
        f"**The verdict: {verdict}.** {claim.found() if at_recorded else _elsewhere(claim, at)}",
        markdown_table(rows, ["quantity", "measured here", "recorded"]),
        "</div>",
    ]
    return "\n\n".join(text)


def _elsewhere(claim: Claim, at: Mapping) -> str:
    here, there = _settings(at), _settings(claim.at)
    return f"Found at {here}. Recorded at other settings ({there}): {claim.verdict}."


def _settings(at: Mapping) -> str:
    return ", ".join(f"{name} = {value}" for name, value in at.items())


def _plain(value: object) -> object:
    """NumPy and torch scalars, and tuples, as what YAML and JSON hold."""
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value.item() if hasattr(value, "item") else value
