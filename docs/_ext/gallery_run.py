"""How gallery scripts run: each from one state, with warnings as errors, anew for another torch.

Sphinx-Gallery skips a script whose content it has seen, whatever torch ran it. Here the results of
another torch are thrown away first, so that no build passes on another build's run.
"""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

logger = logging.getLogger(__name__)
STYLE = Path(__file__).parent / "gallery.mplstyle"
STAMP = "torch-version.txt"
_filters: list[Any] = []


def begin_script(_conf: dict[str, Any], _script: str, when: str) -> None:
    """Give the next script the state of a new interpreter; take its changes back after it."""
    import matplotlib.pyplot as plt

    from snippets._state import reset

    plt.close("all")
    plt.rcdefaults()
    reset()
    if when == "before":
        plt.style.use(STYLE)
        _filters[:] = warnings.filters
        warnings.simplefilter("error")
    else:
        warnings.filters[:] = _filters  # type: ignore[index]


def forget_other_torch(app: Sphinx, config: Config) -> None:
    """Remove what another build of torch left in the gallery's folders."""
    from torch import version

    built = f"{version.__version__} cuda={version.cuda}"
    for name in config.sphinx_gallery_conf["gallery_dirs"]:
        folder = Path(app.srcdir, name)
        stamp = folder / STAMP
        if folder.exists() and (not stamp.exists() or stamp.read_text("utf-8") != built):
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        stamp.write_text(built, encoding="utf-8")


def report(app: Sphinx, error: Exception | None) -> None:
    """Say how many scripts ran in this build, and on what."""
    from torch import version

    conf = app.config.sphinx_gallery_conf
    unchanged, passed = len(conf["stale_examples"]), len(conf["passing_examples"])
    logger.info(
        "gallery: %d scripts ran on torch %s, %d unchanged since they ran on it, %d failed",
        passed,
        version.__version__,
        unchanged,
        len(conf["failing_examples"]),
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect before Sphinx-Gallery starts (it listens to builder-inited)."""
    app.connect("config-inited", forget_other_torch)
    app.connect("build-finished", report, priority=1)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
