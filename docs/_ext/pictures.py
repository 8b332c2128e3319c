"""The `{draw}` directive: a picture drawn from live objects, embedded in the page as SVG.

Its argument is one expression; its body, if any, is run before. Both see `torch` and `draw`.
The option `alt` says in words what the picture shows.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

DRAW = Path(__file__).parent.parent.parent / "src" / "snippets" / "draw.py"


def drawn(expression: str, body: str, alt: str) -> str:
    """Return the SVG of the picture that the expression gives once the body has run.

    Raises:
        TypeError: If the expression gives no picture.
        Exception: Whatever the body or the expression raises.
    """
    import torch  # here, since a build that reads no page needs no torch

    from snippets import draw
    from snippets._state import reset

    reset()
    names: dict[str, Any] = {"torch": torch, "draw": draw}
    exec(body, names)  # noqa: S102
    picture = eval(expression, names)  # noqa: S307
    if not isinstance(picture, draw.Picture):
        raise TypeError(f"{expression} is no picture of snippets.draw")
    return dataclasses.replace(picture, description=alt)._repr_svg_()


class Draw(SphinxDirective):
    """Evaluate the expression and embed the picture it returns."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the figure; an expression that draws nothing is an error at the page's line."""
        if "alt" not in self.options:
            raise self.error("draw: the option :alt: must say what the picture shows")
        try:
            svg = drawn(self.arguments[0], "\n".join(self.content), self.options["alt"])
        except Exception as error:
            raise self.error(f"draw: {type(error).__name__}: {error}") from error
        for page in re.findall(r'href="(?!https?:)([^"#]+)\.html', svg):
            here = posixpath.dirname(self.env.docname)
            if posixpath.normpath(posixpath.join(here, page)) not in self.env.found_docs:
                raise self.error(
                    f"draw: the picture links to {page}.html, and there is no such page"
                )
        self.env.note_dependency(str(DRAW))
        figure = f'<figure class="drawing">{svg}</figure>'
        raw = nodes.raw("", figure, format="html")
        self.set_source_info(raw)
        return [raw]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("draw", Draw)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
