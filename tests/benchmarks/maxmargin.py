"""The maximum-margin classifier against general solvers: their time, and how right they are.

The problem is the book's: the classifier without bias on Chebyshev features of degree 30, trained
on the equispaced grid E_m. Each solver is given the same matrix and returns the weights.
"""

from __future__ import annotations

import time
import tracemalloc
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import cvxpy
import daqp
import mpmath
import numpy as np
import paired
import report
from numpy.typing import NDArray
from scipy.optimize import nnls
from sklearn.svm import SVC

from pwlib import grids, maxmargin, polynomials

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

DEGREE = 30
ROUNDS = {100: 7, 1_000: 7, 10_000: 7, 100_000: 3, 1_000_000: 3}  # by the size m
LONG = 6.0  # seconds; a fit that takes longer is timed once, and its solver not at the next m
MOST_BYTES = 4e9  # for a kernel matrix
MOST_ERROR = 1e-9  # the goal for ours
MOST_PRODUCTS = 15  # the goal for ours
SILENT_ERROR = 1e-6  # a solver that errs by more should not have reported success

SETTINGS = (
    "CPU time from the same matrix to the weights, so with what a solver makes of it first: "
    "cvxpy's compilation, SVC's kernel matrix. SVC has a bias, which is 0 at the optimum because "
    f"grid and labels are odd about x = 1/2. A rival that takes more than {LONG:.0f} s is timed "
    "once, and not at the next m."
)

OURS = "pwlib.maxmargin.fit"
PRECOMPUTED = "scikit-learn SVC, precomputed kernel"


@dataclass(frozen=True)
class Answer:
    """f(x) = φ(x)·weights + bias, what the solver said, and whether that reports success."""

    weights: Vector
    said: str
    success: bool = True
    bias: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How right an answer is: `error` relative, of the weights; `margin`, the smallest y f(x);
    `wrong`, how many training points are classified wrongly.
    """

    m: int
    solver: str
    answer: Answer
    error: float
    margin: float
    wrong: int


def run() -> report.Part:
    """Every solver at every m it can do, and ours against a single matrix product."""
    comparisons, rows, outcomes, not_run = [], [], [], {}
    for m in ROUNDS:
        features, labels = _problem(m)
        if 8 * m**2 > MOST_BYTES:
            reason = f"its kernel matrix takes {8 * m**2 / 1e9:,.0f} GB at m = {m:,}"
            not_run.setdefault(PRECOMPUTED, reason)
        answers, times = _timed(features, labels, SOLVERS.keys() - not_run.keys(), ROUNDS[m])
        truth = _reference(features, labels)
        for solver in SOLVERS:
            if solver in not_run:
                rows.append([f"{m:,}", solver, "", "", "", f"not run: {not_run[solver]}", ""])
                continue
            outcomes.append(_outcome(m, solver, answers[solver], features, labels, truth))
            rows.append(_row(outcomes[-1]))
            if solver == OURS:
                continue
            comparisons.append(_comparison(m, solver, times))
            if (seconds := np.median(times[solver])) > LONG:
                not_run[solver] = f"takes {seconds:.0f} s at m = {m:,}"
    return report.Part(
        title="The maximum-margin classifier, Chebyshev features of degree 30 on E_m",
        comparisons=comparisons,
        tables=[_accuracy(rows), _products([m for m in ROUNDS if m >= 100_000])],
        notes=[SETTINGS, *_notes(comparisons, outcomes)],
        packages=("numpy", "scipy", "daqp", "scikit-learn", "cvxpy", "clarabel"),
    )


def _problem(m: int) -> tuple[Matrix, Vector]:
    """Features (points, 31) and labels ±1 (points,) of E_m."""
    x, labels = grids.training_set(grids.equispaced(m))
    return polynomials.chebyshev_features(DEGREE, x), labels


# The solvers, each from features (points, width) and labels (points,)


def _ours(features: Matrix, labels: Vector) -> Answer:
    result = maxmargin.fit(features, labels)
    return Answer(result.weights, f"gap {_short(result.gap)}")


def _svc(features: Matrix, labels: Vector, kernel: str) -> Answer:
    """With a bias, which is 0 at the optimum: grid and labels are odd about x = 1/2.

    C is above every multiplier, as their sum is |w|², 3e8 at a million points. The tolerance is
    tightened from 1e-3, the default, which costs no time and helps on small grids; on large ones it
    doesn't (libsvm keeps its kernel values in single precision).
    """
    machine = SVC(kernel=kernel, C=1e9, tol=1e-6, cache_size=1000)
    machine.fit(features @ features.T if kernel == "precomputed" else features, labels)
    weights, bias = machine.dual_coef_[0] @ features[machine.support_], machine.intercept_[0]
    status = machine.fit_status_
    return Answer(weights, f"status {status}, bias {_short(bias)}", status == 0, bias)


def _clarabel(features: Matrix, labels: Vector, **settings: float) -> Answer:
    weights = cvxpy.Variable(features.shape[1])
    margins = cvxpy.multiply(labels, features @ weights)
    problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(weights) / 2), [margins >= 1])
    problem.solve(solver=cvxpy.CLARABEL, **settings)
    return Answer(weights.value, problem.status, problem.status == cvxpy.OPTIMAL)


def _nnls(features: Matrix, labels: Vector) -> Answer:
    """The dual as Lawson and Hanson's problem LDP (Solving Least Squares Problems, chapter 23)."""
    rows = labels[:, None] * features
    system = np.vstack((rows.T, np.ones(len(rows))))
    target = np.append(np.zeros(features.shape[1]), 1.0)
    residual = system @ nnls(system, target)[0] - target
    return Answer(-residual[:-1] / residual[-1], "nothing")


