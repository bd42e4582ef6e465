"""Knobs: pictures that a reader turns in a page that has neither a kernel nor a server.

A picture is drawn by matplotlib for every setting of its controls. Artists whose gid starts with
``knob-`` move; all else must stay where it is. So the page holds the drawing once, and for each
setting the path data of what moves, besides the words that say what one sees. Path data are
rounded to fifths of a point and written relative to the point before; what several settings share
is stored once. ``chapters/_static/knobs.js`` puts the chosen setting in place.
"""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO

import matplotlib as mpl
from IPython.display import HTML
from matplotlib.figure import Figure

MOVES = "knob-"  # how the gid of an artist starts that moves
UNITS = 5  # in a point: what path data are rounded to, a tenth of a point at most
NOTHING = {"Date": None, "Creator": None}  # of when and by what an SVG was made

Slot = tuple[str, str]  # the id of an element, and its attribute, or "text"


@dataclass(frozen=True)
class Control:
    """What a reader turns: the keyword ``name`` of the drawing function, and a label.

    ``written`` has the words for each of the ``values``; ``start`` is the place of the first one
    shown. A slider, or with ``choice`` a list to choose from.
    """

    name: str
    label: str
    values: Sequence
    written: Sequence[str]
    start: int = 0
    choice: bool = False


@dataclass(frozen=True)
class Picture:
    """What a setting shows: a figure, a sentence that says what one sees in it, and more words or
    attributes for elements beside it."""

    figure: Figure
    said: str
    beside: Mapping[Slot, str] = field(default_factory=dict)


def show(
    name: str,
    controls: Sequence[Control],
    draw: Callable[..., Picture],
    caption: str,
    beside: str = "",
) -> HTML:
    """The knob of that name (unique in its page) as an HTML figure.

    ``draw`` is called with each combination of the controls' values. ``beside`` is HTML to stand
    next to the drawing. Raises ValueError where something moves that isn't marked to.
    """
    drawing, slots, frames = settings(name, controls, draw)
    start = 0
    for control in controls:
        start = start * len(control.values) + control.start
    first = dict(zip(slots, frames[start], strict=True))
    data = {"written": [list(control.written) for control in controls], "slots": slots}
    text = json.dumps(data | _shared(frames), ensure_ascii=False, separators=(",", ":"))
    text = text.replace("</", "<\\/")  # would end the script
    turns = "".join(_input(f"{name}-{i}", control) for i, control in enumerate(controls))
    said = f"{name}-said"
    return HTML(
        f'<figure class="knobs" id="{name}">\n<figcaption>{caption}</figcaption>\n'
        f'<div class="turn" hidden>{turns}</div>\n'
        f'<div class="seen">{_filled(_labelled(drawing, said), first)}'
        f"{_filled(beside, first)}</div>\n"
        f'<output id="{said}" aria-live="polite">{html.escape(first[said, "text"])}</output>\n'
        f'<script type="application/json">{text}</script>\n</figure>'
    )


def settings(
    name: str, controls: Sequence[Control], draw: Callable[..., Picture]
) -> tuple[str, list[Slot], list[list[str]]]:
    """What all settings share as SVG, what differs between them, and each setting's values of it.

    The settings are in the order of ``itertools.product``: the last control turns fastest.
    """
    drawing, slots, frames = None, [], []
    for values in itertools.product(*(control.values for control in controls)):
        picture = draw(**dict(zip((c.name for c in controls), values, strict=True)))
        still, moving = split(picture.figure, name)
        frame = {(id, "d"): compact(path) for id, path in moving.items()}
        frame |= {(f"{name}-said", "text"): picture.said} | dict(picture.beside)
        if drawing is None:
            drawing, slots = still, list(frame)
        if still != drawing or list(frame) != slots:
            raise ValueError(f"draw: at {values} something moves whose gid isn't '{MOVES}…'")
        frames.append(list(frame.values()))
    return drawing, slots, frames


def split(figure: Figure, name: str) -> tuple[str, dict[str, str]]:
    """A figure as SVG with the moving paths left empty, and their path data by element id.

    Every id starts with ``name``. Raises ValueError for an artist that is to move and isn't drawn
    as one path, unclipped.
    """
    moving: dict[str, str] = {}

    def take(found: re.Match[str]) -> str:
        id = f"{name}-{found[1]}"
        moving[id] = found[2] or ""
        return f'<g><path id="{id}" d="" transform="scale({1 / UNITS:g})" style="{_wide(found[3])}"'

    moves = rf'<g id="{MOVES}([\w-]+)">\s*<path(?: d="([^"]*)")? style="([^"]*)"(?=/></g>)'
    svg = re.sub(moves, take, _svg(figure))
    marked = figure.findobj(lambda artist: (artist.get_gid() or "").startswith(MOVES))
    if len(marked) != len(moving):
        raise ValueError("figure: got an artist to move that isn't drawn as one unclipped path")
    used = set(re.findall(r'(?:url\(|href=")#([\w-]+)', svg)) | moving.keys()
    svg = re.sub(r' id="([^"]+)"', lambda m: m[0] if m[1] in used else "", svg)
    svg = re.sub(rf'id="(?!{name}-)', f'id="{name}-', svg)
    return re.sub(r'(url\(|href=")#', rf"\1#{name}-", svg), moving


