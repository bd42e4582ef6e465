"""Tables of many networks, as chapters read them."""

import pytest

from pwlib.reruns import results

TABLE = """# python -m pwlib table tiny
# 2026-01-01: made by hand
dataset,seed,arm,natural
MNIST,1,hard,97.5
MNIST,0,hard,96.5
MNIST,0,plain,95
"""


@pytest.fixture
def rows(tmp_path):
    (tmp_path / "tiny.csv").write_text(TABLE)
    return results.load("tiny.csv", tmp_path)


def test_numbers_come_as_numbers_and_words_as_words(rows):
    assert rows[0] == {"dataset": "MNIST", "seed": 1.0, "arm": "hard", "natural": 97.5}


def test_values_are_in_the_order_of_their_seeds(rows):
    assert results.values(rows, "natural", arm="hard", dataset="MNIST").tolist() == [96.5, 97.5]


@pytest.mark.parametrize(("where", "said"), [({"arm": "x"}, "0 rows"), ({}, "3 rows")])
def test_what_names_no_row_or_a_seed_twice_is_refused(rows, where, said):
    with pytest.raises(ValueError, match=f"where: got .*{said}"):
        results.values(rows, "natural", **where)


@pytest.mark.parametrize("name", ["controls.csv", "samples.csv", "settings.csv"])
def test_every_table_names_its_command_its_versions_and_holds_shares(name):
    text = (results.RESULTS / name).read_text().splitlines()
    assert text[0] == f"# python -m pwlib table {name.removesuffix('.csv')}"
    assert "torch" in text[1]
    for row in results.load(name):
        shares = [row[key] for key in ("natural", "height", "pgd_1", "to_reference", "control")]
        assert all(0 <= share <= 100 for share in shares)
        assert row["pgd_2"] <= row["pgd_1"] <= row["natural"] + 5  # of other images
