"""Build and prove the guide: `nox -l` lists the sessions.

Sessions that need torch come once for each leg, a build of torch that the guide is proven on:
`docs` and `tests` on the CPU build, `docs-cuda` and `tests-cuda` on the CUDA build (which needs no
GPU). Versions stand in pyproject.toml. `nox -s tests -- --torch 2.15.0` asks another release.
"""

import atexit
import os
import shutil
import sys
import urllib.request
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent / "docs" / "_ext"))
import records
from print_page import find_chromium

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests", "docs"]

PROJECT = nox.project.load_toml("pyproject.toml")
LEGS: dict[str, str] = PROJECT["tool"]["guide"]["torch"]
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CHECKERS = ("axe-core@4.14.1", "vnu-jar@26.9.27")
NAME = "pytorch-fundamentals-guide"
KINDS = ("epub", "htmlzip", "pdf")  # as Read the Docs names what it offers beside the site
DOCS_ADDRESS = "https://docs.pytorch.org"


def reachable(url: str) -> bool:
    """Say whether the address answers within a few seconds."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


def split_torch(session: nox.Session, leg: str) -> tuple[str, list[str]]:
    """Return the torch to use (`--torch VERSION`, or the leg's own) and the other arguments."""
    rest = list(session.posargs)
    if "--torch" not in rest:
        return LEGS[leg], rest
    place = rest.index("--torch")
    if place + 1 == len(rest):
        session.error("--torch needs a version after it, such as: --torch 2.15.0")
    wanted = rest[place + 1]
    del rest[place : place + 2]
    return wanted, rest


def prepare(session: nox.Session, leg: str, group: str = "test") -> list[str]:
    """Install the leg's torch, then the group and the snippets, and prove the leg.

    Torch comes first and alone, so that an index that can't be reached costs seconds and nothing
    else chooses the build. Returns the session's arguments that are not about torch.
    """
    version, rest = split_torch(session, leg)
    source = ["--index-url", CPU_INDEX] if leg == "cpu" and reachable(CPU_INDEX + "/torch/") else []
    session.install("--no-deps", *source, f"torch=={version}")
    session.install(*nox.project.dependency_groups(PROJECT, group), "-e", ".")
    prove(session, leg, version)
    # Threads of OpenMP that spin while they wait take the cores from other processes of a session.
    session.env["OMP_WAIT_POLICY"] = "PASSIVE"
    return rest


def prove(session: nox.Session, leg: str, version: str) -> None:
    """Stop with one clear line unless the environment holds the torch that the leg asks for.

    Reads the file that `torch.__version__` and `torch.version.cuda` come from; importing torch
    would cost each run seconds.
    """
    wanted = f"torch {version} built {'without' if leg == 'cpu' else 'with'} CUDA"
    index = CPU_INDEX if leg == "cpu" else "your package index (PyPI has it for Linux)"
    answer = session.run("python", "-c", READ_TORCH_VERSION, silent=True, log=False) or ""
    found = answer.split()
    has = "no torch"
    if found:
        build = "without CUDA" if found[1] == "None" else f"with CUDA {found[1]}"
        has = f"torch {found[0]} built {build}"
    if not found or found[0].split("+")[0] != version or (found[1] == "None") != (leg == "cpu"):
        session.error(
            f"the {leg} leg wants {wanted}, but this environment has {has}. Get it from {index}, "
            f"or delete {session.virtualenv.location} and run this session again without -R"
        )
    session.log(f"proven: {has}, as the {leg} leg asks")


READ_TORCH_VERSION = """
import importlib.util, runpy
spec = importlib.util.find_spec("torch")
if spec:
    facts = runpy.run_path(spec.submodule_search_locations[0] + "/version.py")
    print(facts["__version__"], facts["cuda"])
"""


def prove_pages(session: nox.Session, leg: str) -> None:
    """Run the examples of all pages and modules that no fresh record of this torch speaks for.

    Stale records of either leg are dropped, so that the build claims nothing by them.
    """
    root = Path(__file__).parent
    for name, count in records.drop_stale(root).items():
        session.log(f"build/records/{name}: dropped {count} records of what changed since")
    version, _ = split_torch(session, leg)
    pages = records.unproven(root, leg, version)
    if pages:
        session.run("pytest", "-q", *pages)
    else:
        session.log(f"all pages were proven on torch {version} as they are, says build/records")


def build_docs(session: nox.Session, leg: str) -> Path:
    """Prove the pages, then build the site with warnings as errors, and say which file to open.

    Where there is a Chromium, the quick reference is printed too, and its page offers the PDF.
    Returns the site's folder.
    """
    rest = prepare(session, leg)
    prove_pages(session, leg)
    hosted = os.environ.get("READTHEDOCS_OUTPUT")
    html = Path(hosted, "html") if hosted else Path("build", leg, "html")
    options = ["-n", "-W", "-j", "auto", "-b", "html", "-d", f"build/{leg}/doctrees"]
    printing = find_chromium() is not None
    if printing:
        options += ["-t", "pdf"]
    session.run("sphinx-build", *options, *rest, "docs", str(html))
    if printing:
        print_page(session, html / "quick-reference.html")
    else:
        session.log("no Chromium here, so no PDF of the quick reference, and no link to one")
    # At exit, so that it is the last line of all, after nox's own.
    atexit.register(print, f"Open {(html / 'index.html').resolve()}")
    return html


def print_page(session: nox.Session, page: Path) -> None:
    """Print a page of the built site to a PDF beside it (needs Chromium)."""
    session.install(*nox.project.dependency_groups(PROJECT, "browser"))
    session.run("python", "docs/_ext/print_page.py", str(page), str(page.with_suffix(".pdf")))


def run_tests(session: nox.Session, leg: str) -> None:
    """Run every example of the pages, every docstring and every test."""
    rest = prepare(session, leg)
    session.run("pytest", *rest)


@nox.session
def docs(session: nox.Session) -> None:
    """Prove the pages and build the site on the CPU build of torch."""
    build_docs(session, "cpu")


@nox.session
def tests(session: nox.Session) -> None:
    """Prove every example and run every test on the CPU build of torch."""
    run_tests(session, "cpu")


@nox.session(name="docs-cuda")
def docs_cuda(session: nox.Session) -> None:
    """Prove the pages and build the site on the CUDA build of torch (5 GB; needs no GPU)."""
    build_docs(session, "cuda")


@nox.session(name="tests-cuda")
def tests_cuda(session: nox.Session) -> None:
    """Prove every example and run every test on the CUDA build of torch (5 GB; needs no GPU)."""
    run_tests(session, "cuda")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and spelling: ruff, codespell, sphinx-lint."""
    session.install(*nox.project.dependency_groups(PROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("codespell")
    session.run("sphinx-lint", "--enable=all", "--disable=line-too-long", "gallery", "docs/guide")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy --strict."""
    prepare(session, "cpu", "types")
    session.run("mypy", "src", "docs/_ext", "conftest.py", "noxfile.py", "tests")


@nox.session
def browser(session: nox.Session) -> None:
    """Try the built site in a real Chromium (build it first: nox -s docs)."""
    session.install(*nox.project.dependency_groups(PROJECT, "browser"))
    if shutil.which("npm") is None:
        session.error("the browser session needs npm (Debian: nodejs and npm) for its checkers")
    session.run("npm", "install", "--silent", "--prefix", "build/npm", *CHECKERS, external=True)
    settings = ["-c", "tests/browser/pytest.toml", "--rootdir=."]
    session.run("pytest", *settings, "tests/browser", *session.posargs)


@nox.session
def book(session: nox.Session) -> None:
    """Make what readers take along: EPUB, PDF (needs Chromium), and the site as a zip."""
    html = build_docs(session, "cpu")  # does little where `docs` has just run
    hosted = os.environ.get("READTHEDOCS_OUTPUT")
    places = {
        kind: Path(hosted, kind) if hosted else Path("build", "cpu", "book") for kind in KINDS
    }
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    zipped = str(places["htmlzip"] / f"{NAME}.zip")
    session.run("python", "docs/_ext/zip_folder.py", str(html), zipped)
    made = Path("build", "cpu", "made")
    printing = find_chromium() is not None
    for builder in ("epub", "singlehtml") if printing else ("epub",):
        options = ["-n", "-W", "-j", "auto", "-b", builder, "-d", f"build/cpu/doctrees-{builder}"]
        session.run("sphinx-build", *options, "docs", str(made / builder))
    epub = places["epub"] / f"{NAME}.epub"
    shutil.copy(made / "epub" / epub.name, epub)
    session.run("python", "docs/_ext/finish_epub.py", str(epub))
    if printing:
        single, pdf = made / "singlehtml" / "index.html", places["pdf"] / f"{NAME}.pdf"
        session.run("python", "docs/_ext/print_book.py", str(single), str(pdf))
    else:
        session.log("no Chromium here, so no PDF")


@nox.session
def drift(session: nox.Session) -> None:
    """Say what another release of torch changes, by page and line: nox -s drift -- 2.15.0."""
    if len(session.posargs) != 1:
        session.error("drift needs one version of torch, such as: nox -s drift -- 2.15.0")
    version = session.posargs[0]
    session.install(f"torch=={version}", *nox.project.dependency_groups(PROJECT, "test"), "drawsvg")
    session.install("--no-deps", "-e", ".")  # whatever torch it asks for
    report = Path("build", "drift", f"{version}.md")
    places = ["docs", "src", "tests/test_gallery.py"]
    options = ["-q", "--tb=short", "-p", "tests.drift", f"--drift-report={report}"]
    # 1: something differs, which is what was asked; the report says it.
    session.run("pytest", *options, *places, success_codes=[0, 1])


@nox.session
def serve(session: nox.Session) -> None:
    """Build the site, serve it on this machine, and rebuild what changes."""
    rest = prepare(session, "cpu", "serve")
    watched = ["--watch", "src", "--watch", "gallery", "--ignore", "docs/gallery"]
    session.run("sphinx-autobuild", "--open-browser", *watched, *rest, "docs", "build/serve/html")


@nox.session
def linkcheck(session: nox.Session) -> None:
    """Try every link to another site (needs a network)."""
    if not reachable(DOCS_ADDRESS):
        session.error(f"linkcheck needs a network, and {DOCS_ADDRESS} can't be reached from here")
    rest = prepare(session, "cpu")
    session.run("sphinx-build", "-b", "linkcheck", *rest, "docs", "build/linkcheck")


@nox.session
def inventory(session: nox.Session) -> None:
    """Refresh the inventories that the site links by (needs a network)."""
    session.install(*nox.project.dependency_groups(PROJECT, "inventory"))
    session.run("python", "docs/_inventory/refresh.py")
