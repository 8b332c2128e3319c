"""Name an inventory that can't be read, and say how to get it back.

Without one the site is built all the same, but for the links into it. Intersphinx reports a
corrupt file without saying which.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

logger = logging.getLogger(__name__)


def check(app: Sphinx, config: Config) -> None:
    """Warn of each local inventory that is missing or doesn't begin as one."""
    names = [
        name for _, (_, locations) in config.intersphinx_mapping.values() for name in locations
    ]
    for path in [Path(app.srcdir, name) for name in names]:
        if not path.is_file() or not path.read_bytes().startswith(b"# Sphinx inventory version 2"):
            logger.warning(
                "%s is missing or no inventory: links into it are left out; "
                "get it back by git checkout, or by nox -s inventory",
                path.relative_to(Path(app.srcdir).parent),
            )


def setup(app: Sphinx) -> dict[str, Any]:
    """Check once intersphinx has normalized its settings."""
    app.connect("config-inited", check, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
