"""Bad calls of every public function of the package, made by the kind of arguments.

A call has two seconds, ends in one line that names the bad argument, and returns nothing.
"""

import importlib
import inspect
import itertools
import math
import re
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from types import SimpleNamespace
from unittest.mock import Mock

import nbformat
import numpy as np
import pytest
import torch
import yaml
from distributed import Client, Worker
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_notebook
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from torch import nn

from pwlib import (
    boundaries,
    linear,
    parallel,
    power_function,
    robustness,
    strong_attacks,
    training,
    transfer,
)
from pwlib.book import build, printing
from pwlib.datasets import Dataset
from pwlib.figures import figures_4_5
from pwlib.ledger.claims import Claim, ClaimError
from pwlib.networks import MLP, stack
from pwlib.places import RESULTS
from pwlib.reruns import kept, notebooks, summary, sweeps, tables
from pwlib.reruns.runs import Result, SweepError, Task, rests_on
from pwlib.robustness import Attack, Measured
from pwlib.training import Job, TrainingConfig

MODULES = "arms attacks boundaries datasets directions grids intervals large_degrees linear"
MODULES += (
    " maxmargin networks objectives optimal point_search polynomials power_function robustness"
)
MODULES += " pockets sample_complexity signs strong_attacks training transfer"
FIGURES = "causes figures_1_2_3 figures_4_5 linear play points style"
MODULES += "".join(f" figures.{module}" for module in FIGURES.split())
RERUNS = "kept notebooks provenance results runs summary sweeps tables"
MACHINERY = "ledger.assumptions ledger.claims parallel places book.build book.printing "
MACHINERY += " ".join(f"reruns.{module}" for module in RERUNS.split())
MACHINERY += " book.light_pages book.live book.sphinx_extension book.sphinx_links"
MODULES += f" {MACHINERY}"
FUNCTIONS = {
    f"{module}.{name}": thing
    for module in MODULES.split()
    for name, thing in vars(importlib.import_module(f"pwlib.{module}")).items()
    if name[0] != "_" and callable(thing)
    if getattr(thing, "__module__", "") == f"pwlib.{module}"
    if not inspect.isclass(thing) or hasattr(thing.__init__, "__wrapped__")  # by `checks.accepts`
    if inspect.signature(thing).parameters
}
NET, RNG = MLP((4, 6, 6, 3), "relu", 0), np.random.default_rng(0)
X, Y = torch.rand(8, 4, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 3
POINTS, LABELS = np.linspace(0.1, 0.9, 4), np.array([-1.0, -1, 1, 1])
SAMPLES = RNG.random((4, 3))
PLANE = MLP((2, 6, 3), "tanh", 0).double()
MAP = np.arange(36.0).reshape(6, 6) % 5
CONFIG = TrainingConfig(widths=(4, 6, 6, 3), epochs=1, batch=4, arm="hard")
IMAGES = torch.rand(8, 784, generator=torch.Generator().manual_seed(1))
WIDE = MLP((784, 6, 10), "relu", 0)
DATA = Dataset(X, Y, X.flip(0), Y.flip(0))
ROW = {"dataset": "MNIST", "device": "cpu", "seed": 0, "natural": 90.0, "height": 50.0}
ROW |= dict.fromkeys(("os_0.0", "pgd_1_first", "pgd_2_first", "control"), 40.0)
ROW |= {"to_reference": 40.0, "from_reference": 40.0}
ROWS = [ROW | {"arm": arm} for arm in ("hard", "third", "reference")]


def untrained(settings, compute):
    """Weights as a training starts from, in the place of those at its end."""
    config = TrainingConfig(**settings["network"])
    return nn.ModuleList([config.start(seed) for seed in settings["seeds"]]).state_dict()


# Good arguments, by their names; those of one function, by its name.
GOOD = {
    **{"n": 3, "m": 4, "p": 3, "x": POINTS, "at": POINTS, "nodes": 6, "odd": True, "odd_p": True},
    **{"odd_m": True, "measure": "lebesgue", "criterion": "average", "seed": 0, "index": 0},
    **{"starts": 1, "coefficients": np.ones((2, 4)), "centres": POINTS[:2], "penalty": 0.1},
    **{"gap": 0.5, "sizes": [4], "reading": "lobatto", "weights": np.array([0, 1.0, 0, 0.5])},
    **{"phi": 0.1, "j": 0, "c": 0.1, "share": 0.1, "values": np.array([1.0, 2, 4])},
    **{"a": np.array([1.0, 2, 4]), "b": np.array([1.0, 3, 3]), "margin": 1.0, "level": 0.9},
    **{"difference": np.array([1.0, 2, 4]), "p_values": {"one": 0.1}, "form": ".1f", "mean": 1.0},
    **{"low": 0.0, "high": 2.0, "kind": "lobatto", "order": 2, "model": NET, "network": NET},
    **{"y": Y, "eps": 0.2, "steps": 1, "restarts": 1, "box": (0.0, 1.0), "step": X - 0.5},
    **{"magnitudes": (0.0, 0.5), "logits": NET(X).detach(), "g": X, "direction": "hard"},
    **{"radius": 0.5, "within": 1.0, "scale": 1.0, "config": CONFIG, "data": DATA, "seeds": [0]},
    **{"networks": [NET], "name": "MNIST", "dataset": "MNIST", "arm": "hard", "device": "cpu"},
    **{"rows": ROWS, "one": "hard", "other": "third", "reference": "reference", "z": X},
    **{
        "workers": 1,
        "attack": Attack((0.0, 1.0), (0.5,), 2, 1, 4),
        "labels": LABELS,
        "right": True,
    },
    **{
        "right": True,
        "features": SAMPLES,
        "resolution": 6,
        "classes": MAP.astype(int),
        "score": MAP,
        "bins": 2,
    },
    **{"distance": MAP, "positive": MAP > 2, "level_of": 0.5, "strength": 0.1, "rng": RNG},
    **{"epochs": 1, "generators": [], "biases": "normal", "choice": "sgd", "measure_of": "natural"},
    **{"widths": (4, 6, 3), "activation": "tanh", "function": np.sin, "same": True, "size": 0.1},
}
SEEN = boundaries.Maps(MAP.astype(int), MAP, MAP, MAP)
MEASURED = Measured({"own": np.ones(11)}, np.ones(11), np.ones(2))
OF_SEEDS = {name: np.full(3, 90.0) for name in ("natural", "reference_natural")}
OF_SEEDS |= {name: np.ones(3) for name in ("height", "pgd_1", "pgd_2", "control")}
OF_SEEDS |= {name: np.zeros(3) for name in ("to_reference", "from_reference", "reference")}
TRANSFERS = {"dataset": "MNIST", "source": "CNN", "arm": "hard", "target": "CNN", "seed": 0}
TRANSFERS |= {"target_arm": "hard", "target_seed": 0, "natural": 90.0, "pgd": 50.0}
MET = [TRANSFERS | {"seed": a, "target_seed": b} for a, b in ((0, 0), (0, 1), (1, 1))]
GOOD |= {"seen": SEEN, "found": MEASURED, "under": "to_reference", "own": "height"}
GOOD |= {"natural": "natural", "stacked": stack([NET]), "angles": POINTS, "masses": np.ones(4)}
GOOD |= {"grid": power_function.midpoints, "jobs": [Job("MNIST", CONFIG, 0)], "table": MET}
GOOD |= {"source_arm": "hard", "target_arm": "hard", "shares": {("a", "a"): np.ones(3)}}
GOOD |= {"keep": untrained, "longest": 0.5, "lengths": torch.ones(8), "multiples": [1.0, 2.0]}
GOOD |= {"draws": 2, "generator": torch.Generator(), "counts": [1, 2], "trials": 4, "beyond": 2.0}
GOOD |= {"samples": X + 0.1, "dimension": 4, "height": 0.3, "f": np.cos, "support": np.arange(2)}
LINEAR = {"x": SAMPLES, "y": LABELS, "model": linear.Linear(np.ones(3), 0.0), "weights": np.ones(3)}
LINEAR |= {"direction": np.array([1.0, 0, 2]), "lengths": np.array([0.1, 1]), "count": 2, "d": 3}
LINEAR |= {"separation": 1.0, "side": 2, "contrast": 0.1, "grain": 0.1, "angle": 0.3}
LINEAR |= {"gain": np.full(4, 0.1), "negative": -1, "positive": 1, "terms": 4, "labels": LABELS}
LINEAR |= {"features": SAMPLES}
X_AXIS, CURVE = np.linspace(0, 1, 9), np.linspace(1, 0.05, 9)
BY_ARM = {arm: np.array([50.0, 54]) for arm in ("plain", "hard")}
BY_SIZE = {2: 6.3, 3: 6.2}
TENS = MLP((784, 6, 10), "relu", 0)
FIVES = {name: np.full((2, 3), 50.0) for name in figures_4_5.FIGURE_5}
PAIRS = {pair: np.array([50.0, 54]) for pair in itertools.product("ab", "ab")}
OF_GRIDS = {key: {4: np.array([0.0, 1])} for key in ("$C$, one", "$E$, other")}
AXES = Figure().subplots()
AXES.plot([0, 1], [0, 1], label="line")
NAMES_OF_8 = ("equispaced", "merging pairs")
DRAWN = {
    "causes": {"kinds": {"plain": "nothing", "hard": "features"}, "axis": "accuracy"}
    | {"found": {"MNIST": BY_ARM, "Fashion-MNIST": BY_ARM}, "across": "natural", "up": "attacked"}
    | {"x": [1, 10], "xlabel": "passes", "unit": ", %"},
    "causes.figure_paths": {"found": {"MNIST": dict.fromkeys(BY_ARM, ([97.0, 96], [5.0, 6]))}},
    "causes.figure_lengths": {"found": {"MNIST": {"hard": {0.5: [50.0, 54], 1: [60.0, 61]}}}}
    | {"kinds": {"hard": "features"}},
    "causes.figure_leads": {"found": dict.fromkeys("ab", dict.fromkeys(("SGD", "Adam"), BY_ARM))},
    "causes.figure_curves": {"found": {"MNIST": {"natural": {key: [[80.0, 82]] for key in BY_ARM}}}}
    | {"looks": {arm: ("hard", "o", arm) for arm in BY_ARM}},
    "causes.figure_transfer": {"found": {"MNIST": {"plain on hard": PAIRS}}},
    "figures_1_2_3": {"x": X_AXIS, "degrees": [3], "degree": 4, "weights": OF_GRIDS, "height": 2.0}
    | {"points": {key: {4: POINTS} for key in OF_GRIDS}, "sample": POINTS, "labels": LABELS}
    | {"readings": dict.fromkeys("ab", POINTS), "titles": [*"abcd"], "headline": "what is left"}
    | {"classifiers": dict.fromkeys(("Bernstein", "Chebyshev"), (CURVE, np.array([0.5])))}
    | {"seen": {key: {0.5: [1, 3], 1.0: [29]} for key in "abcd"}}
    | {"proved": {key: {"all": {0.5: 1.0, 1.0: 29}} for key in "abcd"}},
    "figures_4_5": {"seen": SEEN, "networks": [SEEN], "titles": ["one"], "columns": [*"abc"]}
    | {"magnitudes": [0.0, 1, 2], "accuracies": {"MNIST": FIVES}, "network": TENS}
    | {"paths": {"up": IMAGES[:2]}, "name": "MNIST", "lengths": np.linspace(-1, 1, 5)}
    | {"length": 1.0, "leads": dict.fromkeys("ab", np.eye(5) - 0.5)},
    "linear": {"rows": [[np.ones(4), np.ones(4) / 9]], "titles": [["a", "b"]], "headline": "both"}
    | {"sizes": X_AXIS, "worst": CURVE, "random": CURVE, "powers": [2, 3], "rho": X_AXIS}
    | {"critical": CURVE, "groups": {str(i): np.arange(9) % 4 == i for i in range(4)}}
    | {"eps": 0.5, "degrees": 90 * X_AXIS, "accuracy": CURVE, "ratio": CURVE}
    | {"fooled_below": 0.1, "images": [CURVE] * 3, "family": [CURVE] * 3},
    "play": {"name": "play-1", "points": [(0.1, -1), (0.9, 1)], "degree": 5, "start": 20}
    | {"networks": {"one": TENS, "other": TENS}, "shown": 2}
    | {"data": Dataset(IMAGES, Y, IMAGES, Y)},
    "points": {"sizes": [2, 4], "objective": {key: [(4.0, 0.1), (2.0, 0.1)] for key in NAMES_OF_8}}
    | {"errors": {key: [(4.0, 0.1), (2.0, 0.1)] for key in NAMES_OF_8}, "degree": 6, "x": X_AXIS}
    | {"panels": dict.fromkeys("ab", (POINTS, CURVE)), "scaled": {2: np.ones(3)}}
    | {"limit": np.ones(3), "distances": {"equispaced": BY_SIZE, "roots": BY_SIZE}}
    | {"chebyshev": {"even m": [(70, 36)]}, "equispaced": {"odd m, p odd": [(10, 16)]}}
    | {"limits": {"even m": 0.5, "odd m, p odd": 0.1}, "y": X_AXIS, "z": X_AXIS, "c": 0.1}
    | {"even": dict.fromkeys("abc", CURVE), "odd": dict.fromkeys("abc", CURVE)}
    | {"curves": dict.fromkeys("ab", CURVE)}
    | {"dips": {key: {"c": [0.1, 0.2], "dip": [-0.1, 0.1]} for key in "ab"}}
    | {"worst": dict.fromkeys(("Chebyshev roots", "best found"), BY_SIZE)}
    | {"noise": dict.fromkeys(("Chebyshev roots", "best found"), BY_SIZE)}
    | {"sets": {"best found": [0.1, 0.9], "Chebyshev roots": POINTS[:2]}},
    "style": {"rows": 1, "columns": 1, "height": 2.0, "figure": AXES.figure, "text": "said"}
    | {"title": "whose"}
    | {"where": "lower", "axes": AXES, "grid": "roots", "caption": "A table"},
    "style.table": (TABLE := {"rows": [["a", 1]], "columns": ["name", "n"]}),
    "style.markdown_table": TABLE,
}
MEANT = {"x": X, "y": Y}
OWN = {
    **dict.fromkeys(["attacks", "directions", "objectives", "training", "robustness"], MEANT),
    "arms": MEANT | {"measure": "natural"},
    "linear": LINEAR,
    "linear.resize": {"x": RNG.random((4, 4))},
    "linear.rounding_error": {"x": np.ones(3, np.float32), "weights": np.ones(3, np.float32)},
    "linear.usefulness_in_box": {
        "features": linear.Features(np.zeros(3), np.eye(3)[:2], np.ones(2))
    },
    "maxmargin": {"features": np.vander([-2.0, -1, 1, 2], 3), "support": [0]},
    "maxmargin.exact_weights": {"features": [[1], [2]], "labels": [1, 1]},
    "boundaries": {"values": MAP, "a": MAP, "b": MAP[::-1], "level": 0.5},
    "boundaries.maps": {"model": PLANE},
    "boundaries.feature_layer": {"model": PLANE},
    "boundaries.Maps": dict.fromkeys(("confidence", "adversarial", "hard"), MAP),
    "boundaries.measure_all": {"seen": [SEEN]},
    "networks.unstack": {"networks": [MLP((4, 6, 6, 3), "relu", 0)]},
    "networks.Linears": {"layers": [nn.Linear(3, 2)]},
    "large_degrees.chebyshev_row": {"p": 20},
    "large_degrees.last_equispaced_size": {"p": 20, "share": 0.05},
    "optimal.expected_objective_of_pairs": {"n": 5},
    "power_function": {"n": 5},
    "power_function.subset_scores": {"m": 2},
    "point_search": {"n": 5},
    "transfer": {"networks": {(kind, seed): WIDE for kind in transfer.KINDS for seed in (0, 1)}},
    "transfer.damage_shares": {"attack": "pgd"},
    "point_search.gradients": {"features": np.ones((5, 6))},
    "polynomials.orthonormal_basis": {"nodes": POINTS},
    "pockets": MEANT | {"labels": Y},
    "pockets.hyperplane_shares": {"multiples": [1.0, 2.0]},
    "pockets.Shares": {name: np.ones(2) for name in ("share", "low", "high")},
    "linear.Linear": {"bias": 0.0},
    "linear.Features": {"mean": np.ones(3), "directions": np.eye(3)[:2], "sigma": np.ones(2)},
    "robustness.damage_shares": {"found": OF_SEEDS},
    "robustness.damage_share": {"found": OF_SEEDS},
    "robustness.outcomes": {"robust": OF_SEEDS, "reference": OF_SEEDS},
    "robustness.over_seeds": {"found": [MEASURED]},
    "robustness.together": {"networks": {"network": [NET]}},
    "robustness.measure_many": {"jobs": [("MNIST", {"network": WIDE}, 0, Attack())]},
    "robustness.Attack": {"box": (0.0, 1.0), "drawn": 0, "images": 4},
    "robustness.Measured": {"curves": {"own": np.ones(3)}, "lengths": np.ones(3)}
    | {"pgd": np.ones(2)},
    "strong_attacks": {"x": IMAGES, "y": Y, "model": WIDE},
    "training.captured": {"step": print, "rows": Y},
    "training.update": {"other": NET},
    "training.TrainingConfig": asdict(CONFIG),
    "intervals.holm": {"p": {"one": 0.1}},
    "optimal": {"values": np.ones((2, 4)), "a": MAP[:2], "b": MAP[1:3], "order": 1},
    "sample_complexity": {"x": np.array([0, 0.25, 0.75, 1.0])},
    "sample_complexity.odd_weights": {"odd": np.ones(2)},
    "sample_complexity.certified_size": {"n": 3},
    "robustness": MEANT | {"curve": np.ones((2, 2)), "magnitudes": np.array([0.0, 1.0])},
    "robustness.measure": {"networks": {"network": NET}},
    "networks.negate_features": {"model": MLP((4, 6, 3), "tanh", 0)},
    "signs.exact_sign_changes": {"coefficients": [1, 2], "low": -9, "high": 9},
    "grids": {"x": POINTS},
} | {f"figures.{name}": good for name, good in DRAWN.items()}
CALLED = sorted(set(FUNCTIONS) - {"training.captured"})  # which needs a GPU
# They start a kernel, a cluster, processes, a browser or a build, or need Sphinx, so they are
# called badly alone;
# `dask_setup` keeps Ctrl-C from a process.
STARTS = {f"reruns.notebooks.{name}" for name in ("run", "execute")} | {"parallel.run"}
STARTS |= {f"reruns.runs.{name}" for name in ("run", "execute", "dask_setup")}
STARTS |= {f"reruns.{name}" for name in ("sweeps.run", "sweeps.summary", "tables.make")}
STARTS |= {"reruns.tables.networks", "book.build.make", "book.live.add", "book.live.fetched"}
STARTS |= {f"book.{part}.setup" for part in ("light_pages", "sphinx_extension", "sphinx_links")}
STARTS |= {f"book.printing.{name}" for name in ("pdf", "printed", "whole")}
BAD = [None, "", "nonsense", object(), 1j, b"1", {}, [], (), math.nan, math.inf, -math.inf, -1.5]
BAD += [[None], ["a"], [math.nan], {"a": None}, torch.tensor(math.nan), np.array(["a"]), -(10**30)]


CLAIM = {"id": "eq-0", "name": "A claim", "kind": "computed", "section": "2", "claim": "It is so."}
CLAIM |= {"verdict": "holds", "evidence": "{measured}", "chapter": "tiny", "at": {"n": 3}}
CLAIM |= {"recorded": {"measured": {"value": 1.0, "tolerance": 0.1}}}
CLAIM |= {"criteria": {"holds": "measured < n"}}
ASSUMPTION = dict.fromkeys(("id", "open", "choice", "why", "parameter", "effect"), "so")
ASSUMPTION |= {"alternatives": ["other"], "chapter": "tiny"}
CELLS = [
    new_code_cell(
        "radius: float = 1.0\nseed: int = 0", id="parameters", metadata={"tags": ["parameters"]}
    )
]
KERNEL = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
MARKS = "<!-- findings: written by make accept -->\n<!-- end of findings -->"


def of_machinery(folder):
    """Good arguments of the machinery, whose files are small ones in a folder."""
    nb = new_notebook(cells=CELLS, metadata=KERNEL)
    notebooks.seal(nb, {})
    chapter, table, page = (folder / name for name in ("tiny.ipynb", "table.csv", "index.html"))
    nbformat.write(nb, chapter)
    table.write_text("run,state,radius,gap\na,done,1.5,0.5\n", encoding="utf-8")
    page.touch()
    registers = folder / "claims.yml", folder / "assumptions.yml"
    for register, entry in zip(registers, (CLAIM, ASSUMPTION), strict=True):
        register.write_text(yaml.safe_dump([entry]), encoding="utf-8")
    text, sealed = chapter.read_text(encoding="utf-8"), {"sha256": "0"}
    task = Task("tiny", text, {"radius": 1.5}, rests_on("tiny", text))
    ran = {"result": Result(text, {"gap": 0.5}, {"seconds": 1.0}), "task": task, "tasks": [task]}
    said = {"say": print, "started": print, "environment": {"PATH": "/"}, "folder": folder}
    said |= {
        "fresh": False,
        "chapter": "tiny",
        "nb": nb,
        "text": text,
        "parameters": {"radius": 1.5},
    }
    found = summary.read(table, ["radius"], ["radius"])
    return {
        "ledger.assumptions": {"path": registers[1]},
        "ledger.assumptions.Assumption": ASSUMPTION,
        "ledger.claims": CLAIM
        | {"path": registers[0], "measured": 1.0, "kind": Claim}
        | {"value": {"value": 1.0, "tolerance": 0.1}},
        "ledger.claims.Claim": CLAIM,
        "parallel": {"function": math.isqrt, "jobs": [(4,)], "total": 1, "what": "jobs"},
        "places": {"starts": folder, "path": folder / "written", "content": "text"},
        "book.light_pages": {"style": ".a{color:red}", "used": {"a"}, "app": Mock(spec=Sphinx)},
        "book.live": {"html": folder / "html", "file": "f", "sha256": "0" * 64, "get": ["false"]},
        "book.sphinx_extension": {"chapter": chapter, "stem": "tiny", "values": {"radius": 1.0}}
        | {"app": Mock(spec=Sphinx)},
        "book.sphinx_links": {"claim": Claim(**CLAIM), "kind": "figures", "path": chapter}
        | {"app": Mock(spec=Sphinx), "env": Mock(spec=BuildEnvironment)},
        "book.build": {"fresh": False, "runs": False, "text": MARKS},
        "book.printing": {"folder": folder, "port": 0, "out": folder / "book.pdf"}
        | {"pages": ["index"], "browser": Mock(), "page": "<html></html>"},
        "reruns.kept": {"on": False, "module": "pwlib.grids", "settings": {"n": 3}}
        | {"compute": dict, "place": folder, "environment": {"PATH": "/"}},
        "reruns.notebooks": said
        | {"path": chapter, "chapter": chapter, "executed": chapter}
        | {"data": {"n": 3}, "about": {"seconds": 1.0}, "out": folder / "out.ipynb"},
        "reruns.notebooks.inputs": {"chapter": "tiny"},
        "reruns.notebooks.write": {"path": folder / "written.ipynb"},
        "reruns.notebooks.measured_claims": {"executed": [chapter]},
        "reruns.provenance": {"code": "import numpy", "module": "pwlib.grids", "package": "numpy"},
        "reruns.results": {"name": "networks", "folder": RESULTS, "about": sealed, "content": ""}
        | {"text": "a,b\n1,2\n"},
        "reruns.runs": ran
        | said
        | {"client": Mock(spec=Client), "worker": Mock(spec=Worker)}
        | {"scheduler": "tcp://127.0.0.1:1", "cached": False},
        "reruns.runs.Task": {"notebook": text, "rests_on": {"cells": "0"}},
        "reruns.runs.Result": {"notebook": text, "numbers": {"gap": 0.5}, "origin": {"n": 1}},
        "reruns.summary": {"found": found, "table": table, "swept": ["radius"], "text": "text"}
        | {"parameters": ["radius"]},
        "reruns.summary.Summary": vars(found),
        "reruns.sweeps": ran
        | {"out": folder, "swept": ["radius"], "text": "0:3", "table": table}
        | {"plan": sweeps.Plan([task], ["radius"]), "settings": sweeps.Settings(folder)}
        | {"parameters": ["radius"], "chapter": "tiny"},
        "reruns.sweeps.plan": {"chapter": chapter, "grid": ["radius=1"], "pairs": [("seed", "1")]},
        "reruns.sweeps.Settings": {"scheduler": "tcp://127.0.0.1:1", "workers": 1}
        | {"retry_failed": False, "quiet": False},
        "reruns.tables": {"name": "tiny", "out": folder, "values": [1, 2], "seeds": 1},
        "reruns.tables.Listed": {"function": math.isqrt, "jobs": [{"n": 4}], "digits": 2},
    }


# Kinds of what another argument asks for: either may be named.
OF_TWO = ("shape", "empty", "without", "numbered")


class Hang(Exception):
    """A call that took longer than it may."""


def arguments(name, function):
    module = name.rpartition(".")[0]
    good = GOOD | OWN.get(module, {}) | OWN.get(name, {})
    found = {}
    for parameter in inspect.signature(function).parameters.values():
        if good.get(parameter.name) is not None:
            found[parameter.name] = good[parameter.name]
    return found


def mutations(value, deep=False):
    """What is wrong with a value in ways of its kind, or with the first thing inside of it."""
    yield from enumerate(BAD)
    if deep and type(value) in (dict, list, tuple):
        first = next(iter(value)) if isinstance(value, dict) else 0
        for kind, bad in mutations(value[first], deep):
            worse = value | {first: bad} if isinstance(value, dict) else [bad, *value[1:]]
            yield f"{kind} inside", type(value)(worse)
    if isinstance(value, dict):
        for key in value:
            yield f"without {key}", {other: value[other] for other in value if other != key}
        yield "numbered", dict(enumerate(value.values()))
    if isinstance(value, list) and value and isinstance(value[0], dict):
        for key in value[0]:
            yield f"without {key}", [{k: v for k, v in row.items() if k != key} for row in value]
    if isinstance(value, list) and value and type(value[0]) is tuple:
        for place, kind in itertools.product(range(len(value[0])), (None, "nonsense", -1.5)):
            members = (*value[0][:place], kind, *value[0][place + 1 :])
            yield f"{kind} at {place}", [members]
    if isinstance(value, np.ndarray | torch.Tensor):
        stack = torch if isinstance(value, torch.Tensor) else np
        yield "shape", value[None, None] if value.ndim > 1 else value[:, None, None]
        yield "empty", value[:0]
        yield "scalar", value.reshape(-1)[0]
        if stack.is_floating_point(value) if stack is torch else value.dtype.kind == "f":
            for bad in (math.nan, math.inf, -math.inf):
                worse = value.clone() if stack is torch else value.copy()
                worse[(0,) * value.ndim] = bad
                yield str(bad), worse
    elif isinstance(value, bool):
        yield from [("two", 2), ("half", 0.5), ("word", "yes")]
    elif isinstance(value, int | float):
        yield from [("list", [value]), ("string", str(value)), ("true", True), ("part", value + 1j)]
        if isinstance(value, int):
            yield "half", value + 0.5
    elif isinstance(value, str):
        yield from [("case", value.upper() + "x"), ("list", [value]), ("number", 3)]
    elif isinstance(value, nn.Module):
        yield from [("type", nn.Module), ("number", 3)]
    elif isinstance(value, list | tuple):
        yield from [("twice", [value]), ("number", 3)]


NEGATIVE = {"margin", "mean", "low", "high", "level", "separation", "angle", "positive"}
NEGATIVE |= {"negative", "bias", "height"}
DEFAULT = {"high", "starts", "drawn", "keep", "other", "seed"}
GAP = ("maxmargin.MaxMargin", "gap")  # rounding may take it below 0
NO_POINTS = (
    "bernstein_",
    "chebyshev_features",
    "chebyshev_class",
    "hard_objective",
    "nearest_hard",
)
NO_POINTS = tuple(f"polynomials.{part}" for part in NO_POINTS)
# Names that are asked for, in the arguments that may have others too.
OF_ROWS = {"arm", "dataset", "device", "seed"}
OF_DAMAGE = set(OF_SEEDS) - {"pgd_1", "pgd_2", "control"}
NEEDED = {
    ("arms.missing", "rows"): OF_ROWS,
    ("arms.values", "rows"): OF_ROWS | {"natural"},
    ("arms.difference", "rows"): OF_ROWS | {"natural"},
    ("arms.figure_5", "rows"): set(ROWS[0]) - {"natural"},  # it is in os_0.0 too
    ("robustness.outcomes", "reference"): {"natural", "height", "pgd_1", "pgd_2"},
    ("robustness.damage_shares", "found"): OF_DAMAGE,
    ("robustness.damage_share", "found"): {"to_reference", "height", "natural"},
    ("reruns.results.text", "rows"): set(),
    ("reruns.tables.Listed", "jobs"): set(),
}
# Names in mappings that may be absent, and arguments that may be any text.
FEWER = {
    (f"figures.{name}", argument, f"without {key}")
    for name, argument, *keys in (
        ("causes.figure_arms", "found", "MNIST", "Fashion-MNIST"),
        ("causes.figure_leads", "found", "a", "b"),
        ("causes.figure_curves", "found", "plain inside inside", "hard inside inside"),
        ("causes.figure_lengths", "found", "0.5 inside inside", "1 inside inside"),
        ("causes.figure_paths", "found", "plain inside", "hard inside"),
        ("figures_1_2_3.figure_between", "seen", "0.5 inside", "1.0 inside"),
        ("figures_1_2_3.figure_between", "proved", "0.5 inside inside", "1.0 inside inside"),
        ("points.figure_limit", "distances", "roots", "3 inside"),
        ("points.figure_advantage", "worst", "2 inside"),
        ("points.figure_advantage", "noise", "3 inside"),
        ("points.figure_sets", "sets", "best found", "Chebyshev roots"),
    )
    for key in keys
}
TEXTS = {"axis", "across", "up", "xlabel", "unit", "headline", "text", "caption", "title"}
TEXTS |= {"titles", "columns", "name"}
# Of the machinery, by functions: arguments that may be any text (but an empty one for
# NAMES), may be empty, or hold plain data.
ANY_TEXT = {
    "ledger.assumptions.Assumption": "id open choice why parameter effect chapter",
    "ledger.claims.Claim": "id name kind section claim verdict evidence chapter",
    "book.light_pages.lighter": "style",
    "book.live.fetched": "file",
    "book.sphinx_extension.papermill_line": "stem",
    "book.printing.printed": "page",
    "parallel.bar": "what",
    "parallel.run": "what",
    "places.write": "content",
    "reruns.notebooks.inputs": "chapter",
    "reruns.provenance.meaning": "code",
    "reruns.results.is_sealed": "content",
    "reruns.results.parse": "text",
    "reruns.results.sealed": "content",
    "reruns.runs.Result": "notebook",
    "reruns.runs.Task": "chapter",
    "reruns.runs.connected": "scheduler",
    "reruns.runs.rests_on": "chapter",
    "reruns.summary.literal": "text",
    "reruns.sweeps.Settings": "scheduler",
    "reruns.sweeps.summary": "chapter",
    "reruns.sweeps.values": "text",
}
NAMES = ("ledger.", "reruns.runs.Task", "reruns.runs.connected", "reruns.runs.rests_on")
NAMES += (
    "book.live.fetched",
    "book.sphinx_extension.papermill_line",
    "reruns.sweeps.Settings",
    "reruns.sweeps.summary",
)
PLAIN = {
    "book.sphinx_extension.papermill_line": "values",
    "reruns.kept.keep": "settings",
    "reruns.kept.key": "settings",
    "reruns.notebooks.seal": "about",
    "reruns.results.is_sealed": "about",
    "reruns.results.sealed": "about",
    "reruns.runs.Result": "numbers origin",
    "reruns.runs.Task": "parameters",
    "reruns.runs.with_parameters": "parameters",
    "ledger.claims.Claim": "recorded at",
}
MAY_BE_EMPTY = PLAIN | {
    "ledger.claims.Claim": "recorded at criteria",
    "reruns.runs.Task": "parameters rests_on",
    "reruns.summary.Summary": "means",
}
LISTS = {
    "ledger.assumptions.Assumption": "alternatives",
    "parallel.run": "jobs",
    "reruns.summary.Summary": "swept points",
    "reruns.summary.read": "swept parameters",
    "reruns.sweeps.Plan": "swept",
    "reruns.sweeps.plan": "grid pairs",
    "reruns.sweeps.summary": "swept parameters",
}
TEXTS_OF = {"ledger.assumptions.Assumption": "alternatives", "book.live.fetched": "get"}
TEXTS_OF |= dict.fromkeys(("reruns.summary.Summary", "reruns.sweeps.Plan"), "swept")
EVERY = ("reruns.tables.every", "reruns.tables.of_networks")
STACKS = ("attacks.unit", "objectives.", "optimal.self_loss", "robustness.mean", "training.hard_p")


def meant(name, argument, kind, value):
    """Whether a call means something, for one of these reasons."""
    drawn, (way, *depth) = name.startswith("figures."), str(kind).split(" inside")
    number = isinstance(value, float | int) and not isinstance(value, bool)
    sequence = isinstance(value, list | tuple | np.ndarray)
    reasons = {
        "nobody asks for the name": (name, argument) in NEEDED
        and str(kind).startswith("without")
        and str(kind).removeprefix("without ") not in NEEDED[name, argument],
        "any name will do": (name, kind) == ("intervals.holm", "numbered"),
        "None is the default": value is None and argument in DEFAULT,
        "nothing random is asked for": argument == "generators" and sequence and not len(value),
        "no length of PGD is asked for": (name, argument) == ("robustness.Measured", "pgd")
        and np.size(value) == 0
        and sequence,
        "a table may be empty": argument == "rows"
        and isinstance(value, list | tuple)
        and not value,
        "a ball may hold the box": argument in ("within", "order") and kind == 10,
        "an interval may have no end": argument in ("low", "high") and kind in (10, 11),
        "no points have no values": argument == "x"
        and name.startswith(NO_POINTS)
        and sequence
        and np.size(value) == 0,
        "axes before are those of stacks": kind == "shape" and name.startswith(STACKS),
        "a number is an array": (name == "optimal.self_loss" and number and math.isfinite(value))
        or (name == "optimal.self_loss" and kind == "scalar"),
        "a list is an array": (name, kind) == ("pockets.cap", "list"),
        "no boundary is in sight": argument == "distance" and kind == "inf",
        "any finite number will do": (argument in NEGATIVE or (name, argument) == GAP)
        and kind in (12, 19),
        "a mapping may have fewer names": (name, argument, kind) in FEWER,
        "any text will do": drawn and argument in TEXTS and way in ("1", "2", "14", "18", "case"),
        "any cell will do": drawn and argument == "rows" and len(depth) == 2,
        "True is 1 among numbers": way == "true" and depth,
        "names are numbers": name.endswith("figure_between") and way == "numbered" and depth,
        "numbers in figures may be any": drawn
        and argument in ("found", "proved", "dips")
        and way in ("12", "19")
        and len(depth) > 2,
        "x is no whole number": drawn and argument == "x" and way == "half",
    }
    return any(reasons.values()) or any(meant_there(name, argument, str(kind), value).values())


def meant_there(name, argument, kind, value):
    """Reasons for which a call of the machinery means something."""

    def among(table):
        return argument in table.get(name, "").split()

    empty = isinstance(value, dict | list | tuple) and not value
    return {
        "any text will do": among(ANY_TEXT)
        and (isinstance(value, str) or (argument, kind) == ("content", "5"))
        and (value or not name.startswith(NAMES) or argument in ("kind", "verdict")),
        "a mapping may be empty": among(MAY_BE_EMPTY) and empty and isinstance(value, dict),
        "any plain data will do": among(PLAIN) and kind == "16",
        "any plain data have a digest": argument == "data"
        and kind not in ("3", "4", "5", "17", "18"),
        "a list may be empty": among(LISTS) and empty and not isinstance(value, dict),
        "any texts will do": among(TEXTS_OF) and kind in ("14", "18"),
        "any members will do": (argument in ("points", "jobs") and kind.endswith(" at 0"))
        or (name in EVERY and kind in ("13", "14", "15", "18", "twice")),
        "no code rests on nothing": name == "reruns.provenance.imports" and kind in ("1", "2"),
        "all but mappings is shown": name == "ledger.claims.show" and not isinstance(value, dict),
        "any finite number is judged": name == "ledger.claims.judge"
        and kind in ("12", "19", "true"),
        "None is the default": value is None and argument in ("digits", "parameter", "scheduler"),
    }


def called(function, arguments):
    parameters = inspect.signature(function).parameters.values()
    places = [
        one.name for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.VAR_POSITIONAL)
    ]
    others = {name: value for name, value in arguments.items() if name not in places}
    found = function(*(arguments[name] for name in places), **others)
    if isinstance(found, Iterator):  # which does nothing until then
        list(found)


