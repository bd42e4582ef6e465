"""Making the tables of ``chapters/results``: ``python -m pwlib table NAME``.

A function of pwlib makes the rows. What a stopped command has finished is kept, and the next one
goes on from there.
"""

import itertools
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from inspect import signature
from pathlib import Path
from typing import Any

import torch

from pwlib import (
    arms,
    grids,
    large_degrees,
    parallel,
    places,
    point_search,
    sample_complexity,
    strong_attacks,
    transfer,
)
from pwlib.checks import ANYTHING, accepts, listed, maybe, named, whole
from pwlib.datasets import NAMES
from pwlib.places import RESULTS, ROOT
from pwlib.reruns import kept, provenance, results
from pwlib.reruns.runs import SweepError


@dataclass(frozen=True)
class Listed:
    """A table of what ``function(**job)`` returns, one row or several, perhaps rounded."""

    function: Callable[..., results.Row | list[results.Row]]
    jobs: Sequence[Mapping]
    digits: int | None = None


def every(**values: Iterable) -> list[dict[str, Any]]:
    """Every combination of values, by name; the last varies first."""
    return [dict(zip(values, point, strict=True)) for point in itertools.product(*values.values())]


def of_networks(seeds: int, **values: Iterable) -> list[dict[str, Any]]:
    """`every` for each of so many seeds, or where there is a GPU for all of them at once."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return every(**values, seeds=_parts(range(seeds), device), device=[device])


def _parts(seeds: Sequence[int], device: str) -> list[list[int]]:
    """The seeds that one process takes: each by itself on a processor, all on a GPU."""
    return [list(seeds)] if device == "cuda" else [[seed] for seed in seeds]


LISTED = {
    "sample-complexity": Listed(
        sample_complexity.row,
        every(p=range(5, 31), reading=sample_complexity.READINGS, odd=(False, True)),
    ),
    "chebyshev-sizes": Listed(
        large_degrees.chebyshev_row,
        every(p=range(35, 501, 15), reading=grids.CHEBYSHEV_KINDS, odd=(False, True)),
    ),
    "equispaced-sizes": Listed(
        large_degrees.equispaced_row,
        every(p=[40, 41, 60, 61, 80, 81, 100, 101, 120, 121], odd=(False, True)),
    ),
    "equispaced-limit": Listed(
        large_degrees.limit_row,
        [
            {"odd_p": odd_p, "odd_m": odd_m, "c": c / 1e5}
            for odd_p, odd_m, near in (
                (False, False, {*range(6600, 6801, 20)}),
                (False, True, {*range(6650, 6851, 20)}),
                (True, False, {*range(10500, 12501, 50), *range(11816, 11842, 2)}),
                (True, True, {*range(7600, 8301, 50), *range(7850, 7951, 5)}),
            )
            for c in sorted({*range(5000, 20001, 500)} | near)
        ],
        digits=5,
    ),
    "point-sets": Listed(
        point_search.best, every(n=[10], m=range(1, 11), criterion=point_search.CRITERIA), digits=12
    ),
    "strong-attacks": Listed(
        strong_attacks.row,
        every(seed=strong_attacks.SEEDS, dataset=NAMES, arm=strong_attacks.ARMS),
        digits=2,
    ),
    "along": Listed(
        arms.along,
        of_networks(20, dataset=NAMES, arm=("third", "hard"), epochs=arms.ALONG)
        + of_networks(5, dataset=NAMES, arm=arms.AT_END, epochs=[arms.REFERENCE.epochs]),
    ),
    "transfer": Listed(transfer.rows, of_networks(transfer.SEEDS, dataset=NAMES)),
}


def make(name: str, out: Path, workers: int = 0) -> Path:
    """Make what isn't there yet of a table, on that many processes (0: one a core).

    Rows of all tables but the networks lie in ``out`` until all are there. Returns the path of the
    table; beside it lies its origin. Raises SweepError for a name that isn't known.
    """
    workers = workers or len(os.sched_getaffinity(0))
    os.environ.setdefault(kept.VARIABLE, str(kept.default_folder()))  # references serve all arms
    if name == "networks":
        return networks(workers)
    if name not in LISTED:
        known = ", ".join(["networks", *LISTED])
        raise SweepError(f"table: got {name!r}, accepts one of {known}")
    rows, ran = _listed(LISTED[name], out, workers)
    last = max(ran, key=lambda one: one["started"])
    _, packages = provenance.imports(provenance.source(LISTED[name].function.__module__))
    versions = {n: v.split("+")[0] for n, v in last["packages"].items() if n in packages}
    about = {
        "command": f"python -m pwlib table {name}",
        "made": last["started"][:10],
        "commit": _commit(),
        "versions": versions,
        "processor": " and ".join(sorted({one["processor"] for one in ran})),
        "runs": len(ran),
        "core_hours": round(sum(one["seconds"] for one in ran) / 3600, 1),
    }
    return _write(name, rows, about)


def networks(workers: int) -> Path:
    """Make what the table of networks lacks, an arm at a time, the most important first.

    On a GPU all networks of an arm are trained at once, else each by itself, a process a core. Each
    arm is written as it comes, so that a stopped command goes on where it was.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rows = results.read("networks", RESULTS)
    about = json.loads((RESULTS / "networks.json").read_text(encoding="utf-8"))
    commit = _commit()  # before the table is written
    for arm, sets in arms.missing(rows, device).items():
        jobs = [(dataset, arm, part) for dataset, seeds in sets for part in _parts(seeds, device)]
        work = [(*job, device, kept.keep) for job in jobs]
        start = datetime.now(UTC)
        made = parallel.run(arms.rows, work, 1 if device == "cuda" else workers, arm)
        hours = (datetime.now(UTC) - start).total_seconds() / 3600
        rows += [row for part in made for row in part]
        added = _added(about.get(device, {}), sum(map(len, made)), hours)
        about[device] = added | {"commit": commit}
        _write("networks", rows, about | {"runs": len(rows)})
    return RESULTS / "networks.csv"


