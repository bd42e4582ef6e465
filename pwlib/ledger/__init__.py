"""What the paper claims and what it leaves open: two registers, files in YAML of chapters/."""

from pathlib import Path

import yaml

# libyaml's is ten times as fast; the Python of a reader's page has none
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def plain(path: Path) -> list[dict]:
    """The entries of a register as plain data. Raises yaml.YAMLError."""
    text = path.read_text(encoding="utf-8")
    return yaml.load(text, _LOADER) or []  # noqa: S506  # it is a safe one