def _daqp(features: Matrix, labels: Vector, **settings: float) -> Answer:
    points, width = features.shape
    weights, _, flag, _ = daqp.solve(
        np.eye(width),
        np.zeros(width),
        np.ascontiguousarray(labels[:, None] * features),
        np.full(points, 1e30),
        np.ones(points),
        np.zeros(points, dtype=np.int32),
        **settings,
    )
    return Answer(weights, f"exit flag {flag}", flag == 1)


SOLVERS: Mapping[str, Callable[[Matrix, Vector], Answer]] = {
    OURS: _ours,
    "daqp on all rows": _daqp,
    "daqp on all rows, primal_tol=1e-12": partial(_daqp, primal_tol=1e-12),
    "cvxpy with Clarabel": _clarabel,
    "cvxpy with Clarabel, tolerances 1e-13": partial(
        _clarabel, tol_gap_abs=1e-13, tol_gap_rel=1e-13, tol_feas=1e-13
    ),
    "scipy nnls on the dual": _nnls,
    PRECOMPUTED: partial(_svc, kernel="precomputed"),
    "scikit-learn SVC, linear kernel": partial(_svc, kernel="linear"),
}


def _timed(
    features: Matrix, labels: Vector, solvers: set[str], rounds: int
) -> tuple[dict[str, Answer], paired.Times]:
    """The solvers' answers, and CPU seconds of a fit: interleaved, but for those that take long."""
    answers, first = {}, {}
    fits = {name: partial(SOLVERS[name], features, labels) for name in SOLVERS if name in solvers}
    for name, fit in fits.items():
        paired.show(f"m = {len(labels):,}: {name}")
        start = time.process_time()
        answers[name] = _heard(fit)
        first[name] = time.process_time() - start
    quick = {name: fit for name, fit in fits.items() if first[name] <= LONG}
    once = {name: [first[name]] for name in fits.keys() - quick.keys()}
    return answers, once | paired.interleaved(quick, rounds, least_seconds=0.05)


def _heard(fit: Callable[[], Answer]) -> Answer:
    """An answer that also says what warnings were given on the way to it."""
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        answer = fit()
    if not given:
        return answer
    said = "; ".join([answer.said, *(f"warning: {warning.message}" for warning in given)])
    return Answer(answer.weights, said, False, answer.bias)


def _comparison(m: int, solver: str, times: paired.Times) -> report.Comparison:
    """A rival that was timed once is compared with the median of ours."""
    ours = times[OURS] if len(times[solver]) > 1 else [float(np.median(times[OURS]))]
    ratio = paired.ratio({solver: times[solver], OURS: ours}, solver, OURS)
    return report.Comparison(f"fit, m = {m:,}", solver, ratio)


def _reference(features: Matrix, labels: Vector) -> mpmath.matrix:
    """The optimal weights at 80 digits.

    They come from our support vectors, but the conditions for the optimum (Karush, Kuhn, Tucker)
    prove them: positive multipliers, and no constraint violated. That is looked up at 80 digits
    where double precision leaves a doubt.
    """
    support = maxmargin.fit(features, labels).support
    with mpmath.workdps(80):
        rows = mpmath.matrix((labels[support, None] * features[support]).tolist())
        multipliers = mpmath.lu_solve(rows * rows.T, mpmath.ones(rows.rows, 1))
        weights = rows.T * multipliers
        close = np.array(weights.tolist(), dtype=float)[:, 0]
        slack = labels * (features @ close) - 1
        near = np.flatnonzero(slack < 1e-12 * np.abs(features).max() * np.abs(close).sum())
        others = np.setdiff1d(near, support)  # on the support itself the margin is 1
        doubtful = (labels[others, None] * features[others]).tolist()
        exact = [mpmath.fdot(map(mpmath.mpf, row), weights) for row in doubtful]
        if min(multipliers) <= 0 or any(margin < 1 for margin in exact):
            raise ArithmeticError(f"the reference for {len(labels):,} points is not the optimum")
        return weights


