"""Tables of results: what is written is read again, with its origin."""

import json

import pytest

from pwlib.parameters import ParameterError
from pwlib.reruns import results, tables

ROWS = [
    {"dataset": "MNIST", "seed": 1, "arm": "hard, soft", "natural": 97.5, "points": [0.25, 1e-5]},
    {"dataset": "MNIST", "seed": 0, "arm": "plain", "natural": float("inf"), "points": []},
]
ORIGIN = {"command", "made", "commit", "versions", "processor", "runs", "core_hours", "sha256"}
SIZES = ("sample-complexity", "chebyshev-sizes", "equispaced-sizes", "equispaced-limit")
NAMES = ("networks", *SIZES, "point-sets", "strong-attacks", "along", "transfer")
OTHER = {"settings", "note", "cuda", "cpu", "hundred-seeds"}


def put(folder, text):
    (folder / "tiny.csv").write_text(text)
    (folder / "tiny.json").write_text(json.dumps(results.sealed({"runs": 2}, text)))


def test_what_is_written_is_read_again_with_numbers_as_numbers(tmp_path):
    text = results.text(ROWS)
    put(tmp_path, text)
    assert results.read("tiny", tmp_path) == ROWS
    assert text.splitlines()[0] == "dataset,seed,arm,natural,points"


def test_numbers_that_people_wrote_are_numbers_too(tmp_path):
    put(tmp_path, "seed,x,word\n0,97.8000,None\n,-5e-05,nought\n")
    assert results.read("tiny", tmp_path) == [
        {"seed": 0, "x": 97.8, "word": "None"},
        {"seed": "", "x": -5e-05, "word": "nought"},
    ]


def test_every_table_can_be_made_again_and_is_read_by_its_name():
    assert {path.stem for path in results.RESULTS.glob("*.csv")} == set(NAMES)
    assert {"networks", *tables.LISTED} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_table_says_where_it_came_from(name):
    about = json.loads((results.RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    assert set(about) >= ORIGIN >= set(about) - OTHER
    assert about["command"] == f"python -m pwlib table {name}"
    assert about["versions"]["numpy" if name != "strong-attacks" else "torch"]
    assert about["runs"] == len(results.read(name))
    assert not (results.RESULTS / f"{name}.csv").read_text("utf-8").startswith("#")
    json.dumps(about, allow_nan=False)


def test_the_table_of_networks_holds_shares():
    for row in results.read("networks"):
        shares = [row[key] for key in ("os_0.0", "height", "pgd_1_first", "pgd_2_first")]
        assert all(0 <= share <= 100 for share in shares)
        assert row["pgd_2_first"] <= row["pgd_1_first"] <= row["os_0.0"] + 5  # of other images


def test_a_table_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ParameterError, match="name: got 'network', accepts one of .*'networks'"):
        results.read("network")
