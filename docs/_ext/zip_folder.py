"""Zip a folder, equal folders to equal files: `python docs/_ext/zip_folder.py FOLDER ZIP`."""

import sys
import zipfile
from pathlib import Path


def zip_folder(folder: Path, archive: Path) -> None:
    """Write every file of the folder, by name, without its date."""
    with zipfile.ZipFile(archive, "w") as new:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.resolve() != archive.resolve():
                info = zipfile.ZipInfo(f"{archive.stem}/{path.relative_to(folder).as_posix()}")
                info.compress_type = zipfile.ZIP_DEFLATED
                new.writestr(info, path.read_bytes())


if __name__ == "__main__":
    zip_folder(Path(sys.argv[1]), Path(sys.argv[2]))
