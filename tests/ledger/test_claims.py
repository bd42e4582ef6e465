import math
import re

import numpy as np
import pytest
import yaml

from pwlib.ledger import claims
from pwlib.ledger.claims import ClaimError

ENTRY = {
    "id": "eq-0",
    "name": "A short name",
    "kind": "computed",
    "section": "III-A",
    "claim": "a claim",
    "criteria": {
        "holds": "share < 0.6 and n == 3",
        "corrected": "min(gap) > 1",
        "ambiguous": "n > 5",
    },
    "verdict": "holds",
    "evidence": "computed",
    "recorded": {
        "share": {"value": 0.5, "tolerance": 0.01},
        "roots_gap": {"interval": [1, 2]},
        "gap_roots+ends": 7,
        "n": 3,
    },
    "at": {"degree": 30, "sizes": [2, 4]},
    "chapter": "3a",
}
MEASURED = {"share": 0.505, "gap": {"roots": 1.5, "roots+ends": 7}, "n": 3}
FLAT = {"share": 0.505, "roots_gap": 1.5, "gap_roots+ends": 7, "n": 3}
AT = {"degree": 30, "sizes": (2, 4)}


@pytest.fixture
def path(tmp_path):
    def write(**changes):
        file = tmp_path / "claims.yml"
        file.write_text(yaml.safe_dump([ENTRY | changes]))
        return file

    return write


def settle(path, at=AT, **changes):
    claims.settle("eq-0", at, path=path, **MEASURED | changes)


def judge(path, **changes):
    return claims.judge("eq-0", AT, path=path, **MEASURED | changes)


def test_what_agrees_with_the_ledger_passes(path):
    settle(path())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"share": 0.52}, "share: found 0.52, recorded 0.50 ± 0.01"),
        ({"gap": {"roots": 2.1, "roots+ends": 7}}, "roots_gap: found 2.1, recorded 1 to 2"),
        ({"gap": {"roots": 1.5}}, "gap_roots+ends: found nothing, recorded 7"),
        ({"n": 4}, "n: found 4, recorded 3"),
        ({"extra": 1}, "extra: found 1, recorded nothing"),
        ({"gap": {"roots": True, "roots+ends": 7}}, "roots_gap: found yes, recorded 1 to 2"),
    ],
)
def test_a_number_outside_what_is_recorded_raises(path, changes, says):
    with pytest.raises(ClaimError, match=re.escape(says)):
        settle(path(), **changes)


@pytest.mark.parametrize("typed", [v for v in claims.VERDICTS if v != "holds"])
def test_a_verdict_typed_in_by_hand_raises(path, typed):
    with pytest.raises(ClaimError, match=f"found 'holds', recorded '{typed}'"):
        settle(path(verdict=typed))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "holds"),
        ({"n": 9}, "holds with a correction"),
        ({"n": 9, "gap": {"roots": 0.5, "roots+ends": 7}}, "ambiguous"),
        ({"n": 4, "gap": {"roots": 0.5, "roots+ends": 7}}, "does not hold"),
        ({"n": np.int64(9), "share": np.float32(0.7)}, "holds with a correction"),
    ],
)
def test_the_first_criterion_that_is_true_gives_the_verdict(path, changes, expected):
    assert judge(path(), **changes) == expected


def test_the_order_of_the_criteria_in_the_file_does_not_count(path):
    criteria = {"untestable": "True", "ambiguous": "True", "corrected": "n == 3", "holds": "n > 3"}
    assert judge(path(criteria=criteria)) == "holds with a correction"
    assert judge(path(criteria=criteria), n=2) == "ambiguous"
    assert judge(path(criteria={"untestable": "degree == 30"})) == "not testable here"


def test_a_criterion_sees_settings_texts_lists_and_names_with_other_signs(path):
    criteria = 'form == "2/n" and max(sizes) == 4 and len(sizes) < degree and gap_roots_ends == 7'
    assert judge(path(criteria={"holds": criteria}), form="2/n") == "holds"
    assert judge(path(criteria={"holds": criteria}), form="1/n") == "does not hold"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, np.float32("nan"), [1.0, math.nan]])
def test_a_number_that_is_not_finite_is_refused_at_any_settings(path, bad):
    for at in (AT, AT | {"degree": 7}):
        with pytest.raises(ClaimError, match="^eq-0: share: got .*, accepts finite numbers$"):
            settle(path(), at, share=bad)
    with pytest.raises(ClaimError, match="^eq-0: roots_gap: got"):
        settle(path(), gap={"roots": math.nan, "roots+ends": 7})


