"""``make mutants``: wrong edits of the science modules, and which of them their tests notice.

    python tests/mutants                              the scores of the report
    python tests/mutants polynomials grids            try these; what was tried before is kept
    python tests/mutants --sample 60 --seed 1 linear  try a random sample of its mutants
    python tests/mutants edits                        try the wrong edits of edits.py

The mutants are cosmic-ray's. Its own runner writes each into the working tree and starts Python
anew, which here takes longer than the tests do; so each mutant is imported in the place of its
module in a child of a process that has loaded PyTorch, and no file changes. A mutant runs the fast
tests of its module, with ``-x``, and then, if it survives these, those that look at all modules.
A survivor stays in the report with the reason why it changes nothing, which is written there by
hand. Of a sample the report has the size and the seed, and its share is printed with Wilson's 95%
interval for that of all; it doesn't replace the score of all mutants of the same code.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import gc
import hashlib
import importlib
import importlib.abc
import importlib.util
import json
import os
import random
import re
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path

import cosmic_ray.operators.provider
import pytest
from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import MutationVisitor
from edits import EDITS
from scipy.stats import binomtest

from pwlib.places import ROOT, write

REPORT = Path(__file__).with_name("report.json")
TRIED = ROOT / "_build" / "mutants"
OF_ALL = ("known_answers", "edges", "properties")
ALSO = {"maxmargin": ("soft_margin",)}  # files of tests that bear on a module, by their names
SWAPS = (
    *("Binary:Add_Sub", "Binary:Sub_Add", "Binary:Mul_Div", "Binary:Div_Mul", "Binary:Pow_Mul"),
    *("Binary:FloorDiv_Div", "Binary:Mod_FloorDiv", "Binary:BitOr_BitAnd", "Binary:BitAnd_BitOr"),
    *("Comparison:Lt_LtE", "Comparison:LtE_Lt", "Comparison:Gt_GtE", "Comparison:GtE_Gt"),
    *("Comparison:Eq_NotEq", "Comparison:NotEq_Eq", "Comparison:Is_IsNot", "Comparison:IsNot_Is"),
    *("Unary:Delete_USub", "Unary:Delete_Not", "Unary:Delete_Invert"),
)
OPERATORS = (
    *(f"Replace{kind}Operator_{name}" for kind, _, name in (s.partition(":") for s in SWAPS)),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("AddNot", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer"),
    *("RemoveDecorator", "ZeroIterationForLoop"),
)


def main(argv: list[str]) -> None:
    """Try the mutants of the modules, one after the other, and print the scores."""
    parser = argparse.ArgumentParser("python tests/mutants", allow_abbrev=False)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--sample", type=int, metavar="N", help="as many mutants, not all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample; 0 unless given")
    args = parser.parse_args(argv)
    report = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
    for module in args.modules:
        if module == "edits":
            report["edits"] = edited()
        elif path_of(module).exists():
            before = report.get(module, {})
            found = tried(module, args.sample, args.seed, before.get("survivors", {}))
            if "sample" in found and "sample" not in before and before.get("code") == found["code"]:
                print(score(module, found))
                continue
            report[module] = found
        else:
            sys.exit(f"module: got {module!r}, accepts the name of a module of pwlib")
        write(REPORT, in_json(report))
    for name, found in report.items():
        now = name == "edits" or found["code"] == meaning(path_of(name).read_text("utf-8"))
        print(score(name, found) + ("" if now else "  (other code)"))


def score(name: str, found: dict) -> str:
    """How many mutants are killed, and of a sample what that says of all."""
    tried = found.get("sample", found["mutants"])
    shown = f"{name:20}{found['killed']:5} of {tried:4} {100 * found['killed'] / tried:6.1f} %"
    if "sample" not in found:
        return shown
    share = binomtest(found["killed"], tried).proportion_ci(method="wilson")
    low, high = 100 * share.low, 100 * share.high
    return f"{shown}  (sample of {found['mutants']}: {low:.1f} to {high:.1f} %)"


def in_json(report: dict) -> str:
    return json.dumps(dict(sorted(report.items())), ensure_ascii=False, indent=1) + "\n"


def edited() -> dict:
    """What became of each wrong edit; one that no longer applies stops the command."""
    survivors, sound = [], set()
    load("training")
    for module, there, then in EDITS:
        source = path_of(module).read_text(encoding="utf-8")
        if there not in source:
            sys.exit(f"edits: got {there!r}, accepts what stands in {module}")
        tests = [ROOT / "tests" / f"test_{name}.py" for name in (module, *OF_ALL)]
        if module not in sound and not survives(module, source, tests, 300):
            sys.exit(f"{module}: the tests fail as it is")
        sound.add(module)
        if survives(module, source.replace(there, then, 1), tests, 300):
            survivors.append(f"{module}: {there} → {then}")
            print(f"survives: {survivors[-1]}", flush=True)
    killed = len(EDITS) - len(survivors)
    return {"mutants": len(EDITS), "killed": killed, "survivors": dict.fromkeys(survivors, "")}


def tried(module: str, sample: int | None, seed: int, reasons: dict) -> dict:
    """The entry of a module in the report; each outcome is kept as soon as it is known."""
    source = path_of(module).read_text(encoding="utf-8")
    load(module)
    files = [
        [ROOT / "tests" / f"test_{name}.py" for name in names]
        for names in ((module, *ALSO.get(module, ())), OF_ALL)
    ]
    limits = [limit_of(module, source, tests) for tests in files]
    read = b"".join(path.read_bytes() for tests in files for path in tests)
    version = hashlib.sha256(read).hexdigest()[:8]
    kept = TRIED / f"{module}.json"
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    mutants = list(dict.fromkeys(mutants_of(source)))
    of_all, whole = len(mutants), sample is None or sample >= len(mutants)
    if not whole:
        mutants = random.Random(seed).sample(mutants, sample)
    for i, mutant in enumerate(mutants):
        key = meaning(mutant)
        # what once failed stays killed; what survived is tried again when tests change
        if known.get(key) != "killed" and known.get(key) != version:
            alive = all(
                survives(module, mutant, tests, limit)
                for tests, limit in zip(files, limits, strict=True)
            )
            known[key] = version if alive else "killed"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(known), encoding="utf-8")
            if alive:
                print(f"{module} {i + 1}/{len(mutants)} survives: {change(source, mutant)}")
                sys.stdout.flush()
    alive = [change(source, mutant) for mutant in mutants if known[meaning(mutant)] != "killed"]
    return {
        "code": meaning(source),
        "mutants": of_all,
        **({} if whole else {"sample": len(mutants), "seed": seed}),
        "killed": len(mutants) - len(alive),
        "survivors": {each: reasons.get(each, "") for each in alive},
    }


def mutants_of(source: str) -> Iterator[str]:
    """The mutants of a source that mean something else than it does, one statement at a time."""
    operators = cosmic_ray.operators.provider.OperatorProvider()
    parts = [part.get_code() for part in get_ast(source).children]
    for i, part in enumerate(parts):
        for name in OPERATORS:
            for occurrence in count():
                mutant = MutationVisitor.mutate_code(part, operators[name](), occurrence)
                if mutant is None:
                    break
                with suppress(SyntaxError):
                    if meaning(mutant) != meaning(part):
                        yield "".join([*parts[:i], mutant, *parts[i + 1 :]])


@cache
def meaning(source: str) -> str:
    """A hash of the code without docstrings and the annotations of arguments and results."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def change(source: str, mutant: str) -> str:
    """The lines that differ, before and after."""
    lines = difflib.ndiff(source.splitlines(), mutant.splitlines())
    found = [line for line in lines if line[:2] in ("- ", "+ ")]
    sides = (" ".join(x[2:].strip() for x in found if x[0] == side) for side in "-+")
    return " → ".join(re.sub(r"\s+", " ", side) for side in sides)


