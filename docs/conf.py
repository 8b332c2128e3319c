"""Sphinx settings. Logic lives in _ext/; versions and metadata in pyproject.toml."""

import os
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
_settings = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
_project, _legs = _settings["project"], _settings["tool"]["guide"]["torch"]

project = "PyTorch Fundamentals Guide"
author = _project["authors"][0]["name"]
copyright = f"2026, {author}"
version = release = _project["version"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx_codeautolink",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinx_sitemap",
    "sphinxext.opengraph",
    "notfound.extension",
    "access",
    "console_lexer",
    "downloads",
    "error_pages",
    "gallery_run",
    "gists",
    "glossary_links",
    "headers",
    "hosting",
    "images",
    "inventory_check",
    "lean",
    "mathml",
    "offers",
    "page_styles",
    "pictures",
    "proof",
    "proof_table",
    "readable",
    "search_index",
    "verdicts",
]
exclude_patterns = ["_*", "gallery/**/*.ipynb", "gallery/**/*.zip"]
nitpicky = True

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "substitution"]
myst_heading_anchors = 3
myst_substitutions = {f"torch_{leg}": version for leg, version in _legs.items()}

autodoc_member_order = "bysource"
napoleon_use_ivar = True
intersphinx_mapping = {
    "python": ("https://docs.python.org/3/", "_inventory/python.inv"),
    "torch": ("https://docs.pytorch.org/docs/stable/", "_inventory/torch.inv"),
}
codeautolink_autodoc_inject = False
codeautolink_concat_default = True

copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": ["../gallery"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"\.py$",
    "parallel": int(os.environ.get("GALLERY_JOBS", os.cpu_count() or 1)),
    "subsection_order": [f"../gallery/{name}" for name in _settings["tool"]["guide"]["gallery"]],
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("torch", "snippets"),
    "reset_modules": ("gallery_run.begin_script",),
    "reset_modules_order": "both",
    "image_scrapers": ("matplotlib",),
    "remove_config_comments": True,
    "write_computation_times": False,
    "min_reported_time": 1e9,
    "thumbnail_size": (640, 448),
    "copyfile_regex": r"$^",
}

guide_order = _settings["tool"]["guide"]["gallery"]
guide_summary = _project["description"]
guide_forge = _settings["tool"]["guide"].get("forge", {})

html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", _project["urls"]["Documentation"])
html_theme = "furo"
html_math_renderer = "mathml"
html_title = project
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["guide.css"]
html_favicon = "_static/favicon.svg"
html_copy_source = False
_accents = ["color-brand-primary", "color-brand-content", "color-brand-visited"]
html_theme_options = {
    "light_logo": "wordmark-light.svg",
    "dark_logo": "wordmark-dark.svg",
    "sidebar_hide_name": True,
    "light_css_variables": dict(zip(_accents, ["#0a6b62", "#0a6b62", "#5b4a8a"], strict=True)),
    "dark_css_variables": dict(zip(_accents, ["#6fd8c9", "#6fd8c9", "#c3b1f0"], strict=True)),
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
sitemap_url_scheme = "{link}"
sitemap_excludes = ["search.html", "genindex.html", "404.html"]
ogp_site_url = html_baseurl
ogp_site_name = project
ogp_social_cards = {
    "enable": True,
    "font": "DejaVu Sans",
    "image_mini": "_static/mark.png",
    "line_color": "#0a6b62",
    "site_url": "",
}

notfound_urls_prefix = urlsplit(html_baseurl).path if "READTHEDOCS" in os.environ else "/"

epub_basename = "pytorch-fundamentals-guide"
epub_show_urls = "no"
epub_tocscope = "includehidden"
epub_exclude_files = ["404.xhtml", "_static/jupyterlite_badge_logo.svg"]
epub_use_index = False
suppress_warnings = ["epub.unknown_project_files"]  # scripts and fonts, which the EPUB leaves out
