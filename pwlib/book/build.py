"""Making the book: execute what is stale, put the pieces together, render, report.

Nothing here but `accept` writes to a tracked file: executed chapters lie in ``_build/executed``,
the sources that the book is rendered from in ``_build/source``, the pages in ``_build/html``.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import yaml
from nbclient.exceptions import CellExecutionError

from pwlib.book import live
from pwlib.checks import a, accepts
from pwlib.ledger import assumptions, claims
from pwlib.places import CHAPTERS, RESULTS, ROOT, write
from pwlib.reruns import notebooks

BUILD = ROOT / "_build"
EXECUTED = BUILD / "executed"
SOURCE = BUILD / "source"
HTML = BUILD / "html"

# What the README shows of the book: five claims, each with what it is about.
README_CLAIMS = {
    "eq-7": "The Chebyshev max-margin classifier (7)",
    "bernstein-uniform-chebyshev-pointwise": "Bernstein classifiers converge uniformly, Chebyshev "
    "ones only pointwise",
    "eq-8-optimal-points": "Points that minimise (8) keep the error small",
    "fig-5-direct-robustness": "Training on hard points makes networks robust (Figure 5)",
    "hypotheses-are-attacked": "It does so by attacking other hypotheses with the same features",
}
BETWEEN = re.compile(
    r"(?<=<!-- findings: written by make accept -->\n).*(?=<!-- end of findings -->)", re.DOTALL
)


class BookError(RuntimeError):
    """What keeps the book from being made, in a line that names it and the way out."""


def make(fresh: bool = False, runs: bool = False) -> None:
    """Execute the stale chapters, render the book, report.

    If ``fresh``, execute every chapter, and train what would else come from the cache; if ``runs``,
    chapters run in the reader's page too (`pwlib.book.live`). Raises `BookError` where a chapter
    fails or the pages have warnings.
    """
    EXECUTED.mkdir(parents=True, exist_ok=True)  # or it fails before anything is executed
    chosen = [
        (None if fresh else _fresh_copy(chapter)) or _execute(chapter, fresh)
        for chapter in notebooks.chapters()
    ]
    _assemble(chosen)
    _render()
    (live.add if runs else live.remove)(HTML)
    _report(chosen)


def unreadable() -> str | None:
    """The first file of the book that can't be read, and why; None where all of them can."""
    readers: dict[Path, Callable[[Path], object]] = {
        ROOT / "_toc.yml": lambda path: yaml.safe_load(path.read_text(encoding="utf-8"))["parts"],
        claims.LEDGER: claims.ledger,
        assumptions.REGISTER: assumptions.register,
    }
    readers |= dict.fromkeys(sorted(CHAPTERS.glob("*.ipynb")), notebooks.read)
    found = [*sorted(RESULTS.glob("*.json")), BUILD / "benchmarks.json"]
    readers |= dict.fromkeys(found, lambda path: json.loads(path.read_text(encoding="utf-8")))
    return next(filter(None, map(_problem, readers.keys(), readers.values())), None)


def _problem(path: Path, read: Callable[[Path], object]) -> str | None:
    """Why a file can't be read; None where it can, or where what opens it says so."""
    try:
        read(path)
    except OSError:
        return None
    except Exception as error:  # whatever a file of any content makes its reader raise
        return f"{path}: {' '.join(str(error).split())[:200]}"
    return None


def accept() -> None:
    """Copy fresh executions, and benchmarks that were measured here, back to the tracked files."""
    for chapter in notebooks.chapters():
        ran = _fresh_copy(chapter)
        if ran is None:
            why = notebooks.why_stale(chapter, chapter)
            print(f"stale     {chapter.relative_to(ROOT)}: {why} (make book executes it)")
        elif ran != chapter:
            notebooks.write(notebooks.with_outputs(chapter, ran), chapter)
            print(f"accepted  {chapter.relative_to(ROOT)}")
    found, tracked = BUILD / "benchmarks.json", RESULTS / "benchmarks.json"
    if found.exists():
        read = [json.loads(p.read_text(encoding="utf-8")) for p in (tracked, found) if p.exists()]
        write(tracked, json.dumps(read[0] | read[-1], indent=1) + "\n")
        print(f"accepted  {tracked.relative_to(ROOT)}")
    write(ROOT / "README.md", readme((ROOT / "README.md").read_text(encoding="utf-8")))
    write(CHAPTERS / "_static" / "front.svg", readme_figure())


