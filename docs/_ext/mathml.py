"""Formulas as MathML, made from TeX while the site is built: no script, no font from elsewhere.

Sphinx's own renderers load MathJax from another host, or need LaTeX to make pictures.
"""

from __future__ import annotations

import html
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.writers.html5 import HTML5Translator


def rendered(node: nodes.Element, display: str) -> str:
    """Return a formula as MathML that carries its TeX, for copying; name the page if it fails."""
    tex = node.astext()
    try:
        mathml: str = convert(tex, display=display)
    except Exception as error:
        where = f"{node.source}:{node.line}"
        raise ExtensionError(f"{where}: a formula that is no TeX: {tex!r} ({error!r})") from error
    body = mathml.partition(">")[2].removesuffix("</math>")
    return (
        f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="{display}"><semantics>{body}'
        f'<annotation encoding="application/x-tex">{html.escape(tex, quote=False)}</annotation></semantics></math>'
    )


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    self.body.append(rendered(node, "inline"))
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own; it scrolls inside itself where a phone is too narrow."""
    self.body.append(f'<div class="formula" tabindex="0">{rendered(node, "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer under the name that conf.py selects."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
