"""What Furo's and Sphinx's pages lack for screen readers, put in after the build.

Each mend names what is wrong and where it belongs upstream; `axe` finds each of them when the mend
is taken out (tests/browser/test_access.py).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

CAPTION = '<p class="caption" role="heading"'
DRAWER = '<aside class="toc-drawer'
MENDS = [
    # Sphinx: a caption of the sidebar's tree is a heading without a level.
    (re.compile(f"{CAPTION}>"), f'{CAPTION} aria-level="2">'),
    # Docutils: the empty corner of a table is a heading of nothing.
    (re.compile('<th class="head">(<p></p>)?</th>'), "<td></td>"),
    # Furo: two landmarks of one kind, without names to tell them apart.
    (
        re.compile('<aside class="sidebar-drawer">'),
        '<aside class="sidebar-drawer" aria-label="Site">',
    ),
    # Sphinx-Gallery: an empty list of tags for each section, all with one id.
    (re.compile("<div id='sg-tag-list' class='sphx-glr-tag-list'></div>"), ""),
    # Sphinx-Gallery: an attribute that HTML doesn't know, in its cards and its style sheet.
    (
        re.compile(r'(sphx-glr-thumbcontainer" |sphx-glr-thumbcontainer\[|attr\()tooltip'),
        r"\1data-tooltip",
    ),
    (re.compile(rf'{DRAWER}( no-toc)?">'), rf'{DRAWER}\1" aria-label="This page">'),
]


def mended(page: str) -> str:
    """Return the page with all mends made."""
    for wrong, right in MENDS:
        page = wrong.sub(right, page)
    return page


def mend(app: Sphinx, exception: Exception | None) -> None:
    """Mend every page that the build has written."""
    if exception or app.builder.name != "html":
        return
    for path in sorted(Path(app.outdir).rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        if (new := mended(page)) != page:
            path.write_text(new, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the event, after all that write pages and put style sheets into them."""
    app.connect("build-finished", mend, priority=940)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
