"""Links between the ledger, the claims, and the paper's equations and figures.

All of it is derived when pages are read: from the ledger, whose claims name equations and figures
in their ids and in their text, and from the labels ``eq-<number>`` and ``fig-<number>``. The
numbers in docstrings lead there too.
"""

import re
from pathlib import Path
from typing import cast

import nbformat
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.environment import BuildEnvironment

from pwlib.checks import accepts, among
from pwlib.figures import style
from pwlib.ledger import claims
from pwlib.ledger.claims import Claim
from pwlib.reruns import notebooks

# Labels, and how the paper writes what has them.
EQUATIONS = {f"eq-{number}": f"({number})" for number in range(1, 13)}
FIGURES = {f"fig-{number}": f"Figure {number}" for number in range(1, 6)}
SHOWN = EQUATIONS | FIGURES
ROMAN = ["", "I", "II", "III", "IV", "V"]  # the paper's sections; "III-A" is chapter 3a
LABELS = {text: label for label, text in SHOWN.items()}
TERMS = {"hard objective": "eq-9", "adversarial objective": "eq-10"}  # the paper's own names
NUMBER = re.compile(r"(?<![\w)])\((?:[1-9]|1[0-2])\)|\bFigure [1-5]\b")
BOX = re.compile(r'<div class="claim" id="claim-([\w-]+)">')
ENTRY = re.compile(r'<div class="entry" id="((?:ledger|register)-[\w-]+)"')


def about(claim: Claim) -> list[str]:
    """The labels that a claim names: by number, in its id or its text, or by a term of TERMS."""
    text = re.sub(r"\$[^$]*\$", "", claim.claim)
    named = set(re.findall(r"^(?:eq|fig)-\d+", claim.id.removeprefix("beyond-")))
    named |= {LABELS[number] for number in NUMBER.findall(text)}
    named |= {label for term, label in TERMS.items() if term in text}
    return [label for label in SHOWN if label in named]


def paper_numbers(env: BuildEnvironment, kind: str) -> str:
    """Where each of the paper's ``equations``, ``figures`` or ``sections`` stands, with its claims.

    A section stands where its claims are settled. The name of a claim leads to the cell that does.
    """
    env.note_reread()  # any chapter may set a label, and the ledger any claim
    found, rows = claims.ledger(), []
    if kind == "sections":
        for section in sorted({"I"}.union(*(claim.section.split(", ") for claim in found))):
            named = [claim for claim in found if section in claim.section.split(", ")]
            number, _, letter = section.partition("-")
            start = f"{ROMAN.index(number)}{letter.lower()}-" if number in ROMAN else "6"
            own = [path.stem for path in notebooks.chapters() if path.stem.startswith(start)]
            at = dict.fromkeys([*own, *(claim.chapter for claim in named)])
            pages = [f"{{doc}}`{chapter}`" for chapter in at]
            name = section.replace("beyond", "beyond the paper")
            rows.append([name, ", ".join(pages), _listed(named)])
    else:
        where = {label: path.stem for path in notebooks.chapters() for label in labels(path)}
        for label, text in {"equations": EQUATIONS, "figures": FIGURES}[kind].items():
            named = [claim for claim in found if label in about(claim)]
            rows.append([f"[{text}](#{label})", f"{{doc}}`{where[label]}`", _listed(named)])
    columns = [kind.capitalize().removesuffix("s"), "Stands in", "Claims that name it"]
    caption = f"The paper's {kind}: where each stands in the book, and the claims that name it"
    return style.markdown_table(rows, columns, caption)


def _listed(found: list[Claim]) -> str:
    return "; ".join(f"{claim.link(claim.name)} ({claim.verdict})" for claim in found) or "none"


def labels(path: Path) -> set[str]:
    """The labels of the paper's equations and figures that a notebook sets."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    figures = {cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in cells}
    return set(re.findall(r"^\((eq-\d+)\)=", text, re.M)) | figures & set(FIGURES)


def _anchor(env: BuildEnvironment, label: str) -> None:
    """Make an id of the page that is being read a label to all pages."""
    cast(StandardDomain, env.get_domain("std")).note_hyperlink_target(label, env.docname, label)


def _link(env: BuildEnvironment, label: str, text: str) -> pending_xref:
    """A link to a label of any page; one that nobody sets is a warning."""
    kind = {"refdomain": "std", "reftype": "ref", "refdoc": env.docname, "refwarn": True}
    return pending_xref("", nodes.inline("", text), reftarget=label, refexplicit=True, **kind)


def _join(app: Sphinx, document: nodes.document) -> None:
    """Set the links of a page that was just read."""
    env = app.env
    found = {claim.id: claim for claim in claims.ledger()}
    claimed = {label for claim in found.values() for label in about(claim)}
    for raw in list(document.findall(nodes.raw)):
        if (match := BOX.match(raw.astext())) and match[1] in found:
            _join_box(env, raw, found[match[1]])
        elif match := ENTRY.match(raw.astext()):
            _anchor(env, match[1])
    for node in list(document.findall(lambda n: isinstance(n, nodes.math_block | nodes.figure))):
        for label in claimed & {*node["ids"]}:
            kind = "equations" if label in EQUATIONS else "figures"
            listed = _link(env, f"paper-{kind}", f"claims about {SHOWN[label]}")
            line = nodes.paragraph("", "", listed, classes=["rests-on"])
            node.parent.insert(node.parent.index(node) + 1, line)


def _join_box(env: BuildEnvironment, start: nodes.raw, claim: Claim) -> None:
    """A claim's line gets a label, and links to the ledger and to what it is about."""
    label = f"claim-{claim.id}"
    env.metadata[env.docname].setdefault("myst_slugs", {})[label] = (0, label, label)
    _anchor(env, label)
    line = start.parent[start.parent.index(start) + 1]
    line += [nodes.Text(" "), _link(env, f"ledger-{claim.id}", "What was found")]
    for target in about(claim):
        line += [nodes.Text(" · "), _link(env, target, SHOWN[target])]


def _link_docstring(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Outside code, make links of the paper's numbers in a docstring; in it |x| is a modulus."""
    pieces = re.split(r"(`+[^`]*`+)", "\n".join(lines))  # code in every other place
    for i in range(0, len(pieces), 2):
        text = pieces[i].replace("|", r"\|")
        pieces[i] = NUMBER.sub(lambda found: f":ref:`{found[0]} <{LABELS[found[0]]}>`", text)
    lines[:] = "".join(pieces).split("\n")


def _shorten_signature(
    app: Sphinx, what: str, name: str, obj: object, options: object, call: str, gives: str
) -> tuple[str | None, str | None]:
    """Write NumPy's types by the names that people know."""
    arrays = r"[~\w.]*\bndarray\[tuple\[[~\w.]*Any, \.\.\.\], [~\w.]*dtype\[[~\w.]*?(\w+)\]\]"
    like = r"[~\w.]*\b_Buffer \| .*?\| bytes \| str\]"
    short = [re.sub(like, "ArrayLike", text) if text else text for text in (call, gives)]
    call, gives = (re.sub(arrays, r"NDArray[\1]", text) if text else text for text in short)
    return call, gives


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    app.connect("doctree-read", _join)
    app.connect("autodoc-process-docstring", _link_docstring)
    app.connect("autodoc-process-signature", _shorten_signature)
    return {"parallel_read_safe": True}


accepts(__name__, {"kind": among(("equations", "figures", "sections"))})
