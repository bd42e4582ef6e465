"""What a sweep is to run: a task for each point of a grid of a chapter's parameters."""

import difflib
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import yaml

from pwlib.reruns import runs
from pwlib.reruns.runs import Task

RANGE = re.compile(r"(-?\d+):(-?\d+)(?::(-?\d+))?")
TYPES = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "dict": dict}
MOST = 100_000  # runs of one sweep; more are a slip of the pen


class SweepError(ValueError):
    """What is wrong with a sweep as it was asked for, a line each."""


@dataclass(frozen=True)
class Request:
    """A sweep as a person asks for it.

    ``grid`` holds "name=values"; ``pairs``, ``texts`` and ``paths`` are papermill's -p, -y and -f,
    the parameters that all runs share.
    """

    chapter: Path
    grid: Sequence[str] = ()
    pairs: Sequence[Sequence[str]] = ()
    texts: Sequence[str] = ()
    paths: Sequence[Path] = ()


@dataclass(frozen=True)
class Plan:
    """The tasks of a sweep, in the order of its grid, and the parameters that the grid varies."""

    tasks: list[Task]
    swept: list[str]


def plan(request: Request) -> Plan:
    """A task for each point of a grid, after everything that was asked for is checked.

    The singular of a list's name stands for its members one at a time: ``seed=0:3`` sets ``seeds``
    to [0], [1], [2]. Raises SweepError, with all that is wrong.
    """
    text, names = _read(request.chapter)
    wrong: list[str] = []
    axes, common = list[tuple[str, list]](), list[tuple[str, list]]()
    for axis in request.grid:
        with _noted(wrong):
            axes.append(_axis(names, axis))
    for name, value in _shared(request, wrong).items():
        with _noted(wrong):
            common.append(_parameter(names, name, [value]))
    counts = Counter(name for name, _ in [*axes, *common])
    wrong += [f"{name}: given twice" for name, count in counts.items() if count > 1]
    if (count := math.prod(len(values) for _, values in axes)) > MOST:
        wrong.append(f"--grid: got {count:,} runs, accepts at most {MOST:,}")
    if wrong:
        raise SweepError("\n".join(dict.fromkeys(wrong)))
    try:
        first = runs.plan(request.chapter.stem, text, {})
    except (SyntaxError, OSError, RuntimeError) as error:
        raise _refusal(request.chapter, f"can't be run: {error}") from None
    alone = {"workers": 1} if "workers" in names else {}  # a process a run
    fixed = alone | {name: value for name, (value,) in common}
    swept = [name for name, _ in axes]
    points = itertools.product(*(values for _, values in axes))
    settings = [fixed | dict(zip(swept, point, strict=True)) for point in points]
    return Plan([replace(first, parameters=parameters) for parameters in settings], swept)


def values(text: str) -> Sequence:
    """The values that a grid names: "0:10", "0:10:2", "a,b", "1.5,3" or "[0,1],[2,3]".

    Raises ValueError or yaml.YAMLError for what is none of these.
    """
    if match := RANGE.fullmatch(text):
        return range(*(int(part) for part in match.groups() if part is not None))
    return yaml.safe_load(f"[{text}]")


@contextmanager
def _noted(wrong: list[str]) -> Iterator[None]:
    """Note what a SweepError says, and go on."""
    try:
        yield
    except SweepError as error:
        wrong += str(error).splitlines()


def _shared(request: Request, wrong: list[str]) -> dict[str, object]:
    """The parameters that all runs share: files, then texts, then pairs, of which the last counts.

    What is wrong with them joins ``wrong``.
    """
    found: dict[str, object] = {}
    sources: list[Path | str] = [*request.paths, *request.texts]
    for source in sources:
        with _noted(wrong):
            option, text = ("-y", source) if isinstance(source, str) else _file(source)
            parameters = _parsed(option, text)
            if not isinstance(parameters, dict):
                raise SweepError(f"{option}: got {text.strip()!r}, accepts a mapping in YAML")
            found |= {str(name): value for name, value in parameters.items()}
    for name, text in request.pairs:
        with _noted(wrong):
            found[name] = _parsed(f"-p {name}", text)
    return found


