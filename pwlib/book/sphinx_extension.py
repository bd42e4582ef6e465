"""What the book adds to Sphinx: tables, links and offers; and what Sphinx gets wrong, mended."""

import re
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

    The theme adds its script for live cells twice to some pages, an error; the book doesn't use it.
    The bibliography is a list of list items: docutils gives them a role that is no more. A toggle
    is called what it says, not by one name for all of them.
    """
    scripts = context.get("script_files", [])
    context["script_files"] = [script for script in scripts if "thebe" not in str(script)]
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
    app.connect("doctree-read", tell_drawings)
    app.connect("doctree-read", keep_punctuation)
    app.connect("html-page-context", mend_page, priority=900)
    # Sphinx reads all pages again when this changes, as it must when what makes them does.
    made_by = digest([source(name) for name in (__name__, *(part.__name__ for part in PARTS))])
    return {"version": made_by, "parallel_read_safe": True, "env_version": made_by}
