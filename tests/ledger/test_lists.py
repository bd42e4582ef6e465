"""The register of assumptions."""

import re

from pwlib.ledger import assumptions, claims


def test_the_page_of_the_register_has_an_entry_for_each_choice():
    text, entries = assumptions.page().data, assumptions.register()
    assert text.count('<div class="entry"') == text.count("</div>") == len(entries)
    ids = re.sub(r"\[[^]]*\]\([\w-]+\.ipynb#claim-([\w-]+)\)", r"\1", text)
    for one in entries:
        assert f'id="register-{one.id}"' in text
        assert one.effect in ids


def test_a_claim_that_the_register_names_is_a_link_to_its_chapter():
    text = assumptions.page().data
    for claim in claims.ledger():
        named = f"[{claim.name}]({claim.chapter}.ipynb#claim-{claim.id})"
        assert text.count(f"#claim-{claim.id})") == text.count(named)
    assert text.count("#claim-") > 10
