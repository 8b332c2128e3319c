"""Change one thing at a time in a copy: what should catch it must turn red.

Outputs are changed by a letter or digit, code by an operator, patterns of error pages by a letter,
asserts of scripts by a number, skips by losing their reason. A sample runs each time, another one
on each leg; MUTANTS and SEED in the environment ask for more.
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

from conftest import docstrings, pages
from snippets.explain import cleaned
from tests.small_site import copy_harness
from tests.test_errors import LOUD, holds
from tests.test_errors import shown as shown_code
from tests.test_errors import source as page_source
from tests.test_pages import ALLOWED_SKIPS

ROOT = Path(__file__).parent.parent
SAMPLE = int(os.environ.get("MUTANTS", "20"))
OPERATORS = {" + ": " - ", " - ": " + ", " * ": " + ", " / ": " * ", " < ": " > ", " > ": " < ",
             " == ": " != ", " and ": " or ", "True": "False", "False": "True"}  # fmt: skip


def seed() -> int:
    """Return the sample's number: one for each leg, unless the environment has one."""
    import torch

    return int(os.environ.get("SEED", torch.version.cuda is not None))


def sources() -> list[Path]:
    """Return the pages and modules that are held by doctests."""
    files = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("src/snippets/*.py")]
    return sorted(path for path in files if "gallery" not in path.parts)


def examples(path: Path) -> list[tuple[int, int, int]]:
    """Return where each compared example's code begins, its output begins, and that ends."""
    text = path.read_text(encoding="utf-8")
    document = (pages if path.suffix == ".md" else docstrings).parse(path)
    lines = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
    found = []
    skipping = False
    for example in document.examples():
        # A skip: what it covers does not run everywhere. (What is simulated does.)
        if isinstance(example.parsed, tuple):
            skipping = example.parsed[0] == "start"
        if skipping or not isinstance(example.parsed, doctest.Example):
            continue
        first = example.line - 1
        output = first + example.parsed.source.count("\n")
        end = output + example.parsed.want.count("\n")
        found.append((lines[first], lines[output], lines[end]))
    return found


def shown(path: Path) -> list[int]:
    """Return where, in the file's text, each letter and digit of a compared output stands."""
    text = path.read_text(encoding="utf-8")
    held = string.ascii_letters + string.digits
    return [at for _, start, end in examples(path) for at in range(start, end) if text[at] in held]


def mutate(text: str, place: int, source: random.Random) -> str:
    """Return the text with another letter or digit at that place."""
    old = text[place]
    kind = string.digits if old in string.digits else string.ascii_lowercase
    new = source.choice([letter for letter in kind if letter != old.lower()])
    return text[:place] + (new.upper() if old.isupper() else new) + text[place + 1 :]


def failing(folder: Path, texts: dict[str, str]) -> set[str]:
    """Run pages and modules, given by name, in a copy of the project; return those that failed."""
    copy_harness(folder)
    shutil.copytree(ROOT / "src", folder / "src")
    homes = {".md": folder / "docs", ".py": folder / "src" / "snippets"}
    names = []
    for name, text in texts.items():
        place = homes[Path(name).suffix] / name
        place.write_text(text, encoding="utf-8")
        names.append(str(place))
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *names, "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
    )
    assert " error" not in result.stdout.splitlines()[-1], result.stdout
    return set(re.findall(r"^FAILED \S*?([^/\s]+)::", result.stdout, re.MULTILINE))


def survivors(folder: Path, changes: list[tuple[Path, int, str]]) -> tuple[list[str], int]:
    """Return which of the changed texts nothing caught, as file:line, and how many there were."""
    mutants = {
        f"mutant_{number:03}{path.suffix}": text for number, (path, _, text) in enumerate(changes)
    }
    # The unchanged copy stands beside them: a mutant must not fail by its name or its place.
    originals = {
        f"original_{number:03}{path.suffix}": path.read_text(encoding="utf-8")
        for number, path in enumerate(sorted({path for path, _, _ in changes}))
    }
    failed = failing(folder, mutants | originals)
    assert not failed & originals.keys(), "an unchanged copy fails"
    left = []
    for name, (path, place, _) in zip(mutants, changes, strict=True):
        if name not in failed:
            text = path.read_text(encoding="utf-8")
            line = text.count("\n", 0, place) + 1
            left.append(f"{path.relative_to(ROOT)}:{line}: {text.splitlines()[line - 1]!r}")
    return left, len(changes)


