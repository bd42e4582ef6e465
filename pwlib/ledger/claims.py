"""The ledger: what the paper claims, what was found, and the check that keeps the two together.

``chapters/claims.yml`` holds each claim with the criteria of its verdict and with what was found.
The chapter that settles a claim hands what it measured to `settle`. The criteria give the verdict,
so it can't be typed in by hand, and can't rot.
"""

import ast
import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml
from IPython.display import Markdown, display
from simpleeval import InvalidExpression, SimpleEval

from pwlib.checks import ANYTHING, NAME, PLAIN, a, accepts, named
from pwlib.figures import style
from pwlib.ledger import plain
from pwlib.parameters import ParameterError, is_real, refusal
from pwlib.places import CHAPTERS

VERDICTS = ("holds", "holds with a correction", "does not hold", "ambiguous", "not testable here")
HOLDS, CORRECTED, FAILS, AMBIGUOUS, NOT_TESTABLE = VERDICTS
KINDS = ("derived", "computed", "measured")  # by SymPy; without chance; with seeds

# The verdict that each criterion stands for, in the order in which they are asked.
CRITERIA = {"holds": HOLDS, "corrected": CORRECTED}
CRITERIA |= {"ambiguous": AMBIGUOUS, "untestable": NOT_TESTABLE}
FUNCTIONS = {"min": min, "max": max, "abs": abs, "all": all, "any": any, "len": len}

LEDGER = CHAPTERS / "claims.yml"


class ClaimError(ValueError):
    """A measurement at the recorded settings contradicts the ledger, or a register is malformed."""

    def _render_traceback_(self) -> list[str]:  # IPython shows this instead of a traceback
        return [f"ClaimError: {self}"]


@dataclass(frozen=True)
class Claim:
    """One entry of the ledger.

    ``name`` says it in about five words, ``kind`` is one of KINDS.
    ``recorded`` maps a name to what was measured: ``{value, tolerance}`` (absolute),
    ``{interval: [low, high]}``, or a plain value that must be met exactly. ``at`` holds the
    parameters of the chapter at which it was measured. ``evidence`` may name a recorded quantity in
    braces, which stand for its value. ``criteria`` maps words of CRITERIA to expressions in what is
    measured and in the settings: Python's comparisons, arithmetic, and, or, not, and FUNCTIONS. The
    first that is true gives the verdict; the claim doesn't hold where none is.
    """

    id: str
    name: str
    kind: str
    section: str
    claim: str
    verdict: str
    evidence: str
    recorded: dict
    at: dict
    chapter: str
    criteria: dict[str, str]

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


def entries(path: Path, kind: type) -> list[Any]:
    """The entries of a file in YAML, as instances of the dataclass ``kind``.

    A file that isn't YAML, or an entry with other keys or kinds than fields, raises a ClaimError.
    """
    try:
        found = plain(path)
    except yaml.YAMLError as error:
        raise ClaimError(f"{path.name}: {' '.join(str(error).split())}") from None
    names, made = {field.name for field in fields(kind)}, []
    for entry in found:
        if set(entry) != names:
            wrong = ", ".join(sorted(set(entry) ^ names))
            raise ClaimError(f"{path.name}, {entry.get('id')}: keys missing or unknown: {wrong}")
        try:
            made.append(kind(**entry))
        except ParameterError as error:
            raise ClaimError(f"{entry['id']}: {error}") from None
    return made


def ledger(path: Path = LEDGER) -> list[Claim]:
    """All claims, in the order of the file. A malformed entry raises a ClaimError that names it."""
    found = entries(path, Claim)
    ids = [claim.id for claim in found]
    for claim in found:
        if claim.verdict not in VERDICTS:
            raise ClaimError(f"{claim.id}: verdict {claim.verdict!r}, accepts {VERDICTS}")
        if claim.kind not in KINDS:
            raise ClaimError(f"{claim.id}: kind {claim.kind!r}, accepts {KINDS}")
        if not claim.criteria or not set(claim.criteria) <= set(CRITERIA):
            accepts = f"accepts expressions for {', '.join(CRITERIA)}"
            raise ClaimError(f"{claim.id}: criteria: got {claim.criteria!r}, {accepts}")
        if ids.count(claim.id) > 1:
            raise ClaimError(f"{claim.id}: stands twice")
    return found


