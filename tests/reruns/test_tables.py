"""The tables of many networks: what they hold, and a row of each, made again."""

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from scipy.stats import t as student

from pwlib import strong_attacks
from pwlib.reruns import plans, results, runs, tables
from pwlib.reruns.plans import Request, SweepError
from pwlib.reruns.sweeps import Settings
from pwlib.training import Job, train_many

# One row of each table that is trained and measured afresh.
FIXED = {
    "controls": "dataset=MNIST seed=0 arm=hard",
    "samples": "dataset=FashionMNIST seed=1 arm=plain fraction=0.05",
    "settings": "dataset=MNIST seed=2 updates=apart",
}


def parameters(table):
    """The parameters of each run of a table, as its grids ask for them, without the workers."""
    fixed = tables.defaults(tables.CHAPTER)
    grids = tables.grids()[table]
    tasks = [t for g in grids for t in plans.plan(Request(tables.CHAPTER, g.split())).tasks]
    found = [fixed | task.parameters for task in tasks]
    return [{k: v for k, v in one.items() if k != "workers"} for one in found]


@pytest.mark.parametrize("table", tables.grids())
def test_each_table_has_the_rows_that_its_grids_ask_for(table):
    asked = parameters(table)
    rows = results.load(f"{table}.csv")
    held = [{name: row[name] for name in asked[0]} for row in rows]
    assert {str(sorted(one.items())) for one in held} == {
        str(sorted((k, float(v) if isinstance(v, int) else v) for k, v in one.items()))
        for one in asked
    }
    assert len(held) == len({str(one) for one in held})


def prediction_interval(values, level=0.99):
    """Where one more network's value lies, given those of others (Student's t)."""
    n, spread = len(values), np.std(values, ddof=1)
    half = student.ppf((1 + level) / 2, n - 1) * spread * np.sqrt(1 + 1 / n)
    return np.mean(values) - half, np.mean(values) + half


@pytest.mark.slow
@pytest.mark.parametrize("table", FIXED)
def test_a_row_made_again_lies_where_its_other_seeds_are(table):
    (task,) = plans.plan(Request(tables.CHAPTER, FIXED[table].split())).tasks
    found = runs.run(task, cached=False).numbers
    alike = tables.defaults(tables.CHAPTER) | task.parameters
    skip = ("seed", "workers")
    where = {name: value for name, value in alike.items() if name not in skip}
    rows = results.load(f"{table}.csv")
    for name in ("natural", "height", "pgd_1", "to_reference", "from_reference", "control"):
        values = results.values(rows, name, **where)
        assert len(values) >= 3
        low, high = prediction_interval(values)
        assert low <= found[name] <= high, name


@pytest.mark.slow
def test_a_row_of_the_strong_attacks_made_again_lies_within_what_so_few_images_allow():
    torchattacks = pytest.importorskip("torchattacks")  # make test installs it
    assert torchattacks.__version__
    network, dataset = "random", "MNIST"
    (model,) = train_many([Job(dataset, strong_attacks.CONFIGS[network], strong_attacks.SEED)], 1)
    found = strong_attacks.row(dataset, network, model)
    (row,) = (
        row
        for row in results.load("strong-attacks.csv")
        if (row["dataset"], row["network"]) == (dataset, network)
    )
    for name in ("auto", "auto_pgd", "square", "square_art", "square_pgd", "far", "zero_gradients"):
        images = strong_attacks.AUTO if name.startswith("auto") else strong_attacks.BLACK_BOX
        share = row[name] / 100
        slack = 3 * np.sqrt(max(share * (1 - share), 0.01) / images)
        assert abs(float(found[name]) / 100 - share) <= slack, name


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A table of two runs of a notebook that glues a number."""
    cells = [
        new_code_cell(
            "seed: int = 0  # any\nradius: float = 1.0  # any",
            metadata={"tags": ["parameters"]},
            id="p",
        ),
        new_code_cell(
            "from myst_nb import glue\nglue('x', seed + radius / 3, display=False)", id="a"
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(
        new_notebook(cells=cells, metadata={"kernelspec": kernel}), tmp_path / "tiny.ipynb"
    )
    monkeypatch.setattr(tables, "CHAPTER", tmp_path / "tiny.ipynb")
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    monkeypatch.setattr(tables, "grids", lambda: {"tiny": ["seed=0:2", "seed=1:3 radius=1"]})
    return tmp_path


@pytest.mark.slow
def test_a_table_has_a_row_for_each_run_with_all_parameters_and_each_run_once(tiny):
    path = tables.make("tiny", Settings(tiny / "out", workers=1, quiet=True))
    assert results.load(path.name, tiny) == [
        {"seed": seed, "radius": 1.0, "x": pytest.approx(seed + 1 / 3, abs=1e-4)}
        for seed in range(3)
    ]
    command, made, *_ = path.read_text().splitlines()
    assert command == "# python -m pwlib table tiny"
    assert "3 runs" in made
    before = path.read_text()
    tables.make("tiny", Settings(tiny / "out", workers=1, quiet=True))
    assert path.read_text() == before


def test_a_table_that_isnt_known_is_refused():
    with pytest.raises(SweepError, match="^table: got 'contols', accepts one of controls, "):
        tables.make("contols", Settings(results.RESULTS))
