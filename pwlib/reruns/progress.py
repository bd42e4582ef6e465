"""How a sweep goes on: a bar on a terminal, plain lines elsewhere, nothing where asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from tqdm import tqdm


class Progress:
    """Counts the ``total`` runs that are to be done. Everything goes to the standard error."""

    def __init__(self, total: int, quiet: bool = False) -> None:
        self.total, self.done, self.failed, self.quiet = total, 0, 0, quiet
        self._running: tuple[str, ...] = ()
        terminal = sys.stderr.isatty() and not quiet and total > 0
        wide = _has_width()
        self._bar = tqdm(
            total=total,
            unit="run",
            disable=not terminal,
            dynamic_ncols=wide,
            ncols=None if wide else 80,
        )

    def say(self, text: str) -> None:
        """A line that stays; a warning is shown even where quiet was asked for."""
        tqdm.write(text, file=sys.stderr)

    def look(self, running: Sequence[str]) -> None:
        """Show what is running; without a terminal, when it starts."""
        started = [label for label in running if label not in self._running]
        self._running = tuple(running)
        if self._bar.disable and not self.quiet:
            for label in started:
                self.say(f"running  {label}")
        first = f"{running[0]}" + (" …" if len(running) > 1 else "") if running else "none"
        self._bar.set_postfix_str(f"{self.failed} failed, {len(running)} running: {first}")

    def ended(self, label: str, seconds: float, error: str | None) -> None:
        """Count a run; without a terminal, a line with how many are left."""
        self.done, self.failed = self.done + 1, self.failed + bool(error)
        self._bar.update()
        if self.quiet or not self._bar.disable:
            return
        how = "failed " if error else "done   "
        self.say(f"{how}  {label}  ({seconds:.0f} s; {self.done} of {self.total})")

    def close(self) -> None:
        """Leave the bar as it is, with nothing running."""
        self._bar.set_postfix_str(f"{self.failed} failed")
        self._bar.close()


def _has_width() -> bool:
    """Whether the terminal tells how wide it is; some say 0."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except (OSError, ValueError):
        return False


def label(parameters: Mapping, names: Sequence[str]) -> str:
    """A run as the parameters that tell it from the others: "seeds=[3] radius=1.5"."""
    return " ".join(f"{name}={parameters[name]}" for name in names) or "the only run"
