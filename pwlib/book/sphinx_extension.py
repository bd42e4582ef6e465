"""What the book adds to Sphinx: tables, links and offers; and what Sphinx gets wrong, mended."""

import re
from importlib import metadata
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from pwlib.book import sphinx_about, sphinx_links
from pwlib.reruns.notebooks import digest
from pwlib.reruns.provenance import source

PARTS = (sphinx_about, sphinx_links)
CLOSING = re.compile(r"[.,;:!?)\]’”%-]+")


def settle_config(app: Sphinx, config: Config) -> None:
    """Captions carry the paper's figure numbers: another extension forces Sphinx's own on."""
    config.numfig = False


def mend_page(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Mend a page as it is written.

    The bibliography is a list of list items: docutils gives them a role that is no more. A toggle
    is called what it says, not by one name for all of them.
    """
    body = context.get("body", "").replace('role="doc-biblioentry"', 'role="listitem"')
    context["body"] = body.replace(' aria-label="Toggle hidden content"', "")


def tell_drawings(app: Sphinx, doctree: nodes.document) -> None:
    """Give images the class ``drawing`` or ``picture``: the dark theme inverts drawings alone."""
    for image in doctree.findall(nodes.image):
        path = Path(app.srcdir, image["uri"])
        drawn = path.suffix == ".svg" and "<image" not in path.read_text(encoding="utf-8")
        image["classes"].append("drawing" if drawn else "picture")


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


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    for part in PARTS:
        part.setup(app)
    app.connect("config-inited", settle_config, priority=900)
    for mend in (tell_drawings, keep_punctuation):
        app.connect("doctree-read", mend)
    app.connect("html-page-context", mend_page, priority=900)
    # Sphinx reads all pages again when this changes, as it must when what makes them does.
    made_by = digest([source(name) for name in (__name__, *(part.__name__ for part in PARTS))])
    about = {"version": metadata.version("pwlib"), "parallel_read_safe": True}
    return about | {"env_version": made_by}
