"""List the guide's example scripts, or copy some of them here by name.

`python -m snippets` lists them; `python -m snippets NAME` copies one to the current folder.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent


def examples() -> dict[str, Path]:
    """Return the gallery's scripts by name, in the order of their paths.

    Raises:
        FileNotFoundError: If the package was installed without them.

    >>> len(examples()) > 30, examples()["map_strides_to_storage"].parent.name
    (True, 'tensors')
    """
    for folder in (HERE / "gallery", HERE.parent.parent / "gallery"):
        found = sorted(folder.glob("*/*.py"))
        if found:
            return {path.stem: path for path in found}
    raise FileNotFoundError("this installation of snippets has no examples; install it again")


def title(path: Path) -> str:
    """Return the heading of an example.

    >>> title(examples()["map_strides_to_storage"])
    'Map strides to storage'
    """
    lines = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")
    return lines[0].strip()


def copy(name: str, folder: Path, *, force: bool = False) -> Path:
    """Copy an example into a folder.

    Args:
        name: The example's name, with or without `.py`.
        folder: Where the copy goes, under the example's own name.
        force: Overwrite a file of that name.

    Returns:
        The path of the copy.

    Raises:
        KeyError: If there is no such example; the nearest names are in the message.
        FileExistsError: If there is such a file and `force` is False; it is left as it is.
    """
    found = examples()
    stem = name.removesuffix(".py")
    if stem not in found:
        near = difflib.get_close_matches(stem, found, n=3)
        near = near or [each for each in found if set(stem.split("_")) & set(each.split("_"))]
        hint = f"did you mean {', '.join(near)}? " if near else ""
        raise KeyError(f"there is no example {stem}; {hint}`python -m snippets` lists all")
    target = folder / f"{stem}.py"
    with target.open("wb" if force else "xb") as file:
        file.write(found[stem].read_bytes())
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    """List or copy; return 0, or 1 when something asked for was not done.

    >>> main(["stretch_without_copyng"])
    1
    """
    parser = argparse.ArgumentParser(prog="python -m snippets", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="an example to copy")
    parser.add_argument("--force", action="store_true", help="overwrite files that exist")
    options = parser.parse_args(arguments)
    if not options.names:
        folder = ""
        for name, path in examples().items():
            if path.parent.name != folder:
                folder = path.parent.name
                print(f"\n{folder}")
            print(f"  {name:36}{title(path)}")
        return 0
    failed = 0
    for name in options.names:
        try:
            print(f"copied to {copy(name, Path.cwd(), force=options.force)}")
        except KeyError as error:
            failed = 1
            print(error.args[0], file=sys.stderr)
        except FileExistsError as error:
            failed = 1
            print(f"{error.filename} exists and was left as it is; --force overwrites it",
                  file=sys.stderr)  # fmt: skip
    return failed


if __name__ == "__main__":
    sys.exit(main())
