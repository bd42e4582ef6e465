"""The statements in the prose of the chapters, cut into what each says: formulas and words.

A statement is a paragraph that begins with **Theorem**, **Lemma**, … or in italics, with the
displays and the italics that go on from it, or a numbered or named display.
"""

import re

_HEAD = r"\*\*(?P<name>(?:Theorem|Lemma|Proposition|Corollary|The limit problem)[ \w.]*?)\.?\*\*"
_ITALIC = r"\*(?![* ])(?=[^*]*\$)"  # with a formula in it
_BARE = r"(?:[^*$]|\$[^$]+\$){70,}?"
_DISPLAY = r"\((?P<label>eq-[\w-]+)\)=\n(?P<display>\$\$.+?\$\$)"
_WORDS = """
    at least|at most|exactly|infinitely many|as often as|nowhere else|end points?|
    once|twice|zero|one|two|three|four|half|first|last|least|greatest|largest|largest|shortest|
    even|odd|either|both|any|every|all|each|no|not|never|only|other than|others|different|
    simple|symmetric|opposite|neighbouring|independent|positive|negative|inside|ends?|nearer|
    nearest|wrong|right|uniformly|decreases?|increases?|grows?|falls?|minimises|maximises|
    better|worse|extrema|roots|multiplicity|later|large|small|double
"""
_FRAGMENT = re.compile(
    r"\$\$.+?\$\$|\$.+?\$|\{glue[^`]*`[^`]*`|\[\(\d+\)\]\([^)]*\)|\b\d+\b|\b(?:"
    + re.sub(r"\s+", "", _WORDS.replace(" ", "~").replace("~~~~", "")).replace("~", " ")
    + r")\b",
    re.DOTALL,
)
