"""The last value that each argument accepts, and the first beyond it, which is refused by name."""

import importlib

import numpy as np
import pytest
import torch

from pwlib import transfer
from pwlib.boundaries import Maps
from pwlib.datasets import Dataset
from pwlib.linear import Features, Linear
from pwlib.networks import MLP
from pwlib.robustness import Attack
from pwlib.training import TrainingConfig

NET = MLP((4, 6, 6, 3), "relu", 0)
X, Y = torch.rand(8, 4, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 3
ROOTS = [0.1, 0.5, 0.9]
PGD = {"model": NET, "x": X, "y": Y, "eps": 0.1, "steps": 1, "restarts": 1, "seed": 0}
MOVED = {"network": NET, "x": X, "y": Y, "direction": "hard", "steps": 1, "radius": 0.1}
NO_FEATURES = torch.nn.Linear(4, 3)
SMALL = TrainingConfig((4, 3, 3), 1)
TRAINED = {"data": Dataset(X, Y, X, Y), "config": SMALL}
OPTIMISER = torch.optim.SGD(MLP((4, 6, 6, 3), "relu", 0).parameters(), 0.1)
UPDATED = {"network": NET, "optimiser": OPTIMISER, "x": X, "y": Y, "config": SMALL}
SHARES = {"share": [0.5], "low": [0.0], "high": [1.0]}
SIDE = np.arange(9.0).reshape(3, 3)
SEEN = Maps(np.eye(3, dtype=int), SIDE, SIDE, SIDE)
SEEDS = ([0, 2**63 - 1], [-1, 2**63])
RAY = {"model": NET, "x": X, "y": Y, "step": X}
STEPS = RAY | {"lengths": X[:, 0], "generator": torch.Generator(), "draws": 1, "multiples": [1]}
STEPS.pop("step")
H = np.ones((2, 4))
EVEN = [0.0, 0.25, 0.75, 1.0]
TINY = 1e-12
OF_LIMIT = {"odd_p": False, "odd_m": False}
UNIT = np.array([[0.1, 0.2], [0.7, 0.3]])
LINEAR = {"x": np.array([[0.1, 0.2], [0.3, 0.1], [0.9, 0.3], [0.7, 0.7]]), "y": [-1, -1, 1, 1]}
ON_PLANE = Features(np.zeros(2), np.eye(2), np.ones(2))
AT_PLANE = {"model": Linear(np.ones(2), -0.9)} | LINEAR
DRAWN = {"rng": np.random.default_rng(0)}

JOB = ("MNIST", {"network": NET}, 0, Attack())
OF_9 = {(kind, seed): NET for kind in transfer.KINDS for seed in (9, 0)}
KIND_9 = next(iter(OF_9))
ONE_STEP = [
    {"dataset": "MNIST", "source": "CNN", "arm": "hard", "target": "CNN", "target_arm": "hard"}
    | {"natural": 9, "seed": seed, "target_seed": other}
    for seed, other in ((0, 0), (0, 1), (1, 1))
]
MET = [row | {"pgd": 5} for row in ONE_STEP]

# Of a function: good arguments; then a name, what is accepted at the edge, what beyond it isn't.
EDGES = [
    ("polynomials.bernstein_features", {"x": ROOTS}, "n", [0], [-1, 0.5]),
    ("polynomials.chebyshev_features", {"x": ROOTS}, "n", [0], [-1]),
    ("polynomials.chebyshev_features", {"n": 2}, "x", [[0, 1]], [[-TINY], [1 + TINY], [-0.5], [2]]),
    ("polynomials.bernstein_classifier", {"x": ROOTS}, "n", [1], [0]),
    ("polynomials.bernstein_sign_and_log", {"x": ROOTS}, "n", [1], [0]),
    ("polynomials.chebyshev_classifier", {"x": ROOTS}, "n", [1], [0]),
    ("polynomials.chebyshev_classifier_weights", {}, "n", [1], [0]),
    ("polynomials.agreement", {}, "n", [1], [0]),
    ("polynomials.hard_objective", {"x": ROOTS}, "n", [0], [-1]),
    ("polynomials.hard_angles", {}, "n", [1], [0]),
    ("polynomials.orthonormal_basis", {"nodes": ROOTS, "masses": [1, 1, 1]}, "n", [0, 2], [-1]),
    ("grids.equispaced", {}, "m", [2], [1]),
    ("grids.chebyshev", {}, "m", [2], [1]),
    ("grids.chebyshev", {"kind": "roots"}, "m", [1], [0]),
    ("grids.chebyshev", {"kind": "roots+ends"}, "m", [2, 3], [1]),
    ("grids.training_set", {}, "x", [[0, 1]], [[-TINY, 1], [0, 1 + TINY], [-0.5], [1.5]]),
    ("intervals.interval", {"values": ROOTS}, "level", [1e-9, 1 - 1e-9], [0, 1, 1.5, 2]),
    ("intervals.interval", {}, "values", [[0.5], [0.5, 1]], [[], [np.nan, 1]]),
    ("intervals.mean_with_error", {}, "values", [[0, 1]], [[1]]),
    ("intervals.p_above", {"margin": 0}, "difference", [[0, 1]], [[1]]),
    ("intervals.p_above", {"difference": [0, 1]}, "margin", [-1e9, 1e9], [np.inf]),
    ("intervals.holm", {}, "p", [{"a": 0, "b": 1}], [{"a": -TINY}, {"a": 1 + TINY}, {"a": -0.5}]),
    ("intervals.holm", {}, "p", [{"a": 1}], [{"a": 1.5}, {}]),
    ("intervals.shown", {"mean": 0, "high": 2}, "low", [-np.inf, -1], [np.nan]),
    ("intervals.shown", {"mean": 0, "low": 2}, "high", [np.inf, 3], [np.nan]),
    ("intervals.with_interval", {"values": ROOTS}, "form", [".1f", "+.2e"], ["", "zz", 1]),
    ("signs.sign_changes", {}, "weights", [[0, 1]], [[], [0, 0], [np.inf, 1]]),
    ("signs.regions", {"weights": [0, 1]}, "right", [True, False, 1, 0], [2, -1]),
    ("signs.exact_sign_changes", {"coefficients": [1, 2], "high": None}, "low", [-9], [0.5]),
    ("signs.exact_sign_changes", {"coefficients": [1, 2], "low": -9}, "high", [None, 9], [0.5]),
    ("optimal.error_coefficients", {"x": ROOTS, "coefficients": [[1.0]]}, "n", [0], [-1]),
    ("optimal.error_coefficients", {"n": 3, "coefficients": H}, "x", [[0, 1]], [[-TINY], [1.1]]),
    ("optimal.error_coefficients", {"n": 3, "coefficients": H}, "x", [[0.5]], [[], [0.5, 0.5]]),
    ("optimal.error_coefficients", {"n": 3, "x": ROOTS}, "coefficients", [H], [H[0], H[:, :3]]),
    ("optimal.ridge_error", {"n": 3, "x": ROOTS, "coefficients": H}, "penalty", [1e-9], [0, -1]),
    ("optimal.feature_slopes", {"n": 3, "x": ROOTS}, "order", [1], [0]),
    ("optimal.expected_objective_of_pairs", {"n": 9}, "centres", [[0.1]], [[], [1.1], [-0.1]]),
    ("optimal.pairs", {"x": ROOTS}, "gap", [0, 1], [-TINY, 1 + 1e-9, 2]),
    ("optimal.point_sets", {}, "m", [2], [0, 1, 3]),
    ("optimal.against_size", {"n": 3, "coefficients": H}, "sizes", [[2]], [[], [0], [3]]),
    ("optimal.self_loss", {}, "values", [0.5, [1.0]], [[np.nan]]),
    ("optimal.mean_self_loss", {}, "values", [[[0.5]]], [[0.5]]),
    ("maxmargin.fit_soft", {"features": [[1.0]], "labels": [1]}, "penalty", [0.1, 9], [0, -1]),
    ("maxmargin.exact_weights", {"features": [[1]], "labels": [1]}, "support", [[0]], [[-1], []]),
    (
        "maxmargin.exact_weights",
        {"features": [[-1]], "support": [0]},
        "labels",
        [[-1]],
        [[2], [-2]],
    ),
    ("maxmargin.fit", {"labels": [1]}, "features", [[[1e-99]], [[1e99]]], [[[1e-101]], [[1e101]]]),
    ("sample_complexity.grid", {"reading": "equispaced"}, "m", [2], [1]),
    ("sample_complexity.limit_weights", {}, "n", [1], [0]),
    ("sample_complexity.feasible_weights", {"n": 3}, "phi", [0.5, 1e-6], [0, 0.5 + 1e-9, -0.1]),
    ("sample_complexity.feasible_weights", {"phi": 0.1}, "n", [3], [2]),
    ("sample_complexity.dip_bound", {"reading": "lobatto", "m": 9}, "n", [3], [2]),
    ("sample_complexity.certified_size", {"reading": "lobatto"}, "n", [3], [2]),
    ("sample_complexity.certified_size", {"n": 3, "reading": "roots"}, "odd", [True, 0], [2]),
    ("sample_complexity.fit", {"n": 1}, "x", [[0, 1], EVEN], [[0, 0.5], [-1, 2]]),
    ("sample_complexity.without_pair", {"x": EVEN}, "j", [0, 1], [-1, 2]),
    ("sample_complexity.least_margin", {"weights": [0, 1]}, "gap", [1, 0.5], [-TINY, 1.1, 2]),
    ("sample_complexity.least_margins", {"n": 3, "reading": "lobatto"}, "sizes", [[2]], [[1], []]),
    ("sample_complexity.row", {"reading": "lobatto", "odd": False}, "p", [2], [1]),
    ("large_degrees.interpolant", {"n": 5, "reading": "roots"}, "m", [3, 5], [2, 6]),
    ("large_degrees.interpolant", {"reading": "roots+ends", "m": 3}, "n", [1, 2], [0]),
    ("large_degrees.ripple", {}, "c", [1e-3, 10], [9e-4, 10.1]),
    ("large_degrees.end_problem", OF_LIMIT | {"nodes": 4}, "c", [0.1, 10], [9e-4, 10.1]),
    ("large_degrees.end_problem", OF_LIMIT | {"c": 0.1}, "nodes", [4], [3]),
    ("large_degrees.end_of_classifier", {"m": 4}, "p", [2], [1]),
    ("large_degrees.end_of_classifier", {"p": 2}, "m", [4], [3]),
    ("large_degrees.last_equispaced_size", {"p": 5, "odd": False}, "share", [0.06], [0, -1, 1.1]),
    ("power_function.unseen", {"n": 3}, "x", [[0.5], [0, 0.5, 1]], [[], [0, 0.3, 0.6, 1], [1.1]]),
    ("power_function.gram", {}, "n", [0], [-1]),
    ("power_function.variance", {"n": 0, "x": [0.5]}, "at", [[0, 1]], [[-TINY], [1.1]]),
    ("power_function.fekete", {}, "m", [2], [1]),
    ("power_function.grids_of", {}, "m", [2], [1]),
    ("power_function.midpoints", {}, "m", [1], [0]),
    ("point_search.start", {"m": 2, "seed": 0}, "index", [0], [-1]),
    ("point_search.score", {"n": 2, "criterion": "worst"}, "x", [[0, 1]], [[-TINY], [1.1], []]),
    (
        "point_search.gradients",
        {"n": 1, "features": [[1, 1]]},
        "angles",
        [[0], [np.pi]],
        [[-1], [4]],
    ),
    ("point_search.start", {"index": 5, "seed": 0}, "m", [1], [0]),
    ("point_search.best", {"n": 1, "m": 1, "criterion": "average"}, "starts", [1], [0]),
    ("linear.ridge", LINEAR, "strength", [1e-9], [0, -1]),
    ("linear.accuracy_in_a_ball", AT_PLANE | DRAWN, "lengths", [[0]], [[-TINY]]),
    ("linear.worst_step_in_box", {"x": [[0, 1]], "direction": [1, 1]}, "size", [0, 9], [-TINY]),
    ("linear.flipping_step_in_box", {"x": UNIT, "direction": UNIT[0]}, "gain", [[0, 9]], [[-1, 0]]),
    ("linear.worst_step_in_box", {"size": 1.0, "direction": [1]}, "x", [[[0]], [[1]]], [[[1.1]]]),
    ("linear.within_class_features", {"x": UNIT, "y": [-1, 1]}, "count", [], [0, 1]),
    ("linear.within_class_features", LINEAR, "count", [1, 2], [0, 3]),
    ("linear.Features", {"mean": [0.0], "directions": [[1.0]]}, "sigma", [[1e-300]], [[0.0], [-1]]),
    (
        "linear.usefulness_in_box",
        {"features": ON_PLANE, "y": [-1, 1], "eps": 0.1},
        "x",
        [UNIT],
        [UNIT - 0.5, UNIT + 0.5],
    ),
    ("linear.gaussian_family", {"count": 1, "separation": 1.0} | DRAWN, "d", [1], [0]),
    (
        "linear.half_images",
        {"count": 1, "side": 2, "grain": 0} | DRAWN,
        "contrast",
        [0, 0.5],
        [0.6],
    ),
    ("linear.half_images", {"count": 1, "contrast": 0, "grain": 0} | DRAWN, "side", [2], [0, 1, 3]),
    ("linear.half_images", {"side": 2, "contrast": 0, "grain": 0} | DRAWN, "count", [1], [0]),
    ("linear.resize", {"x": np.ones((1, 4))}, "side", [1, 2, 4], [0, 3]),
    ("linear.rounding_bound", {"eps": 1.0}, "terms", [1, 2**24], [0]),
    ("linear.rounding_bound", {"terms": 1}, "eps", [1e-9], [0, -1]),
    ("linear.rounding_ratios", {"terms": 9} | DRAWN, "eps", [1e-9], [0]),
    ("linear.flipping_sizes", AT_PLANE, "order", [2, np.inf], [1, 3, 2.5]),
    ("linear.flipping_sizes", AT_PLANE, "y", [[-1, 0, 0, 1]], [[-1.1, 0, 0, 1], [0, 1.1, 0, 0]]),
    ("attacks.pgd", PGD, "eps", [0, 9], [-TINY, np.inf, np.nan]),
    ("attacks.pgd", PGD, "steps", [1], [0]),
    ("attacks.pgd", PGD, "restarts", [1], [0]),
    ("attacks.pgd", PGD, "seed", [0], [-1]),
    ("attacks.pgd", PGD, "x", [0 * X, 0 * X + 1], [X - 1, X + 1, X[0], X[:0]]),
    ("attacks.pgd", PGD, "y", [0 * Y, 0 * Y + 2], [0 * Y + 3, Y - 1, Y[:2], Y.float()]),
    ("attacks.pgd", PGD, "box", [(0.0, 1.0), (-1, 2)], [(0.0, 0.0), (1, 0), (0, 1, 2)]),
    ("attacks.move", {"x": X, "step": X}, "eps", [0, torch.zeros(8)], [-1, torch.zeros(8) - 1]),
    (
        "attacks.accuracy_curve",
        {"model": NET, "x": X, "y": Y, "step": X},
        "magnitudes",
        [(0.0,)],
        [(-0.1,), ()],
    ),
    ("attacks.accuracy", {"model": NET, "y": Y}, "x", [X - 9], [X[:0], Y]),
    ("attacks.margin_loss", {"logits": X}, "y", [0 * Y + 3], [Y - 1, 0 * Y + 4]),
    ("directions.moved", MOVED, "steps", [1], [0]),
    ("directions.moved", MOVED, "radius", [0], [-TINY]),
    ("directions.moved", MOVED, "within", [1e-9, np.inf], [0, -1]),
    ("directions.moved", MOVED, "scale", [1e-9], [0, np.inf]),
    ("directions.moved", MOVED, "direction", ["label"], ["plain", "up"]),
    ("directions.gradient", {"network": NET, "x": X, "y": Y}, "direction", ["parallel"], ["noise"]),
    ("attacks.margin_loss", {"y": Y}, "logits", [X], [X + 0j, X > 0, [[1.0]], X[0]]),
    ("attacks.direction", {"x": X, "y": Y}, "model", [NET], [None, torch.nn.Linear(4, 1)]),
    ("directions.cosines", {"x": X, "y": Y}, "network", [NET], [torch.nn.Linear(4, 3)]),
    (
        "robustness.together",
        {"name": "MNIST", "networks": {"network": [NET]}},
        "device",
        [],
        ["gpu", "nonsense", 1, None],
    ),
    ("robustness.together", {"name": "MNIST"}, "networks", [], [{}, {"reference": [NET]}, [NET]]),
    (
        "training.train",
        {"config": TrainingConfig((4, 3, 3), 1), "seed": 0},
        "data",
        [Dataset(X, Y, X, Y)],
        [None, (X, Y), Dataset(X - 1, Y, X, Y), Dataset(X, Y + 3, X, Y)],
    ),
    ("optimal.optimal_objective", {"n": 3, "x": ROOTS, "coefficients": H}, "rule", [], [None, 1]),
    ("objectives.softmax_entropy", {}, "z", [X, X[0]], [X[:0], X / 0, Y]),
    ("networks.random_network", {"widths": (4, 6, 3), "activation": "tanh"}, "seed", [0], [-1]),
    (
        "training.train_together",
        {"data": Dataset(X, Y, X, Y), "config": TrainingConfig((4, 3, 3), 1)},
        "seeds",
        [[0, 2**62]],
        [[-1], [2**62 + 1], []],
    ),
    ("training.hard_points", {"model": NET, "x": X, "radius": 0.1}, "steps", [1], [0]),
    ("training.hard_points", {"model": NET, "x": X, "steps": 1}, "radius", [0], [-TINY]),
    ("robustness.Attack", {}, "magnitudes", [(0.0, 0.1)], [(-0.1,), ()]),
    ("robustness.Attack", {}, "pgd_eps", [(0.0,), ()], [(-0.1,)]),
    ("robustness.Attack", {}, "pgd_steps", [1], [0]),
    ("robustness.Attack", {}, "pgd_restarts", [1], [0]),
    ("robustness.Attack", {}, "images", [1], [0]),
    ("robustness.Attack", {}, "drawn", [None, 0], [-1]),
    (
        "robustness.under_pgd",
        {"network": NET, "x": X, "y": Y, "attack": Attack((0.0,), (0.1,), 1)},
        "seed",
        [0],
        [-1],
    ),
    ("attacks.move", {"x": X, "step": X}, "eps", [torch.tensor(0.5)], [torch.tensor(-0.5)]),
    ("directions.moved", MOVED, "generators", [[]], [None, [1]]),
    ("objectives.hard_objective", {"x": X}, "model", [NET], [NO_FEATURES]),
    ("objectives.adversarial_objective", {"x": X}, "model", [NET, NO_FEATURES], [None]),
    ("training.hard_points", {"steps": 1, "x": X, "radius": 0}, "model", [NET], [NO_FEATURES]),
    ("training.train", TRAINED, "seed", [0, 2**62], [-1, 2**62 + 1]),
    ("training.update", UPDATED, "other", [None, NET], [NO_FEATURES]),
    ("training.update", UPDATED, "generators", [[]], [None, [1]]),
    ("training.TrainingConfig", {}, "widths", [(1, 1, 1)], [(1, 1), (0, 1, 1), (1, 1, 0)]),
    ("training.TrainingConfig", {}, "epochs", [1, 10_000], [0, 10_001]),
    ("training.TrainingConfig", {}, "batch", [1, 1_000_000], [0, 1_000_001]),
    ("training.TrainingConfig", {}, "learning_rate", [1e-12, 1e3, None], [0, 1000.1, 9e-13]),
    ("training.TrainingConfig", {}, "fraction", [1e-6, 1], [9e-7, 1.1, 0]),
    ("training.TrainingConfig", {}, "ascent_steps", [1, 1000], [0, 1001]),
    ("training.TrainingConfig", {}, "radius", [0, 1000], [-TINY, 1000.1]),
    ("training.TrainingConfig", {}, "within", [1e-6, np.inf], [0, 9e-7]),
    ("training.TrainingConfig", {}, "head_scale", [1e-6, 1e6], [0, 9e-7, 1e6 + 0.1]),
    ("networks.MLP", {"activation": "tanh", "seed": 0}, "widths", [(1, 1, 1)], [(1, 1), (0, 1, 1)]),
    ("networks.MLP", {"widths": (1, 1, 1), "activation": "tanh"}, "seed", *SEEDS),
    ("networks.random_network", {"widths": (1, 1, 1), "activation": "tanh"}, "seed", *SEEDS),
    ("networks.CNN", {}, "seed", *SEEDS),
    ("boundaries.square", {}, "resolution", [2], [1]),
    ("boundaries.measure", {"seen": SEEN}, "radius", [0, 0.5], [-TINY]),
    ("boundaries.boundary_distance", {}, "classes", [SIDE], [SIDE - 0.5]),
    (
        "boundaries.count_local_maxima",
        {"values": SIDE, "radius": 0.5, "level": 1},
        "distance",
        [SIDE / 0.5, SIDE + np.inf],
        [SIDE - 0.5],
    ),
    (
        "boundaries.unexplained_variance",
        {"values": SIDE, "distance": SIDE, "radius": 0.5},
        "bins",
        [1],
        [0],
    ),
    (
        "boundaries.Maps",
        {"confidence": SIDE, "adversarial": SIDE, "hard": SIDE},
        "classes",
        [SIDE],
        [SIDE - 0.5],
    ),
    ("robustness.measure_many", {"jobs": [JOB]}, "workers", [], [0]),
    (
        "robustness.measure_many",
        {"workers": 1},
        "jobs",
        [],
        [
            [JOB[:3]],
            [("CIFAR", *JOB[1:])],
            [("MNIST", {}, *JOB[2:])],
            [(*JOB[:2], -1, Attack())],
            [(*JOB[:3], None)],
            [list(JOB)],
        ],
    ),
    ("robustness.damage_shares", {}, "found", [], [{"natural": [1.0]}]),
    ("robustness.outcomes", {"reference": {}}, "robust", [], [{"natural": [1.0]}]),
    (
        "robustness.Measured",
        {"lengths": [1.0], "pgd": []},
        "curves",
        [{"own": [1.0]}],
        [{"control": [1.0]}],
    ),
    (
        "robustness.Measured",
        {"curves": {"own": [1.0]}, "lengths": [1.0]},
        "pgd",
        [[]],
        [[[1.0]]],
    ),
    ("pockets.flipping_lengths", RAY, "longest", [0, 0.5], [-TINY]),
    ("pockets.random_steps", STEPS, "draws", [1], [0]),
    ("pockets.random_steps", STEPS, "lengths", [0 * X[:, 0]], [X[:, 0] - 1.1]),
    ("pockets.shares", {"trials": 1}, "counts", [[0]], [[-1]]),
    ("pockets.hyperplane_shares", {"dimension": 2, "multiples": [1.0]}, "beyond", [1], [0.9]),
    ("pockets.hyperplane_shares", {"dimension": 2, "beyond": 1}, "multiples", [[1e-9]], [[0.0]]),
    ("pockets.Shares", SHARES, "share", [[0.0], [1.0]], [[-0.1], [1.1]]),
    ("arms.points", {"x": X, "y": Y, "config": SMALL}, "network", [NET], [NO_FEATURES]),
    ("arms.rows", {"dataset": "MNIST", "arm": "hard"}, "seeds", [], [[-1], []]),
    ("arms.along", {"dataset": "MNIST", "arm": "hard", "seeds": [0]}, "epochs", [], [0]),
    ("arms.missing", {"device": "cpu"}, "rows", [[]], [[{}], None]),
    ("transfer.met", {"dataset": "MNIST", "seed": 9}, "networks", [OF_9], [OF_9 | {KIND_9: None}]),
    ("transfer.met", {"dataset": "MNIST", "seed": 8}, "networks", [], [OF_9]),
    (
        "transfer.damage_shares",
        {"dataset": "MNIST", "source_arm": "hard", "target_arm": "hard"},
        "table",
        [MET, MET[:1]],  # with one seed alone there is no target
        [MET[:2], [row | {"pgd": 9} for row in MET], ONE_STEP],
    ),
    ("transfer.mean_shares", {"same": True}, "shares", [{("a", "a"): [1]}], [{"aa": [1]}, {}]),
    ("transfer.mean_shares", {"shares": {("a", "b"): [1]}}, "same", [0, False], [1, True]),
    ("transfer.after", {}, "seed", [0, 9], [-1, 10]),
    ("strong_attacks.Images", {"model": NET}, "scale", [0.5], [0, -0.5]),
    ("strong_attacks.row", {"dataset": "MNIST", "arm": "hard"}, "seed", [], [-1]),
    ("robustness.mean_accuracy", {"curve": [1, 2]}, "magnitudes", [[0, 1]], [[-1, 0], [1, 1]]),
]


@pytest.mark.parametrize(
    ("name", "good", "argument", "accepted", "refused"),
    EDGES,
    ids=[f"{edge[0]}-{edge[2]}" for edge in EDGES],
)
def test_what_is_at_the_edge_is_accepted_and_what_is_beyond_is_refused_by_name(
    name, good, argument, accepted, refused
):
    module, _, function = name.partition(".")
    call = getattr(importlib.import_module(f"pwlib.{module}"), function)
    for value in accepted:
        call(**good | {argument: value})
    for value in refused:
        with pytest.raises(ValueError, match=rf"^({argument}|values)\b[^\n]*: got [^\n]*, "):
            call(**good | {argument: value})
