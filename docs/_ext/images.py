"""Plots as WebP, with their sizes, loaded when they come into sight.

After the build, each PNG of the gallery gets a WebP beside it, without loss for plots and at the
size that cards show for thumbnails; pages name it where it is the smaller one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from PIL import Image
from sphinx.application import Sphinx

THUMB_WIDTH = 420  # pixels; cards are at most 21 rem wide, on a phone the width of the screen
IMAGE = re.compile(r'<img (?:[^>]*? )?src="([^"]*_images/)([^"/]+)\.(?:png|webp)"[^>]*>')


def convert(png: Path) -> tuple[str, int, int]:
    """Write the WebP; return the name of the smaller file, and its width and height in pixels."""
    webp = png.with_suffix(".webp")
    with Image.open(png) as plot:
        thumb = png.stem.endswith("_thumb")
        width = THUMB_WIDTH if thumb else plot.width
        size = (width, round(plot.height * width / plot.width))
        if not webp.exists() or webp.stat().st_mtime < png.stat().st_mtime:
            small = plot.convert("RGB").resize(size, Image.Resampling.LANCZOS) if thumb else plot
            small.save(webp, lossless=not thumb, quality=72 if thumb else 90, method=6)
    name = webp.name if webp.stat().st_size < png.stat().st_size else png.name
    return name, *size


def shrink(card: Path) -> None:
    """Rewrite a page's card for social media with 48 colors: a third of the size."""
    with Image.open(card) as image:
        if image.mode != "P":
            few = image.convert("RGB").quantize(48, dither=Image.Dither.NONE)
            few.save(card, optimize=True)


def sized(page: str, images: dict[str, tuple[str, int, int]]) -> str:
    """Return the page with the smaller files, their sizes, and the browser's leave to wait."""

    def better(tag: re.Match[str]) -> str:
        if tag[2] not in images:
            return tag[0]
        name, width, height = images[tag[2]]
        kept = re.sub(r' (?:src|srcset|width|height|loading|decoding)="[^"]*"', "", tag[0])
        more = f' src="{tag[1]}{name}" width="{width}" height="{height}" loading="lazy"'
        return kept.rstrip("/> ") + more + ">"

    return IMAGE.sub(better, page)


def convert_all(app: Sphinx, exception: Exception | None) -> None:
    """Convert the images of the build, and name them on its pages."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    for card in sorted((out / "_images" / "social_previews").glob("*.png")):
        shrink(card)
    images = {png.stem: convert(png) for png in sorted((out / "_images").glob("*.png"))}
    for path in sorted(out.rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        if (new := sized(page, images)) != page:
            path.write_text(new, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the event, before the pages' styles are joined."""
    app.connect("build-finished", convert_all, priority=700)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
