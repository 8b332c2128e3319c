"""What the site says of its build: the version, and that a preview is one."""

from types import SimpleNamespace
from typing import Any

import pytest
from hosting import announce, say_version


@pytest.mark.parametrize(("kind", "says"), [("external", True), ("branch", False), (None, False)])
def test_a_preview_says_so(monkeypatch: pytest.MonkeyPatch, kind: str | None, says: bool) -> None:
    """Above each page of a pull request's build, with its number; nowhere else."""
    monkeypatch.setenv("READTHEDOCS_VERSION", "42")
    if kind is None:
        monkeypatch.delenv("READTHEDOCS_VERSION_TYPE", raising=False)
    else:
        monkeypatch.setenv("READTHEDOCS_VERSION_TYPE", kind)
    config = SimpleNamespace(html_theme_options={})
    announce(None, config)  # type: ignore[arg-type]
    assert ("pull request 42" in config.html_theme_options.get("announcement", "")) is says


@pytest.mark.parametrize(
    ("name", "foot"), [("latest", "A · version 1.2 (latest)"), (None, "A · version 1.2")]
)
def test_the_footer_names_the_version(
    monkeypatch: pytest.MonkeyPatch, name: str | None, foot: str
) -> None:
    """With the host's name for it, if there is a host."""
    monkeypatch.delenv("READTHEDOCS_VERSION", raising=False)
    if name:
        monkeypatch.setenv("READTHEDOCS_VERSION", name)
    app: Any = SimpleNamespace(config=SimpleNamespace(release="1.2", copyright="A"))
    context: dict[str, Any] = {}
    say_version(app, "page", "", context, None)
    assert context["copyright"] == foot
