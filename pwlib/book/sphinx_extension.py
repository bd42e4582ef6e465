"""What the book adds to Sphinx: tables and offers, links; and what Sphinx gets wrong, mended.

Directives make tables of how the book was made, at what cost, and how to cite it. The bar under a
chapter's title is added when its page is written. Links are those of `sphinx_links`.
"""

import ast
import html
import json
import re
import shlex
from collections.abc import Callable, Mapping
from colorsys import hls_to_rgb, rgb_to_hls
from math import inf
from pathlib import Path

import yaml
from docutils import nodes
from papermill import inspect_notebook
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from pwlib.book import light_pages, sphinx_links
from pwlib.checks import NAME, PLAIN, accepts
from pwlib.figures import style
from pwlib.places import RESULTS, ROOT
from pwlib.reruns import notebooks
from pwlib.reruns.provenance import source

NOTE = "In the repository, with its environment active:"
NARROW = "\N{NO-BREAK SPACE}"
NUMBERS = {
    r"(?<=[\d\)]) %": "%",
    r"(?<![\w.)\]-])-(?=\d)": "\N{MINUS SIGN}",
    r"(?<=\b[a-zA-ZεC]) = (?=[\d\N{MINUS SIGN}])": f"{NARROW}={NARROW}",
    r"\((\S+) to (\S+)\)": rf"(\1{NARROW}to{NARROW}\2)",
}
CLOSING = re.compile(r"[.,;:!?)\]’”%-]+")


def _directive(text: Callable[..., str], arguments: int = 0) -> type[SphinxDirective]:
    """A directive: ``text`` makes its Markdown of Sphinx's environment and the arguments."""

    class Made(SphinxDirective):
        required_arguments = arguments

        def run(self) -> list[nodes.Node]:
            return self.parse_text_to_nodes(text(self.env, *self.arguments))

    return Made


def _execution_table(env: BuildEnvironment) -> str:
    """The stamp of each executed notebook of the book."""
    rows = []
    for path in sorted(Path(env.srcdir, "chapters").glob("*.ipynb")):
        env.note_dependency(str(path))
        stamp = notebooks.stamp(path)
        about = [stamp.get(key, "") for key in ("seconds", "processor", "python")]
        rows.append([f"[{path.stem}]({path.name})", *about])
    columns = ["Chapter", "Seconds", "Processor", "Python"]
    return style.markdown_table(rows, columns, "The last execution of each chapter")


def _cost_table(env: BuildEnvironment) -> str:
    """The minutes that executing the chapters took, and the core hours of the tables in results."""
    env.note_reread()  # a table may come that no page depends on yet
    folder = Path(env.srcdir, "chapters")
    stamps = [found for path in folder.glob("*.ipynb") if (found := notebooks.stamp(path))]
    minutes = sum(stamp["seconds"] for stamp in stamps) / 60
    processors = " and ".join(sorted({stamp["processor"] for stamp in stamps}))
    what = "the chapters, each executed once"
    rows = [[what, len(stamps), f"{minutes:.1f} minutes", processors]]
    for table in sorted(folder.glob("results/*.csv")):
        origin = _read(table.with_suffix(".json"))
        hours = origin.get("core_hours")
        spent = "under 0.1" if hours == 0 else hours  # which the file rounds to tenths
        time = "not recorded" if hours is None else f"{spent} core hours"
        runs, processor = (origin.get(key) or "not recorded" for key in ("runs", "processor"))
        rows.append([f"`results/{table.name}`", runs, time, processor])
    columns = ["What was computed", "Runs", "Time", "Processor"]
    return style.markdown_table(rows, columns, "What the book's numbers cost")


def _read(path: Path) -> dict:
    """What a file of JSON holds; nothing where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _benchmark(env: BuildEnvironment, name: str) -> str:
    """What the last accepted ``make bench`` found in one of its parts."""
    path = RESULTS / "benchmarks.json"
    env.note_dependency(str(path))
    part = _read(path).get(name)
    if part is None:
        return f"Not measured yet: `make bench ONLY={name}` does it, `make accept` keeps it."
    versions = {"Python": part["python"]} | part["versions"]
    software = ", ".join(f"{name} {version}" for name, version in versions.items())
    pieces = [f"Measured on {part['date']}, on {part['processor']}, with {software}."]
    for table in part["tables"]:
        caption = table["caption"] or f"Speed of {name}"
        pieces.append(style.markdown_table(table["rows"], table["columns"], caption))
    pieces.append("\n".join(f"- {note}" for note in part["notes"]))
    return "\n\n".join(pieces)


def _how_to_cite(env: BuildEnvironment) -> str:
    """A BibTeX entry from CITATION.cff."""
    env.note_dependency(str(ROOT / "CITATION.cff"))
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    fields = {"title": found["title"], "author": " and ".join(a["name"] for a in found["authors"])}
    fields |= {"year": found["date-released"].year, "note": f"Version {found['version']}"}
    entry = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"```bibtex\n@misc{{pwlib,\n{entry}}}\n```"


def parameters(chapter: Path) -> dict[str, object]:
    """The names in a notebook's ``parameters`` cell with the values that are recorded there."""
    found = inspect_notebook(chapter).items()
    return {name: ast.literal_eval(about["default"]) for name, about in found}


