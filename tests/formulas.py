"""The formulas in the prose of a chapter, read from their LaTeX into SymPy."""

import functools
import operator
import re

import nbformat
import pytest
import sympy as sp

from pwlib.places import CHAPTERS

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\[,;!]|[0-9]|[a-zA-Z]|[-+/^_(){}[\]|=.*!]")
_SPACE = {"\\" + name for name in ("big", "Big", "left", "right", "tfrac", "displaystyle", "cdot")}
_FUNCTIONS = {
    "\\" + name: getattr(sp, name) for name in ("sin", "cos", "tan", "cot", "ln", "log")
} | {"\\arcsin": sp.asin, "\\arctan": sp.atan}
_ENDS = {*_FUNCTIONS, "\\sum", "\\int"}  # of an argument without parentheses
_CLOSE = {"(": ")", "{": "}", "|": "|", "\\lceil": "\\rceil", "\\lfloor": "\\rfloor"}
_NAMES = {r"\varphi": "phi", r"\pi": "pi"}
RELATIONS = {
    "=": lambda a, b: a == pytest.approx(b, rel=1e-8, abs=1e-12),
    r"\le": lambda a, b: a <= b + 1e-9,
    r"\ge": lambda a, b: a >= b - 1e-9,
    "<": operator.lt,
    ">": operator.gt,
}


@functools.cache
def prose(chapter):
    cells = nbformat.read(CHAPTERS / f"{chapter}.ipynb", as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def stated(chapter, pattern, **replaced):
    """What the groups of a pattern match, which occurs once in the prose, as SymPy expressions."""
    (found,) = re.findall(pattern, prose(chapter))
    groups = [found] if isinstance(found, str) else found
    return [read(group, **replaced) for group in groups]


def read(latex, **replaced):
    """A formula: powers, fractions, roots, functions, sums, integrals, implied products.

    `replaced` gives the LaTeX of names with marks on them, {"U": "U_n(u)"}.
    """
    for name, written in replaced.items():
        latex = latex.replace(written, f" \\{name} ")
    latex = re.sub(r"_\{\\mathrm\{(\w+)\}\}", r"_{\1}", latex)  # an index that is a word
    return _Reader(latex.replace("^{*2}", "^2").replace("^*", "")).all()  # a star is a mark


def value(formula, **names):
    formula = formula.subs({sp.Symbol(k): v for k, v in names.items()})
    if formula.has(sp.Integral):  # by mpmath's quadrature, the quicker one
        return float(sp.lambdify((), formula, "mpmath")())
    return complex(sp.N(formula)).real


def relations_that_fail(chain, names, replaced):
    """Of a chain of relations the pairs that fail at these values of its names."""
    for name, latex in replaced.items():
        assert latex in chain
        chain = chain.replace(latex, f" {name} " if "\\" in name else f" \\{name} ")
    first, *rest = re.split(r"(=(?![^{}]*\})|\\le(?![a-z])|\\ge(?![a-z])|<|>)", chain)
    sides = [value(read(side), **names) for side in (first, *rest[1::2])]
    if not rest:  # a formula alone: of what it is the value is known
        return (
            [] if sides[0] == pytest.approx(names["truth"], rel=names.get("rel", 1e-8)) else sides
        )
    pairs = zip(sides, rest[::2], sides[1:], strict=False)
    return [pair for pair in pairs if not RELATIONS[pair[1]](pair[0], pair[2])]


class _Reader:
    def __init__(self, latex):
        left = _TOKEN.sub("", latex).strip()
        if left:
            raise ValueError(f"latex: got {left[:20]!r}, accepts one formula")
        tokens = [token.replace("tfrac", "frac") for token in _TOKEN.findall(latex)]
        self.tokens = [token for token in tokens if token not in _SPACE] + [None]

    def all(self):
        value = self.sum()
        if self.tokens[0] not in (None, "."):
            raise ValueError(f"latex: got more than a formula, {self.tokens}")
        return value

    def take(self, *wanted):
        return self.tokens.pop(0) if self.tokens[0] in wanted else None

    def thin(self):  # spaces
        while self.take("\\,", "\\;", "\\!"):
            pass

    def sum(self):
        sign = -1 if self.take("-") else 1
        total = sign * self.product()
        while sign := self.take("+", "-"):
            total += self.product() if sign == "+" else -self.product()
        return total

    def product(self, inside=False):
        """Factors; inside a function's argument up to a space or the next function."""
        value = self.factor()
        while True:
            if not inside:
                self.thin()
            if not inside and self.take("/"):
                value /= self.product(inside=True)  # 1/2n is 1/(2n)
            elif self.starts() and not (inside and self.tokens[0] in _ENDS):
                value *= self.factor()
            else:
                return value

    def starts(self):
        token = self.tokens[0]
        if token is None or (token == "d" and self.tokens[1] in ("s", "t", "\\tau")):
            return False
        named = token[0] == "\\" and token not in (*_CLOSE.values(), "\\,", "\\;", "\\!", "\\quad")
        return named or token.isalnum() or token in "({"

    def factor(self):
        value = self.base()
        while True:
            if self.take("^"):
                value **= self.argument()
            elif self.take("!"):
                value = sp.factorial(value)
            else:
                return value

    def argument(self):  # of \frac, \sqrt and powers: one sign or a group
        if self.tokens[0] == "{":
            return self.base()
        token = self.tokens.pop(0)
        return sp.Integer(token) if token.isdigit() else self.name(token)

    def name(self, token):
        name = _NAMES.get(token, token.lstrip("\\"))
        if self.take("_"):
            marks = self.tokens.pop(0)
            if marks == "{":
                marks = "".join(iter(lambda: self.tokens.pop(0), "}"))
            name += "_" + marks
        return sp.pi if name == "pi" else sp.Symbol(name)

    def base(self):
        self.thin()
        token = self.tokens.pop(0)
        if token in _CLOSE:
            value = self.sum()
            self.thin()
            if self.tokens.pop(0) != _CLOSE[token]:
                raise ValueError(f"latex: got {token} without its end")
            mark = {"|": sp.Abs, "\\lceil": sp.ceiling, "\\lfloor": sp.floor}
            return mark.get(token, sp.sympify)(value)
        if token == "\\frac":
            return self.argument() / self.argument()
        if token == "\\sqrt":
            return sp.sqrt(self.argument())
        if token in _FUNCTIONS:
            power = self.argument() if self.take("^") else 1
            return _FUNCTIONS[token](self.product(inside=True)) ** power
        if token in ("\\sum", "\\int"):
            return self.range(token)
        if token.isdigit():
            while self.tokens[0] and re.match(r"\d|\.\d", "".join(map(str, self.tokens[:2]))):
                token += self.tokens.pop(0)
            return sp.Rational(token)
        return self.name(token)

    def range(self, token):
        self.tokens.pop(0)  # _
        low = self.tokens.pop(0) if self.tokens[0] != "{" else None
        if low is None:
            self.tokens.pop(0)
            if token == "\\sum":
                index = self.name(self.tokens.pop(0))
                self.tokens.pop(0)  # =
            low = self.sum()
            self.tokens.pop(0)
        low = sp.Integer(low) if isinstance(low, str) and low.isdigit() else sp.sympify(low)
        self.tokens.pop(0)  # ^
        high = self.argument()
        body = self.product()
        if token == "\\sum":
            return sp.Sum(body, (index, low, high))
        self.tokens.pop(0)  # d
        return sp.Integral(body, (self.name(self.tokens.pop(0)), low, high))
