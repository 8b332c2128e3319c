"""Running text of a page without what only the site knows: its roles and relative links."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

INLINE = re.compile(
    r"\{(?P<role>\w+)\}`(?P<of>[^`]*)`"
    r"|(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)"
    r"|(?<!!)\[(?P<said>(?:[^\[\]`]|`[^`]*`|\[[^\]]*\])*)\]\((?P<target>[^()\s]+)\)",
    re.DOTALL,
)
TITLED = re.compile(r"(?P<title>[^<]*?) ?<(?P<target>[^>]*)>")


@dataclass
class Links:
    """Where a page's references lead, as absolute addresses."""

    page: Callable[[str], tuple[str, str]]  # (address, title) of what a link of the page leads to
    name: Callable[[str, str], str]  # address of a role's target, such as ("func", "torch.add")


def plain(text: str, links: Links) -> str:
    """Return running text without roles and relative links; code spans are left alone."""

    def replaced(match: re.Match[str]) -> str:
        if match["role"]:
            return role(match["role"], match["of"], links)
        if match["ticks"] or match["target"].startswith(("http:", "https:", "mailto:")):
            return match[0]
        address, title = links.page(match["target"])
        return f"[{match['said'] or title}]({address})"

    return INLINE.sub(replaced, text)


def role(name: str, text: str, links: Links) -> str:
    """Return the link that a role such as `{func}` stands for."""
    titled = TITLED.fullmatch(text)
    if titled:
        return f"[{titled['title']}]({links.name(name, titled['target'])})"
    target = text.removeprefix("~")
    said = target.rpartition(".")[2] if text.startswith("~") else target
    call = "()" if name in {"func", "meth"} else ""
    return f"[`{said}{call}`]({links.name(name, target)})"