def papermill_line(stem: str, values: Mapping[str, object]) -> str:
    """The command that reruns a chapter with each parameter at a value, all of them as YAML."""
    flow = yaml.safe_dump(dict(values), default_flow_style=True, sort_keys=False, width=inf)
    return shlex.join(["papermill", f"chapters/{stem}.ipynb", "out.ipynb", "-y", flow.strip()])


def _add_offer(app: Sphinx, document: nodes.document, page: str) -> None:
    """Put a bar under the title of each notebook that has parameters: get it, and rerun it."""
    chapter, title = Path(app.env.doc2path(page)), next(document.findall(nodes.title), None)
    if chapter.suffix != ".ipynb" or title is None or not (values := parameters(chapter)):
        return
    up, stamp = "../" * page.count("/"), notebooks.stamp(chapter)
    line = f'<a href="{up}_sources/{html.escape(page)}.ipynb" download>Download the notebook</a>'
    if stamp:
        made = f"{stamp['seconds']:.0f} seconds on {stamp['processor']}"
        line += f" <span>Executed in {html.escape(made)}</span>"
    code = papermill_line(chapter.stem, values)
    head = f"<summary>With other parameters</summary><p>{NOTE}</p>"
    title.parent[1:1] = [
        nodes.raw("", f'<div class="offers"><p>{line}</p><details>{head}', format="html"),
        nodes.literal_block(code, code, language="bash"),
        nodes.raw("", "</details></div>", format="html"),
    ]


def _mend_page(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Mend a page as it is written.

    The head of a row or column says of which it is.
    The bibliography is a list of list items: docutils gives them a role that is no more. A toggle
    is called what it says, not by one name for all of them.
    """
    body = context.get("body", "").replace('role="doc-biblioentry"', 'role="listitem"')
    body = re.sub(r'<th(?= class="[^"]*\bhead\b)', '<th scope="col"', body)
    body = re.sub(r'<th(?= class="[^"]*\bstub\b)', '<th scope="row"', body)
    context["body"] = body.replace(' aria-label="Toggle hidden content"', "")


def _tell_drawings(app: Sphinx, doctree: nodes.document) -> None:
    """Give images the class ``drawing``, which the dark theme inverts, or ``picture``.

    A drawing that holds pictures has a second file for the dark theme, in which lines and letters
    are light and the pictures stay. What a figure says of itself is added to the text for readers
    who don't see it.
    """
    for image in list(doctree.findall(nodes.image)):
        path = Path(app.srcdir, image["uri"])
        drawn = path.read_text(encoding="utf-8") if path.suffix == ".svg" else ""
        if said := re.search(r"<dc:description>(.*?)</dc:description>", drawn, re.DOTALL):
            image["alt"] = f"{image.get('alt', '')} {html.unescape(said[1])}".strip()
        mixed = "<image" in drawn
        image["classes"].append("drawing" if drawn and not mixed else "picture")
        if mixed:
            path = path.with_name(f"{path.stem}-dark.svg")
            inherited = drawn.replace("<svg ", '<svg fill="#000000" ', 1)  # by what has no colour
            path.write_text(re.sub(r"#[0-9a-f]{6}\b", _lightened, inherited), encoding="utf-8")
            dark, uri = image.deepcopy(), str(Path(image["uri"]).with_name(path.name))
            dark.attributes |= {"uri": uri, "candidates": {"*": uri}}
            dark["loading"] = "lazy"  # where it isn't shown it isn't fetched
            app.env.images.add_file(app.env.docname, uri)
            image["classes"].append("for-light")
            dark["classes"].append("for-dark")
            image.parent.insert(image.parent.index(image) + 1, dark)


def _hold_places(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Give what is fetched when a reader comes near its size, so that nothing moves then."""
    paths = {name: Path(app.srcdir, uri) for uri, (_, name) in app.env.images.items()}

    def sized(found: re.Match[str]) -> str:
        drawn = paths[found[1]].read_text(encoding="utf-8")
        size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawn)
        width, height = (round(float(points) * 4 / 3) for points in size.groups()) if size else "  "
        return f'{found[0]} width="{width}" height="{height}"'

    image = r'<img [^>]*loading="lazy" src="[^"]*?([^"/]+)"'
    context["body"] = re.sub(image, sized, context.get("body", ""))


