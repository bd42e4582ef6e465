"""Making the book: execute what is stale, put the pieces together, render, report.

Nothing here but `accept` writes to a tracked file: executed chapters lie in ``_build/executed``,
the sources that the book is rendered from in ``_build/source``, the pages in ``_build/html``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError

from pwlib.ledger import claims
from pwlib.ledger.report import first_sentence
from pwlib.places import CHAPTERS, ROOT
from pwlib.reruns import files, notebooks
from pwlib.reruns.notebooks import Progress

BUILD = ROOT / "_build"
EXECUTED = BUILD / "executed"
SOURCE = BUILD / "source"
HTML = BUILD / "html"
# Sends a reader on; an empty icon, or the browser asks for one that is not there.
FRONT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>To the front page</title>
<link rel="icon" href="data:,">
<meta http-equiv="refresh" content="0; url=chapters/index.html">
</head>
<body><a href="chapters/index.html">To the front page</a></body>
</html>
"""

# What the README shows of the book: five claims and one figure.
README_CLAIMS = (
    "eq-7",
    "bernstein-uniform-chebyshev-pointwise",
    "fig-2-equispaced",
    "eq-8-optimal-points",
    "fig-5-direct-robustness",
    "hard-objective-is-the-cause",
)
README_FIGURE = ("3a-pointwise-convergence", "fig-2")
README_MARKS = ("<!-- findings: written by make accept -->\n", "<!-- end of findings -->")


def make(fresh: bool = False) -> int:
    """Execute the stale chapters (all of them if ``fresh``), render the book, report.

    Returns the exit status: 0, or 1 where a chapter failed or the book has warnings.
    """
    chosen: list[Path] = []
    for chapter in notebooks.chapters():
        here = None if fresh else _fresh_copy(chapter)
        if here is None and (here := _execute(chapter)) is None:
            return 1
        chosen.append(here)
    _assemble(chosen)
    if not _render():
        return 1
    _report(chosen)
    return 0


def accept() -> int:
    """Copy what was executed here, where it is still fresh, back to the tracked chapters.

    With it go the parts of the benchmark that were measured here.
    """
    for chapter in notebooks.chapters():
        ran = EXECUTED / chapter.name
        if notebooks.is_fresh(ran, chapter):
            notebooks.write(notebooks.with_outputs(chapter, ran), chapter)
            print(f"accepted  {chapter.relative_to(ROOT)}")
        elif not notebooks.is_fresh(chapter, chapter):
            print(f"stale     {chapter.relative_to(ROOT)} (make book executes it)")
    _accept_benchmarks()
    files.write(ROOT / "README.md", readme((ROOT / "README.md").read_text()))
    files.write(CHAPTERS / "_static" / "figure-2.svg", readme_figure())
    return 0


def _accept_benchmarks() -> None:
    found, tracked = BUILD / "benchmarks.json", CHAPTERS / "results" / "benchmarks.json"
    if found.exists():
        accepted = json.loads(tracked.read_text()) if tracked.exists() else {}
        files.write(tracked, json.dumps(accepted | json.loads(found.read_text()), indent=1) + "\n")
        print(f"accepted  {tracked.relative_to(ROOT)}")


def readme(text: str) -> str:
    """The README with today's five findings from the ledger between its marks."""
    start, end = README_MARKS
    found = {claim.id: claim for claim in claims.ledger()}
    lines = [_finding(found[id]) for id in README_CLAIMS]
    head, rest = text.split(start)
    return head + start + "".join(lines) + end + rest.split(end)[1]


def _finding(claim: claims.Claim) -> str:
    found = first_sentence(claim.found())
    return f"- *The paper:* {claim.claim} **{claim.verdict.capitalize()}.** {found}\n"


def readme_figure() -> str:
    """The README's figure, as the executed chapter holds it."""
    stem, name = README_FIGURE
    cells = nbformat.read(CHAPTERS / f"{stem}.ipynb", as_version=4).cells
    shown = [c for c in cells if c.metadata.get("mystnb", {}).get("figure", {}).get("name") == name]
    return next(out.data["image/svg+xml"] for out in shown[0].outputs if "data" in out)


