"""How far a long piece of work is: in a notebook's cell, on a terminal, or not at all."""

from __future__ import annotations

import shutil
import sys

from tqdm import tqdm


class _Cell:
    """A file for tqdm that is one output of the cell that runs, overwritten in place."""

    def __init__(self) -> None:
        from IPython.display import display

        self.handle = display({"text/plain": ""}, raw=True, display_id=True)

    def write(self, text: str) -> None:
        """Show a text, unless it is blank."""
        if text.strip():
            self.handle.update({"text/plain": text.strip()}, raw=True)

    def flush(self) -> None:
        """Nothing waits to be shown."""


def bar(total: int, what: str) -> tqdm:
    """A bar that counts up to a total; ``disable`` is set where there is no one to see it.

    In a notebook it is the text "networks trained: 3 of 24", the same in every execution.
    """
    # IPython is there in a notebook: whoever does without shouldn't wait for it.
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if hasattr(shell, "kernel"):
        return tqdm(
            total=total, desc=what, file=_Cell(), bar_format="{desc}: {n_fmt} of {total_fmt}"
        )
    wide = shutil.get_terminal_size().columns  # 80 where the terminal says 0
    return tqdm(total=total, desc=what, ncols=wide, disable=not (total and sys.stderr.isatty()))