def _file(path: Path) -> tuple[str, str]:
    """The option that names a file of parameters, and its text."""
    try:
        return f"-f {path}", path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not a text"
        raise SweepError(f"-f: got {str(path)!r}, which can't be read: {why}") from None


def _parsed(option: str, text: str) -> object:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        raise SweepError(f"{option}: got {text.strip()!r}, which is no YAML") from None


def _axis(names: Mapping[str, str], axis: str) -> tuple[str, list]:
    """The parameter that "name=values" varies, and its values."""
    name, _, text = axis.partition("=")
    try:
        found = values(text) if name else []
    except (yaml.YAMLError, ValueError):
        found = []
    if not found:
        accepts = "name=values, as 0:10, 1.5,3 or a,b"
    elif len(found) > MOST:
        accepts = f"at most {MOST:,} values"
    else:
        return _parameter(names, name, found)
    raise SweepError(f"--grid: got {axis!r}, accepts {accepts}")


def _parameter(names: Mapping[str, str], name: str, values: Sequence) -> tuple[str, list]:
    """The parameter that a name stands for, and values as the chapter declares them."""
    full = _full_name(names, name)
    found, bad, wrong = [], [], []
    for value in values:
        try:
            found.append(_typed([value] if full != name else value, names[full]))
        except (TypeError, ValueError, OverflowError):
            bad.append(repr(value))
    if bad:
        shown = ", ".join(bad[:3]) + (" …" if len(bad) > 3 else "")
        wrong.append(f"{name}: got {shown}, accepts {_accepted(names, name, full)}")
    counts = Counter(json.dumps(value) for value in found)
    if twice := [text for text, count in counts.items() if count > 1]:
        wrong.append(f"{name}: got {', '.join(twice)} twice, accepts values without repeats")
    if wrong:
        raise SweepError("\n".join(wrong))
    return full, found


def _full_name(names: Mapping[str, str], name: str) -> str:
    if name in names:
        return name
    if names.get(f"{name}s", "").startswith("list["):
        return f"{name}s"
    if not names:
        raise SweepError(f"{name}: the chapter has no cell of parameters")
    near = difflib.get_close_matches(name, names, 1, 0.4)
    nearest = f"the nearest is {near[0]!r}" if near else f"it has {', '.join(names)}"
    raise SweepError(f"{name}: no parameter of the chapter; {nearest}")


def _accepted(names: Mapping[str, str], name: str, full: str) -> str:
    kind, single = names[full], name.removesuffix("s")
    if full != name:
        return kind[5:-1]
    if kind.startswith("list[") and single not in names:
        return f"{kind}, as [1,2]; {single}=… takes the members one at a time"
    return "plain data" if kind == "None" else kind


def _typed(value: object, kind: str) -> object:
    """A value as the type that a chapter declares, where that loses nothing."""
    if kind.startswith("list["):
        if not isinstance(value, list):
            raise TypeError
        return [_typed(member, kind[5:-1]) for member in value]
    if kind == "float" and isinstance(value, int | float | str) and not isinstance(value, bool):
        return float(value)  # YAML reads 1e-3 as text
    if kind in TYPES and type(value) is not TYPES[kind]:
        raise TypeError
    json.dumps(value, sort_keys=True)  # YAML has dates too
    return value


def _read(chapter: Path) -> tuple[str, dict[str, str]]:
    """A chapter without its outputs; the names of its parameters, and their types as written."""
    from papermill import inspect_notebook
    from papermill.exceptions import PapermillException

    if not chapter.is_file():
        raise _refusal(chapter, "isn't there")
    try:
        nb = nbformat.read(chapter, as_version=4)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        text = nbformat.writes(nb)
    except (OSError, ValueError, TypeError, AttributeError, nbformat.ValidationError):
        raise _refusal(chapter, "is no notebook") from None
    try:
        found = inspect_notebook(str(chapter))
    except (ValueError, AttributeError, PapermillException):
        raise _refusal(chapter, "names no Python kernel") from None
    return text, {name: about["inferred_type_name"] for name, about in found.items()}


def _refusal(chapter: Path, why: str) -> SweepError:
    return SweepError(f"chapter: got {str(chapter)!r}, which {why}")
