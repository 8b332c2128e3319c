"""Mark the text of an exception in a shown session, so that a style sheet can wrap it.

Pygments leaves the message after the exception's name unmarked; as plain text it can't be told
from code, and a long one scrolls out of sight.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pygments.lexers import PythonConsoleLexer
from pygments.token import Generic
from sphinx.application import Sphinx


class ConsoleLexer(PythonConsoleLexer):  # type: ignore[misc]
    """A Python session in which a whole traceback, message included, is Generic.Error."""

    def get_tokens_unprocessed(self, text: str, *more: Any) -> Iterator[tuple[int, Any, str]]:
        """Yield the session's tokens, those from "Traceback" to the next prompt as errors."""
        in_traceback = False
        for index, token, value in super().get_tokens_unprocessed(text, *more):
            in_traceback = (in_traceback or token is Generic.Traceback) and (
                token is not Generic.Prompt
            )
            yield index, Generic.Error if in_traceback else token, value


def setup(app: Sphinx) -> dict[str, Any]:
    """Use the lexer for every session."""
    app.add_lexer("pycon", ConsoleLexer)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
