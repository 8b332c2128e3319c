"""Records and what the site says by them: nothing that no run showed, nothing of what changed."""

import dataclasses
import doctest
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import proof_words
import pytest
import records
from proof_words import foot, marks
from records import Fingerprints, Record, RefusedError, drop_stale, load, save, unproven
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from tests.small_site import copy_harness

ROOT = Path(__file__).parent.parent
CPU = Record("", "2.13.0+cpu", None, None, "3.11.7", "Linux x86_64", "2026-11-27", 4, [], {})
CUDA = dataclasses.replace(CPU, torch="2.14.1+cu130", cuda="13.0")
PAGE = """# A page

```python
>>> 1 + 1
2
```

```python
>>> 2 + 2
4
```
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project of three pages, one module, one script, and a page with the table."""
    for name, text in {
        "docs/index.md": "# Index\n\n```{toctree}\na\nb\nabout/proof\n```\n",
        "docs/a.md": PAGE,
        "docs/b.md": PAGE,
        "docs/about/proof.md": "# Proof\n\n```{proof-table}\n```\n",
        "src/snippets/one.py": '"""One.\n\n>>> 1\n1\n"""\n',
        "gallery/memory/draw.py": "print(1)\n",
        "conftest.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def file_of(project: Path, leg: str) -> Path:
    """Return where the leg's records are."""
    return project / records.FOLDER / f"{leg}.json"


def leave(project: Path, leg: str, record: Record, *names: str) -> None:
    """Leave records as a run would."""
    prints = Fingerprints(project)
    found = {name: dataclasses.replace(record, content=prints.of(name)) for name in names}
    save(file_of(project, leg), found)


def build(project: Path, strict: bool = False) -> tuple[str, int, list[str]]:
    """Build the site; return its warnings, its exit status and the pages that were written."""
    out, warnings, status = project / "html", io.StringIO(), io.StringIO()
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.html")}
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            project / "docs",
            confdir=None,
            outdir=out,
            doctreedir=project / "doctrees",
            buildername="html",
            confoverrides={"extensions": ["myst_parser", "proof", "proof_table"]},
            status=status,
            warning=warnings,
            warningiserror=strict,
        )
        app.build()
    after = {path: path.stat().st_mtime_ns for path in out.rglob("*.html")}
    written = [path.stem for path in after if after[path] != before.get(path)]
    # Sphinx writes a page's parents in the tree with it, hence not the index.
    return warnings.getvalue(), app.statuscode, sorted({*written} & {"a", "b", "proof"})


def page(project: Path, name: str) -> str:
    """Return the built page's text, without tags."""
    text = (project / "html" / f"{name}.html").read_text(encoding="utf-8")
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_examples_of_the_words() -> None:
    """The docstrings' examples hold."""
    assert doctest.testmod(proof_words).failed == 0
    assert doctest.testmod(proof_words).attempted >= 3


def test_foot() -> None:
    """Runs with the same numbers share a sentence; others have their own."""
    skipped = {"needs a CUDA device": [3], "what torch before 2.14 says": [5, 7]}
    assert foot([]) == ""
    assert foot([dataclasses.replace(CPU, compared=1)]) == (
        "1 example compared on torch 2.13.0 (CPU build)."
    )
    assert foot([CPU, CUDA]) == (
        "4 examples compared on torch 2.13.0 (CPU build) and torch 2.14.1 (CUDA build, no GPU)."
    )
    assert foot(
        [CPU, dataclasses.replace(CUDA, compared=1, simulated=[2], skipped=skipped, device="H")]
    ) == (
        "4 examples compared on torch 2.13.0 (CPU build). "
        "1 example compared on torch 2.14.1 (CUDA build, H); 1 simulated; "
        "1 skipped: needs a CUDA device; 2 skipped: what torch before 2.14 says."
    )


def test_marks() -> None:
    """A block is marked by what its own lines did, on the builds on which they did it."""
    cpu = dataclasses.replace(CPU, simulated=[4], skipped={"a reason": [12, 13]})
    cuda = dataclasses.replace(CUDA, simulated=[4])
    assert marks([cpu, cuda], 12, 15) == ["Skipped on torch 2.13.0 (CPU build): a reason."]
    assert marks([cpu, cuda], 3, 5) == [
        "Simulated on torch 2.13.0 (CPU build) and torch 2.14.1 (CUDA build, no GPU): "
        f"{proof_words.SIMULATED}."
    ]
    assert marks([cpu, cuda], 5, 11) == []


def edit(path: Path) -> None:
    """Raise a count, as someone might who wants to see it higher."""
    text = path.read_text(encoding="utf-8")
    assert '"compared": 4' in text
    path.write_text(text.replace('"compared": 4', '"compared": 5'), encoding="utf-8")


