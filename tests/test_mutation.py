"""Change one letter or digit of a shown output, 200 times: each change must turn the tests red.

Slow (a few minutes), so behind a marker: `nox -s tests -- -m slow`. MUTANTS and SEED in the
environment change the sample.
"""

import doctest
import os
import random
import re
import shutil
import string
import subprocess
import sys
from pathlib import Path

import pytest
from records import HARNESS

from conftest import docstrings, pages

ROOT = Path(__file__).parent.parent
SAMPLE = int(os.environ.get("MUTANTS", "200"))
SEED = int(os.environ.get("SEED", "0"))


def shown(path: Path) -> list[int]:
    """Return where, in the file's text, each letter and digit of a compared output stands."""
    text = path.read_text(encoding="utf-8")
    document = (pages if path.suffix == ".md" else docstrings).parse(path)
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    places = []
    skipping = False
    for example in document.examples():
        # A skip: what it covers does not run everywhere. (What is simulated does.)
        if isinstance(example.parsed, tuple):
            skipping = example.parsed[0] == "start"
        if skipping or not isinstance(example.parsed, doctest.Example):
            continue
        first = example.line - 1 + example.parsed.source.count("\n")
        for line in range(first, first + example.parsed.want.count("\n")):
            start = lines[line]
            end = text.find("\n", start)
            places += [
                at for at in range(start, end) if text[at] in string.ascii_letters + string.digits
            ]
    return places


def mutate(text: str, place: int, source: random.Random) -> str:
    """Return the text with another letter or digit at that place."""
    old = text[place]
    kind = string.digits if old in string.digits else string.ascii_lowercase
    new = source.choice([letter for letter in kind if letter != old.lower()])
    return text[:place] + (new.upper() if old.isupper() else new) + text[place + 1 :]


@pytest.mark.slow
def test_every_changed_output_is_caught(tmp_path: Path) -> None:
    """Each of the sampled changes fails the page or docstring it was made in; originals pass."""
    source = random.Random(SEED)
    files = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("src/snippets/*.py")]
    files = sorted(path for path in files if "gallery" not in path.parts)
    places = [(path, place) for path in files for place in shown(path)]
    for name in ("pyproject.toml", *HARNESS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "src", tmp_path / "src")
    for path in files:
        home = tmp_path / "docs" if path.suffix == ".md" else tmp_path / "src" / "snippets"
        home.mkdir(exist_ok=True)
        # The unchanged copy stands under another name too: a mutant must not fail by its place.
        shutil.copy(path, home / f"original_{path.parent.name}_{path.name}".replace("-", "_"))
    mutants = {}
    for number, (path, place) in enumerate(source.sample(places, SAMPLE)):
        text = path.read_text(encoding="utf-8")
        home = tmp_path / "docs" if path.suffix == ".md" else tmp_path / "src" / "snippets"
        name = f"mutant_{number:03}{path.suffix}"
        (home / name).write_text(mutate(text, place, source), encoding="utf-8")
        line = text.count("\n", 0, place) + 1
        mutants[name] = f"{path.relative_to(ROOT)}:{line}: {text.splitlines()[line - 1]!r}"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "docs", "src", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
    )
    failed = set(re.findall(r"^FAILED \S*?([^/\s]+)::", result.stdout, re.MULTILINE))
    assert "error" not in result.stdout.splitlines()[-1], result.stdout
    assert not {name for name in failed if name not in mutants}, "an unchanged copy fails"
    survivors = {name: where for name, where in mutants.items() if name not in failed}
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} changes caught, of {len(places)}")
    assert not survivors, "\n".join(survivors.values())
