"""Zip a folder, equal folders to equal files: `python docs/_ext/zip_folder.py FOLDER ZIP`."""

import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path


def pack(archive: Path, held: Mapping[str, bytes]) -> None:
    """Write a new archive of what is given by name, in the order of names and without dates."""
    with zipfile.ZipFile(archive, "w") as new:
        for name in sorted(held):
            new.writestr(zipfile.ZipInfo(name), held[name], compress_type=zipfile.ZIP_DEFLATED)


def zip_files(archive: Path, files: Mapping[str, Path]) -> None:
    """Write files into a new archive, in a folder of its name, under the names that are given."""
    pack(archive, {f"{archive.stem}/{name}": path.read_bytes() for name, path in files.items()})


def still(archive: Path) -> None:
    """Write an archive anew, in the order of names and without dates."""
    with zipfile.ZipFile(archive) as old:
        held = {info.filename: old.read(info) for info in old.infolist()}
    pack(archive, held)


def zip_folder(folder: Path, archive: Path) -> None:
    """Write every file of the folder into a new archive."""
    found = (path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): path for path in found}
    zip_files(archive, {name: path for name, path in files.items() if path != archive})


if __name__ == "__main__":
    zip_folder(Path(sys.argv[1]), Path(sys.argv[2]))
