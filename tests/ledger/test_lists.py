"""Claims listed by what became of them."""

import re
from dataclasses import replace

from pwlib.ledger import claims
from pwlib.ledger.claims import VERDICTS


def names(table):
    return re.findall(r"^\| \[([\w-]+)\]", table.data, re.M)


def test_the_lists_of_all_verdicts_hold_every_claim_once_each_leading_to_its_cell():
    ledger = claims.ledger()
    lists = [claims.list_claims(ledger, verdict) for verdict in VERDICTS]
    assert sorted(name for found in lists for name in names(found)) == sorted(c.id for c in ledger)
    for claim in ledger:
        listed = lists[VERDICTS.index(claim.verdict)].data
        assert f"[{claim.id}]({claim.chapter}.ipynb#claim-{claim.id})" in listed


def test_a_list_shows_the_first_sentence_of_what_was_found_or_leaves_it_out():
    recorded = {"share": {"value": 0.5, "tolerance": 0.01}}
    about = {"claim": "It is.", "evidence": "It is {share}. So.", "recorded": recorded}
    claim = replace(claims.ledger()[0], id="a", verdict="holds", chapter="2-b", **about)
    row = "| [a](2-b.ipynb#claim-a) | It is. |"
    assert claims.list_claims([claim], "holds").data.endswith(f"{row} It is 0.5. |")
    assert claims.list_claims([claim], "holds", found=False).data.endswith(row)


def test_a_verdict_that_no_claim_has_gets_no_table():
    assert claims.list_claims([], "ambiguous").data == ""


def test_a_first_sentence_ends_at_a_full_stop_before_a_space():
    assert claims.first_sentence("At 0.5 it holds.\nElsewhere not.") == "At 0.5 it holds."
    assert claims.first_sentence("It holds") == "It holds"
