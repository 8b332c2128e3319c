"""Zip a folder, equal folders to equal files: `python docs/_ext/zip_folder.py FOLDER ZIP`."""

import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path


def zip_files(archive: Path, files: Mapping[str, Path]) -> None:
    """Write files into a new archive under the names that are given, without their dates."""
    with zipfile.ZipFile(archive, "w") as new:
        for name, path in sorted(files.items()):
            info = zipfile.ZipInfo(f"{archive.stem}/{name}")
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, path.read_bytes())


def still(archive: Path) -> None:
    """Write an archive anew, in the order of names and without dates."""
    with zipfile.ZipFile(archive) as old:
        held = {info.filename: old.read(info) for info in old.infolist()}
    with zipfile.ZipFile(archive, "w") as new:
        for name in sorted(held):
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, held[name])


def zip_folder(folder: Path, archive: Path) -> None:
    """Write every file of the folder into a new archive."""
    found = (path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): path for path in found}
    zip_files(archive, {name: path for name, path in files.items() if path != archive})


if __name__ == "__main__":
    zip_folder(Path(sys.argv[1]), Path(sys.argv[2]))
