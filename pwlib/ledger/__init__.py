"""What the paper claims and what it leaves open: two registers, files in YAML of chapters/."""

from pathlib import Path

import yaml

# libyaml's is ten times as fast; the Python of a reader's page has none.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def plain(path: Path) -> list[dict]:
    """The entries of a register as plain data. Raises yaml.YAMLError."""
    return yaml.load(path.read_text(encoding="utf-8"), LOADER) or []  # noqa: S506  # a safe one