@pytest.mark.parametrize(
    ("criteria", "says"),
    [
        (None, "criteria: got None"),
        ({}, "criteria: got {}"),
        ("n > 3", "criteria: got 'n > 3'"),
        ({"fails": "n > 3"}, "criteria: got .*, accepts expressions for holds, corrected"),
        ({"holds": "n >"}, "criterion holds: 'n >': invalid syntax"),
        ({"holds": "n + 1"}, "criterion holds: got 4, accepts true or false"),
        ({"corrected": "n.real > 0"}, "criterion corrected: 'n.real > 0': "),
        ({"holds": "n < gap"}, "criterion holds: 'n < gap': '<' not supported"),
        ({"holds": "n / 0 > 1"}, "criterion holds: 'n / 0 > 1': division by zero"),
        ({"holds": "sum(gap) > 1"}, "criterion holds: .*'sum' not defined"),
        ({"holds": "max(lost) < 3"}, "criterion holds: .*'lost' is not defined"),
    ],
)
def test_malformed_criteria_are_named_in_one_line(path, criteria, says):
    with pytest.raises(ClaimError, match=f"^eq-0: {says}.*$") as caught:
        judge(path(criteria=criteria))
    assert "\n" not in str(caught.value)


def test_a_claim_without_criteria_is_malformed(path):
    file = path()
    file.write_text(yaml.safe_dump([{k: v for k, v in ENTRY.items() if k != "criteria"}]))
    with pytest.raises(ClaimError, match="eq-0: keys missing or unknown: criteria"):
        claims.ledger(file)


def test_a_file_that_is_no_yaml_is_named_in_one_line(path):
    file = path()
    file.write_text("- id: [eq-0\n  verdict: holds")
    with pytest.raises(ClaimError, match="^claims.yml: while parsing.*$") as caught:
        claims.ledger(file)
    assert "\n" not in str(caught.value)


@pytest.fixture
def shown(monkeypatch):
    displayed = []
    monkeypatch.setattr(claims, "display", lambda data, **rest: displayed.append((data, rest)))
    return displayed


def test_at_other_settings_nothing_is_enforced_and_both_are_shown(path, shown):
    settle(path(), AT | {"degree": 7}, n=4, gap={"roots": 0.5, "roots+ends": 7})
    text = shown[0][0]["text/markdown"]
    assert "**Does not hold:** A short name." in text
    assert "Recorded at other settings (degree = 30, sizes = [2, 4]): holds." in text
    assert "| n | 4 | 3 |" in text


def test_what_was_measured_can_be_read_back_from_the_notebook(path, shown):
    settle(path())
    expected = {"claim": "eq-0", "verdict": "holds", "measured": FLAT}
    assert shown[0][1]["metadata"]["pwlib"] == expected | {"at_recorded": True, "agrees": True}


def test_settings_of_other_names_raise(path):
    with pytest.raises(ClaimError, match="settings"):
        settle(path(), {"degree": 30})


def test_an_unknown_claim_raises(path):
    with pytest.raises(ClaimError, match="'eq-99', which claims.yml doesn't hold"):
        claims.settle("eq-99", AT, path=path(), **MEASURED)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"verdict": "maybe"}, "verdict 'maybe'"),
        ({"kind": "guessed"}, "kind 'guessed'"),
        ({"colour": "red"}, "unknown: colour"),
        ({"name": 3}, "name: got 3, accepts a name"),
        ({"recorded": {"gap": {"value": 1.0}}}, r"recorded\['gap'\]: got {'value': 1.0}, accepts"),
        ({"recorded": {"gap": {"interval": [1]}}}, r"recorded\['gap'\]: got"),
        ({"recorded": {"gap": {"value": 1.0, "tolerance": 0}}}, r"recorded\['gap'\]: got"),
    ],
)
def test_a_malformed_ledger_names_the_entry_and_the_fault(path, changes, says):
    with pytest.raises(ClaimError, match=f"eq-0: .*{says}"):
        claims.ledger(path(**changes))


def test_a_claim_that_stands_twice_raises(path):
    file = path()
    file.write_text(yaml.safe_dump([ENTRY, ENTRY]))
    with pytest.raises(ClaimError, match="stands twice"):
        claims.ledger(file)


def test_the_evidence_shows_the_recorded_numbers(path):
    text = r"share {share} of \frac{1}{2}, gap {roots_gap}, n {n}"
    claim = claims.ledger(path(evidence=text))[0]
    assert claim.found() == r"share 0.5 of \frac{1}{2}, gap 1 to 2, n 3"


def test_the_list_of_a_chapter_holds_its_claims_alone(path):
    line = "- holds: [A short name](3a.ipynb#claim-eq-0)"
    assert line in claims.listed("3a", path=path()).data
    with pytest.raises(
        ClaimError, match="chapter: got '4c', accepts a chapter that settles claims"
    ):
        claims.listed("4c", path=path())


def test_at_the_recorded_settings_a_claim_is_one_line(path, shown):
    settle(path())
    text = shown[0][0]["text/markdown"]
    assert text.split("\n\n")[1:] == ["**Holds:** A short name.", "</div>"]


def test_the_page_of_the_ledger_has_what_the_paper_says_what_was_found_and_the_numbers(path):
    text = claims.page(path(evidence="It is {share}.")).data
    marks = 'data-verdict="holds" data-section="III-A" data-kind="computed"'
    assert text.startswith(f'<div class="entry" id="ledger-eq-0" {marks}>')
    assert "*The paper, section III-A.* a claim" in text
    assert "*Found.* It is 0.5." in text
    assert "](3a.ipynb#claim-eq-0)** · " in text
    assert "| share | 0.50 ± 0.01 |" in text
    assert "*What we add.*" in claims.page(path(section="beyond")).data
