"""Trained networks kept on disk, so that each is trained once.

The environment variable PWLIB_CACHE names their folder; "off" or nothing turns this off. A sweep
and ``make book`` set it for the chapters that they run, ``make book FRESH=1`` turns it off.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from pwlib import places
from pwlib.checks import PLAIN, TEXT, accepts, named
from pwlib.reruns.provenance import imports, meaning, processor, source

if TYPE_CHECKING:
    from torch import Tensor

VARIABLE = "PWLIB_CACHE"
OFF = "off"
LOG = "PWLIB_CACHE_LOG"  # names a file with a line for each network that was asked for

Tensors = dict[str, "Tensor"]


def default_folder() -> Path:
    """Where networks are kept unless PWLIB_CACHE says otherwise."""
    return Path.home() / ".cache" / "pwlib" / "networks"


def folder() -> Path | None:
    """The folder that PWLIB_CACHE names, or None where there is to be no cache."""
    named = os.environ.get(VARIABLE, "")
    return None if named in ("", OFF) else Path(named).expanduser().absolute()


@contextmanager
def counted(on: bool) -> Iterator[dict[str, str]]:
    """The environment of a process that keeps networks, where a setting doesn't forbid it, and
    leaves a log of them for `summary`.
    """
    with tempfile.NamedTemporaryFile(prefix="pwlib-") as log:
        off = {} if on else {VARIABLE: OFF}
        yield {VARIABLE: str(default_folder())} | dict(os.environ) | off | {LOG: log.name}


def summary(environment: Mapping[str, str] = os.environ) -> str:
    """ "22 of 24 networks from the cache", of those asked for so far; nothing where none was."""
    try:
        done = Path(environment.get(LOG, "")).read_text(encoding="utf-8").split()
    except OSError:
        return ""
    return f"{done.count('served')} of {len(done)} networks from the cache" if done else ""


def key(module: str, settings: Mapping) -> str:
    """A name for what a module of pwlib computes from settings (plain data).

    It depends on the settings, on what the code of the module and of those that it imports means,
    on the version of torch, and on the processor, whose arithmetic decides the last digits.
    """
    modules, _ = imports(source(module))
    code = {name: meaning(source(name)) for name in sorted(modules | {module})}
    inputs = [dict(settings), code, metadata.version("torch"), processor()]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:20]


def keep(settings: Mapping, compute: Callable[[], Tensors]) -> Tensors:
    """What ``compute()`` of `pwlib.training` returns, from the cache where it is on and has it.

    Processes of one machine that want the same thing wait for the first. A file is written whole
    or not at all, with its settings and a checksum; one that is damaged is computed again. Where
    the folder can't be written to, or the disk is full, nothing is kept.
    """
    place = folder()
    if place is None:
        return compute()
    path = place / f"{key('pwlib.training', settings)}.safetensors"
    with ExitStack() as stack:
        with suppress(OSError):  # where nothing can be written there is nothing to share
            place.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(f"{path}.lock"))
        found = _read(path)
        if LOG in os.environ:
            with open(os.environ[LOG], "a", encoding="utf-8") as log:
                print("served" if found else "trained", file=log)
        if found is None:
            if path.exists():
                print(f"{path}: damaged, so what it held is computed again", file=sys.stderr)
            _write(path, found := compute(), settings)
        return found


def stored(place: Path) -> list[Path]:
    """The files of the cache in a folder."""
    return sorted(place.glob("*.safetensors"))


def empty(place: Path) -> int:
    """Remove the cache's files from a folder; returns how many networks there were."""
    found = stored(place)
    for path in found:
        with FileLock(f"{path}.lock"):  # not while a process writes it
            path.unlink(missing_ok=True)
    return len(found)


def _checksum(path: Path, tensors: Tensors) -> str:
    """Of the numbers and of what they are the answer to, by the name of their file."""
    from safetensors.torch import save

    return hashlib.sha256(path.name.encode() + save(tensors)).hexdigest()


def _read(path: Path) -> Tensors | None:
    """The tensors of a file; None where there is none, or it is not as it was written."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            whole = (file.metadata() or {}).get("checksum") == _checksum(path, found)
    except (OSError, SafetensorError):
        return None
    return found if whole else None


def _write(path: Path, tensors: Tensors, settings: Mapping) -> None:
    from safetensors.torch import save

    about = {"settings": json.dumps(dict(settings), sort_keys=True)}
    with suppress(OSError):  # a full disk
        places.write(path, save(tensors, about | {"checksum": _checksum(path, tensors)}))


accepts(__name__, {"settings": PLAIN, "environment": named(TEXT)})