def _added(about: Mapping, networks: int, hours: float) -> dict[str, Any]:
    """What is said of the networks made on a device here, with more of them."""
    machine = provenance.machine()
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else machine["processor"]
    return {
        "on": sorted({*about.get("on", []), name}),
        "torch": machine["packages"]["torch"].split("+")[0],
        "networks": about.get("networks", 0) + networks,
        "hours": round(about.get("hours", 0) + hours, 2),
    }


def _listed(table: Listed, out: Path, workers: int) -> tuple[list[dict], list[dict]]:
    """The rows that a function makes, and where each came from."""
    out.mkdir(parents=True, exist_ok=True)  # or it fails when the first rows are made
    module = table.function.__module__
    places = {out / f"{kept.key(module, job)}.json": job for job in table.jobs}
    trains = "keep" in signature(table.function).parameters
    more = {"keep": kept.keep} if trains else {}
    todo = [(table.function, {**j, **more}, at) for at, j in places.items() if not at.exists()]
    parallel.run(_keep_row, todo, workers, "rows made")
    ran = [_read(place, table.digits) for place in places]
    rows = [one.pop("row") for one in ran]
    return [row for some in rows for row in (some if isinstance(some, list) else [some])], ran


def _write(name: str, rows: Sequence[Mapping], about: Mapping) -> Path:
    """Write a table and its origin, of which one is never without the other; returns its path."""
    text, path = results.text(rows), RESULTS / f"{name}.csv"
    new = path.with_name(path.name + results.NEW)
    origin = json.dumps(results.sealed(about, text), indent=1, ensure_ascii=False)
    places.write(new, text)
    places.write(RESULTS / f"{name}.json", origin + "\n")
    return new.replace(path)


def _keep_row(function: Callable, job: Mapping, place: Path) -> None:
    start = datetime.now(UTC)
    about = {"row": function(**job), "started": start.isoformat()} | provenance.machine()
    seconds = (datetime.now(UTC) - start).total_seconds()
    places.write(place, json.dumps(results.sealed(about | {"seconds": seconds}, place.name)))


def _commit() -> str | None:
    """The commit of this checkout, marked where files differ from it; None outside of one."""
    command = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _read(path: Path, digits: int | None) -> dict:
    """What `_keep_row` wrote, its floats rounded if asked for."""
    rounded = None if digits is None else lambda number: round(float(number), digits)
    text = path.read_text(encoding="utf-8")
    try:
        if results.is_sealed(json.loads(text), path.name):
            return json.loads(text, parse_float=rounded)
    except ValueError:  # of a file that was cut
        pass
    raise SweepError(f"{path}: {results.CHANGED}")


accepts(
    __name__,
    {"values": named(listed(ANYTHING)), "seeds": whole(1), "workers": whole(1)},
    make={"workers": whole(0)},
    Listed={"digits": maybe(whole(0))},
)