def settle(id: str, /, at: Mapping, *, path: Path = LEDGER, **measured: object) -> None:
    """Judge a claim by its criteria, hold what was measured against the ledger, and show both.

    A measured value is a number, a truth value or a text, a list of these, or a mapping. The
    members of a mapping are recorded under its name and their key, in either order
    (``MNIST_points_lost``); in the criteria its name stands for the list of them. Where a name
    holds other signs than letters and digits, the criteria write "_".

    At the recorded settings ``at`` a contradiction raises a ClaimError. At others, in a rerun,
    nothing is enforced: the measurement is shown beside the record. Numbers that aren't finite are
    refused at any settings.
    """
    verdict, claim = judge(id, at, path=path, **measured), _claim(id, path)
    flat, here = _flat(claim, measured), {name: _plain(value) for name, value in at.items()}
    if set(here) != set(claim.at):
        raise ClaimError(f"{claim.id}: settings {sorted(at)}, recorded for {sorted(claim.at)}")
    at_recorded, wrong = here == claim.at, _disagreements(claim, verdict, flat)
    record: dict[str, object] = {"claim": claim.id, "verdict": verdict, "measured": flat}
    record |= {"at_recorded": at_recorded, "agrees": not wrong}
    shown = _shown(claim, verdict, flat, at, at_recorded)
    display({"text/markdown": shown}, metadata={"pwlib": record}, raw=True)
    if wrong and at_recorded:
        raise ClaimError(f"{claim.id}: " + "; ".join(wrong))


def judge(id: str, /, at: Mapping, *, path: Path = LEDGER, **measured: object) -> str:
    """The verdict of the first criterion that is true, as in `settle`, which needs all names."""
    claim = _claim(id, path)
    groups = {k: list(v.values()) for k, v in measured.items() if isinstance(v, Mapping)}
    found = {**at, **_flat(claim, measured), **groups}
    names = {re.sub(r"\W", "_", name): _plain(value) for name, value in found.items()}
    evaluator = SimpleEval(functions=FUNCTIONS, names=names)
    del evaluator.nodes[ast.Attribute]
    for word in (word for word in CRITERIA if word in claim.criteria):
        expression = str(claim.criteria[word])
        try:
            met = evaluator.eval(expression)
        except (InvalidExpression, SyntaxError, TypeError, ValueError, ArithmeticError) as error:
            raise ClaimError(f"{claim.id}: criterion {word}: {expression!r}: {error}") from None
        if not isinstance(met, bool):
            raise ClaimError(f"{claim.id}: criterion {word}: got {met!r}, accepts true or false")
        if met:
            return CRITERIA[word]
    return FAILS


def listed(chapter: str, path: Path = LEDGER) -> Markdown:
    """The claims that a chapter settles, each with its verdict and a link to the cell."""
    found = [claim for claim in ledger(path) if chapter == claim.chapter]
    if not found:
        raise ClaimError(f"chapter: got {chapter!r}, accepts a chapter that settles claims")
    return Markdown("\n".join(f"- {one.verdict}: {one.link(one.name)}" for one in found))


def page(path: Path = LEDGER) -> Markdown:
    """The whole ledger; ``chapters/_static/ledger.js`` adds a search and filters."""
    return Markdown("\n\n".join(_entry(claim) for claim in ledger(path)))


def _entry(claim: Claim) -> str:
    about = {"verdict": claim.verdict, "section": claim.section, "kind": claim.kind}
    marks = " ".join(f'data-{key}="{html.escape(value)}"' for key, value in about.items())
    says = "What we add" if claim.section == "beyond" else f"The paper, section {claim.section}"
    rows = [[name.replace("_", " "), show(value)] for name, value in claim.recorded.items()]
    text = [
        f'<div class="entry" id="ledger-{claim.id}" {marks}>',
        f"**{claim.link(claim.name)}** · {claim.verdict}",
        f"*{says}.* {claim.claim}",
        f"*Found.* {claim.found()}",
    ]
    if rows:
        numbers = style.markdown_table(rows, ["quantity", "recorded"], f"Recorded: {claim.name}")
        text += ["<details><summary>The numbers</summary>", numbers, "</details>"]
    return "\n\n".join([*text, "</div>"])


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
        number, exact = f"{value['value']:.{decimals}f}", f"{value['value']:g}"
        if decimals > 4 and float(exact) == float(number):
            number = exact  # needs no row of zeros
        return f"{number} ± {value['tolerance']:g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
    return str(value)


