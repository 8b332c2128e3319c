"""The code of `snippets` that a notebook or script needs, so that it runs without the package."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

SNIPPETS = Path(__file__).parent.parent.parent / "src" / "snippets"


@dataclass(frozen=True)
class Module:
    """What stands at the top of a module: the code of each name, and where imported names are from.

    `code` holds definitions by name, in their order; `imports` the statement that binds a name;
    `others` the modules of `snippets` that names are imported from; `uses` what each name mentions.
    """

    code: dict[str, str] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    uses: dict[str, set[str]] = field(default_factory=dict)


def names_bound(node: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a module defines."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


@cache
def read(name: str) -> Module:
    """Return what stands in a module of `snippets`."""
    source = (SNIPPETS / f"{name}.py").read_text(encoding="utf-8")
    lines = source.split("\n")
    module = Module()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("snippets."):
            module.others.update({a.name: node.module.partition(".")[2] for a in node.names})  # type: ignore[union-attr]
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                one = ast.Import([alias])
                if isinstance(node, ast.ImportFrom):
                    one = ast.ImportFrom(node.module, [alias], 0)  # type: ignore[assignment]
                bound = alias.asname or alias.name.partition(".")[0]
                module.imports[bound] = ast.unparse(one)
        else:
            start = min(d.lineno for d in [node, *getattr(node, "decorator_list", [])]) - 1
            while lines[start - 1].startswith("#"):
                start -= 1
            for bound in names_bound(node):
                module.code[bound] = "\n".join(lines[start : node.end_lineno])
                module.uses[bound] = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return module


def inlined(name: str, wanted: list[str], have: set[str]) -> str:
    """Return code that defines names of a module, and all that they use of it and of others.

    Args:
        name: The module, such as `memory` for `snippets.memory`.
        wanted: The names; all of the module if there are none.
        have: What was given before and need not be given again; what is given now is added.

    Raises:
        KeyError: If the module has no such name.

    >>> print(inlined("autograd", ["walk"], set()).partition("def walk")[0].strip())
    # From the guide's snippets/autograd.py
    from collections.abc import Iterator
    from torch import Tensor
    from torch.autograd.graph import Node
    """
    module = read(name)
    needed, queue = set(), list(wanted or module.code)
    while queue:
        each = queue.pop()
        if each not in needed:
            needed.add(each)
            queue += module.uses.get(each, set())
    if missing := needed.intersection(wanted) - set(module.code):
        raise KeyError(f"snippets.{name} defines no {', '.join(sorted(missing))}")
    before = [
        inlined(other, [each], have) for each, other in module.others.items() if each in needed
    ]
    imports = sorted({text for each, text in module.imports.items() if each in needed} - have)
    code = [text for each, text in module.code.items() if each in needed and text not in have]
    have.update(imports, code)
    if code:
        code[0] = "\n".join([f"# From the guide's snippets/{name}.py", *imports, "\n", code[0]])
    return "\n\n\n".join(text for text in [*before, *code] if text)
