"""Tables as Markdown text; the function's home is `pwlib.markdown`."""

from pwlib.markdown import markdown_table

__all__ = ["markdown_table"]
