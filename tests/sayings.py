"""The statements in the prose of the chapters, each cut into what it says: formulas and words.

A statement is a theorem, lemma, proposition or corollary, with the displays and the italics that
finish its sentence; another passage in italics with a formula; a display with a label; or the
display that an "identity" in the prose announces.
"""

import itertools
import re

import formulas
import numpy as np
import pytest

NAMED = re.compile(
    r"\*\*(Theorem|Lemma|Proposition|Corollary|Conjecture|Identity|The limit problem)"
    r"( [\w.]+?)?\.?\*\*(.+)",
    re.DOTALL,
)
MATH = r"\$\$[^$]+\$\$|\$[^$]+\$"
ITALIC = rf"\*(?![*\s]|Proof|Idea|The idea)((?:{MATH}|[^*$])+?)\*"
LABELLED = re.compile(r"\((eq-[\w-]+)\)=\n(\$\$[^$]+\$\$)")
WORDS = (
    "at least, at most, exactly, infinitely many, as often as, nowhere else, end points, once, "
    "twice, zero, one, two, three, four, half, first, last, least, greatest, largest, shortest, "
    "even, odd, either, both, any, every, all, each, no, not, only, other than, others, "
    "different, simple, symmetric, opposite, neighbouring, independent, positive, negative, "
    "inside, between, ends, end, nearer, wrong, right, uniformly, decreases, never, "
    "minimises, maximises, better, extrema, roots, multiplicity, later, large, Bernstein, "
    "Chebyshev, orthonormal, orthogonal"
)
LAYOUT = r"\\(?:begin|end)\{(?:aligned|gathered)\}|\\cr\b|\\quad|\{\}|&"
FRAGMENT = re.compile(rf"{MATH}|(?<![-\w(])\d+\b|\b(?:{WORDS.replace(', ', '|')})\b")


def statements(chapter):
    """The text of every statement in a chapter, by its name."""
    text = re.sub(r"\{glue[^`]*`[^`]*`|\[[^]$]*\]\([^)$]*\)|`[^`]*`", "", formulas.prose(chapter))
    found, name, before = {}, None, ""
    for paragraph in re.split(r"\n\n+", text):
        unfinished = not before.rstrip("*)").endswith(".") and paragraph.startswith("$$")
        if name and (unfinished or (before.startswith("$$") and re.match(ITALIC, paragraph))):
            found[name] += "\n" + paragraph
        elif named := NAMED.search(paragraph):
            name = named[1] + (named[2] or "")
            found[name] = named[3]
        elif labelled := LABELLED.search(paragraph):
            found[labelled[1]], name = labelled[2], None
        else:
            announced = re.search(r"\bidentity\b.*:$", before) and paragraph.startswith("$$")
            name = "identity" if announced else None
            if name:
                found[name] = paragraph
            for passage in re.finditer(rf"{MATH}|{ITALIC}", paragraph):
                said = passage[1] or ""
                if "$" in said and len(said) > 45:
                    found[" ".join(re.sub(MATH, "", said).split()[:5])] = said
        before = paragraph
    return found


def fragments(said):
    """The formulas, numbers and words of quantity in a statement, each on one line."""
    return [on_one_line(found) for found in re.findall(FRAGMENT, said)]


def on_one_line(latex):
    return " ".join(re.sub(LAYOUT, " ", latex).split())


CHECKS = {}  # by chapter and name: the fragments of a statement, and what tries them
MEANT = {"at most": r"\le", "at least": r"\ge", "exactly": "=", "once": 1, "twice": 2, "two": 2,
         "one": 1, "four": 4, "even": 0, "odd": 1}  # fmt: skip


def says(chapter, name, parts):
    """Registers a check of a statement: `check(said)`, which tries the «holes» of its fragments.

    The fragments are divided by " | ". What stands outside the holes is notation, or is tried
    together with them; it has to be there as it is.
    """

    def register(check):
        CHECKS[chapter, name] = parts, check
        return check

    return register


def try_statement(chapter, name, said):
    """Raises AssertionError, with the place, where a statement isn't the one that is checked."""
    parts, check = CHECKS[chapter, name]
    found, wanted = fragments(said), on_one_line(parts).split(" | ")
    holes = {}
    for fragment, part in itertools.zip_longest(found, wanted, fillvalue=""):
        pattern = re.sub("«(.+?)»", r"(?P<\1>.+?)", re.sub(r"[^«»\w ]", r"\\\g<0>", part))
        match = re.fullmatch(pattern, fragment)
        assert match, f"{chapter}, {name}: got {fragment!r}, its check reads {part!r}"
        holes |= match.groupdict()
    check(Said(holes))


class Said(dict):
    """What stands in the holes of a statement."""

    def at(self, hole, marks=(), **names):
        """The value of a formula at these values of its names; `marks` gives names their LaTeX."""
        return formulas.value(formulas.read(self[hole], **dict(marks)), **names)

    def whole(self, hole, **names):
        value = self.at(hole, **names)
        assert value == int(value)
        return int(value)

    def holds(self, hole, replaced=(), **names):
        """Is a chain of relations true at these values of its names?"""
        return not formulas.relations_that_fail(self[hole], names, dict(replaced))

    def allowed(self, hole, name, among, **names):
        """The whole numbers for which a chain is true."""
        return [k for k in among if self.holds(hole, **{name: k}, **names)]


def strongest(pairs):
    """The strongest of =, <, ≤, >, ≥ that is true of all pairs, None if there is none."""
    order = {0 if a == pytest.approx(b, rel=1e-9, abs=1e-9) else int(np.sign(a - b))
             for a, b in pairs}  # fmt: skip
    known = {(0,): "=", (-1,): "<", (-1, 0): r"\le", (1,): ">", (0, 1): r"\ge"}
    return known.get(tuple(sorted(order)))


def changes(values):
    """How often a sequence changes sign, what is zero up to rounding left out."""
    values = np.asarray(values, dtype=float)
    kept = values[np.abs(values) > 1e-9 * np.abs(values).max()]
    return int(np.count_nonzero(kept[1:] * kept[:-1] < 0))
