"""What must be true of the package as files: what it imports, documents, and brings along."""

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain

import pytest

from pwlib.places import CHAPTERS, ROOT
from pwlib.reruns.provenance import source

PACKAGE = ROOT / "pwlib"
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted(PACKAGE.rglob("[a-z]*.py"))
]
# What the benchmarks and the strong attacks compare with: tests/benchmarks/requirements.txt.
OTHERS = {"art", "torchattacks"}

each_module = pytest.mark.parametrize("module", MODULES)


def tree(module):
    return ast.parse(source(module))


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


def documented(tree):
    kinds = ast.FunctionDef | ast.ClassDef
    public = [node for node in tree.body if isinstance(node, kinds) and node.name[0] != "_"]
    return {node: text for node in public if (text := ast.get_docstring(node))}


def test_what_is_installed_with_the_package_is_what_it_imports():
    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    assert all(">=" in each and "==" not in each for each in wanted)
    names = set(re.findall(r"[a-z][\w-]*", " ".join(wanted).lower()))  # an extra's name too
    found = [imported(tree(m)) for m in MODULES if not m.startswith("pwlib.book")]
    packages = set(chain(*found)) - set(sys.stdlib_module_names) - OTHERS - {"pwlib"}
    brought = packages_distributions()
    missing = {p for p in packages if not names & {name.lower() for name in brought.get(p, [])}}
    assert not missing


def test_the_reference_lists_every_module_once():
    pages = {path.stem: path.read_text("utf-8") for path in CHAPTERS.glob("api*.rst")}
    index = re.findall(r"^   (pwlib\.[\w.]+)$", pages.pop("api"), re.M)
    shown = re.findall(r"automodule:: (\S+)", "\n".join(pages.values()))
    assert sorted(index) == sorted(shown) == sorted(MODULES)
    for name, page in pages.items():
        heads = re.findall(r"^(\S+)\n-+\n\n\.\. automodule:: pwlib\.\1$", page, re.M)
        assert len(heads) == page.count("automodule"), name
    assert len(pages) <= 5


@each_module
def test_every_public_name_has_a_docstring_that_starts_with_a_sentence(module):
    for node, text in documented(tree(module)).items():
        first = text.split("\n\n")[0]
        assert re.search(r"[.:?]$", first), f"{module}.{node.name}: {first!r}"


@pytest.mark.slow
def test_a_wheel_works_without_a_checkout(tmp_path):
    source, empty, env = tmp_path / "source", tmp_path / "empty", tmp_path / "env"
    shutil.copytree(PACKAGE, source / "pwlib", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, source)
    empty.mkdir()

    def run(*command):
        settings = {"PYTHONNOUSERSITE": "1", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, cwd=empty, env=settings, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pip(*command):
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *command]

    run(*pip("wheel", source, "--no-deps", "--wheel-dir", tmp_path))
    (wheel,) = tmp_path.glob("pwlib-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", env)
    (site,) = env.glob("lib/python*/site-packages")
    run(*pip("install", "--no-deps", "--target", site, wheel))
    # The packages that are installed here, but nothing that a .pth file there adds, as a checkout.
    (site / "here.pth").write_text(sysconfig.get_path("purelib"))
    code = (
        "from pathlib import Path; import pwlib.polynomials, pwlib.attacks, pwlib.ledger.claims;"
        "import pwlib.reruns; print(pwlib.__file__);"
        "assert Path(pwlib.reruns.__file__).with_name('summary.ipynb').exists()"
    )
    assert run(env / "bin" / "python", "-c", code).startswith(str(site))
