import pytest
import yaml

from pwlib.ledger import claims
from pwlib.ledger.claims import ClaimError

ENTRY = {
    "id": "eq-0",
    "section": "III-A",
    "claim": "a claim",
    "verdict": "holds",
    "evidence": "computed",
    "recorded": {"share": {"value": 0.5, "tolerance": 0.01}, "gap": {"interval": [1, 2]}, "n": 3},
    "at": {"degree": 30, "sizes": [2, 4]},
    "chapter": "3a",
}
MEASURED = {"share": 0.505, "gap": 1.5, "n": 3}
AT = {"degree": 30, "sizes": (2, 4)}


@pytest.fixture
def path(tmp_path):
    def write(**changes):
        file = tmp_path / "claims.yml"
        file.write_text(yaml.safe_dump([ENTRY | changes]))
        return file

    return write


def test_what_agrees_with_the_ledger_passes(path):
    claims.check("eq-0", "holds", MEASURED, AT, path())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"share": 0.52}, "share: found 0.52, recorded 0.50 ± 0.01"),
        ({"gap": 2.1}, "gap: found 2.1, recorded 1 to 2"),
        ({"gap": float("nan")}, "gap: found nan"),
        ({"n": 4}, "n: found 4, recorded 3"),
        ({"extra": 1}, "extra is measured, not recorded"),
    ],
)
def test_a_number_outside_what_is_recorded_raises(path, changes, says):
    with pytest.raises(ClaimError, match=says.replace(".", r"\.")):
        claims.check("eq-0", "holds", MEASURED | changes, AT, path())


def test_a_recorded_number_that_was_not_measured_raises(path):
    with pytest.raises(ClaimError, match="n is recorded, not measured"):
        claims.check("eq-0", "holds", {"share": 0.5, "gap": 1}, AT, path())


@pytest.mark.parametrize("typed", [v for v in claims.VERDICTS if v != "holds"])
def test_a_verdict_typed_in_by_hand_raises(path, typed):
    with pytest.raises(ClaimError, match=f"found 'holds', recorded '{typed}'"):
        claims.check("eq-0", "holds", MEASURED, AT, path(verdict=typed))


@pytest.fixture
def shown(monkeypatch):
    displayed = []
    monkeypatch.setattr(claims, "display", lambda data, **rest: displayed.append((data, rest)))
    return displayed


def test_at_other_settings_nothing_is_enforced_and_both_are_shown(path, shown):
    claims.check("eq-0", "does not hold", {**MEASURED, "n": 9}, AT | {"degree": 7}, path())
    text = shown[0][0]["text/markdown"]
    assert "The verdict: does not hold." in text
    assert "Recorded at other settings (degree = 30, sizes = [2, 4]): holds." in text
    assert "| n | 9 | 3 |" in text


def test_what_was_measured_can_be_read_back_from_the_notebook(path, shown):
    claims.check("eq-0", "holds", MEASURED, AT, path())
    expected = {"claim": "eq-0", "verdict": "holds", "measured": MEASURED}
    assert shown[0][1]["metadata"]["pwlib"] == expected | {"at_recorded": True, "agrees": True}


def test_settings_of_other_names_raise(path):
    with pytest.raises(ClaimError, match="settings"):
        claims.check("eq-0", "holds", MEASURED, {"degree": 30}, path())


def test_an_unknown_claim_raises(path):
    with pytest.raises(ClaimError, match="'eq-99', which claims.yml doesn't hold"):
        claims.check("eq-99", "holds", MEASURED, AT, path())


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"verdict": "maybe"}, "verdict 'maybe'"), ({"colour": "red"}, "unknown: colour")],
)
def test_a_malformed_ledger_names_the_entry_and_the_fault(path, changes, says):
    with pytest.raises(ClaimError, match=f"eq-0: .*{says}"):
        claims.ledger(path(**changes))


def test_a_claim_that_stands_twice_raises(path):
    file = path()
    file.write_text(yaml.safe_dump([ENTRY, ENTRY]))
    with pytest.raises(ClaimError, match="stands twice"):
        claims.ledger(file)


@pytest.mark.parametrize(
    ("as_stated", "corrected", "expected"),
    [
        (True, True, "holds"),
        (True, False, "holds"),
        (False, True, "holds with a correction"),
        (False, False, "does not hold"),
    ],
)
def test_a_verdict_follows_from_what_is_true(as_stated, corrected, expected):
    assert claims.verdict(as_stated, corrected) == expected


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((True, True), "holds"),
        ((False, False), "does not hold"),
        ((True, False), "ambiguous"),
    ],
)
def test_readings_that_differ_make_a_claim_ambiguous(outcomes, expected):
    assert claims.verdict_by_reading(dict(enumerate(outcomes))) == expected


def test_the_evidence_shows_the_recorded_numbers(path):
    text = r"share {share} of \frac{1}{2}, gap {gap}, n {n}"
    claim = claims.ledger(path(evidence=text))[0]
    assert claim.found() == r"share 0.5 of \frac{1}{2}, gap 1 to 2, n 3"


def test_the_table_of_a_chapter_holds_its_claims_alone(path):
    assert "a claim" in claims.table("3a", path=path()).data
    assert "a claim" not in claims.table("4c", path=path()).data