def cut(path: Path) -> None:
    """Lose the file's end."""
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")


def empty(path: Path) -> None:
    """Lose all of it."""
    path.write_text("", encoding="utf-8")


def other(path: Path) -> None:
    """Put something else there, with a right digest."""
    rows = {"docs/a.md": {"compared": 4}}
    text = json.dumps({"digest": records.digest(rows), "records": rows})
    path.write_text(text, encoding="utf-8")


def a_list(path: Path) -> None:
    """Put JSON of another shape there."""
    path.write_text("[]", encoding="utf-8")


def not_text(path: Path) -> None:
    """Put bytes there that are no text."""
    path.write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize("damage", [edit, cut, empty, other, a_list, not_text])
def test_damaged_records_are_refused(project: Path, damage: Callable[[Path], None]) -> None:
    """The build names the file and what to do, claims nothing, and ends badly when strict."""
    leave(project, "cpu", CPU, "docs/a.md")
    leave(project, "cuda", CUDA, "docs/a.md")
    damage(file_of(project, "cpu"))
    with pytest.raises(RefusedError, match=r"cpu\.json"):
        load(file_of(project, "cpu"))
    said, status, _ = build(project, strict=True)
    assert "build/records/cpu.json: refused: " in said
    assert "nox -s tests writes it anew" in said
    assert status != 0
    assert "4 examples compared on torch 2.14.1 (CUDA build, no GPU)." in page(project, "a")
    assert "2.13.0" not in page(project, "a")
    # A run writes it anew, so that the page counts as unproven, and nothing is dropped silently.
    assert "docs/a.md" in unproven(project, "cpu", "2.13.0")
    assert drop_stale(project) == {}


@pytest.mark.parametrize("changed", ["docs/a.md", "src/snippets/one.py", "conftest.py"])
def test_stale_records_are_refused(project: Path, changed: str) -> None:
    """A record speaks for no other page than it was made from, nor for other shared code."""
    leave(project, "cuda", CUDA, "docs/a.md", "docs/b.md")
    with (project / changed).open("a", encoding="utf-8") as file:
        file.write("\n")
    said, status, _ = build(project, strict=True)
    names = "docs/a.md" if changed == "docs/a.md" else "docs/a.md, docs/b.md"
    assert f"build/records/cuda.json: stale, changed since: {names}; nox -s tests-cuda" in said
    assert status != 0
    assert "compared on" not in page(project, "a")
    assert ("compared on" in page(project, "b")) is (changed == "docs/a.md")
    assert drop_stale(project) == {"cuda.json": 1 + names.count(",")}
    assert build(project, strict=True)[:2] == ("", 0)


def test_scripts_stand_alone(project: Path) -> None:
    """A script's record is stale when the script changes, not when the snippets do."""
    leave(project, "cpu", CPU, "gallery/memory/draw.py")
    (project / "src/snippets/one.py").write_text("", encoding="utf-8")
    assert drop_stale(project) == {}
    (project / "gallery/memory/draw.py").write_text("", encoding="utf-8")
    assert drop_stale(project) == {"cpu.json": 1}


def test_unproven(project: Path) -> None:
    """What has examples and no fresh record of this torch is to be run."""
    everything = ["docs/a.md", "docs/b.md", "src/snippets/one.py"]
    assert unproven(project, "cpu", "2.13.0") == everything
    leave(project, "cpu", CPU, *everything)
    assert unproven(project, "cpu", "2.13.0") == []
    assert unproven(project, "cpu", "2.15.0") == everything
    assert unproven(project, "cuda", "2.14.1") == everything
    (project / "docs/b.md").write_text(PAGE + "\n", encoding="utf-8")
    assert unproven(project, "cpu", "2.13.0") == ["docs/b.md"]
    (project / "docs/b.md").unlink()
    assert unproven(project, "cpu", "2.13.0") == []


def test_pages_say_what_proved_them(project: Path) -> None:
    """A foot, a mark above the block it is about, a table; no word on a page without a record."""
    cpu = dataclasses.replace(CPU, compared=1, simulated=[9])
    leave(project, "cpu", cpu, "docs/a.md", "src/snippets/one.py")
    skipped = {"needs a machine that rests": [9]}
    leave(project, "cuda", dataclasses.replace(CUDA, compared=1, skipped=skipped), "docs/a.md")
    assert build(project, strict=True)[:2] == ("", 0)
    text = page(project, "a")
    assert "1 example compared on torch 2.13.0 (CPU build); 1 simulated." in text
    mark = "Skipped on torch 2.14.1 (CUDA build, no GPU): needs a machine that rests."
    assert text.index("1 + 1") < text.index(mark) < text.index("2 + 2")
    assert text.count("Simulated on torch 2.13.0 (CPU build):") == 1
    assert "compared" not in page(project, "b")
    table = page(project, "about/proof")
    assert "torch 2.13.0 (CPU build) Python 3.11.7, Linux x86_64 2026-11-27 2 2 2" in table
    assert "needs a machine that rests 0 1" in table
    assert "docs/a.md 1 compared, 1 simulated 1 compared, 1 skipped" in table
    assert "src/snippets/one.py 1 compared, 1 simulated -" in table
    assert 'href="../a.html"' in (project / "html/about/proof.html").read_text("utf-8")


