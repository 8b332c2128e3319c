"""What the site says of its build: the version in the footer, and that a preview is one.

Read the Docs names the version, and the number of a pull request, in its environment variables.
"""

from __future__ import annotations

import os
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config


def announce(_app: Sphinx, config: Config) -> None:
    """Put a line above each page of a build that was made for a pull request."""
    if os.environ.get("READTHEDOCS_VERSION_TYPE") == "external":
        number = os.environ["READTHEDOCS_VERSION"]
        line = f"A preview of pull request {number}: what is proposed, not the guide."
        config.html_theme_options["announcement"] = line


def say_version(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: object
) -> None:
    """Put the version into the footer, with the name that the host has for it."""
    name = os.environ.get("READTHEDOCS_VERSION")
    version = f"version {app.config.release}" + (f" ({name})" if name else "")
    context["copyright"] = f"{app.config.copyright} · {version}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the events."""
    app.connect("config-inited", announce)
    app.connect("html-page-context", say_version)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
