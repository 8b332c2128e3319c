"""Collect every Python example that a reader sees: pages and docstrings, by Sybil."""

import doctest
from typing import Any

import pytest
from sybil import Sybil
from sybil.document import PythonDocStringDocument
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

from tests.recorder import Recorder
from tests.simulate import simulator


def begin(_namespace: dict[str, Any]) -> None:
    """Begin each page and each module from one state, whatever the last one left behind."""
    from snippets._state import reset  # imports torch: not before the first page runs

    reset()


# No ELLIPSIS and no NUMBER: "1." would accept 2., and "..." anything. Output is compared as it is.
EXACT = doctest.DONT_ACCEPT_TRUE_FOR_1
code = PythonCodeBlockParser(doctest_optionflags=EXACT)
pages = Sybil([code, SkipParser(), simulator], "*.md", setup=begin)
docstrings = Sybil(
    [DocTestParser(EXACT)],
    "src/snippets/*.py",
    setup=begin,
    document_types={".py": PythonDocStringDocument},
)
pytest_collect_file = (pages + docstrings).pytest()


def pytest_configure(config: pytest.Config) -> None:
    """Have what passes recorded."""
    config.pluginmanager.register(Recorder(config.rootpath))
