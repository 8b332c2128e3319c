"""How gallery scripts run: each from one state, with warnings as errors, anew for another torch.

Sphinx-Gallery skips a script whose content it has seen, whatever torch ran it. Here the results of
another torch are thrown away first, so that no build passes on another build's run.
"""

from __future__ import annotations

import importlib.util
import resource
import runpy
import shutil
import signal
import tomllib
import warnings
from pathlib import Path
from types import FrameType
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging
from zip_folder import still

logger = logging.getLogger(__name__)
STYLE = Path(__file__).parent / "gallery.mplstyle"
SETTINGS = Path(__file__).parent.parent.parent / "pyproject.toml"
STAMP = "torch-version.txt"
_filters: list[Any] = []


def limits() -> tuple[float, int]:
    """Return for how many seconds and with how many bytes of memory a script may run."""
    settings = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))["tool"]["guide"]
    return settings["script_seconds"], settings["script_bytes"]


def hold(script: str, when: str) -> None:
    """End the script with an error when it runs for too long or asks for too much memory.

    Raises:
        TimeoutError: In the script, when its time is over.
    """
    seconds, size = limits()

    def end(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"{script} still ran after {seconds} s: that is the limit for a script")

    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds if when == "before" else 0)
    resource.setrlimit(resource.RLIMIT_DATA, (size if when == "before" else most, most))


def begin_script(_conf: dict[str, Any], script: str, when: str) -> None:
    """Give the next script the state of a new interpreter; take its changes back after it."""
    import matplotlib.pyplot as plt

    from snippets._state import reset

    hold(script, "after")  # importing torch is not the script's time
    plt.close("all")
    plt.rcdefaults()
    reset()
    if when == "before":
        plt.style.use(STYLE)
        _filters[:] = warnings.filters
        warnings.simplefilter("error")
        hold(script, when)
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


def still_zips(app: Sphinx, error: Exception | None) -> None:
    """Take the dates out of Sphinx-Gallery's zips, so that equal scripts give equal files."""
    if not error:
        for archive in Path(app.outdir, "_downloads").glob("*/*.zip"):
            still(archive)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect before Sphinx-Gallery starts (it listens to builder-inited)."""
    app.connect("config-inited", forget_other_torch)
    app.connect("build-finished", leave_links_to_gallery, priority=1)
    app.connect("build-finished", report, priority=1)
    app.connect("build-finished", still_zips, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