def _claim(id: str, path: Path) -> Claim:
    if found := [claim for claim in ledger(path) if claim.id == id]:
        return found[0]
    raise ClaimError(f"id: got {id!r}, which {path.name} doesn't hold")


def _flat(claim: Claim, measured: Mapping) -> dict[str, object]:
    """What was measured under the names of the ledger (see `settle`), all numbers finite."""
    flat = {}
    for name, value in measured.items():
        if not isinstance(value, Mapping):
            flat[name] = _plain(value)
            continue
        for key, member in value.items():
            before, after = f"{key}_{name}", f"{name}_{key}"
            full = before if before.replace(" ", "_") in claim.recorded else after
            flat[full.replace(" ", "_")] = _plain(member)
    for name, value in flat.items():
        numbers = value if isinstance(value, list) else [value]
        if any(isinstance(n, float) and not math.isfinite(n) for n in numbers):
            raise ClaimError(f"{claim.id}: {name}: got {value!r}, accepts finite numbers")
    return flat


def _disagreements(claim: Claim, verdict: str, measured: Mapping) -> list[str]:
    """What in a measurement contradicts the ledger, a line each."""
    lines = [] if verdict == claim.verdict else [f"found {verdict!r}, recorded {claim.verdict!r}"]
    for name in dict.fromkeys([*claim.recorded, *measured]):
        found, recorded = measured.get(name, "nothing"), claim.recorded.get(name, "nothing")
        if not _agrees(found, recorded):
            lines.append(f"{name}: found {show(found)}, recorded {show(recorded)}")
    return lines


def _agrees(measured: object, recorded: object) -> bool:
    """Does a measured value lie within what the ledger records (see `Claim`)?"""
    if not isinstance(recorded, Mapping):
        return measured == recorded
    if "interval" in recorded:
        low, high = recorded["interval"]
    else:
        low, high = (recorded["value"] + sign * recorded["tolerance"] for sign in (-1, 1))
    return is_real(measured) and low <= measured <= high


def _shown(claim: Claim, verdict: str, measured: Mapping, at: Mapping, at_recorded: bool) -> str:
    """One line; at other settings than the recorded ones also what was measured, beside those."""
    line = f"**{verdict[0].upper()}{verdict[1:]}:** {claim.name}."
    text = [f'<div class="claim" id="claim-{claim.id}">', line, "</div>"]
    if not at_recorded:
        rows = [
            [name.replace("_", " "), show(value), show(claim.recorded.get(name, "nothing"))]
            for name, value in measured.items()
        ]
        here, there = (", ".join(f"{k} = {v}" for k, v in each.items()) for each in (at, claim.at))
        found = f"Found at {here}. Recorded at other settings ({there}): {claim.verdict}."
        more = style.markdown_table(rows, ["quantity", "measured here", "recorded"], claim.name)
        text[2:2] = [f"*The claim.* {claim.claim}", found, more]
    return "\n\n".join(text)


def _plain(value: object) -> object:
    """NumPy and torch scalars, and tuples, as what YAML and JSON hold."""
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value.item() if hasattr(value, "item") else value


def _recorded(name: str, value: object, known: dict) -> object:
    """What `show` can show, which is anything but a mapping of another kind."""
    if isinstance(value, Mapping) and not _is_record(value):
        raise refusal(name, value, "{value, tolerance} or {interval: [low, high]} if a mapping")
    return value


def _is_record(value: Mapping) -> bool:
    ends, width = value.get("interval"), value.get("tolerance", 0)
    if set(value) == {"interval"}:
        return isinstance(ends, list | tuple) and len(ends) == 2
    number = set(value) == {"value", "tolerance"} and is_real(value["value"])
    return number and is_real(width) and 0 < width < math.inf


accepts(
    __name__,
    {"kind": a(type, where=is_dataclass, what="a dataclass"), "value": _recorded}
    | {"at": named(ANYTHING, count=(0, math.inf))},
    Claim={"recorded": named(_recorded, count=(0, math.inf)), "at": PLAIN}
    | {"id name section claim evidence chapter": NAME},
)
