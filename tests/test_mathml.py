"""Formulas: MathML with its TeX beside it; what can't be converted is named by page and line."""

import subprocess
import sys
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).parent.parent / "docs" / "_ext"
CONF = f"""
import sys
sys.path.insert(0, {str(EXTENSIONS)!r})
extensions = ["myst_parser", "mathml"]
html_math_renderer = "mathml"
"""


def build(folder: Path, page: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Build a site of one page, warnings being errors; return the run and the page."""
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    (folder / "index.md").write_text(page, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-b", "html", ".", "out"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    made = folder / "out" / "index.html"
    return done, made.read_text(encoding="utf-8") if made.exists() else ""


def test_formula(tmp_path: Path) -> None:
    """A block and a role become MathML; no script is loaded for them."""
    done, page = build(tmp_path, "# T\n\n{math}`a < b`\n\n```{math}\n\\frac{x_1}{\\eta}\n```\n")
    assert done.returncode == 0, done.stderr
    assert page.count("<math ") == 2
    assert '<annotation encoding="application/x-tex">a &lt; b</annotation>' in page
    assert "<mfrac>" in page
    assert "mathjax" not in page.lower()


@pytest.mark.parametrize(
    ("tex", "says"),
    [
        (r"\begin{aligned} a &= b \end{aligned}", "alignment by & is not supported"),
        (r"\frac{1}", "a part of mfrac is missing"),
        (r"\nosuch{x}", "unknown command"),
        ("x_", "MissingSuperScriptOrSubscriptError"),
    ],
)
def test_what_cannot_be_shown_is_named(tex: str, says: str, tmp_path: Path) -> None:
    """A formula that would be shown wrong ends the build at its line."""
    done, _ = build(tmp_path, f"# T\n\nWords.\n\n```{{math}}\n{tex}\n```\n")
    assert done.returncode != 0
    assert "index.md:5: WARNING: a formula can't be shown" in done.stderr
    assert says in done.stderr