def _lightened(colour: re.Match[str]) -> str:
    """A colour of the same hue for dark paper: white becomes nearly black, black nearly white."""
    hue, light, strength = rgb_to_hls(*(int(colour[0][i : i + 2], 16) / 255 for i in (1, 3, 5)))
    mixed = hls_to_rgb(hue, 0.94 - 0.86 * light, strength)
    return "#" + "".join(f"{round(255 * part):02x}" for part in mixed)


def _name_tables(app: Sphinx, doctree: nodes.document) -> None:
    """Captions and heads of rows for tables: the line of emphasis above a table is its caption."""
    for number, table in enumerate(list(doctree.findall(nodes.table))):
        table["ids"].append(f"table-{number}")  # Sphinx asks for one where there is a caption
        (group,) = table.findall(nodes.tgroup)
        if "autosummary" in " ".join(table["classes"]):
            head = (nodes.entry("", nodes.paragraph("", t)) for t in ("Module", "What it holds"))
            group.insert(-1, nodes.thead("", nodes.row("", *head)))
            what = table.parent.parent.next_node(nodes.title).astext()
            table.insert(0, nodes.title("", f"Modules: {what}"))
        above = table.parent.children[: table.parent.index(table)][-1:]
        if above and len(above[0]) == 1 and isinstance(above[0][0], nodes.emphasis):
            table.insert(0, nodes.title("", "", *above[0][0].children))
            table.parent.remove(above[0])
        next(group.findall(nodes.colspec))["stub"] = 1


def _drop_progress(app: Sphinx, doctree: nodes.document) -> None:
    """Leave out what bars of progress said last."""
    for block in list(doctree.findall(nodes.literal_block)):
        if re.fullmatch(r"\w[\w ]+: (\d+) of \1", block.astext().strip()):
            block.parent.remove(block)


def _set_numbers(app: Sphinx, document: nodes.document, page: str) -> None:
    """Set numbers in text as a typesetter would, and keep on one line what belongs together.

    Not in code and formulas; when glued numbers have come.
    """
    code = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)
    for text in list(document.findall(nodes.Text)):
        if isinstance(text.parent, code) or not (before := text.astext()).strip():
            continue
        siblings = text.parent.children
        at = next(i for i, one in enumerate(siblings) if one is text)
        ends = siblings[at - 1].astext()[-1:] if at else ""
        after = re.sub("^ (?=%)", "", before) if ends.isdigit() else before
        after = re.sub("^ ", NARROW, after) if ends == "=" else after
        for pattern, instead in NUMBERS.items():
            after = re.sub(pattern, instead, after)
        text.parent[at] = nodes.Text(after)


def _keep_punctuation(app: Sphinx, doctree: nodes.document) -> None:
    """Put a formula and the punctuation behind it in one ``keep``, which isn't broken between."""
    for math in list(doctree.findall(nodes.math)):
        after = math.next_node(descend=False, siblings=True)
        if isinstance(after, nodes.Text) and (found := CLOSING.match(after)):
            math.parent.replace(after, nodes.Text(after[found.end() :]))
            together = nodes.inline("", "", classes=["keep"])
            math.replace_self(together)
            together += [math, nodes.Text(found[0])]


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    for extension in ("myst_nb", "sphinx.ext.autodoc"):
        app.setup_extension(extension)
    for part in (sphinx_links, light_pages):
        app.setup_extension(part.__name__)
    for text in (_execution_table, _cost_table, _how_to_cite):
        app.add_directive(text.__name__[1:].replace("_", "-"), _directive(text))
    app.add_directive("benchmark", _directive(_benchmark, arguments=1))
    app.add_directive("paper-numbers", _directive(sphinx_links.paper_numbers, arguments=1))
    for mend in (_tell_drawings, _keep_punctuation, _name_tables, _drop_progress):
        app.connect("doctree-read", mend)
    app.connect("doctree-resolved", _set_numbers)
    app.connect("doctree-resolved", _add_offer)
    app.connect("html-page-context", _mend_page, priority=900)
    app.connect("html-page-context", _hold_places)
    # Sphinx reads all pages again when this changes, as it must when what makes them does.
    made_by = notebooks.digest([source(name) for name in (__name__, sphinx_links.__name__)])
    return {"version": made_by, "parallel_read_safe": True, "env_version": made_by}


accepts(__name__, {"values": PLAIN, "stem": NAME})
