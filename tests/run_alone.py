"""Run scripts alone, each in an empty folder and in a state of its own: `run_alone.py JOBS.json`.

The jobs are a list of [script, folder, [names]]: a script's text goes to a file in the folder and
runs there, in a process that was forked from one that has imported torch and done nothing with it.
Packages of the given names can't be imported. Beside the folder are left `.out`, `.err` and `.rc`.
"""

import json
import os
import runpy
import sys
import traceback
from pathlib import Path

import torch._dynamo  # noqa: F401  with torch, what most scripts would wait for


def run(text: str, folder: Path, absent: list[str]) -> None:
    """Run one script; never returns."""
    for suffix, number in ((".out", 1), (".err", 2)):
        os.dup2(os.open(folder.with_suffix(suffix), os.O_CREAT | os.O_WRONLY), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    for name in [*sys.modules]:
        if name.partition(".")[0] in absent:
            del sys.modules[name]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    os.chdir(folder)
    Path("page.py").write_text(text, encoding="utf-8")
    code = 0
    try:
        runpy.run_path("page.py", run_name="__main__")
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    for text, place, absent in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        folder = Path(place)
        folder.mkdir()
        child = os.fork()
        if not child:
            run(text, folder, absent)
        status = os.waitpid(child, 0)[1]
        folder.with_suffix(".rc").write_text(str(os.waitstatus_to_exitcode(status)))
