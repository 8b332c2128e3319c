"""A style sheet that only one page needs: `style: NAME.css` in the page's front matter."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def add_style(
    app: Sphinx, _name: str, _template: str, context: dict[str, Any], _tree: object
) -> None:
    """Load the style sheet that the page asks for, after the guide's own."""
    style = (context.get("meta") or {}).get("style")
    if style:
        app.add_css_file(style, priority=900)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the event."""
    app.connect("html-page-context", add_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
