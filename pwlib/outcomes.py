"""What Figure 5 of the paper is read to say of two kinds of networks, as yes or no."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pwlib.intervals import above

MARGIN = 1.0  # percentage points, or per cent of the damage
Measures = Mapping[str, NDArray[np.float64]]


def outcomes(robust: Measures, reference: Measures) -> dict[str, bool]:
    """The outcomes that the verdicts on Figure 5 rest on, for the networks of one data set.

    Both hold measures of `pwlib.robustness`, an array over the same seeds for each. One thing is
    above another if, paired by seed, it is so by more than MARGIN, and the 95% interval of the mean
    difference excludes 0 (`pwlib.intervals.above`).
    """
    lost = np.mean(reference["natural"] - robust["natural"])
    towards, back = shares(robust)
    return {
        "natural accuracy below the reference's": bool(lost > 0),
        "natural accuracy lost below 5 points": bool(lost < 5),
        "natural accuracy lost below 0.3 points": bool(lost < 0.3),
        "one step: above the reference": above(robust["height"], reference["height"], MARGIN),
        "PGD: above the reference": all(
            above(robust[pgd], reference[pgd], MARGIN) for pgd in ("pgd_1", "pgd_2")
        ),
        "transfer: above the reference": above(
            robust["from_reference"], robust["to_reference"], MARGIN
        ),
        "transfer: above the control": above(robust["from_reference"], robust["control"], MARGIN),
        "reference's examples do no damage": not above(
            robust["natural"], robust["from_reference"], MARGIN
        ),
        "examples transfer like ordinary ones": not above(
            robust["to_reference"], robust["control"], MARGIN
        ),
        "larger share of damage towards the reference": above(towards, back, MARGIN),
    }


def shares(found: Measures) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a network's examples do to the reference, and the reference's to the network: each as
    a share of the damage that the attacked one's own examples do, in per cent, for each seed."""
    towards = damage_share(found, "to_reference", "reference", "reference_natural")
    return towards, damage_share(found, "from_reference", "height", "natural")


def damage_share(found: Measures, under: str, own: str, natural: str) -> NDArray[np.float64]:
    """The damage of some examples in per cent of that of the network's own; damage is the natural
    accuracy less the mean accuracy under attack."""
    return 100 * (found[natural] - found[under]) / (found[natural] - found[own])