def _fresh_copy(chapter: Path) -> Path | None:
    """The executed notebook that belongs to today's chapter: from here, else the tracked one."""
    candidates = (EXECUTED / chapter.name, chapter)
    return next((path for path in candidates if notebooks.is_fresh(path, chapter)), None)


def _execute(chapter: Path) -> Path | None:
    out = EXECUTED / chapter.name
    try:
        notebooks.execute(chapter, out, _show_progress)
    except CellExecutionError as error:
        failed = out.with_suffix(".failed.ipynb")
        print(f"\n{chapter.name} failed: {error.ename}: {error.evalue}\nsee {failed}")
        return None
    seconds = notebooks.stamp(out)["seconds"]
    print(f"{_erase()}executed  {chapter.stem:<34} {seconds:6.0f} s", flush=True)
    return out


def _show_progress(now: Progress) -> None:
    line = f"executing {now.chapter:<34} {now.seconds:6.0f} s  cell {now.cell} of {now.cells}"
    if sys.stdout.isatty():
        print(f"{_erase()}{line}", end="", flush=True)
    elif now.cell % 10 == 1:
        print(line, flush=True)


def _erase() -> str:
    return "\r\x1b[K" if sys.stdout.isatty() else ""


def _assemble(chosen: list[Path]) -> None:
    """Lay out the sources of the book: settings, contents, pages, and the executed chapters.

    What hasn't changed is left alone, so that Sphinx reads again only what has.
    """
    settings = [ROOT / "_config.yml", ROOT / "_toc.yml"]
    pages = [path for path in CHAPTERS.rglob("*") if path.is_file() and _belongs(path)]
    wanted = {path.relative_to(ROOT): path.read_bytes() for path in settings + pages}
    for path in chosen:
        merged = notebooks.with_outputs(CHAPTERS / path.name, path)
        wanted[Path("chapters", path.name)] = nbformat.writes(merged).encode()
    for name, content in wanted.items():
        (SOURCE / name).parent.mkdir(parents=True, exist_ok=True)
        if not (SOURCE / name).exists() or (SOURCE / name).read_bytes() != content:
            (SOURCE / name).write_bytes(content)
    for path in SOURCE.rglob("*"):
        if path.is_file() and path.relative_to(SOURCE) not in wanted:
            path.unlink()


def _belongs(page: Path) -> bool:
    hidden = any(part.startswith(".") for part in page.relative_to(CHAPTERS).parts)
    return not hidden and page.suffix != ".ipynb"


def _render() -> bool:
    command = ["jupyter-book", "build", SOURCE, "--path-output", ROOT, "-W", "-n", "--keep-going"]
    python = Path(sys.executable)
    run = [str(python.parent / command[0]), *map(str, command[1:]), "--quiet"]
    shutil.rmtree(
        HTML / "_modules", ignore_errors=True
    )  # Sphinx leaves old tables of contents there
    print("rendering the book", flush=True)
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        return False
    (HTML / "index.html").write_text(FRONT)
    return True


def _report(chosen: list[Path]) -> None:
    """Print, claim by claim, what was measured beside what the ledger records."""
    recorded = {claim.id: claim for claim in claims.ledger()}
    print("\nclaim by claim: what was found (what the ledger records)")
    for found in notebooks.measured_claims(chosen):
        record = recorded[found["claim"]]
        print(f"\n{found['claim']}: {found['verdict']} ({record.verdict})")
        for name, value in found["measured"].items():
            print(f"    {name}: {claims.show(value)} ({claims.show(record.recorded[name])})")
    here = [path.stem for path in chosen if path.parent == EXECUTED]
    print(f"\nexecuted here: {', '.join(here) or 'none, the outputs in the repository are fresh'}")
    print(f"the book lies at {HTML / 'index.html'}")
