"""Bad calls of every public function of the science, made by the kind of each argument.

A call has a second, ends in one line that names an argument, and returns nothing.
"""

import importlib
import inspect
import math
import signal
import warnings
from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest
import torch
from torch import nn

from pwlib import boundaries, linear, power_function
from pwlib.datasets import Dataset
from pwlib.networks import MLP, stack
from pwlib.robustness import Attack, Measured
from pwlib.training import Job, TrainingConfig

MODULES = "arms attacks boundaries datasets directions grids intervals large_degrees linear"
MODULES += (
    " maxmargin networks objectives optimal point_search polynomials power_function robustness"
)
MODULES += " pockets sample_complexity signs strong_attacks training transfer"
FUNCTIONS = {
    f"{module}.{name}": thing
    for module in MODULES.split()
    for name, thing in vars(importlib.import_module(f"pwlib.{module}")).items()
    if name[0] != "_" and callable(thing)
    if getattr(thing, "__module__", "") == f"pwlib.{module}" and inspect.signature(thing).parameters
    if not inspect.isclass(thing) or hasattr(thing.__init__, "__wrapped__")  # by `checks.accepts`
}
NET, RNG = MLP((4, 6, 6, 3), "relu", 0), np.random.default_rng(0)
X, Y = torch.rand(8, 4, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 3
POINTS, LABELS = np.linspace(0.1, 0.9, 4), np.array([-1.0, -1, 1, 1])
SAMPLES = RNG.random((4, 3))
PLANE = MLP((2, 6, 3), "tanh", 0).double()
MAP = np.arange(36.0).reshape(6, 6) % 5
CONFIG = TrainingConfig(widths=(4, 6, 6, 3), epochs=1, batch=4, arm="hard")
DATA = Dataset(X, Y, X.flip(0), Y.flip(0))
ROW = {"dataset": "MNIST", "arm": "hard", "device": "cpu", "seed": 0, "natural": 90.0}
# Good arguments, by their names; those of one function, by its name.
GOOD = {
    **{"n": 3, "m": 4, "p": 3, "x": POINTS, "at": POINTS, "nodes": 6, "odd": True, "odd_p": True},
    **{"odd_m": True, "measure": "lebesgue", "criterion": "average", "seed": 0, "index": 0},
    **{"starts": 1, "coefficients": np.ones((2, 4)), "centres": POINTS[:2], "penalty": 0.1},
    **{"gap": 0.5, "sizes": [4], "reading": "lobatto", "weights": np.array([0, 1.0, 0, 0.5])},
    **{"phi": 0.1, "j": 0, "c": 0.1, "terms": 4, "share": 0.1, "values": np.array([1.0, 2, 4])},
    **{"a": np.array([1.0, 2, 4]), "b": np.array([1.0, 3, 3]), "margin": 1.0, "level": 0.9},
    **{"difference": np.array([1.0, 2, 4]), "p_values": {"one": 0.1}, "form": ".1f", "mean": 1.0},
    **{"low": 0.0, "high": 2.0, "kind": "lobatto", "order": 2, "model": NET, "network": NET},
    **{"y": Y, "eps": 0.2, "steps": 1, "restarts": 1, "box": (0.0, 1.0), "step": X - 0.5},
    **{"magnitudes": (0.0, 0.5), "logits": NET(X).detach(), "g": X, "direction": "hard"},
    **{"radius": 0.5, "within": 1.0, "scale": 1.0, "config": CONFIG, "data": DATA, "seeds": [0]},
    **{"networks": [NET], "name": "MNIST", "dataset": "MNIST", "arm": "hard", "device": "cpu"},
    **{"rows": [ROW], "one": "hard", "other": "third", "reference": "reference", "z": X},
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
MEASURED = Measured({"own": np.ones(11)}, np.ones(11), np.ones(2), np.ones(2))
OF_SEEDS = {name: np.ones(3) for name in ("natural", "height", "pgd_1", "pgd_2", "control")}
OF_SEEDS |= {name: np.zeros(3) for name in ("to_reference", "from_reference", "reference")}
OF_SEEDS |= {"reference_natural": np.ones(3)}
TRANSFERS = {"dataset": "MNIST", "source": "CNN", "arm": "hard", "target": "CNN", "seed": 0}
TRANSFERS |= {"target_arm": "hard", "target_seed": 0, "natural": 90.0, "pgd": 50.0}
GOOD |= {"seen": SEEN, "found": MEASURED, "under": "to_reference", "own": "height"}
GOOD |= {"natural": "natural", "stacked": stack([NET]), "angles": POINTS, "masses": np.ones(4)}
GOOD |= {"grid": power_function.midpoints, "jobs": [Job("MNIST", CONFIG, 0)], "table": [TRANSFERS]}
GOOD |= {"source_arm": "hard", "target_arm": "hard", "shares": {("a", "a"): np.ones(3)}}
GOOD |= {"longest": 0.5, "lengths": torch.ones(8), "multiples": [1.0, 2.0]}
GOOD |= {"draws": 2, "generator": torch.Generator(), "counts": [1, 2], "trials": 4, "beyond": 2.0}
GOOD |= {"samples": X + 0.1, "dimension": 4, "height": 0.3, "f": np.cos, "support": np.arange(2)}
LINEAR = {"x": SAMPLES, "y": LABELS, "model": linear.Linear(np.ones(3), 0.0), "weights": np.ones(3)}
LINEAR |= {"direction": np.array([1.0, 0, 2]), "lengths": np.array([0.1, 1]), "count": 2, "d": 3}
LINEAR |= {"separation": 1.0, "side": 2, "contrast": 0.1, "grain": 0.1, "angle": 0.3}
LINEAR |= {"gain": np.full(4, 0.1), "negative": -1, "positive": 1, "terms": 4, "labels": LABELS}
LINEAR |= {"features": SAMPLES}
MEANT = {"x": X, "y": Y}
OWN = {
    **dict.fromkeys(["attacks", "directions", "objectives", "training", "robustness"], MEANT),
    "arms": MEANT | {"measure": "natural"},
    "linear": LINEAR,
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
    "networks.Linears": {"weights": [torch.ones(2, 3)], "biases": [torch.ones(2)]},
    "point_search.gradients": {"features": np.ones((5, 4))},
    "polynomials.orthonormal_basis": {"nodes": POINTS},
    "pockets": MEANT | {"labels": Y},
    "pockets.hyperplane_shares": {"multiples": [1.0, 2.0]},
    "pockets.Shares": {name: np.ones(2) for name in ("multiples", "share", "low", "high")},
    "linear.Linear": {"bias": 0.0},
    "linear.Features": {"mean": np.ones(3), "directions": np.eye(3)[:2], "sigma": np.ones(2)},
    "robustness.damage_shares": {"found": OF_SEEDS},
    "robustness.damage_share": {"found": OF_SEEDS},
    "robustness.outcomes": {"robust": OF_SEEDS, "reference": OF_SEEDS},
    "robustness.over_seeds": {"found": [MEASURED]},
    "robustness.together": {"networks": {"network": [NET]}},
    "robustness.measure_many": {"jobs": [("MNIST", {"network": NET}, 0, Attack())]},
    "robustness.Attack": {"box": (0.0, 1.0), "drawn": 0, "images": 4},
    "robustness.Measured": {"curves": {"own": np.ones(3)}, "lengths": np.ones(3)}
    | {"one_step": np.ones(2), "pgd": np.ones(2)},
    "strong_attacks": MEANT,
    "training.captured": {"step": print, "rows": Y},
    "training.TrainingConfig": asdict(CONFIG),
    "intervals.holm": {"p": {"one": 0.1}},
    "optimal": {"values": np.ones((2, 4)), "a": np.ones((2, 4)), "b": np.ones((2, 4)), "order": 1},
    "sample_complexity": {"x": np.array([0, 0.25, 0.75, 1.0])},
    "sample_complexity.certified_size": {"n": 3},
    "robustness": MEANT | {"curve": np.ones((2, 2)), "magnitudes": np.array([0.0, 1.0])},
    "robustness.measure": {"networks": {"network": NET}},
    "networks.negate_features": {"model": MLP((4, 6, 3), "tanh", 0)},
    "signs.exact_sign_changes": {"coefficients": [1, 2], "low": -9, "high": 9},
    "grids": {"x": POINTS},
}
LEFT = {"training.captured"}  # needs a GPU
BAD = [None, "", "nonsense", object(), 1j, b"1", {}, [], (), math.nan, math.inf, -math.inf, -1.5]
BAD += [[None], ["a"], [math.nan], {"a": None}, torch.tensor(math.nan), np.array(["a"]), -(10**30)]


class Hang(Exception):
    """A call that took longer than it may."""


def arguments(name, function):
    module = name.split(".")[0]
    good = GOOD | OWN.get(module, {}) | OWN.get(name, {})
    found = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in good and good[parameter.name] is not None:
            found[parameter.name] = good[parameter.name]
        elif parameter.default is parameter.empty:
            return None
    return found


def mutations(value):
    """What is wrong with a value in ways of its kind."""
    yield from enumerate(BAD)
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
STACKS = ("attacks.unit", "objectives.", "optimal.self_loss", "robustness.mean", "training.hard_p")


def meant(name, argument, kind, value):
    """Whether a call means something, for one of these reasons."""
    number = isinstance(value, float | int) and not isinstance(value, bool)
    sequence = isinstance(value, list | tuple | np.ndarray)
    reasons = {
        "None is the default": value is None and argument in DEFAULT,
        "nothing random is asked for": argument == "generators" and sequence and not len(value),
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
    }
    return any(reasons.values())


def outcome(function, arguments, name):
    def stop(*_):
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function(**arguments)
        return "silent"
    except (ValueError, TypeError) as error:
        said = str(error)
        named = name in said or any(other in said.partition(":")[0] for other in arguments)
        return "refused" if "\n" not in said and named else f"unclear: {said[:60]}"
    except Hang:
        return "hang"
    except BaseException as error:
        return f"traceback: {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def calls():
    steps = torch.optim.SGD(MLP((4, 6, 6, 3), "relu", 0).parameters(), 0.1)
    GOOD["optimiser"] = steps  # the first one of a process takes a second, so none at collection
    for name, function in FUNCTIONS.items():
        good = None if name in LEFT else arguments(name, function)
        for argument in good or {}:
            for kind, bad in mutations(good[argument]):
                if not meant(name, argument, kind, bad):
                    yield name, function, argument, kind, good | {argument: bad}


@pytest.mark.slow
def test_three_thousand_bad_calls_are_refused_in_one_line():
    found, wrong = Counter(), []
    for name, function, argument, kind, bad in calls():
        ended = outcome(function, bad, argument)
        found[ended.split(":")[0]] += 1
        if ended != "refused":
            wrong.append((name, argument, kind, ended))
    print(dict(found))
    assert not wrong, f"{dict(found)}; {wrong[:20]}"
    assert found["refused"] >= 3000
