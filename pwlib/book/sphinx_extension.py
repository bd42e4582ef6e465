"""What the book adds to Sphinx: its tables, links, offers and reference, and some mends."""

from __future__ import annotations

from importlib import metadata

from sphinx.application import Sphinx
from sphinx.config import Config

from pwlib.book import (
    sphinx_api,
    sphinx_errors,
    sphinx_links,
    sphinx_mends,
    sphinx_numbers,
    sphinx_offers,
    sphinx_tables,
)
from pwlib.reruns.notebooks import digest
from pwlib.reruns.provenance import source

PARTS = (
    sphinx_tables,
    sphinx_links,
    sphinx_numbers,
    sphinx_offers,
    sphinx_api,
    sphinx_errors,
    sphinx_mends,
)


def settle_config(app: Sphinx, config: Config) -> None:
    """Show the button that needs the repository's address where `_config.yml` gives one.

    Captions carry the paper's figure numbers: Sphinx's own numbering, which another extension
    forces on, would stand before them. Colab and Binder are offered by each chapter itself.
    """
    config.numfig = False
    options = config.html_theme_options
    if options.get("repository_url"):
        options["use_repository_button"] = True


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    for part in PARTS:
        part.setup(app)
    app.connect("config-inited", settle_config, priority=900)
    # Sphinx reads all pages again when this changes, as it must when what makes their links does.
    made_by = digest([source(part.__name__) for part in PARTS])
    about = {"version": metadata.version("pwlib"), "parallel_read_safe": True}
    return about | {"env_version": made_by}
