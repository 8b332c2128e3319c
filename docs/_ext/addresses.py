"""Where a page's references lead, as absolute addresses: for what readers take elsewhere."""

from __future__ import annotations

import posixpath
import re

from plain_text import Links
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.ext.intersphinx import InventoryAdapter

KINDS = {"func": ["function"], "meth": ["method"], "mod": ["module"],
         "class": ["class", "exception"], "attr": ["attribute", "property", "data"]}  # fmt: skip


def links_of(app: Sphinx, page: str) -> Links:
    """Return where a page's references lead.

    Raises:
        ExtensionError: When one is asked for that leads nowhere.
    """
    env = app.env
    inventory = InventoryAdapter(env).main_inventory
    labels = env.domains["std"].data

    def to_page(target: str) -> tuple[str, str]:
        path, _, anchor = target.partition("#")
        if not path:
            name = anchor
            found, anchor, *_ = labels["anonlabels"].get(name, (page, anchor))
            title = labels["labels"].get(name, ("", "", anchor))[2]
        else:
            found = posixpath.normpath(posixpath.join("/", posixpath.dirname(page), path))[1:]
            found = re.sub(r"\.(md|rst)$", "", found)
            if found not in env.titles:
                raise ExtensionError(f"{page}: no page {target}")
            title = env.titles[found].astext()
        address = app.config.html_baseurl + app.builder.get_target_uri(found)
        return address + (f"#{anchor}" if anchor else ""), title

    def to_name(role: str, target: str) -> str:
        for kind in KINDS.get(role, [role]):
            item = inventory.get(f"py:{kind}", {}).get(target)
            if item:
                return str(item.uri)
        raise ExtensionError(f"{page}: {{{role}}}`{target}` is in no inventory")

    return Links(to_page, to_name)
