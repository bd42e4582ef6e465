"""Tables as Markdown text, for chapters, pages and the terminal."""

from collections.abc import Sequence


def markdown_table(rows: Sequence[Sequence[object]], columns: Sequence[str]) -> str:
    """Rows and column headings as Markdown text. Bars inside a cell are escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    cells = [[str(cell).replace("|", r"\|") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)
