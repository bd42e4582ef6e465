"""Where the book lies: the checkout that this package is in, or the one that one works in."""

from __future__ import annotations

from itertools import chain
from pathlib import Path


def checkout(*starts: Path) -> Path:
    """The nearest folder with a table of contents, _toc.yml, above one of the starts, in order.

    Where there is none it is the working directory: whoever needs a file there says that it lacks.
    """
    above = chain.from_iterable((start, *start.parents) for start in starts)
    return next((folder for folder in above if (folder / "_toc.yml").is_file()), Path.cwd())


ROOT = checkout(Path(__file__).resolve().parent, Path.cwd())
CHAPTERS = ROOT / "chapters"
RESULTS = CHAPTERS / "results"
