"""Trained networks kept on disk, so that a sweep trains each of them once.

The cache is off unless the environment variable PWLIB_CACHE names its folder: a chapter that is
executed by itself trains live. ``python -m pwlib sweep`` sets the variable for its workers.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from pwlib.reruns.provenance import imports, meaning, processor, source

if TYPE_CHECKING:
    from torch import Tensor

VARIABLE = "PWLIB_CACHE"
OFF = "off"  # the variable's value for no cache, also in a sweep

Tensors = dict[str, "Tensor"]


def default_folder() -> Path:
    """Where a sweep keeps networks unless PWLIB_CACHE says otherwise."""
    return Path.home() / ".cache" / "pwlib" / "networks"


def folder() -> Path | None:
    """The folder that PWLIB_CACHE names, or None where there is to be no cache."""
    named = os.environ.get(VARIABLE, "")
    return None if named in ("", OFF) else Path(named).expanduser().absolute()


def key(module: str, settings: Mapping) -> str:
    """A name for what a module of pwlib computes from settings (plain data).

    It depends on the settings, on the text of the module and of those that it imports, on the
    version of torch, and on the processor, whose arithmetic decides the last digits.
    """
    modules, _ = imports(source(module))
    code = {name: meaning(source(name)) for name in sorted(modules | {module})}
    inputs = [dict(settings), code, metadata.version("torch"), processor()]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:20]


def once(module: str, settings: Mapping, compute: Callable[[], Tensors]) -> Tensors:
    """What ``compute()`` returns, from the cache where it is on and has it.

    Processes of one machine that want the same thing wait for the first. A file is written whole
    or not at all, with its settings in it; one that can't be read is computed again. Where the
    folder can't be written to, or the disk is full, nothing is kept.
    """
    place = folder()
    if place is None:
        return compute()
    path = place / f"{key(module, settings)}.safetensors"
    with _lock(path):
        found = _read(path)
        if found is None:
            found = compute()
            _write(path, found, settings)
        return found


def stored(place: Path) -> list[Path]:
    """The files of the cache in a folder."""
    return sorted(place.glob("*.safetensors"))


def empty(place: Path) -> int:
    """Remove the cache's files from a folder; returns how many networks there were."""
    found = stored(place)
    for path in found:
        with _lock(path):  # not while a process writes it
            path.unlink(missing_ok=True)
    return len(found)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Held by one process at a time, and released by the system when that process ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(f"{path.name}.lock").open("w")
    except OSError:  # nothing can be written here, so there is nothing to share
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(path: Path) -> Tensors | None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path) or None  # a file without tensors is no network
    except (OSError, SafetensorError):
        return None


def _write(path: Path, tensors: Tensors, settings: Mapping) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        save_file(tensors, part, {"settings": json.dumps(dict(settings), sort_keys=True)})
        os.replace(part, path)
    except (OSError, SafetensorError):  # a full disk
        with suppress(OSError):
            part.unlink()
