"""Make Sphinx's EPUB valid: `python docs/_ext/finish_epub.py BOOK.epub`, in place.

Sphinx doesn't declare drawings and formulas in the list of contents, links to style sheets that it
leaves out, and lets through attributes and SVG of its extensions that XHTML does not allow.
"""

import re
import sys
import zipfile
from pathlib import Path, PurePosixPath

STYLE = re.compile(r'\s*<link rel="stylesheet"[^>]* href="([^"]+)" />')
# Fonts that the EPUB leaves out, and rules that its checker does not know yet.
UNKNOWN = re.compile(r"@font-face\s*\{[^}]*\}|[^{}]*:has\([^{}]*\{[^}]*\}")


def mended(name: str, page: str, names: set[str]) -> str:
    """Return an XHTML page that says what is there, in XHTML's words."""
    here = PurePosixPath(name).parent

    def keep(link: re.Match[str]) -> str:
        parts: list[str] = []
        for part in (here / link[1]).parts:
            parts = parts[:-1] if part == ".." else [*parts, part]
        return link[0] if "/".join(parts) in names else ""

    page = STYLE.sub(keep, page)
    page = re.sub(r"<svg (?![^>]*xmlns=)", '<svg xmlns="http://www.w3.org/2000/svg" ', page)
    page = re.sub(r'(<svg [^>]*)role="group"', r'\1role="document"', page)
    page = re.sub(r' tooltip="[^"]*"', "", page)
    return re.sub(r' id=["\']sg-tag-list["\']', "", page)


def declared(package: str, pages: dict[str, str]) -> str:
    """Return the package document with the properties that its pages need."""

    def item(match: re.Match[str]) -> str:
        page = pages.get(match[2], "")
        needs = [kind for kind, tag in (("mathml", "<math"), ("svg", "<svg")) if tag in page]
        return f'{match[1]} properties="{" ".join(needs)}"{match[3]}' if needs else match[0]

    return re.sub(r'(<item [^>]*href="([^"]+)"[^>]*?)(\s*/>)', item, package)


def finish(book: Path) -> None:
    """Rewrite the EPUB with its pages mended, and without dates: equal builds make equal files."""
    with zipfile.ZipFile(book) as old:
        files = {info.filename: old.read(info) for info in old.infolist()}
    pages = {
        name: mended(name, data.decode("utf-8"), set(files))
        for name, data in files.items()
        if name.endswith(".xhtml")
    }
    files |= {name: page.encode("utf-8") for name, page in pages.items()}
    files["content.opf"] = declared(files["content.opf"].decode("utf-8"), pages).encode("utf-8")
    for name in files:
        if name.endswith(".css"):
            files[name] = UNKNOWN.sub("", files[name].decode("utf-8")).encode("utf-8")
    with zipfile.ZipFile(book, "w") as new:
        for name, data in files.items():  # in the order of old: the mimetype first, not packed
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            new.writestr(zipfile.ZipInfo(name), data, compress_type=how)


if __name__ == "__main__":
    finish(Path(sys.argv[1]))
