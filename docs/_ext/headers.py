"""What a host should say about every page: `_headers`, as several hosts of static sites read it.

Nothing comes from elsewhere, and the one script that stands in the pages is named by its hash. (As
a `<meta>` in the pages the policy would keep Chromium from loading ahead.)
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
POLICY = (
    "default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def policy(pages: list[str]) -> str:
    """Return the strictest policy under which the pages work."""
    scripts = {script for page in pages for script in INLINE.findall(page)}
    digests = sorted(hashlib.sha256(script.encode()).digest() for script in scripts)
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return POLICY.format(hashes=hashes)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the file at the site's root."""
    if exception or app.builder.name != "html":
        return
    pages = [path.read_text("utf-8") for path in sorted(Path(app.outdir).rglob("*.html"))]
    lines = [
        "/*",
        f"  Content-Security-Policy: {policy(pages)}",
        "  X-Content-Type-Options: nosniff",
        "  Referrer-Policy: no-referrer",
        "",
    ]
    Path(app.outdir, "_headers").write_text("\n".join(lines), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the event, after the pages are final."""
    app.connect("build-finished", write, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