def load(module: str) -> None:
    """Load what the modules and tests import of other people's, and forget our own."""
    for name in (f"pwlib.{module}", "pwlib.book.printing", "scipy.stats", "sympy", "mpmath"):
        importlib.import_module(name)
    for name in ("scipy.optimize.elementwise", "scipy.signal", "nbformat", "hypothesis"):
        importlib.import_module(name)
    for name in [name for name in sys.modules if name.split(".")[0] == "pwlib"]:
        del sys.modules[name]
    gc.freeze()


def limit_of(module: str, source: str, tests: list[Path]) -> int:
    """The CPU seconds beyond which a mutant hangs: thrice what the tests take without, and five."""
    before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    if not survives(module, source, tests, 600):
        sys.exit(f"{module}: the tests fail as it is")
    return round(3 * (sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before)) + 5


def survives(module: str, source: str, tests: list[Path], limit: int) -> bool:
    """Whether the fast tests of some files pass with a module that has this source."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        signal.alarm(10 * limit)  # where it waits for something that never comes
        os._exit(code_of_tests(module, source, tests))
    return os.waitpid(child, 0)[1] == 0


def code_of_tests(module: str, source: str, tests: list[Path]) -> int:
    """In a child, which ends with it: pytest's exit code."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.chdir(ROOT)
        sys.meta_path.insert(0, Mutant(f"pwlib.{module}", source))
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        settings = ["-x", "-q", "-m", "not slow", "--noconftest"]
        settings += [f"-p no:{plugin}" for plugin in ("cacheprovider", "unraisableexception")]
        return int(pytest.main([*settings, *map(str, tests)]))
    except BaseException:  # a mutant may do anything
        return 99


class Mutant(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Imports a module from another source than its file."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source

    def find_spec(self, name, path, target=None):
        if name == self.name:
            return importlib.util.spec_from_file_location(
                name, self.get_filename(name), loader=self
            )
        return None

    def get_filename(self, name):
        return str(path_of(name.removeprefix("pwlib.")))

    def get_data(self, path):
        return self.source.encode()


def path_of(module: str) -> Path:
    return ROOT / "pwlib" / f"{module.replace('.', '/')}.py"


if __name__ == "__main__":
    main(sys.argv[1:])
