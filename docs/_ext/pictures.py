"""The `{draw}` directive: a picture drawn from live objects, embedded in the page as SVG.

Its argument is one expression; its body, if any, is run before. Both see `torch` and `draw`.
The option `alt` says in words what the picture shows.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Draw(SphinxDirective):
    """Evaluate the expression and embed the picture it returns."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the figure; an expression that draws nothing is an error at the page's line."""
        import torch  # here, since a build that reads no page needs no torch

        from snippets import draw
        from snippets._state import reset

        if "alt" not in self.options:
            raise self.error("draw: the option :alt: must say what the picture shows")
        reset()
        names: dict[str, Any] = {"torch": torch, "draw": draw}
        try:
            exec("\n".join(self.content), names)  # noqa: S102
            picture = eval(self.arguments[0], names)  # noqa: S307
        except Exception as error:
            raise self.error(f"draw: {type(error).__name__}: {error}") from error
        if not isinstance(picture, draw.Picture):
            raise self.error(f"draw: {self.arguments[0]} is no picture of snippets.draw")
        for page in re.findall(r'href="(?!https?:)([^"#]+)\.html', picture.svg):
            here = posixpath.dirname(self.env.docname)
            if posixpath.normpath(posixpath.join(here, page)) not in self.env.found_docs:
                raise self.error(
                    f"draw: the picture links to {page}.html, and there is no such page"
                )
        self.env.note_dependency(draw.__file__)
        svg = dataclasses.replace(picture, description=self.options["alt"])._repr_svg_()
        figure = f'<figure class="drawing">{svg}</figure>'
        raw = nodes.raw("", figure, format="html")
        self.set_source_info(raw)
        return [raw]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("draw", Draw)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