def readme(text: str) -> str:
    """The README with today's five findings from the ledger between its marks."""
    found = {claim.id: claim for claim in claims.ledger()}
    lines = [
        f"- {about}: **{found[id].verdict}.** {re.split(r'(?<=[.]) ', found[id].found())[0]}\n"
        for id, about in README_CLAIMS.items()
    ]
    return BETWEEN.sub(lambda old: "".join(lines), text)


def readme_figure() -> str:
    """The README's figure, that of the front page, as the executed notebook holds it."""
    cells = notebooks.read(CHAPTERS / "index.ipynb").cells
    figures = {c.metadata.get("mystnb", {}).get("figure", {}).get("name"): c for c in cells}
    return next(o.data["image/svg+xml"] for o in figures["fig-0"].outputs if "data" in o)


def _fresh_copy(chapter: Path) -> Path | None:
    """The executed notebook that belongs to today's chapter: from here, else the tracked one."""
    ran = EXECUTED / chapter.name
    if _problem(ran, notebooks.read):
        print(f"dropped   {ran}, which is no whole notebook: it is executed again", flush=True)
        ran.unlink()
    return next((path for path in (ran, chapter) if not notebooks.why_stale(path, chapter)), None)


def _execute(chapter: Path, fresh: bool) -> Path:
    out = EXECUTED / chapter.name

    def started(cell: int) -> None:
        if cell % 10 == 0:
            print(f"executing {chapter.stem:<34} cell {cell + 1}", flush=True)

    try:
        notebooks.execute(chapter, out, started, fresh)
    except CellExecutionError as error:
        failed = out.with_suffix(".failed.ipynb")
        raise BookError(f"{chapter}: {error.ename}: {error.evalue}; see {failed}") from None
    print(f"executed  {chapter.stem:<34} {notebooks.stamp(out)['seconds']:6.0f} s", flush=True)
    return out


def _assemble(chosen: list[Path]) -> None:
    """Lay out the sources of the book; what is the same is left alone, so that Sphinx skips it."""
    pages = [path for path in CHAPTERS.rglob("*") if path.is_file() and path.suffix != ".ipynb"]
    copied = [ROOT / "_config.yml", ROOT / "_toc.yml", *pages]
    wanted = {SOURCE / path.relative_to(ROOT): path.read_bytes() for path in copied}
    for path in chosen:
        merged = notebooks.with_outputs(CHAPTERS / path.name, path)
        wanted[SOURCE / "chapters" / path.name] = nbformat.writes(merged).encode()
    for path, content in wanted.items():
        if not path.exists() or path.read_bytes() != content:
            write(path, content)
    for path in {path for path in SOURCE.rglob("*") if path.is_file()} - wanted.keys():
        path.unlink()


def _render() -> None:
    program = Path(sys.executable).with_name("jupyter-book")
    shutil.rmtree(HTML / "_modules", ignore_errors=True)  # Sphinx leaves old contents there
    print("rendering the book", flush=True)
    done = subprocess.run(
        [program, "build", SOURCE, "--path-output", ROOT, "-W", "-n", "--keep-going", "--quiet"],
        cwd=ROOT,
        env=os.environ | {"PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if done.returncode:
        print(done.stdout)
        raise BookError("the pages: got errors or warnings, those above; mend what they name")


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


def require_book() -> None:
    """Raise `BookError` where no built book lies."""
    if not (HTML / "index.html").exists():
        raise BookError(f"{HTML}: got no book, which make book (python -m pwlib book) puts there")


accepts(__name__, {"text": a(str, where=BETWEEN.search, what="a README with marks of findings")})
