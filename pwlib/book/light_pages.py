"""What makes the pages light: of the theme's scripts, styles and fonts only what they use.

A page of the theme asks for 3.8 MB, of which a book needs a third: there are 1.6 MB of icons, drawn
anew in ``chapters/_static/icons.css``, a menu of MathJax that is switched off, and styles of parts
that no page has.
"""

import re
from itertools import groupby, pairwise
from pathlib import Path

import tinycss2
from sphinx.application import Sphinx
from sphinx.config import Config

from pwlib.checks import a, accepts

# Scripts and styles of extensions that Jupyter Book loads and no page uses.
UNUSED = re.compile(r"thebe|togglebutton|togglehint|toggleopen|design")
# MathJax in its parts, without the menu; the output loads its font.
MATHJAX = ["core", "input/tex", "output/chtml", "a11y/assistive-mml"]
WORD = re.compile(r"[\w-]+")


def _settle_config(app: Sphinx, config: Config) -> None:
    """What other extensions force on, mended: all of MathJax in one file, where its parts do; and
    Sphinx's own numbers of figures, as captions carry the paper's."""
    config.numfig = False
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax3_config = (config.mathjax3_config or {}) | {"loader": {"load": MATHJAX}}


def _lighten_page(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Leave out the scripts and styles that a page doesn't use; ask early for parts of MathJax."""
    mathematics = 'class="math' in context.get("body", "")
    for kind in ("script_files", "css_files"):
        used = [file for file in context.get(kind, []) if not UNUSED.search(_text(file))]
        context[kind] = [file for file in used if mathematics or "mathjax" not in _text(file)]
    context["mathjax_parts"] = [*MATHJAX, "output/chtml/fonts/tex"] if mathematics else []


def _text(file: object) -> str:
    """The name of a file that a page loads, or the script that stands in the page."""
    attributes = getattr(file, "attributes", {})
    return f"{getattr(file, 'filename', file)} {attributes.get('body') or ''}".lower()


def _lighten_styles(app: Sphinx, error: Exception | None) -> None:
    """Take out of the styles the rules for classes that no page and no script has."""
    out = Path(app.outdir)
    if error is None and app.builder.format == "html":
        scripts = [path for path in out.glob("_static/**/*.js") if "mathjax" not in path.parts]
        named = [path for path in scripts if path.name != "fontawesome.js"]
        texts = (path.read_text(encoding="utf-8") for path in [*out.rglob("*.html"), *named])
        used = {word for text in texts for word in WORD.findall(text)}
        for path in out.glob("_static/**/*.css"):
            path.write_text(lighter(path.read_text(encoding="utf-8"), used), encoding="utf-8")


def lighter(style: str, used: set[str]) -> str:
    """A style sheet without the selectors whose classes aren't used, and without icon fonts."""
    return _lighter(style, used)


def _lighter(style: str | list, used: set[str]) -> str:
    text = []
    for rule in tinycss2.parse_stylesheet(style, skip_comments=True):
        if rule.type == "qualified-rule":
            if wanted := _wanted(rule.prelude, used):
                text.append(f"{','.join(wanted)}{{{tinycss2.serialize(rule.content)}}}")
        elif rule.type == "at-rule" and rule.at_keyword in ("media", "supports"):
            inner = _lighter(rule.content, used)
            text.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        elif "Font Awesome" not in rule.serialize():
            text.append(rule.serialize())
    return "".join(text)


def _wanted(prelude: list, used: set[str]) -> list[str]:
    """The selectors of a rule whose classes are used; what brackets hold isn't looked at."""
    parted = groupby(prelude, lambda one: one == ",")
    selectors = [list(tokens) for comma, tokens in parted if not comma]
    return [
        tinycss2.serialize(tokens)
        for tokens in selectors
        if {name.value for dot, name in pairwise(tokens) if dot == "."} <= used
    ]


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    app.connect("config-inited", _settle_config, priority=900)
    app.connect("html-page-context", _lighten_page, priority=950)
    app.connect("build-finished", _lighten_styles, priority=900)
    return {"parallel_read_safe": True}


accepts(__name__, {"used": a(set, what="a set of names")})
