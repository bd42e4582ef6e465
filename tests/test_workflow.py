"""The workflow that tests and publishes the book, as linters and its own promises have it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pwlib.places import ROOT

PATH = ROOT / ".github" / "workflows" / "book.yml"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def workflow():
    return yaml.load(
        PATH.read_text(encoding="utf-8"), yaml.BaseLoader
    )  # which leaves the key `on` a word


@pytest.mark.parametrize(
    "command",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        ["zizmor", "--offline", "--quiet", "--persona", "pedantic"],
    ],
    ids=lambda command: command[0],
)
def test_a_linter_finds_nothing(command):
    run = [str(BIN / command[0]), *command[1:], str(PATH)]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_each_week_and_executes_every_chapter_then(workflow):
    (entry,) = workflow["on"]["schedule"]
    minute, hour, day, month, weekday = entry["cron"].split()
    assert all(number.isdigit() for number in (minute, hour, weekday))
    assert (day, month) == ("*", "*")
    steps = workflow["jobs"]["build"]["steps"]
    (fresh,) = [step for step in steps if step.get("run") == "make book FRESH=1"]
    assert fresh["if"] == "github.event_name == 'schedule'"


def test_it_publishes_from_main_alone_what_passed_the_tests(workflow):
    build, publish = workflow["jobs"]["build"], workflow["jobs"]["publish"]
    assert "github.ref == 'refs/heads/main'" in publish["if"]
    assert publish["needs"] == "build"
    runs = [step["run"] for step in build["steps"] if "run" in step]
    assert runs[0] == "make test"
    assert build["permissions"] == {"contents": "read"}


def test_what_it_runs_is_in_the_makefile(workflow):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert step.get("run", "make book").split()[1] in targets
