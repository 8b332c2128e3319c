"""Records of test runs: which bytes of which page were proven, on what, and when.

`build/records/<leg>.json` holds a record for each page, docstring module and gallery script that
passed. A record counts for the bytes that it was made from, those of the page and of the code that
all pages share, and is stale for any others. A digest over the file tells a damaged or edited file
from one that a run wrote; it is no signature, since whoever wants to can compute it too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path("build", "records")
# What runs the examples: with pyproject.toml, all that a copy of the harness needs.
HARNESS = ("conftest.py", "docs/_ext/records.py", "tests/recorder.py", "tests/simulate.py")
SHARED = (*HARNESS, "src/snippets/**/*")  # what a page's outputs depend on besides the page
SHARED_BY_SCRIPTS = ("tests/test_gallery.py",)  # gallery scripts stand alone
KINDS = ("docs/**/*.md", "src/snippets/*.py")  # what has examples to compare


class RefusedError(Exception):
    """A file of records that no run wrote as it is."""


@dataclass(frozen=True, slots=True)
class Record:
    """What one run says about one page, module or script; lines count from 1."""

    content: str  # see fingerprint
    torch: str
    cuda: str | None  # the CUDA version that torch was built for
    device: str | None  # the GPU's name
    python: str
    platform: str
    date: str  # of the run, in UTC
    compared: int  # examples whose output was compared; 1 for a script that ran to its end
    simulated: list[int]  # lines of examples compared on fake tensors, for want of a GPU
    skipped: dict[str, list[int]]  # by reason, lines of examples that did not run


def shared_hash(root: Path, patterns: tuple[str, ...]) -> str:
    """Return a hash over names and bytes of all files that match, compiled ones aside."""
    total = hashlib.sha256()
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    for path in sorted(found):
        if "__pycache__" not in path.parts:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(root).as_posix()} {digest}\n".encode())
    return total.hexdigest()


class Fingerprints:
    """The fingerprints of the files below one root, all taken at one time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.shared = shared_hash(root, SHARED)
        self.shared_by_scripts = shared_hash(root, SHARED_BY_SCRIPTS)

    def of(self, name: str) -> str:
        """Return the hash of the file and of what it depends on."""
        shared = self.shared_by_scripts if name.startswith("gallery/") else self.shared
        content = (self.root / name).read_bytes()
        return hashlib.sha256(shared.encode() + content).hexdigest()


def digest(records: object) -> str:
    """Return the digest that stands beside the records in their file."""
    return hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest()


def load(path: Path) -> dict[str, Record]:
    """Return the file's records by name; none if there is no file.

    Raises:
        RefusedError: if the file is not, byte for byte in meaning, what `save` wrote.
    """
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = data["records"]
        if data["digest"] != digest(rows):
            raise RefusedError(f"{path.name} was changed after the run that wrote it")
        return {name: Record(**row) for name, row in rows.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(f"{path.name} is corrupt ({type(error).__name__}: {error})") from error


def save(path: Path, records: Mapping[str, Record]) -> None:
    """Write the records and their digest, whole or not at all."""
    rows = {name: asdict(record) for name, record in sorted(records.items())}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    text = json.dumps({"digest": digest(rows), "records": rows}, indent=1)
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(path)


def split(root: Path, records: Mapping[str, Record]) -> tuple[dict[str, Record], list[str]]:
    """Return the records that are fresh, and the names of files that changed after their run.

    A record of a file that is gone says nothing about any page, and is in neither.
    """
    prints = Fingerprints(root)
    there = {name: record for name, record in records.items() if (root / name).is_file()}
    fresh = {name: record for name, record in there.items() if prints.of(name) == record.content}
    return fresh, [name for name in there if name not in fresh]


def with_examples(root: Path) -> Iterator[str]:
    """Yield the name of each page and module that shows a prompt."""
    for path in sorted(path for pattern in KINDS for path in root.glob(pattern)):
        name = path.relative_to(root).as_posix()
        generated = name.startswith("docs/gallery/")
        if not generated and re.search(r"^\s*>>> ", path.read_text("utf-8"), re.MULTILINE):
            yield name


def unproven(root: Path, leg: str, torch: str) -> list[str]:
    """Return the pages and modules that no fresh record of this leg and torch speaks for."""
    try:
        fresh, _ = split(root, load(root / FOLDER / f"{leg}.json"))
    except RefusedError:
        fresh = {}
    proven = {name for name, record in fresh.items() if record.torch.split("+")[0] == torch}
    return [name for name in with_examples(root) if name not in proven]


def drop_stale(root: Path) -> dict[str, int]:
    """Take the stale records out of all files that can be read; return how many, by file."""
    dropped = {}
    for path in sorted((root / FOLDER).glob("*.json")):
        try:
            records = load(path)
        except RefusedError:
            continue
        fresh, stale = split(root, records)
        if stale:
            save(path, fresh)
            dropped[path.name] = len(stale)
    return dropped