def outcome(function, arguments, name, kind):
    def stop(*_):
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            called(function, arguments)
        return "silent"
    except (ClaimError, SweepError, ModuleNotFoundError) as error:  # which name a claim, say
        return "unclear: lines" if "\n" in str(error) else "refused"
    except (ValueError, TypeError) as error:
        said = str(error)
        named = set(re.findall(r"\w+", said.partition(":")[0]))
        both = str(kind).split()[0] in ("7", "8") or str(kind).startswith(OF_TWO)
        right = name in named or (both and named & {*arguments})
        return "refused" if "\n" not in said and right else f"unclear: {said[:90]}"
    except Hang:
        return "hang"
    except BaseException as error:
        return f"traceback: {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """No call trains on all data, starts a process, needs others' attacks or writes elsewhere."""

    def others(network, *effort, **more):
        return lambda images, labels: images

    others = SimpleNamespace(APGD=others, APGDT=others, Square=others)
    monkeypatch.setitem(sys.modules, "torchattacks", others)
    monkeypatch.setattr(parallel, "run", lambda function, jobs, *_: [function(*j) for j in jobs])
    for module in (robustness, strong_attacks, training, transfer):
        monkeypatch.setattr(module, "loaded", lambda name: Dataset(IMAGES, Y, IMAGES, Y))
    for name, good in of_machinery(tmp_path).items():
        monkeypatch.setitem(OWN, name, good)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(kept.VARIABLE, kept.OFF)
    monkeypatch.setattr(build, "EXECUTED", tmp_path / "tiny.ipynb" / "no folder")
    monkeypatch.setattr(printing, "HTML", tmp_path)
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    monkeypatch.setattr(tables, "LISTED", {"tiny": tables.Listed(math.isqrt, [{"n": 4}])})
    # The first optimiser of a process takes a second, so there is none at collection.
    monkeypatch.setitem(GOOD, "optimiser", torch.optim.SGD(NET.parameters(), 0.1))


def calls():
    for name in CALLED:
        good = arguments(name, FUNCTIONS[name])
        for argument in good:
            for kind, bad in mutations(good[argument], name.startswith("figures.")):
                if not meant(name, argument, kind, bad):
                    yield name, FUNCTIONS[name], argument, kind, good | {argument: bad}


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("name", sorted(set(CALLED) - STARTS))
def test_the_call_that_bad_ones_are_made_from_is_good(name):
    called(FUNCTIONS[name], arguments(name, FUNCTIONS[name]))


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_twenty_thousand_bad_calls_are_refused_in_one_line():
    found, wrong = Counter(), []
    for name, function, argument, kind, bad in calls():
        ended = outcome(function, bad, argument, kind)
        found[ended.split(":")[0]] += 1
        if ended != "refused":
            wrong.append((name, argument, kind, ended))
    print(dict(found))
    assert not wrong, f"{dict(found)}; {wrong[:20]}"
    assert found["refused"] >= 20_000
