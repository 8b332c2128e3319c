"""Below each heading: where in its guide the page is, what it can be taken as, where else it opens.

Its source on the forge and its notebook on Colab and Binder come from one table, `forge` below
`[tool.guide]` in pyproject.toml, and are absent while it is unset: `repository`, the address;
`branch`, which holds the sources; and `published`, if the built site is pushed to the repository,
the branch that holds it, from which Colab and Binder open notebooks.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from downloads import OFFERED, TEXTS, file_name, in_order
from proof import source_of
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

KNOWN = {"repository", "branch", "published"}


def elsewhere(forge: dict[str, str], source: str, notebook: str | None) -> list[tuple[str, str]]:
    """Return what a page can be opened in, and the addresses.

    Args:
        forge: The settings.
        source: The path of the page's source in the repository.
        notebook: The path of its notebook in the built site, if it has one.

    Raises:
        ExtensionError: If the settings have an unknown name, or no repository that is an address.

    >>> elsewhere({}, "docs/a.md", "a.ipynb")
    []
    >>> elsewhere({"repository": "https://gitlab.com/o/n"}, "docs/a.md", None)
    [('edit', 'https://gitlab.com/o/n/-/edit/main/docs/a.md')]
    """
    if not forge:
        return []
    parts = urlsplit(forge.get("repository", ""))
    path = parts.path.strip("/").removesuffix(".git")
    if forge.keys() - KNOWN or parts.scheme != "https" or path.count("/") < 1:
        raise ExtensionError(
            "pyproject.toml: [tool.guide] forge takes repository (such as"
            f" https://github.com/OWNER/NAME), branch and published; it has {forge}"
        )
    gitlab = "gitlab" in (parts.hostname or "")
    edit = f"{'/-' if gitlab else ''}/edit/{forge.get('branch', 'main')}/{source}"
    found = [("edit", f"https://{parts.netloc}/{path}{edit}")]
    if notebook and "published" in forge and parts.hostname == "github.com":
        branch = forge["published"]
        colab = f"https://colab.research.google.com/github/{path}/blob/{branch}/{notebook}"
        binder = f"https://mybinder.org/v2/gh/{path}/{branch}?urlpath=lab/tree/{quote(notebook)}"
        found += [("Colab", colab), ("Binder", binder)]
    return found


def place_of(app: Sphinx, page: str) -> tuple[int, int, str] | None:
    """Return which page of how many of its guide a page is, and the guide's first page.

    The first page is none, and neither is one that is in no guide.
    """
    folder, _, name = page.rpartition("/")
    if not page.startswith(OFFERED) or name == "index":
        return None
    order = in_order(Path(app.srcdir, folder))[1:]
    return order.index(name) + 1, len(order), f"{folder}/index"


def offer(app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """Put the links below a page's heading."""
    if app.builder.name != "html" or page not in app.env.found_docs:
        return
    files: list[tuple[str, str]] = []
    book = None
    if page.startswith(OFFERED):
        name = file_name(page, app.config.guide_order)
        book = f"{name}.ipynb"
        files = [("notebook", book), ("script", f"{name}.py")]
    if page.startswith(TEXTS):
        files.append(("text", f"{page}.md"))
    links, first = [], ""
    for kind, path in files:
        how = "" if kind == "text" else ' download=""'
        links.append(f'<a href="{escape(context["pathto"](path, 1))}"{how}>{kind}</a>')
    for where, address in elsewhere(app.config.guide_forge, source_of(app, page), book):
        links.append(f'<a href="{escape(address)}">{where}</a>')
    if found := place_of(app, page):
        at, count, guide = found
        bar = f'<progress value="{at}" max="{count}" aria-hidden="true"></progress>'
        first = (
            f'{bar}Page {at} of {count} of <a href="{context["pathto"](guide)}">its guide</a> · '
        )
    if links:
        what = "The whole guide" if book and page.endswith("/index") else "This page"
        line = f'</h1>\n<p class="takeaway">{first}{what} as {", ".join(links)}</p>'
        context["body"] = context["body"].replace("</h1>", line, 1)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the setting and the event."""
    app.add_config_value("guide_forge", {}, "html", dict)
    app.connect("html-page-context", offer)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
