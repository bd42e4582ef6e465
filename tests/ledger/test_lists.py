"""The register of assumptions."""

import re

import committed

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


def shown(title):
    """A table of the committed appendix on settings, by the first cell of each row."""
    texts = (
        output.data["text/markdown"]
        for cell in committed.code_cells(committed.read("settings"))
        for output in cell.outputs
        if "text/markdown" in output.get("data", {})
    )
    (table,) = (text for text in texts if text.startswith(f"*{title}*"))
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[4:]]
    return {row[0]: [set(cell.split(", ")) - {"none"} for cell in row[1:]] for row in rows}


def test_the_register_names_the_steps_that_change_figure_5_as_the_settings_show_them():
    effect = {one.id: one.effect for one in assumptions.register()}
    by_number, by_length = effect["ascent-steps"], effect["ascent-length"]
    changes = shown("The choices that change Figure 5")
    assert changes["outcome b differs"] == [{"1 ascent step", "1 × the gradient"}, set()]
    assert "With one step it is not shown on MNIST that the" in by_number
    assert "With steps of the gradient itself it is not shown on MNIST to be so" in by_length
    found = [{"10 ascent steps", "10 × the gradient"}, {"1 × the gradient"}]
    assert changes["outcome g differs"] == found
    assert "With ten it is not shown on MNIST that its examples do the larger" in by_number
    assert "With steps of ten times the gradient it is not shown on MNIST that" in by_length
    assert "with the gradient itself it is not shown on Fashion-MNIST" in by_length
    assert {key for key in changes if key.startswith("outcome")} == {
        "outcome b differs",
        "outcome g differs",
    }


def test_the_register_names_the_controls_that_a_length_changes_as_the_settings_show_them():
    effect = {one.id: one.effect for one in assumptions.register()}["ascent-length"]
    compared = shown("The choices that change a comparison")
    assert compared["a control is shown to be ahead"] == [{"steps of length 4"}] * 2
    assert "At 4 random steps are ahead of hard points on both" in effect
    behind = compared["label's loss is shown to be behind, PGD 1"]
    assert behind == [{"steps of length 2", "steps of length 4"}, set()]
    assert "On MNIST the true labels are behind hard points at 2 and at 4" in effect
    level = [shown(f"Controls on {n}, points") for n in ("MNIST", "Fashion-MNIST")]
    on_mnist, on_fashion = ({key: cells[2] for key, cells in table.items()} for table in level)
    assert on_mnist["steps of length 4"] == {"random", "noise"}
    assert on_fashion["steps of length 4"] == {"down (9)", "random", "noise"}
    assert on_fashion["steps of length 2"] == {"down (9)", "noise"}
    assert "descent at 2 and at 4, noise at 2, random steps within 1" in effect
    assert on_fashion["kept within 1"] == {"random"}
    assert on_fashion["1 × the gradient"] == {"plain", "down (9)", "random", "noise"}
    for choice in ("steps of length 0.5", "10 × the gradient"):
        assert on_mnist[choice] == on_fashion[choice] == set()
