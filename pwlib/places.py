"""Where the book lies, and writing its files so that none is ever half-written."""

import os
from itertools import chain
from pathlib import Path

from pwlib.checks import a, accepts, listed


def checkout(*starts: Path) -> Path:
    """The nearest folder with a table of contents, _toc.yml, above one of the starts, in order.

    Where there is none it is the working directory: whoever needs a file there says that it lacks.
    """
    above = chain.from_iterable((start, *start.parents) for start in starts)
    return next((folder for folder in above if (folder / "_toc.yml").is_file()), Path.cwd())


ROOT = checkout(Path(__file__).resolve().parent, Path.cwd())
CHAPTERS = ROOT / "chapters"
RESULTS = CHAPTERS / "results"


def write(path: Path, content: str | bytes) -> None:
    """Write text or bytes to a path: what fails leaves the old file, never a part of the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
            os.fsync(file.fileno())  # so that no power cut can empty it
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


accepts(__name__, {"starts": listed(a(Path))})
