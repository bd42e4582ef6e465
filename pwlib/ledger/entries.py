"""The entries of the ledger and of the register of assumptions, as their YAML files hold them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's, ten times as fast


def entries(path: Path, kind: type, refused: type[Exception]) -> list[dict[str, Any]]:
    """The entries of a file, each with exactly the fields of the dataclass ``kind``.

    A file that isn't YAML, or an entry with other keys, raises ``refused`` with one line.
    """
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), LOADER) or []
    except yaml.YAMLError as error:
        raise refused(f"{path.name}: {' '.join(str(error).split())}") from None
    names = {field.name for field in fields(kind)}
    for entry in found:
        if set(entry) != names:
            wrong = ", ".join(sorted(set(entry) ^ names))
            raise refused(f"{path.name}, {entry.get('id')}: keys missing or unknown: {wrong}")
    return found
