"""A source that is not UTF-8 ends the build with its name and line, before anything is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError


def unreadable(paths: list[Path]) -> Iterator[str]:
    """Say of each file that is not UTF-8 where it stops being so."""
    for path in paths:
        data = path.read_bytes()
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            byte = f"0x{data[error.start]:02x}"
            yield f"{path}:{line}: byte {byte} is not UTF-8; save the file in that encoding"


def check(app: Sphinx) -> None:
    """Stop at files that are not UTF-8.

    Raises:
        ExtensionError: If there is one; all are named.
    """
    root = Path(app.srcdir).parent
    paths = [
        *root.glob("docs/**/*.md"),
        *root.glob("gallery/**/*.py"),
        *root.glob("gallery/**/*.rst"),
    ]
    found = [line.removeprefix(f"{root}/") for line in unreadable(sorted(paths))]
    if found:
        raise ExtensionError("\n".join(found))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the event, before Sphinx-Gallery reads scripts."""
    app.connect("builder-inited", check, priority=10)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
