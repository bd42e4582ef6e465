"""What Sphinx, the theme and docutils get wrong in a page of the book, mended as it is made."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

NO_SCRIPT = "Equations are shown, and figures can be turned, where JavaScript is on."
WORDY = 150  # characters in a cell


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


def setup(app: Sphinx) -> None:
    """Called by the extension."""
    app.connect("doctree-read", tell_drawings)
    app.connect("doctree-read", tell_wordy_tables)
    app.connect("html-page-context", drop_thebe, priority=900)
    for mend in (mend_roles, name_toggles, warn_without_script):
        app.connect("html-page-context", mend)
