"""Images with a palette against the same images without."""

import base64
import re
from io import BytesIO

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from pwlib.figures.figure_4 import compact, with_palette


def png(pixels):
    out = BytesIO()
    Image.fromarray(pixels).save(out, "png")
    return out.getvalue()


def pixels_of(data):
    return np.asarray(Image.open(BytesIO(data)).convert("RGBA"))


def test_a_palette_keeps_every_pixel_and_its_transparency():
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, size=(256, 4), dtype=np.uint8)
    pixels = colours[rng.permutation(np.arange(4096) % 256).reshape(64, 64)]
    found = with_palette(png(pixels))
    assert Image.open(BytesIO(found)).mode == "P"
    np.testing.assert_array_equal(pixels_of(found), pixels)
    assert len(found) < len(png(pixels)) / 2


def test_too_many_colours_for_a_palette_are_left_alone():
    pixels = np.zeros((1, 257, 4), dtype=np.uint8)
    pixels[0, :, 0], pixels[0, 256, 1] = np.arange(257) % 256, 1
    assert with_palette(png(pixels)) == png(pixels)


def test_compact_keeps_the_images_of_a_figure():
    figure = Figure()
    values = np.arange(6).reshape(2, 3)
    figure.subplots().imshow(values, cmap="gray", interpolation="none")
    (image,) = re.findall(r'base64,\s*([^"]+)"', compact(figure).data)
    found = pixels_of(base64.b64decode(image))
    np.testing.assert_array_equal(found[..., 0], np.round(values / 5 * 255))
    assert (found[..., 3] == 255).all()
