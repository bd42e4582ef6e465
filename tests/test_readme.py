"""README.md and chapters/run-it.md: files, functions, commands and parameters they name exist."""

import importlib
import re
import shlex
import tomllib

import papermill
import pytest
import yaml

from pwlib import __main__
from pwlib.places import ROOT

TEXTS = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "chapters/run-it.md")}
MADE = ("_build/", "data/", "runs/", "~/")  # by commands, or anywhere

each_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


def blocks(text):
    return re.findall(r"^```bash\n(.*?)^```", text, re.M | re.S)


def words(text):
    """What stands between single backquotes outside blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def commands(text, start):
    """What follows a start in the command lines that have it and leave out nothing, by words."""
    lines = "\n".join(blocks(text)).replace("\\\n", " ").splitlines()
    found = [shlex.split(line, comments=True) for line in [*lines, *words(text)] if "…" not in line]
    return [line[len(start) :] for line in found if line[: len(start)] == start]


def test_the_readme_is_short_and_tells_five_findings_with_a_picture():
    text = TEXTS["README.md"]
    findings = text.split("<!-- findings")[1].split("<!-- end of findings")[0]
    assert len(text.split()) <= 700
    assert len(re.findall(r"^- .+: \*\*.+\.\*\* ", findings, re.M)) == 5
    (picture,) = re.findall(r"!\[.+\]\((.+)\)", text)
    assert (ROOT / picture).is_file()


def test_every_name_in_the_readmes_table_is_in_the_package():
    rows = re.findall(r"^\| .+? \| (`.+) \|$", TEXTS["README.md"], re.M)
    named = [name for row in rows for name in words(row)]
    assert len(named) > 15
    for name in named:
        module, _, function = name.rpartition(".")
        if function == "py":
            assert (ROOT / "pwlib" / name).is_file(), name
        else:
            assert callable(getattr(importlib.import_module(f"pwlib.{module}"), function)), name


@each_text
def test_every_path_exists(text):
    linked = re.findall(r"\]\(([\w./-]+)\)", text)
    named = [word for word in words(text) if re.fullmatch(r"[\w./-]+", word)]
    paths = [path for path in linked + named if "/" in path and not path.startswith(MADE)]
    assert paths
    for path in paths:
        assert (ROOT / path).exists() or (ROOT / "pwlib" / path).exists(), path


@each_text
def test_every_target_of_make_is_in_the_makefile(text):
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    named = {line[0] for line in commands(text, ["make"]) if line}
    assert {"book", "serve", "test"} <= named <= set(targets)


def test_every_command_of_the_package_is_one():
    found = commands(TEXTS["chapters/run-it.md"], ["python", "-m", "pwlib"])
    assert {line[0] for line in found} >= {"sweep", "table", "cache"}
    for line in found:
        assert __main__._parser().parse_args(line).command == line[0]


@each_text
def test_every_line_of_papermill_sets_parameters_of_its_chapter(text):
    found = [line for line in commands(text, ["papermill"]) if "-p" in line or "-y" in line]
    assert found
    for chapter, _, *rest in found:
        known = papermill.inspect_notebook(ROOT / chapter)
        named = [rest[i + 1] for i, word in enumerate(rest) if word == "-p"]
        named += [
            n for i, word in enumerate(rest) if word == "-y" for n in yaml.safe_load(rest[i + 1])
        ]
        assert named
        assert set(named) <= set(known), chapter


@each_text
def test_every_variable_of_the_environment_is_read(text):
    code = "".join(path.read_text("utf-8") for path in (ROOT / "pwlib").rglob("*.py"))
    for name in set(re.findall(r"\bPWLIB_[A-Z]+", text)):
        assert f'"{name}"' in code, name


def test_the_citation_has_the_version_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] in (ROOT / "LICENSE").read_text("utf-8")
