"""The outcomes of Figure 5, on networks whose answer one can see."""

import numpy as np
import pytest

from pwlib.outcomes import damage_share, outcomes

# A reference that keeps 30 of its 98 points under its own examples and 40 under the control's.
REFERENCE = {"natural": 98.0, "height": 30.0, "pgd_1": 30.0, "pgd_2": 2.0}
# A network that is clearly more robust, whose examples do half of the damage there.
ROBUST = {"natural": 97.0, "height": 60.0, "pgd_1": 80.0, "pgd_2": 40.0}
ROBUST |= {"to_reference": 64.0, "from_reference": 90.0, "control": 40.0}
ROBUST |= {"reference": 30.0, "reference_natural": 98.0}


def seeds(measures, **changes):
    return {
        name: value + np.array([-0.1, 0.0, 0.1]) for name, value in (measures | changes).items()
    }


def test_a_robust_network_of_ordinary_transfer():
    assert outcomes(seeds(ROBUST), seeds(REFERENCE)) == {
        "natural accuracy below the reference's": True,
        "natural accuracy lost below 5 points": True,
        "natural accuracy lost below 0.3 points": False,
        "one step: above the reference": True,
        "PGD: above the reference": True,
        "transfer: above the reference": True,
        "transfer: above the control": True,
        "reference's examples do no damage": False,
        "examples transfer like ordinary ones": False,
        "larger share of damage towards the reference": True,
    }


@pytest.mark.parametrize(
    ("changes", "outcome", "holds"),
    [
        ({"natural": 98.5}, "natural accuracy below the reference's", False),
        ({"natural": 92.0}, "natural accuracy lost below 5 points", False),
        ({"natural": 97.8}, "natural accuracy lost below 0.3 points", True),
        ({"height": 30.9}, "one step: above the reference", False),
        ({"pgd_2": 2.9}, "PGD: above the reference", False),
        ({"to_reference": 90.0}, "transfer: above the reference", False),
        ({"control": 90.0}, "transfer: above the control", False),
        ({"from_reference": 97.0}, "reference's examples do no damage", True),
        ({"to_reference": 40.5}, "examples transfer like ordinary ones", True),
        ({"to_reference": 97.0}, "larger share of damage towards the reference", False),
    ],
)
def test_each_outcome_turns_with_what_it_is_about(changes, outcome, holds):
    assert outcomes(seeds(ROBUST, **changes), seeds(REFERENCE))[outcome] is holds


def test_a_network_does_all_of_the_damage_to_itself():
    found = {"natural": np.array([98.0]), "height": np.array([28.0]), "far": np.array([63.0])}
    assert damage_share(found, "height", "height", "natural") == pytest.approx(100)
    assert damage_share(found, "far", "height", "natural") == pytest.approx(50)
