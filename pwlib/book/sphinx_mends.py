"""What Sphinx, the theme and docutils get wrong in a page of the book, mended as it is made."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

NO_SCRIPT = "Equations are shown, and figures can be turned, where JavaScript is on."
WORDY = 150  # characters in a cell
LEAST = 8  # per cent of a table that a column gets beside columns of long texts
CLOSING = re.compile(r"[.,;:!?)\]’”%-]+")
SIGNED = r"[-+±]?\d[\d.,]*(?:e[-+]\d+)?"
NUMBERS = re.compile(  # one with its error and unit, or an interval, that may break somewhere
    rf"[(\[]{SIGNED}(?: to |, |–){SIGNED}[)\]]"
    rf"|(?<![\w-])(?:± )?{SIGNED}(?: ± {SIGNED})?(?: %)?"
)


def drop_thebe(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """The theme's script for live cells comes from another host, twice; the book doesn't use it."""
    context["script_files"] = [
        script for script in context.get("script_files", []) if "thebe" not in str(script)
    ]


def mend_roles(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """The bibliography is a list of list items: docutils gives them a role that is no more."""
    body = context.get("body", "")
    context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def name_toggles(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """A toggle is called what it says, not by one name for all of them."""
    body = context.get("body", "")
    context["body"] = body.replace(' aria-label="Toggle hidden content"', "")


def warn_without_script(
    app: Sphinx, page: str, template: str, context: dict, doctree: object
) -> None:
    """Say on pages with equations what shows them."""
    if 'class="math' in context.get("body", ""):
        context["body"] = f"<noscript><p>{NO_SCRIPT}</p></noscript>{context['body']}"


def tell_drawings(app: Sphinx, doctree: nodes.document) -> None:
    """Give images the class ``drawing`` or ``picture``: the dark theme inverts drawings alone."""
    for image in doctree.findall(nodes.image):
        path = Path(app.srcdir, image["uri"])
        drawn = path.suffix == ".svg" and "<image" not in path.read_text()
        image["classes"].append("drawing" if drawn else "picture")


def tell_wordy_tables(app: Sphinx, doctree: nodes.document) -> None:
    """Give tables of long texts the class ``wordy``: on a phone their cells stand in one column."""
    headed = [table for table in doctree.findall(nodes.table) if table.next_node(nodes.thead)]
    for table in headed:
        if any(len(entry.astext()) > WORDY for entry in table.findall(nodes.entry)):
            table["classes"].append("wordy")
            _share_width(table)


def _share_width(table: nodes.table) -> None:
    """Make each column as wide as its texts are long on average."""
    rows = [row.children for row in table.next_node(nodes.tbody).children]
    columns = zip(*([len(entry.astext()) for entry in row] for row in rows), strict=False)
    means = [sum(lengths) / len(rows) for lengths in columns]
    table["classes"] = [name for name in table["classes"] if not name.startswith("colwidths")]
    table["classes"].append("colwidths-given")
    for column, mean in zip(table.findall(nodes.colspec), means, strict=False):
        column["colwidth"] = max(LEAST, round(100 * mean / sum(means)))


def keep_punctuation(app: Sphinx, doctree: nodes.document) -> None:
    """Put a formula and the punctuation behind it in one ``keep``, which isn't broken between."""
    for math in list(doctree.findall(nodes.math)):
        after = math.next_node(descend=False, siblings=True)
        found = CLOSING.match(after) if isinstance(after, nodes.Text) else None
        if found:
            math.parent.replace(after, nodes.Text(after[found.end() :]))
            together = nodes.inline("", "", classes=["keep"])
            math.replace_self(together)
            together += [math, nodes.Text(found[0])]


def keep_numbers(app: Sphinx, doctree: nodes.document) -> None:
    """In tables a number isn't broken at its sign, nor an interval within it."""
    cells = [text for entry in doctree.findall(nodes.entry) for text in entry.findall(nodes.Text)]
    for text in cells:
        if isinstance(text.parent, nodes.literal | nodes.math):
            continue
        parts: list[nodes.Node] = []
        end = 0
        for found in NUMBERS.finditer(text):
            if set(found[0]) & set(" -–"):
                kept = nodes.inline("", found[0], classes=["keep"])
                parts += [nodes.Text(text[end : found.start()]), kept]
                end = found.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(text[end:])])


def setup(app: Sphinx) -> None:
    """Called by the extension."""
    app.connect("doctree-read", tell_drawings)
    app.connect("doctree-read", tell_wordy_tables)
    app.connect("doctree-read", keep_punctuation)
    app.connect("doctree-read", keep_numbers)
    app.connect("html-page-context", drop_thebe, priority=900)
    for mend in (mend_roles, name_toggles, warn_without_script):
        app.connect("html-page-context", mend)