def compact(path: str) -> str:
    """Path data of M, L and z in points as relative whole numbers of units, without standstills.

    A line of no length right after a move is kept: with round ends it is a dot.
    """
    text, last, at, start = "", "", (0, 0), (0, 0)
    for letter, *to in re.findall(r"([MLz])(?:\s*([-\d.]+)\s+([-\d.]+))?", path):
        if letter == "z":
            text, last, at = text + "z", "z", start
            continue
        to = tuple(round(UNITS * float(number)) for number in to)
        dx, dy = to[0] - at[0], to[1] - at[1]
        if letter == "M":
            start, code, numbers = to, "m", f"{dx} {dy}"
        elif dx == dy == 0 and last != "m":
            continue
        else:
            code, numbers = ("h", f"{dx}") if dy == 0 else ("l", f"{dx} {dy}")
            code, numbers = ("v", f"{dy}") if dx == 0 != dy else (code, numbers)
        text += f"{code if code != last else ' '}{numbers}"
        last, at = code, to
    return text.replace(" -", "-")


def decoded(path: str) -> list[tuple[str, int, int]]:
    """The commands of ``compact`` path data: M, L or z, each with the point it leads to, in units
    of 1/UNITS points."""
    found, x, y, start = [], 0, 0, (0, 0)
    for code, text in re.findall(r"([mlhvz])([^mlhvz]*)", path):
        numbers = [int(number) for number in re.findall(r"-?\d+", text)]
        if code == "z":
            x, y = start
            found.append(("z", x, y))
        pairs = {"h": [(n, 0) for n in numbers], "v": [(0, n) for n in numbers]}
        for dx, dy in pairs.get(code, zip(numbers[::2], numbers[1::2], strict=True)):
            x, y = x + dx, y + dy
            start = (x, y) if code == "m" else start
            found.append(("M" if code == "m" else "L", x, y))
    return found


def _wide(look: str) -> str:
    """The style of a path drawn in units rather than points."""
    if "stroke:" not in look:
        return look
    width = re.search(r"stroke-width: ([\d.]+)", look)
    look = re.sub(r" stroke-width: [\d.]+;?", "", look).rstrip("; ")
    return f"{look}; stroke-width: {UNITS * float(width[1] if width else 1):g}"


def _svg(figure: Figure) -> str:
    """A figure as SVG for the inside of a page: text as text, nothing that says it twice."""
    out = StringIO()
    look = {"svg.fonttype": "none", "svg.hashsalt": "pwlib", "path.simplify": False}
    with mpl.rc_context(look):
        figure.savefig(out, format="svg", transparent=True, metadata=NOTHING)
    svg = out.getvalue()
    svg = re.sub(r"(?s)<metadata>.*?</metadata>|<!--.*?-->", "", svg[svg.index("<svg") :])
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg)  # would hold for the page
    svg = re.sub(r' transform="rotate\(-0 [^"]*"| (?:width|height)="[\d.]+pt"', "", svg)
    svg = re.sub(r"(?:; )?font-family: [^;\"]*", "", svg)
    svg = re.sub(r"(?<=\.\d\d)\d+", "", svg)  # a hundredth of a point is no place to see
    return re.sub(r"\s+", " ", re.sub(r">\s+<", "><", svg)).strip()


def _labelled(svg: str, by: str) -> str:
    """An SVG that another element describes, with what ``_svg`` took from its parts."""
    look = "stroke-linejoin:round;stroke-linecap:butt;font-family:'DejaVu Sans',Verdana,sans-serif"
    return svg.replace("<svg ", f'<svg role="img" aria-labelledby="{by}" style="{look}" ', 1)


def _filled(text: str, frame: Mapping[Slot, str]) -> str:
    """HTML or SVG with the values of a frame in the elements that it names by their ids."""
    for (id, attribute), value in frame.items():
        value = html.escape(value)
        if attribute == "text":
            text = re.sub(rf'(id="{id}"[^>]*>)', lambda m, v=value: m[1] + v, text)
        else:
            tag = rf'(id="{id}"[^>]*? {attribute}=")'
            text = re.sub(tag, lambda m, v=value: m[1] + v, text)
    return text


def _shared(frames: Sequence[Sequence[str]]) -> dict[str, list]:
    """The different texts of all frames, and each frame as places among them."""
    places: dict[str, int] = {}
    numbered = [[places.setdefault(text, len(places)) for text in frame] for frame in frames]
    return {"pieces": list(places), "frames": numbered}


def _input(id: str, control: Control) -> str:
    label = f'<label for="{id}">{html.escape(control.label)}</label>'
    shown = html.escape(control.written[control.start])
    if control.choice:
        options = "".join(
            f"<option{' selected' if i == control.start else ''}>{html.escape(text)}</option>"
            for i, text in enumerate(control.written)
        )
        return f'<div>{label} <select id="{id}" autocomplete="off">{options}</select></div>'
    return (
        f'<div class="slider">{label} <input type="range" id="{id}" autocomplete="off" min="0" '
        f'max="{len(control.values) - 1}" value="{control.start}" aria-valuetext="{shown}"> '
        f'<span aria-hidden="true">{shown}</span></div>'
    )
