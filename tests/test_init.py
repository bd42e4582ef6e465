"""The page that says where each equation and figure of the paper is."""

import importlib
import re

import pwlib

LABEL, NAME = r"(\(\d+\)|Figure \d| {4,})", r"(?:[a-z]\w*\.)+\w+"
ROW = re.compile(rf"^{LABEL}.*?({NAME}(?:, {NAME})*)$", re.M)
NAMED = [name for _, names in ROW.findall(pwlib.__doc__) for name in names.split(", ")]


def test_each_equation_and_figure_has_a_row():
    first = [label.strip() for label, _ in ROW.findall(pwlib.__doc__) if label.strip()]
    assert first == [*(f"({n})" for n in range(1, 13)), *(f"Figure {n}" for n in range(1, 6))]


def test_each_function_named_there_exists():
    assert len(NAMED) > 20
    for name in NAMED:
        module, function = name.rsplit(".", 1)
        assert callable(getattr(importlib.import_module(f"pwlib.{module}"), function)), name
