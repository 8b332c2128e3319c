"""What records say, in words (records.py has the records, proof.py puts the words on the pages)."""

from __future__ import annotations

from collections.abc import Iterable

from records import Record

SIMULATED = "without a GPU, tensors had devices, dtypes and shapes, and no values"


def build(torch: str, cuda: str | None, device: str | None = "") -> str:
    """Return a build of torch in words; an empty device is one that nothing is known of.

    >>> build("2.13.0+cpu", None), build("2.14.1+cu130", "13.0", None)
    ('torch 2.13.0 (CPU build)', 'torch 2.14.1 (CUDA build, no GPU)')
    """
    on = "" if device == "" or cuda is None else f", {device or 'no GPU'}"
    return f"torch {torch.partition('+')[0]} ({'CUDA' if cuda else 'CPU'} build{on})"


def ran_on(record: Record) -> str:
    """Return on what the record's run ran."""
    return build(record.torch, record.cuda, record.device)


def joined(words: Iterable[str]) -> str:
    """Return the words, each once, as a list in a sentence."""
    return " and ".join(dict.fromkeys(words))


def counts(compared: str, record: Record) -> str:
    """Return the record's numbers; the first stands before the words given.

    >>> record = Record("", "", None, None, "", "", "", 9, [3], {"needs a CUDA device": [5, 6]})
    >>> counts("compared", record)
    '9 compared; 1 simulated; 2 skipped: needs a CUDA device'
    """
    parts = [f"{record.compared} {compared}"]
    parts += [f"{len(record.simulated)} simulated"] if record.simulated else []
    parts += [f"{len(lines)} skipped: {reason}" for reason, lines in record.skipped.items()]
    return "; ".join(parts)


def foot(found: list[Record]) -> str:
    """Return what the records of a page say: one sentence for those with the same numbers."""
    alike: dict[str, list[Record]] = {}
    for record in found:
        alike.setdefault(counts("", record), []).append(record)
    sentences = []
    for group in alike.values():
        what = "example" if group[0].compared == 1 else "examples"
        builds = joined(ran_on(record) for record in group)
        sentences.append(counts(f"{what} compared on {builds}", group[0]) + ".")
    return " ".join(sentences)


def marks(found: list[Record], first: int, last: int) -> list[str]:
    """Return what is to say of a block on these lines, unless it was compared everywhere."""
    said: dict[str, list[str]] = {}
    for record in found:
        for reason, lines in {SIMULATED: record.simulated, **record.skipped}.items():
            if any(first <= line <= last for line in lines):
                said.setdefault(reason, []).append(ran_on(record))
    return [
        f"{'Simulated' if reason == SIMULATED else 'Skipped'} on {joined(builds)}: {reason}."
        for reason, builds in said.items()
    ]