def _outcome(
    m: int, solver: str, answer: Answer, features: Matrix, labels: Vector, truth: mpmath.matrix
) -> Outcome:
    margins = labels * (features @ answer.weights + answer.bias)
    with mpmath.workdps(80):
        off = mpmath.matrix(answer.weights.tolist()) - truth
        error = float(mpmath.norm(off) / mpmath.norm(truth))
    return Outcome(m, solver, answer, error, float(margins.min()), int((margins <= 0).sum()))


# Tables and notes


def _row(outcome: Outcome) -> list[str]:
    goal = ""
    if outcome.solver == OURS:
        goal = f"at most {_short(MOST_ERROR)}: {'yes' if outcome.error <= MOST_ERROR else 'no'}"
    error, margin = _short(outcome.error), f"{outcome.margin:.9g}"
    wrong = str(outcome.wrong)
    return [f"{outcome.m:,}", outcome.solver, error, margin, wrong, outcome.answer.said, goal]


def _accuracy(rows: Sequence[Sequence[str]]) -> report.Table:
    columns = ("m", "solver", "error of the weights", "smallest margin", "wrong", "said", "goal")
    caption = (
        "Accuracy: the weights' error relative to the optimum at 80 digits; the smallest margin "
        "y f(x), 1 at the optimum and less where constraints are violated; training points "
        "classified wrongly; what the solver said of its result."
    )
    return report.Table(caption, columns, rows)


def _products(sizes: Sequence[int]) -> report.Table:
    """Ours in units of the time of one product features @ w, and of the matrix's memory."""
    rows = []
    for m in sizes:
        features, labels = _problem(m)
        fit, weights = partial(maxmargin.fit, features, labels), np.ones(features.shape[1])
        times = paired.interleaved({"fit": fit, "product": lambda f=features, w=weights: f @ w}, 11)
        r = paired.ratio(times, "fit", "product")
        reached = "yes" if r.median <= MOST_PRODUCTS else "no"
        reached += ", in doubt" if r.low <= MOST_PRODUCTS < r.high else ""
        cells = [f"{r.median:.3g}", f"{r.low:.3g} to {r.high:.3g}", str(r.rounds)]
        memory = f"{_peak_bytes(fit) / features.nbytes:.2g}"
        rows.append([f"{m:,}", *cells, f"at most {MOST_PRODUCTS}", reached, memory])
    caption = (
        "Time of a fit over that of one product `features @ w` with the same matrix; the most "
        "memory that NumPy and Python allocate during a fit, over the matrix's own."
    )
    columns = ("m", "fit / product", "interval", "rounds", "goal", "reached", "memory / matrix")
    return report.Table(caption, columns, rows)


def _peak_bytes(call: Callable[[], object]) -> int:
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _notes(
    comparisons: Sequence[report.Comparison], outcomes: Sequence[Outcome]
) -> tuple[str, ...]:
    """Where rivals are the faster, and where what they report as a success is none."""
    faster = [(c.against, c.what.removeprefix("fit, ")) for c in comparisons if c.ratio.median < 1]
    claimed = [(o, o.solver, f"m = {o.m:,}") for o in outcomes if o.answer.success]
    off = [(s, f"{m} ({_short(o.error)})") for o, s, m in claimed if o.error > SILENT_ERROR]
    wrong = [(s, f"{m} ({o.wrong})") for o, s, m in claimed if o.wrong]
    biased = [
        (s, f"{m} ({_short(o.answer.bias)})")
        for o, s, m in claimed
        if abs(o.answer.bias) > SILENT_ERROR
    ]
    return (
        _listed("Faster than ours", faster),
        _listed(f"Success reported, weights off by more than {_short(SILENT_ERROR)}", off),
        _listed("Success reported, training points classified wrongly", wrong),
        _listed(f"Success reported, a bias above {_short(SILENT_ERROR)} instead of 0", biased),
    )


def _listed(what: str, found: Sequence[tuple[str, str]]) -> str:
    """A sentence from pairs of a solver and where it was found, grouped by solver."""
    places: dict[str, list[str]] = {}
    for solver, place in found:
        places.setdefault(solver, []).append(place)
    text = "; ".join(f"{solver} at {', '.join(at)}" for solver, at in places.items())
    return f"{what}: {text or 'none'}."


def _short(number: float) -> str:
    """Two digits and a short exponent: 2.3e-12."""
    return np.format_float_scientific(number, precision=1, trim="-", exp_digits=1)
