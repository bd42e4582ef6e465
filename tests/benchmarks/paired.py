"""Timing candidates side by side: interleaved in one run, so that a machine's moods cancel."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

Times = dict[str, list[float]]


@dataclass(frozen=True)
class Ratio:
    """A rival's time over ours: the median over rounds, and an interval for it of at least 95 %.

    The interval's ends are order statistics; it holds for any distribution of the rounds, if they
    are independent. With fewer than 6 rounds it is the range, whose level is lower.
    """

    median: float
    low: float
    high: float
    rounds: int


def interleaved(
    candidates: Mapping[str, Callable[[], object]],
    rounds: int,
    least_seconds: float = 0.2,
    seed: int = 0,
) -> Times:
    """CPU seconds of one call of each candidate, measured in each of ``rounds`` rounds.

    In a round every candidate runs once, in random order, repeated until it has taken
    ``least_seconds``. Two calls of each, not counted, warm it up and find how often that is.
    """
    repeats = {}
    for name, call in candidates.items():
        call()
        repeats[name] = max(1, round(least_seconds / max(_timed(call, 1), 1e-6)))
    order, shuffle = list(candidates), random.Random(seed).shuffle
    times: Times = {name: [] for name in candidates}
    for done in range(rounds):
        shuffle(order)
        for name in order:
            times[name].append(_timed(candidates[name], repeats[name]))
        show(f"round {done + 1} of {rounds}")
    return times


def ratio(times: Times, rival: str, ours: str, work: float = 1.0) -> Ratio:
    """The rival's time over ours, round by round; ``work``: our work in one call over theirs."""
    each = np.sort(work * np.divide(times[rival], times[ours]))
    n = len(each)
    skip = int(binom.ppf(0.025, n, 0.5)) - 1 if n > 5 else 0
    return Ratio(float(np.median(each)), float(each[skip]), float(each[n - 1 - skip]), n)


def show(text: str) -> None:
    """A line of progress, overwritten by the next where there is a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K  {text}", end="", file=sys.stderr, flush=True)


def _timed(call: Callable[[], object], repeats: int) -> float:
    start = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - start) / repeats
