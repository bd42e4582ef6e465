"""The figure of the ledger, as it is drawn."""

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from pwlib.figures.ledger import MARKERS, SECTIONS, figure_ledger
from pwlib.ledger import claims
from pwlib.ledger.claims import VERDICTS

LEDGER = [(claim.section, claim.id, claim.verdict) for claim in claims.ledger()]
LONGEST = max((name for _, name, _ in LEDGER), key=len)
MANY = [
    (section, f"{i}-{LONGEST}", VERDICTS[i % len(VERDICTS)])
    for i, section in enumerate(["beyond", *(5 * list(SECTIONS)), "VI"])
]
each_ledger = pytest.mark.parametrize(
    "ledger", [LEDGER, MANY], ids=["the ledger", "every section, long names"]
)


def drawn(ledger):
    """The figure, its texts in the axes, and the box that its renderer gives each of its texts."""
    figure = figure_ledger(ledger)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = [text for axes in figure.axes for text in axes.texts]
    every = [*texts, *figure.legends[0].get_texts()]
    return figure, texts, [text.get_window_extent(canvas.get_renderer()) for text in every]


def markers(figure):
    """The markers in the axes: column, height, shape and colour."""
    lines = [(axes, line) for axes in figure.axes for line in axes.lines]
    return [
        (axes, line.get_ydata()[0], line.get_marker(), line.get_markerfacecolor())
        for axes, line in lines
    ]


@each_ledger
def test_every_claim_appears_once_beside_the_marker_of_its_verdict(ledger):
    figure, texts, _ = drawn(ledger)
    shown = [text.get_text() for text in texts]
    assert len(markers(figure)) == len(ledger)
    for _, name, verdict in ledger:
        text = texts[shown.index(name)]
        assert shown.count(name) == 1
        _, _, shape, colour = min(
            (marker for marker in markers(figure) if marker[0] is text.axes),
            key=lambda marker: abs(marker[1] - text.get_position()[1]),
        )
        look = MARKERS[verdict]
        assert (shape, colour) == (look["marker"], look["mfc"])


@each_ledger
def test_all_texts_are_inside_the_figure_and_none_overlaps_another(ledger):
    figure, texts, boxes = drawn(ledger)
    for box in boxes:
        assert 0 <= box.x0 < box.x1 <= figure.bbox.width
        assert 0 <= box.y0 < box.y1 <= figure.bbox.height
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    assert min(text.get_fontsize() for text in texts) >= 9
    assert figure.get_figwidth() == 7


@each_ledger
def test_no_marker_touches_a_text_or_leaves_the_figure(ledger):
    figure, _, boxes = drawn(ledger)
    for axes in figure.axes:
        for line in axes.lines:
            found = line.get_window_extent()  # with the marker
            assert found.x0 >= 0
            assert not [box for box in boxes if box.overlaps(found)]


def test_each_verdict_has_its_own_colour_and_its_own_shape():
    assert set(MARKERS) == set(VERDICTS)
    for key in ("marker", "mfc"):
        assert len({look[key] for look in MARKERS.values()}) == len(VERDICTS)


def test_the_legend_counts_the_claims_of_each_verdict():
    ledger = [("II", "a", "holds"), ("II", "b", "holds"), ("V", "c", "ambiguous")]
    labels = [text.get_text() for text in figure_ledger(ledger).legends[0].get_texts()]
    assert labels == [
        "holds (2)",
        "holds with a correction (0)",
        "does not hold (0)",
        "ambiguous (1)",
        "not testable here (0)",
    ]


def test_sections_stand_in_the_papers_order_with_the_claims_that_name_them_first():
    names = {"ours": "beyond", "late": "IV-C", "early": "II, V", "late-too": "IV-C"}
    figure = figure_ledger([(section, name, "holds") for name, section in names.items()])
    shown = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert shown == [
        *("II  Related work", "early"),
        *("IV-C  Adversarial training", "late", "late-too"),
        *("Beyond the paper", "ours"),
    ]
