"""The figures of what makes networks robust: what they draw, where."""

import numpy as np
import pytest

from pwlib.figures.causes import figure_leads
from pwlib.intervals import interval

FOUND = {
    "MNIST": {
        "SGD": {"nearest": [30, 31, 35], "label": [-9, -12, -10]},
        "1 step": {"nearest": [4, 9, 2], "label": [-20, -25, -21]},
    },
    "Fashion-MNIST": {
        "SGD": {"nearest": [12, 16, 11], "label": [-8, -11, -10]},
        "1 step": {"nearest": [7, 8, 12], "label": [-30, -29, -33]},
    },
}


@pytest.mark.parametrize("panel", [0, 1])
@pytest.mark.parametrize("rival", [0, 1])
def test_a_lead_is_a_mean_with_its_interval_in_the_row_of_its_setting(panel, rival):
    panels = figure_leads(FOUND, "points").axes
    bars = panels[panel].containers[rival]
    assert bars.get_label() == ["nearest", "label"][rival]
    found = [list(leads.values())[rival] for leads in list(FOUND.values())[panel].values()]
    assert bars.lines[0].get_xdata() == pytest.approx([np.mean(leads) for leads in found])
    for line, leads in zip(bars.lines[2][0].get_segments(), found, strict=True):
        assert line[:, 0] == pytest.approx(interval(leads))
    rows = np.round(bars.lines[0].get_ydata()).astype(int)
    assert [panels[0].get_yticklabels()[row].get_text() for row in rows] == ["SGD", "1 step"]