def test_every_changed_output_is_caught(tmp_path: Path) -> None:
    """Each of the sampled changes fails the page or docstring that it was made in."""
    source = random.Random(seed())
    places = [(path, place) for path in sources() for place in shown(path)]
    changes = [
        (path, place, mutate(path.read_text(encoding="utf-8"), place, source))
        for path, place in source.sample(places, SAMPLE)
    ]
    left, count = survivors(tmp_path, changes)
    print(f"outputs: {count - len(left)} of {count} changes caught, of {len(places)}")
    assert not left, "\n".join(left)


def test_most_changed_operators_are_caught(tmp_path: Path) -> None:
    """Code on pages is held by what it shows: another operator gives another output."""
    source = random.Random(seed())
    found = []
    for path in sources():
        if path.suffix == ".md":
            text = path.read_text(encoding="utf-8")
            for start, output, _ in examples(path):
                for old in OPERATORS:
                    at = text.find(old, start, output)
                    if at >= 0:
                        found.append((path, at, old))
    changes = []
    for path, at, old in source.sample(found, SAMPLE):
        text = path.read_text(encoding="utf-8")
        changes.append((path, at, text[:at] + OPERATORS[old] + text[at + len(old) :]))
    left, count = survivors(tmp_path, changes)
    print(
        f"operators: {count - len(left)} of {count} changes caught, of {len(found)}",
        *left,
        sep="\n",
    )
    assert len(left) <= 0.5 * count, "\n".join(left)


def test_changed_patterns_of_error_pages_are_caught() -> None:
    """A letter more in a pattern: the page's own shown message is no longer found by it."""
    source = random.Random(seed())
    missed = []
    for name in source.sample(sorted(LOUD), min(SAMPLE, len(LOUD))):
        messages = LOUD[name]["messages"]
        outputs = cleaned(shown_code(page_source(name)))
        assert holds(messages[0], outputs)
        literal = max(re.split(r"\{[^{}]*\}", messages[0]), key=len)
        at = messages[0].index(literal) + len(literal) // 2
        changed = messages[0][:at] + "q" + messages[0][at:]
        if holds(changed, outputs):
            missed.append(name)
    assert not missed


def test_changed_asserts_of_scripts_are_caught(tmp_path: Path) -> None:
    """A number of an assert changed: the script ends with an AssertionError."""
    source = random.Random(seed())
    places = []
    for path in sorted(ROOT.glob("gallery/*/*.py")):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"^assert .*== (\d+)$", text, re.MULTILINE):
            places.append((path, match.start(1), match.end(1)))
    missed = []
    for number, (path, start, end) in enumerate(
        source.sample(places, min(4 * SAMPLE // 20, len(places)))
    ):
        text = path.read_text(encoding="utf-8")
        script = tmp_path / f"mutant_{number}.py"
        script.write_text(text[:start] + str(int(text[start:end]) + 1) + text[end:], "utf-8")
        done = subprocess.run(
            [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True,
            check=False, env={**os.environ, "MPLBACKEND": "agg"},
        )  # fmt: skip
        if "AssertionError" not in done.stderr:
            missed.append(f"{path.name}: {text[start - 60 : end]}")
    print(f"asserts: {len(missed)} missed, of {len(places)}")
    assert not missed


def test_a_skip_without_its_reason_is_caught() -> None:
    """Whatever a skip loses of its words, the guard names it."""
    found = 0
    for path in sources():
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line.startswith("% skip: start"):
                found += 1
                assert re.sub(r", reason=.*", ")", line) not in ALLOWED_SKIPS
    assert found > 20
