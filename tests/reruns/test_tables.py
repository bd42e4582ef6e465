"""The tables: what they hold, and rows of each, made again."""

import contextlib
import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from pwlib import arms, robustness, sample_complexity, strong_attacks
from pwlib.reruns import kept, results, tables
from pwlib.reruns.runs import SweepError

# Rows that are made again. Chapter 4c trains the first two and all references: make test keeps
# networks from one to the other.
AGAIN = [("MNIST", "hard", 0), ("FashionMNIST", "third", 0), ("MNIST", "parallel", 0)]
MEASURES = ("os_0.0", "height", "pgd_1_first", "pgd_2_first", "to_reference", "from_reference")
FALSE_ALARM = 0.005  # the chance of one, in all checks of these rows together


@pytest.mark.slow
@pytest.mark.parametrize(("dataset", "arm", "seed"), AGAIN)
def test_a_row_made_again_lies_where_the_others_of_its_arm_do(dataset, arm, seed):
    """Those made on processors and those made on a GPU, where the table has both."""
    (found,) = arms.rows(dataset, arm, [seed], "cpu", kept.keep)
    chosen = {"arm": arm, "dataset": dataset}
    rows = [row for row in results.read("networks") if chosen.items() <= row.items()]
    each = FALSE_ALARM / len(AGAIN) / 2 / len(MEASURES) / 2  # of two devices, of two sides
    for device in {row["device"] for row in rows}:
        others = [row for row in rows if (row["device"], row["seed"] == seed) == (device, False)]
        assert len(others) >= 4
        for measure in MEASURES:
            values = np.array([row[measure] for row in others])
            error = values.std(ddof=1) * np.sqrt(1 + 1 / len(values))
            far = abs(found[measure] - values.mean()) / error
            assert far < student.isf(each, len(values) - 1), (device, measure)


@pytest.mark.slow
def test_a_row_of_the_strong_attacks_is_made_again_on_fewer_of_its_images(monkeypatch):
    """On 200 of the thousand, at one length: within what so few images allow."""
    pytest.importorskip("torchattacks")  # make test installs it
    about = {"dataset": "MNIST", "arm": "hard", "seed": 0, "device": "cpu"}  # as chapter 4c trains
    some = replace(robustness.Attack(drawn=0), images=200)
    monkeypatch.setattr(strong_attacks, "Attack", lambda drawn: some)
    monkeypatch.setattr(strong_attacks, "LENGTHS", (1.0,))
    found = strong_attacks.row(**about, keep=kept.keep)
    (row,) = (row for row in results.read("strong-attacks") if about.items() <= row.items())
    for name in set(found) - set(about):
        share = row[name] / 100
        slack = 4 * np.sqrt(max(share * (1 - share), 0.01) / 200)
        assert abs(float(found[name]) / 100 - share) <= slack, name


@pytest.fixture
def few(tmp_path, monkeypatch):
    """A table of networks that lacks two arms, which take no time."""

    def rows(dataset, arm, seeds, device, keep):
        return [{"arm": arm, "dataset": dataset, "device": device, "seed": s} for s in seeds]

    monkeypatch.setattr(arms, "ARMS", {name: arms.ARMS[name] for name in ("third", "hard")})
    monkeypatch.setattr(arms, "rows", rows)
    monkeypatch.setattr(tables.parallel, "run", lambda f, jobs, *rest: [f(*job) for job in jobs])
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    there = [{"arm": "hard", "dataset": "MNIST", "device": "cuda", "seed": 7}]
    tables._write("networks", there, {"runs": 1})
    return tmp_path


def test_the_table_of_networks_gets_what_it_lacks_and_nothing_twice(few):
    tables.make("networks", few / "out")
    rows = results.read("networks", few)
    made = {(row["arm"], row["dataset"], row["seed"]) for row in rows if row["device"] == "cpu"}
    assert made == {
        (arm, dataset, seed)
        for arm, dataset in (
            ("third", "MNIST"),
            ("third", "FashionMNIST"),
            ("hard", "FashionMNIST"),
        )
        for seed in range(5)
    }
    about = json.loads((few / "networks.json").read_text())
    assert about["runs"] == len(rows) == 16
    assert about["cpu"]["networks"] == 15
    before = (few / "networks.csv").read_text()
    tables.make("networks", few / "out")
    assert (few / "networks.csv").read_text() == before


def test_an_arm_is_written_before_the_next_is_begun(few, monkeypatch):
    def run(function, jobs, *rest):
        if jobs[0][1] == "hard":
            raise KeyboardInterrupt
        return [function(*job) for job in jobs]

    monkeypatch.setattr(tables.parallel, "run", run)
    with pytest.raises(KeyboardInterrupt):
        tables.make("networks", few / "out")
    assert {row["arm"] for row in results.read("networks", few)} == {"hard", "third"}


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """A table of which each row takes well under a second."""
    jobs = tables.every(p=(2, 3), reading=("roots",), odd=(False, True))
    table = tables.Listed(sample_complexity.row, jobs)
    monkeypatch.setattr(tables, "LISTED", {"tiny": table})
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    return table


@pytest.mark.slow
def test_a_table_that_a_function_makes_has_its_rows_and_goes_on_where_it_was(listed, tmp_path):
    out = tmp_path / "out"
    path = tables.make("tiny", out, 2)
    whole = path.read_text()
    assert results.read("tiny", tmp_path) == [sample_complexity.row(**job) for job in listed.jobs]
    assert json.loads((tmp_path / "tiny.json").read_text())["runs"] == 4
    first, *rest = sorted(out.iterdir())
    before = [one.stat().st_mtime_ns for one in rest]
    first.unlink()
    tables.make("tiny", out, 2)
    assert path.read_text() == whole
    assert first.exists()
    assert [one.stat().st_mtime_ns for one in rest] == before


@pytest.mark.parametrize("damage", ["an edited number", "another row", "cut"])
def test_a_row_that_was_changed_before_its_table_was_done_is_refused(listed, tmp_path, damage):
    module, out = listed.function.__module__, tmp_path / "out"
    first, second = (out / f"{kept.key(module, job)}.json" for job in listed.jobs[:2])
    for job, place in zip(listed.jobs, (first, second), strict=False):
        tables._keep_row(listed.function, job, place)
    assert tables._read(first, None)["row"] == listed.function(**listed.jobs[0])
    text = first.read_text()
    edited = text.replace('"certified": ', '"certified": 1')
    changed = {"an edited number": edited, "cut": text[:-9]}
    first.write_text(changed.get(damage, second.read_text()))
    assert first.read_text() != text
    with pytest.raises(SweepError, match=rf"^{first}: got other content than its run wrote; "):
        tables._read(first, None)


def test_a_table_whose_writer_is_killed_at_any_point_is_the_old_or_the_new_one(few, monkeypatch):
    old, new = results.read("networks", few), [{"arm": "third", "seed": 1}]
    write, replace_, left = tables.places.write, tables.Path.replace, [0]

    def stop():
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(tables.places, "write", lambda *to: (stop(), write(*to)))
    monkeypatch.setattr(tables.Path, "replace", lambda *to: (stop(), replace_(*to))[1])
    for steps, there in ((0, old), (1, old), (2, new), (3, new)):
        left[0] = steps
        with contextlib.suppress(KeyboardInterrupt):
            tables._write("networks", new, {})
        assert results.read("networks", few) == there


def test_a_table_that_isnt_known_is_refused(tmp_path):
    with pytest.raises(SweepError, match="^table: got 'netwroks', accepts one of networks, "):
        tables.make("netwroks", tmp_path)
