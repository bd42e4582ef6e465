"""The criteria of every claim in the ledger, on both sides of each of their thresholds."""

import ast
import re
from pathlib import Path

import pytest

from pwlib import ledger
from pwlib.ledger import claims

LEDGER = {claim.id: claim for claim in claims.ledger()}
EDGES = ledger.plain(Path(__file__).with_name("edges.yml"))
VERDICTS = dict(zip("HCFAN", claims.VERDICTS, strict=True))


@pytest.fixture(autouse=True)
def _read_once(monkeypatch):
    monkeypatch.setattr(claims, "ledger", lambda path: LEDGER.values())


def around(threshold):
    """Just below a threshold, at it, just above."""
    step = 1e-7 * abs(threshold) or 1e-9
    return threshold - step, threshold, threshold + step


def rows(id):
    """What is otherwise than recorded, and the verdict, from a claim's entry in edges.yml."""
    for row in EDGES[id]:
        if isinstance(row, dict):
            yield from by_readings(row["readings"], row.get("where", {}))
        elif isinstance(row[0], dict):
            yield row
        else:
            quantity, threshold, verdicts, *others = row
            for value, verdict in zip(around(threshold), verdicts, strict=True):
                yield dict(*others) | {quantity: value}, verdict


def by_readings(readings, where):
    for rest, verdicts in ("y", {"y": "H", "n": "A"}), ("n", {"y": "A", "n": "F"}):
        others = {q: around(t)[marks.index(rest)] for q, (t, marks) in readings.items()}
        for quantity, (threshold, marks) in readings.items():
            for value, mark in zip(around(threshold), marks, strict=True):
                yield where | others | {quantity: value}, verdicts[mark]


def ends(recorded):
    """The least, the middle and the greatest value that the ledger lets a quantity have."""
    if not isinstance(recorded, dict):
        return [recorded] * 3
    if "interval" in recorded:
        low, high = recorded["interval"]
        return [low, (low + high) / 2, high]
    return [recorded["value"] + sign * recorded["tolerance"] for sign in (-1, 0, 1)]


def names_in(expression):
    return {node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)}


def situation(claim, changes):
    """Settings and measured values, as recorded but for the changes; in a group all change."""
    at = {name: changes.get(name, value) for name, value in claim.at.items()}
    found = {name: ends(value)[1] for name, value in claim.recorded.items()}
    found |= {name: value for name, value in changes.items() if name in found}
    used = set().union(*map(names_in, claim.criteria.values())) - set(claims.FUNCTIONS)
    for group in used - {*at, *(re.sub(r"\W", "_", name) for name in found)}:
        keys = {re.sub(f"^{group}_|_{group}$", "", name): name for name in claim.recorded}
        members = {key: found[name] for key, name in keys.items() if key != name}
        found[group] = {key: changes.get(group, value) for key, value in members.items()}
        assert members, f"{group} is not recorded"
    assert set(changes) <= {*at, *found}
    return at, found


def judged(claim, changes):
    at, measured = situation(claim, changes)
    return claims.judge(claim.id, at, **measured)


@pytest.mark.parametrize("id", LEDGER)
def test_the_verdict_changes_at_each_threshold_as_written_down(id):
    for changes, verdict in rows(id):
        assert judged(LEDGER[id], changes) == VERDICTS[verdict], (changes, verdict)


@pytest.mark.parametrize("id", LEDGER)
def test_each_condition_is_true_in_some_of_these_cases_and_false_in_others(id):
    claim, outcomes = LEDGER[id], {}
    for changes, _ in rows(id):
        at, measured = situation(claim, changes)
        flat = {re.sub(r"\W", "_", name): value for name, value in (at | measured).items()}
        names = {n: list(v.values()) if isinstance(v, dict) else v for n, v in flat.items()}
        for expression in claim.criteria.values():
            for condition in conditions(ast.parse(expression, mode="eval").body):
                outcome = eval(condition, claims.FUNCTIONS | names)
                outcomes.setdefault(condition, set()).add(bool(outcome))
    assert all(found == {True, False} for found in outcomes.values()), outcomes


def conditions(node):
    """The parts of an expression that "and", "or" and "not" put together."""
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in conditions(value)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return conditions(node.operand)
    return [ast.unparse(node)]


@pytest.mark.parametrize("id", LEDGER)
def test_the_recorded_verdict_is_what_the_criteria_give_anywhere_in_the_recorded_bands(id):
    claim = LEDGER[id]
    for name, recorded in claim.recorded.items():
        for value in ends(recorded):
            assert judged(claim, {name: value}) == claim.verdict, (name, value)


def test_every_claim_has_its_edges_written_down():
    assert set(EDGES) == set(LEDGER)
