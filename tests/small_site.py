"""What a small copy of the project needs: to run pages, or to build a site."""

import shutil
from pathlib import Path

from records import HARNESS

ROOT = Path(__file__).parent.parent


def copy_harness(folder: Path, *more: str) -> None:
    """Copy what runs and records pages to a folder, and more files by name."""
    for name in ("pyproject.toml", *HARNESS, *more):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)


def copy_settings(folder: Path) -> None:
    """Copy what builds a site to a folder's `docs`, which isn't there yet, but no page."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "docs").mkdir()
    for name in ("conf.py", "_ext", "_inventory", "_static", "_templates"):
        source = ROOT / "docs" / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / "docs" / name)
