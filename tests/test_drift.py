"""What a drift report takes from pytest's account of a failure."""

import pytest

from tests.drift import change

RAISED = "Exception raised:\n    Traceback (most recent call last):\n      x\n    NameError: y\n\n"


@pytest.mark.parametrize(
    ("account", "old", "new"),
    [
        ("Expected:\n    1\n    2\nGot:\n    3\n\n", "1\n2", "3"),
        (
            "Expected:\n    Traceback (most recent call last):\n        ...\n    A: b\n"
            "Got:\n    Traceback (most recent call last):\n      File x\n    A: c\n\n",
            "A: b",
            "A: c",
        ),
        ("Expected nothing\nGot:\n    4\n\n", "", "4"),
        (RAISED, "", "NameError: y"),
        ("something\nlast line\n", "", "last line"),
    ],
)
def test_old_and_new_are_told_apart(account: str, old: str, new: str) -> None:
    """Outputs are given without their indent, of tracebacks the last line."""
    assert change(account) == (old, new)
