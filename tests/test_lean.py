"""Lean pages: what can be used stays, what can't goes, and every page says the same as before."""

from pathlib import Path

import pytest
from lean import fitted, pruned, relink

PAGE = """<html><head>
<link href="../_static/furo.css?v=1" rel="stylesheet" type="text/css"/>
<link href="../_static/guide.css?v=2" rel="stylesheet" type="text/css"/>
<link href="../_static/only-here.css?v=3" rel="stylesheet" type="text/css"/>
</head><body class="used" id="top">
<script src="../_static/documentation_options.js?v=4"></script>
<script src="../_static/scripts/furo.js?v=5"></script>
<script src="../_static/explain.js?v=6"></script>
</body></html>
"""
SHEETS = {"_static/furo.css", "_static/guide.css"}


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (".used{color:red}", True),
        (".unused{color:red}", False),
        ("#top .used>p{color:red}", True),
        ("#top .used .unused{color:red}", False),
        ("table{color:red}", False),
        (".used:not(.unused){color:red}", True),
        (".used:is(.a,.unused){color:red}", True),
        ('[data-theme="x"] .used::before{color:red}', True),
        ("@media print{.used{color:red}}", True),
        ("@media print{.unused{color:red}}", False),
        ("@font-face{font-family:F;src:url(f.woff2)}", True),
        (".by-script{color:red}", True),
    ],
)
def test_rules(rule: str, kept: bool) -> None:
    """A rule stays if every tag, class and id that it asks for exists, or a script names it."""
    text = '<body class="used" id="top"><p class="a"></p></body>'
    css = fitted(rule, [text], 'node.classList.add("by-script")')
    assert css == (rule if kept else "")


def test_one_selector_of_a_list_may_go() -> None:
    """Of a list of selectors those stay that match something."""
    assert fitted(".a,.b p{x:y}", ['<p class="a">'], "") == ".a{x:y}"


def test_variables_go_when_their_last_reader_has_gone() -> None:
    """A variable stays as long as anything reads it, over as many steps as it takes."""
    css = ":root{--a:1px;--b:var(--a);--c:url('data:a;b=c,<svg/>')}.x{y:var(--b)}"
    assert fitted(css, ['<p class="x">'], "") == ":root{--a:1px;--b:var(--a)}.x{y:var(--b)}"
    assert fitted(css, ["<p>"], "") == ""
    assert fitted(css, ['<p class="x" style="background: var(--c)">'], "").count("data:a;b=c,") == 1


def test_pruning_is_for_words_that_exist() -> None:
    """With all of its words in use a style sheet loses nothing."""
    css = ".a{b:c}@media print{.a{b:d}}"
    assert pruned(css, {"a"}, set()).replace("\n", "") == ".a{b:c;}@media print{.a{b:d;}}"


def test_relink() -> None:
    """The joined style stands first where the links were; other links and scripts stay."""
    page = relink(PAGE, '.used{src:url("f.woff2")}', SHEETS, "site.js?v=9")
    assert page.count("<link") == 1 and "only-here.css" in page
    assert 'url("../_static/f.woff2")' in page
    assert page.count("<script") == 2
    assert page.index("site.js?v=9") < page.index("explain.js")
    assert "furo" not in page


def test_relink_again() -> None:
    """A page of an earlier build gets the new style and script in the place of the old."""
    once = relink(PAGE, ".used{color:red}", SHEETS, "site.js?v=9")
    again = relink(once, ".used{color:blue}", SHEETS, "site.js?v=10")
    assert again == once.replace("red", "blue").replace("?v=9", "?v=10")


def test_a_page_without_style_is_left_alone(tmp_path: Path) -> None:
    """What is no page of the theme is not touched."""
    assert relink("<p>", "", SHEETS, "site.js") == "<p>"