def test_no_records(project: Path) -> None:
    """Without records the site says so, in one place, and warns of nothing."""
    assert build(project, strict=True)[:2] == ("", 0)
    assert "This build found no records" in page(project, "about/proof")
    assert "compared" not in page(project, "a")


def test_new_records_refresh_the_feet(project: Path) -> None:
    """A build writes again what the records say something new of, and nothing else."""
    leave(project, "cpu", CPU, "docs/a.md", "docs/b.md")
    assert build(project)[2] == ["a", "b", "proof"]
    assert build(project)[2] == []
    leave(project, "cpu", CPU, "docs/a.md")
    assert build(project)[2] == ["b", "proof"]
    assert "compared" not in page(project, "b")
    leave(project, "cpu", dataclasses.replace(CPU, compared=3), "docs/a.md")
    assert build(project)[2] == ["a", "proof"]
    assert "3 examples compared" in page(project, "a")
    file_of(project, "cpu").unlink()
    assert build(project)[2] == ["a", "proof"]
    assert "compared" not in page(project, "a")


def test_same_records_same_site(project: Path) -> None:
    """Two builds from the same records are the same, byte for byte."""
    leave(project, "cpu", CPU, "docs/a.md")
    sites = []
    for _ in range(2):
        shutil.rmtree(project / "html", ignore_errors=True)
        shutil.rmtree(project / "doctrees", ignore_errors=True)
        build(project)
        pages = sorted((project / "html").rglob("*.html"))
        sites.append({path.name: path.read_bytes() for path in pages})
    assert sites[0] == sites[1]


def run(project: Path, *arguments: str) -> dict[str, Record]:
    """Run pytest in the project; return the records that the leg then has."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert result.returncode in (0, 1), result.stdout + result.stderr
    files = list((project / records.FOLDER).glob("*.json"))
    return load(files[0]) if files else {}


def test_runs_leave_records(project: Path) -> None:
    """What passes is recorded, with its numbers; what fails loses its record; the rest keeps it."""
    copy_harness(project)
    shutil.rmtree(project / "src")
    reason = 'if(1 < 2, reason="a reason of its own")'
    (project / "docs/b.md").write_text(
        PAGE
        + f"\n% skip: start {reason}\n\n```python\n>>> 3\n4\n```\n\n% skip: end\n"
        + "\n% simulate: start\n\n```python\n>>> import torch\n"
        + '>>> torch.ones(2, device="cuda").shape'
        + "\ntorch.Size([2])\n```\n\n% simulate: end\n",
        encoding="utf-8",
    )
    first = run(project, "docs")
    assert first.keys() == {"docs/a.md", "docs/b.md"}
    assert (first["docs/a.md"].compared, first["docs/a.md"].skipped) == (2, {})
    import torch

    b = first["docs/b.md"]
    assert (b.torch, b.cuda) == (torch.__version__, torch.version.cuda)
    assert (b.compared, b.skipped) == (2, {"a reason of its own": [16]})
    assert b.simulated == [25, 26] and b.device is None
    assert b.content == Fingerprints(project).of("docs/b.md")
    # Some of a page's examples are not the page.
    text = (project / "docs/a.md").read_text(encoding="utf-8")
    (project / "docs/a.md").write_text(text + "\n", encoding="utf-8")
    assert run(project, "docs/a.md", "-k", "line:4") == first
    # A failure takes the record away, the other page's stays.
    (project / "docs/a.md").write_text(text.replace("\n4\n", "\n5\n"), encoding="utf-8")
    assert run(project, "docs/a.md") == {"docs/b.md": b}
    # What can't be believed is begun anew; what is gone is forgotten.
    edited = next((project / records.FOLDER).glob("*.json"))
    edited.write_text("{}", encoding="utf-8")
    (project / "docs/a.md").write_text(text, encoding="utf-8")
    assert run(project, "docs/a.md") == {"docs/a.md": first["docs/a.md"]}
    shutil.move(project / "docs/a.md", project / "docs/c.md")
    assert run(project, "docs/c.md").keys() == {"docs/c.md"}
