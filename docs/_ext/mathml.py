"""Formulas as MathML, made from TeX while the site is built: no script, no font from elsewhere.

Sphinx's own renderers load MathJax from another host, or need LaTeX to make pictures.
"""

from __future__ import annotations

import html
import xml.etree.ElementTree as ET
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
PARTS = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "mroot": 2, "mover": 2, "munder": 2}


def check(mathml: str) -> None:
    """Raise ValueError for what the converter lets pass: it never refuses a command or a hole."""
    if "<mi>&</mi>" in mathml:
        raise ValueError("alignment by & is not supported: one formula a block")
    for element in ET.fromstring(mathml).iter():  # noqa: S314 (our own text)
        name = element.tag.rpartition("}")[2]
        if (element.text or "").startswith("\\"):
            raise ValueError(f"unknown command {element.text}")
        if len(element) != PARTS.get(name, len(element)):
            raise ValueError(f"a part of {name} is missing")


def rendered(node: nodes.Element, display: str) -> str:
    """Return a formula as MathML that carries its TeX; warn, and return the TeX, if that fails."""
    tex = node.astext()
    source = html.escape(tex, quote=False)
    try:
        mathml: str = convert(tex, display=display)
        check(mathml)
    except Exception as error:
        logger.warning("a formula can't be shown: %s (%r)", tex, error, location=node)
        return f"<code>{source}</code>"
    body = mathml.partition(">")[2].removesuffix("</math>")
    note = f'<annotation encoding="application/x-tex">{source}</annotation>'
    space = "http://www.w3.org/1998/Math/MathML"
    return f'<math xmlns="{space}" display="{display}"><semantics>{body}{note}</semantics></math>'


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
