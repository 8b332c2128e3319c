"""Simulated CUDA: blocks about shapes, dtypes and devices, compared where there is no GPU.

Between `% simulate: start` and `% simulate: end` the examples of a page run under FakeTensorMode,
whose tensors have a device and a shape and no values; with a GPU they run as they are. Names that
such a block binds end with it, on every machine, so that no fake tensor stands in a later example.
"""

from collections.abc import Iterable
from typing import Any

from sybil import Document, Example, Region
from sybil.example import NotEvaluated
from sybil.parsers.myst.lexers import DirectiveInPercentCommentLexer


class Simulator:
    """The parser of the two marks, and the evaluator of what stands between them."""

    def __init__(self) -> None:
        self.lexer = DirectiveInPercentCommentLexer("simulate")
        self.open: dict[Document, tuple[Any, dict[str, Any]]] = {}
        self.simulated: set[tuple[str, int]] = set()  # path and line of what ran on fake tensors

    def __call__(self, document: Document) -> Iterable[Region]:
        """Yield a region for each mark."""
        for mark in self.lexer(document):
            yield Region(mark.start, mark.end, mark.lexemes["arguments"], self.evaluate)

    def evaluate(self, example: Example) -> str | None:
        """Obey a mark, or run an example between two marks; return what differs, if anything."""
        if example.region.evaluator != self.evaluate:
            return self.run(example)
        if example.parsed == "start" and example.document not in self.open:
            self.start(example.document)
        elif example.parsed == "end" and example.document in self.open:
            self.end(example.document)
        else:
            raise ValueError(f"`simulate: {example.parsed}` out of turn")
        return None

    def start(self, document: Document) -> None:
        """Remember the page's names, and run what follows on fake tensors if there is no GPU."""
        import torch
        from torch._subclasses.fake_tensor import FakeTensorMode

        mode = None if torch.cuda.is_available() else FakeTensorMode()
        self.open[document] = mode, dict(document.namespace)
        document.push_evaluator(self.evaluate)

    def end(self, document: Document) -> None:
        """Take back the names that the block bound; it may not have bound another's anew."""
        _, names = self.open.pop(document)
        document.pop_evaluator(self.evaluate)
        rebound = [name for name in names if document.namespace.get(name) is not names[name]]
        document.namespace.clear()
        document.namespace.update(names)
        if rebound:
            raise ValueError(f"a simulated block may not bind the page's {', '.join(rebound)} anew")

    def run(self, example: Example) -> str | None:
        """Run the example on fake tensors; leave it to others where there is a GPU."""
        mode, _ = self.open[example.document]
        evaluator = example.region.evaluator
        if mode is None or evaluator is None:
            raise NotEvaluated
        self.simulated.add((example.path, example.line))
        with mode:
            return evaluator(example)


simulator = Simulator()
