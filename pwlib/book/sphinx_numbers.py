"""Numbers in the prose lead to the cell that put them there."""

from __future__ import annotations

from pathlib import Path

import nbformat
from docutils import nodes
from myst_nb.ext.glue.roles import PasteTextRole
from sphinx.application import Sphinx

NO_LINK_IN = (nodes.reference, nodes.title, nodes.caption)


class Number(PasteTextRole):
    """``{glue:text}``, which remembers the name of what it shows."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        made, messages = super().run()
        for node in made:
            node["glued"] = self.text
        return made, messages


def makers(path: Path) -> dict[str, int]:
    """The index of the cell that glued each name of a notebook."""
    return {
        output.metadata["scrapbook"]["name"]: index
        for index, cell in enumerate(nbformat.read(path, as_version=4).cells)
        for output in cell.get("outputs", [])
        if "scrapbook" in output.get("metadata", {})
    }


def link_numbers(app: Sphinx, document: nodes.document) -> None:
    """Wrap each number in a link to the code of the cell that glued it, if that is shown."""
    numbers = [node for node in document.findall(nodes.inline) if "glued" in node]
    if not numbers:
        return
    cells = {
        cell["cell_index"]: code
        for cell in document.findall(nodes.container)
        for code in cell.findall(nodes.container)
        if "cell_index" in cell and code.get("nb_element") == "cell_code_source"
    }
    cell_of = makers(Path(app.env.doc2path(app.env.docname)))
    for node in numbers:
        code = cells.get(cell_of.get(node["glued"]))
        if code is not None and not _inside(node, NO_LINK_IN):
            _wrap(node, code, f"cell-{cell_of[node['glued']]}")


def _inside(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    while node := node.parent:
        if isinstance(node, kinds):
            return True
    return False


def _wrap(node: nodes.inline, code: nodes.Element, id: str) -> None:
    if id not in code["ids"]:
        code["ids"].append(id)
    title = "To the code that made this number"
    ref = nodes.reference("", "", refid=id, internal=True, reftitle=title, classes=["made-by-code"])
    node.parent.replace(node, ref)
    ref.append(node)


def setup(app: Sphinx) -> None:
    """Called by `pwlib.book.sphinx_extension`."""
    app.setup_extension("myst_nb")
    app.add_role_to_domain("glue", "text", Number(), override=True)
    app.connect("doctree-read", link_numbers)
