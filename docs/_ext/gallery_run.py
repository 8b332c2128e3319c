"""How gallery scripts run: each from one state, with warnings as errors, anew for another torch.

Sphinx-Gallery skips a script whose content it has seen, whatever torch ran it. Here the results of
another torch are thrown away first, so that no build passes on another build's run.
"""

from __future__ import annotations

import importlib.util
import runpy
import shutil
import warnings
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
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


def torch_facts() -> tuple[str, str | None]:
    """Return torch's version and its CUDA version, without the seconds that importing it takes."""
    spec = importlib.util.find_spec("torch")
    if spec is None or not spec.submodule_search_locations:
        raise ExtensionError("the site needs torch: build it by nox -s docs, which installs it")
    facts = runpy.run_path(f"{spec.submodule_search_locations[0]}/version.py")
    return facts["__version__"], facts["cuda"]


def torch_build() -> str:
    """Return torch's version and its CUDA version in words."""
    version, cuda = torch_facts()
    return f"{version} (CUDA: {cuda})"


def forget_other_torch(app: Sphinx, config: Config) -> None:
    """Remove what another build of torch left in the gallery's folders."""
    built = torch_build()
    for name in config.sphinx_gallery_conf["gallery_dirs"]:
        folder = Path(app.srcdir, name)
        stamp = folder / STAMP
        if folder.exists() and (not stamp.exists() or stamp.read_text("utf-8") != built):
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        stamp.write_text(built, encoding="utf-8")


def leave_links_to_gallery(app: Sphinx, _error: Exception | None) -> None:
    """Keep sphinx-codeautolink off the gallery's pages: Sphinx-Gallery links their code itself."""
    transforms = getattr(app.env, "sphinx_codeautolink_transforms", {})
    for page in transforms:
        if page.startswith(tuple(app.config.sphinx_gallery_conf["gallery_dirs"])):
            transforms[page] = []


def report(app: Sphinx, error: Exception | None) -> None:
    """Say how many scripts ran in this build, and on what."""
    conf = app.config.sphinx_gallery_conf
    unchanged, passed = len(conf["stale_examples"]), len(conf["passing_examples"])
    logger.info(
        "gallery: %d scripts ran on torch %s, %d unchanged since they ran on it, %d failed",
        passed,
        torch_build(),
        unchanged,
        len(conf["failing_examples"]),
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect before Sphinx-Gallery starts (it listens to builder-inited)."""
    app.connect("config-inited", forget_other_torch)
    app.connect("build-finished", leave_links_to_gallery, priority=1)
    app.connect("build-finished", report, priority=1)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
