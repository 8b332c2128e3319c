"""Pictures of tensors, drawn from live objects so that they can't be wrong.

Each function returns a :class:`Picture`, which a notebook shows by itself and which the pages of
the guide embed. Colors come from CSS variables, so that a picture follows the page's light or dark
theme; outside the guide it has a light theme of its own.
"""

from __future__ import annotations

import dataclasses
import hashlib
import html
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

import drawsvg
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from snippets.autograd import walk
from snippets.tensors import shares_storage

WIDTH = 356  # a phone's column, in CSS pixels: what is wider would have to shrink there
MAX_CELLS = 24
MAX_ROWS = 48

_STYLE = """
.pfg-draw{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.pfg-draw text{fill:var(--draw-ink,#1b1f24);font-size:13px;text-anchor:middle}
.pfg-draw .note{fill:var(--draw-muted,#57606a);font-size:10px}
.pfg-draw .head{text-anchor:start;font-size:12px}
.pfg-draw .end{text-anchor:end}
.pfg-draw .name{font-weight:700}
.pfg-draw .link{fill:var(--color-brand-content,#0a6b62);text-decoration:underline}
.pfg-draw rect{fill:var(--draw-paper,#fff);stroke:var(--draw-line,#8c959f)}
.pfg-draw .ghost{fill:none;stroke-dasharray:3 3}
.pfg-draw .bad{stroke:var(--draw-bad,#b42318);stroke-width:2.5}
.pfg-draw .result{stroke:var(--draw-ink,#1b1f24);stroke-width:2}
.pfg-draw circle{fill:var(--draw-paper,#fff);stroke:var(--draw-ink,#1b1f24);stroke-width:1.5}
.pfg-draw .edge{fill:none;stroke:var(--draw-line,#8c959f);stroke-width:1.5}
.pfg-draw .tip{fill:var(--draw-line,#8c959f)}
.pfg-draw text{paint-order:stroke;stroke:var(--draw-paper,#fff);stroke-width:3px}
.pfg-draw rect~text{stroke:none}
.pfg-draw .c0{fill:var(--draw-0,#cfe4fa)}.pfg-draw .c1{fill:var(--draw-1,#ffe2b3)}
.pfg-draw .c2{fill:var(--draw-2,#c9efdc)}.pfg-draw .c3{fill:var(--draw-3,#f5d6e8)}
.pfg-draw .c4{fill:var(--draw-4,#fbd5c5)}.pfg-draw .c5{fill:var(--draw-5,#faf3b8)}
"""


@dataclasses.dataclass(frozen=True)
class Picture:
    """An SVG picture with the words that a screen reader speaks.

    Attributes:
        svg: The drawing, sized in CSS pixels.
        title: What is shown, in a few words.
        description: What there is to see, in sentences.
    """

    svg: str
    title: str
    description: str

    def _repr_svg_(self) -> str:
        """Return the drawing with its words and colors: what notebooks and our pages show."""
        key = hashlib.blake2b((self.svg + self.description).encode(), digest_size=4).hexdigest()
        tag, end, rest = self.svg.partition(">")
        role = "group" if "<a " in self.svg else "img"  # an image's links would not be told of
        return (
            f'{tag} role="{role}" aria-labelledby="t{key} d{key}"{end}'
            f'<title id="t{key}">{html.escape(self.title, quote=False)}</title>'
            f'<desc id="d{key}">{html.escape(self.description, quote=False)}</desc>'
            f"<style>{_STYLE}</style>{rest}"
        )


def storage(*tensors: Tensor, names: Sequence[str] = ()) -> Picture:
    """Draw a storage as a strip of cells, and below it each tensor that reads it.

    A cell of a tensor shows its value and, after ``@``, the storage offset it reads. Its color is
    that of the storage cell, which has its color from the row of the first tensor that reads it.

    Args:
        tensors: One or more tensors of 0 to 2 dimensions over one storage of at most 24 elements,
            all of one dtype, strided, with values (not on the meta device).
        names: What to call them, one name for each tensor; by default their shapes speak alone.

    Raises:
        ValueError: If there is no tensor, a tensor can't be drawn (too many dimensions or cells,
            no values, not strided), they don't share one storage and dtype, or names don't match.

    >>> import torch
    >>> x = torch.arange(6).view(2, 3)
    >>> picture = storage(x, x.t(), names=("x", "x.t()"))
    >>> picture.title
    'One storage of 6 cells, read by x and x.t()'
    >>> print(picture.description)
    x: shape (2, 3), strides (3, 1), offset 0, reads storage cells 0, 1, 2, 3, 4, 5.
    x.t(): shape (3, 2), strides (1, 3), offset 0, reads storage cells 0, 3, 1, 4, 2, 5.
    >>> storage(x, x.clone())
    Traceback (most recent call last):
        ...
    ValueError: draw.storage needs tensors that share one storage and dtype; tensor 1 does not

    """
    names = _checked(tensors, names)
    first = tensors[0]
    cells = _cells_of(first)
    colors: dict[int, int] = {}
    for tensor in tensors:
        for number, row in enumerate(_offsets(tensor)):
            for offset in row:
                colors.setdefault(offset, number % 6)
    picture = _Canvas()
    picture.heading("storage", f"{len(cells)} cells")
    per_row = 12
    for start in range(0, len(cells), per_row):
        for place, offset in enumerate(range(start, min(start + per_row, len(cells)))):
            color = f"c{colors[offset]}" if offset in colors else "ghost"
            picture.cell(place, (28, 26), cells[offset], color, below=str(offset))
        picture.down(26 + 16)
    told = []
    for name, tensor in zip(names, tensors, strict=True):
        shape, strides = tuple(tensor.shape), tensor.stride()
        facts = f"shape {shape}, strides {strides}, offset {tensor.storage_offset()}"
        rows = _offsets(tensor)
        picture.down(8)
        picture.heading(name, facts)
        width = min(46, WIDTH // max(1, max((len(row) for row in rows), default=1)))
        for row in rows:
            for place, offset in enumerate(row):
                color = f"c{colors[offset]}"
                picture.cell(place, (width, 36), cells[offset], color, inside=f"@{offset}")
            picture.down(36)
        order = ", ".join(str(offset) for row in rows for offset in row)
        told.append(f"{name}: {facts}, reads storage cells {order or 'none'}.")
    title = f"One storage of {len(cells)} cells, read by {' and '.join(names)}"
    return Picture(picture.svg(), title, "\n".join(told))


def broadcast(*shapes: Iterable[int]) -> Picture:
    """Draw how shapes line up under the broadcasting rule, axis by axis from the right.

    Axes that a shape lacks are dashed and say what size they get, as do axes of size 1 that are
    stretched; the last row is the result, or marks the axis where two sizes meet that can't.

    Args:
        shapes: One or more shapes of at most 6 axes.

    Raises:
        ValueError: If there is no shape, one has more than 6 axes, or a size is negative.

    >>> broadcast((3, 1), (4,)).description
    'Shapes (3, 1) and (4,) broadcast to (3, 4).'
    >>> broadcast((2, 3), (4,)).description
    'Shapes (2, 3) and (4,) do not broadcast: sizes 3 and 4 meet on axis -1.'

    """
    rows = [tuple(int(size) for size in shape) for shape in shapes]
    rank = max((len(row) for row in rows), default=0)
    if not rows or rank > 6 or any(size < 0 for row in rows for size in row):
        raise ValueError("draw.broadcast needs shapes of at most 6 axes with sizes of 0 or more")
    columns = [[row[axis] for row in rows if len(row) >= -axis] for axis in range(-rank, 0)]
    sizes = [sorted(set(column) - {1}) or [1] for column in columns]
    clashes = [axis - rank for axis, column in enumerate(sizes) if len(column) > 1]
    picture = _Canvas()
    width, left = min(46, 240 // max(rank, 1)), 96
    for place in range(rank):
        picture.text(left + place * width + width / 2, 10, f"axis {place - rank}", "note")
    picture.down(18)
    for row in rows:
        picture.text(0, 21, _shape(row), "head")
        for place, axis in enumerate(range(-rank, 0)):
            x = left + place * width
            if len(row) < -axis:
                picture.box(x, width, 32, "ghost")
                picture.text(x + width / 2, 20, "→" + str(sizes[place][0]), "note")
                continue
            stretched = row[axis] == 1 and sizes[place] != [1]
            grown = f"1→{sizes[place][0]}" if axis not in clashes else "1"
            bad = " bad" if axis in clashes and not stretched else ""
            picture.box(x, width, 32, ("c1" if stretched else "c0") + bad)
            picture.text(x + width / 2, 21, grown if stretched else str(row[axis]))
        picture.down(36)
    picture.down(6)
    picture.text(0, 21, "error" if clashes else "result", "head name")
    for place, axis in enumerate(range(-rank, 0)):
        x = left + place * width
        picture.box(x, width, 32, "bad" if axis in clashes else "result")
        picture.text(x + width / 2, 21, "≠".join(str(size) for size in sizes[place]))
    picture.down(34)
    listed = " and ".join(_shape(row) for row in rows)
    if clashes:
        meet = " and ".join(str(size) for size in sizes[clashes[-1]])
        told = f"Shapes {listed} do not broadcast: sizes {meet} meet on axis {clashes[-1]}."
    else:
        told = f"Shapes {listed} broadcast to {_shape([column[0] for column in sizes])}."
    return Picture(picture.svg(), f"Broadcasting {listed}", told)


def graph(tensor: Tensor, **named: Tensor) -> Picture:
    """Draw the backward graph of a tensor, walked from its grad_fn through next_functions.

    Each node has a row of its own, inputs above what was made from them, and stands the further to
    the right the more steps lead to it. An arrow goes from a node to each node that it hands a
    gradient to. Leaves are blue; a node that saved tensors for its backward is orange and lists
    them by the names that its formula uses; one that saved nothing is empty.

    Args:
        tensor: A tensor that was computed from one that requires a gradient; at most 24 nodes.
        named: Tensors of the graph, leaves or results, by the names to show.

    Raises:
        ValueError: If the tensor has no grad_fn, its graph has more than 24 nodes, or a backward
            has freed what the graph saved.

    >>> import torch
    >>> w = torch.tensor(2.0, requires_grad=True)
    >>> y = w * 3
    >>> print(graph(y * y, w=w, y=y).description)
    AccumulateGrad of w
    y: MulBackward0 from AccumulateGrad of w, saves other
    MulBackward0 from y and y, saves other, self
    """
    if tensor.grad_fn is None:
        raise ValueError("draw.graph needs a tensor with a grad_fn: this one was not computed")
    if (count := len(walk(tensor))) > MAX_CELLS:
        raise ValueError(f"draw.graph draws at most {MAX_CELLS} nodes; this graph has {count}")
    order: list[Any] = []
    _visit(tensor.grad_fn, order)
    try:
        saved_by = {node: _saved(node) for node in order}
    except RuntimeError as error:
        raise ValueError("draw.graph needs what a backward has freed: draw before it") from error
    labels: dict[Any, tuple[str, str]] = {}
    depth: dict[Any, int] = {}
    told = []
    picture = _Canvas()
    step = min(30, 190 // max(1, len(order) - 1))
    place: dict[Any, tuple[float, float]] = {}
    arrows: list[tuple[tuple[float, float], tuple[float, float]]] = []
    for row, node in enumerate(order):
        sources = [source for source, _ in node.next_functions if source is not None]
        depth[node] = 1 + max((depth[source] for source in sources), default=-1)
        saved = saved_by[node]
        labels[node] = label, name = _label(node, named)
        place[node] = (10 + depth[node] * step, 14 + row * 34)
        arrows += [(place[node], place[source]) for source in sources]
        came = " and ".join(labels[source][0] for source in sources)
        told.append(
            (f"{label}: {name}" if name != label else name)
            + (f" from {came}" if came else "")
            + (f", saves {', '.join(saved)}" if saved else "")
        )
    for tail, tip in arrows:
        picture.arrow(*tail, *tip)
    for node, (x, y) in place.items():
        leaf = not any(source for source, _ in node.next_functions)
        saved = [f"saves {', '.join(saved_by[node])}"] if saved_by[node] else []
        picture.dot(x, y, "c0" if leaf else "c1" if saved else "")
        label, name = labels[node]
        under = ([name] if name != label else []) + saved
        picture.text(x + 14, y + 4, label, "head name" if name != label else "head")
        picture.text(x + 14, y + 16, ", ".join(under), "head note")
    picture.down(34 * len(order))
    return Picture(picture.svg(), f"Backward graph of {len(order)} nodes", "\n".join(told))


def modules(module: nn.Module, name: str = "model") -> Picture:
    """Draw a module tree with what each module registered: submodules, parameters and buffers.

    A row a module (a dot, its name and class, and how many elements its parameters have, those
    below it included and shared ones counted once), a row a parameter (blue) or buffer (green) with
    its shape and number of elements. Frozen parameters, and buffers that `state_dict` leaves out,
    say so. What the tree reaches again is orange and names the place where it stands first.

    Args:
        module: The root; at most 48 rows.
        name: What to call the root.

    Raises:
        ValueError: If the tree has more than 48 rows.

    >>> from torch import nn
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.BatchNorm1d(3, affine=False))
    >>> model[0].bias = model[0].bias.requires_grad_(False)
    >>> print(modules(model).description)
    model: Sequential, 9 elements
    model.0: Linear, 9 elements
    model.0.weight: parameter (3, 2)
    model.0.bias: parameter (3,), frozen
    model.1: ReLU, 0 elements
    model.2: BatchNorm1d, 0 elements
    model.2.weight: parameter None
    model.2.bias: parameter None
    model.2.running_mean: buffer (3,)
    model.2.running_var: buffer (3,)
    model.2.num_batches_tracked: buffer ()
    """
    rows = list(_tree(module, name, 0, {}))
    if len(rows) > MAX_ROWS:
        raise ValueError(
            f"draw.modules draws at most {MAX_ROWS} rows; this tree has {len(rows)}: draw one of "
            "its submodules"
        )
    picture, told = _Canvas(), []
    trunk: dict[int, int] = {}
    for y, row in zip(range(11, 21 * len(rows), 21), rows, strict=True):
        x = 8 + row.depth * 16
        trunk[row.depth] = y
        if row.depth:
            picture.line(x - 16, trunk[row.depth - 1] + 6, x - 16, y)
            picture.line(x - 16, y, x - 6, y)
        is_module = row.role == "module"
        (picture.dot if is_module else picture.square)(x, y, row.color)
        label = row.path.rpartition(".")[2] if row.depth else row.path
        label += f": {row.what}" if is_module else f" {row.what}"
        room = WIDTH - x - 16 - 7 * len(row.size)
        fit = f"font-size:{min(12, room / (0.61 * len(label))):.1f}px"
        picture.text(x + 12, y + 4, label, "head name" if is_module else "head", style=fit)
        picture.text(WIDTH - 2, y + 4, row.size, "note end")
        role = "" if is_module else f"{row.role} "
        size = f", {row.size} elements" if is_module and row.size else ""
        told.append(f"{row.path}: {role}{row.what}{size}")
    picture.down(21 * len(rows))
    title = f"Module tree of {name}, {type(module).__name__}"
    return Picture(picture.svg(), title, "\n".join(told))


def decisions(question: str, answers: Sequence[tuple[str, str, str]]) -> Picture:
    """Draw a question with its answers, each with a link to where to go on.

    Args:
        question: What to ask first.
        answers: (what you see, what to do, address), from the top down; addresses may be relative.

    Raises:
        ValueError: If there is no answer.

    >>> picture = decisions("What do you see?", [("it raises", "read it", "read.html")])
    >>> picture.description
    'What do you see? it raises: read it.'
    >>> 'href="read.html"' in picture.svg
    True
    """
    if not answers:
        raise ValueError("draw.decisions needs at least one answer")
    picture = _Canvas()
    picture.text(2, 14, question, "head")
    picture.down(26)
    bottom = 26 + 46 * (len(answers) - 1) + 18
    picture.line(10, -4, 10, bottom - 26)
    for number, (seen, step, address) in enumerate(answers):
        picture.line(10, 18, 24, 18)
        picture.square(28, 18, f"c{number % 6}")
        picture.text(42, 14, seen, "head")
        picture.link(address, 42, 31, step)
        picture.down(46)
    told = " ".join(f"{seen}: {step}." for seen, step, _ in answers)
    return Picture(picture.svg(), question, f"{question} {told}")


class _Row(NamedTuple):
    """A line of a module tree: a module, a parameter or a buffer, and what to say of it."""

    depth: int
    role: str
    path: str
    what: str
    size: str
    color: str


def _tree(module: nn.Module, path: str, depth: int, seen: dict[object, str]) -> Iterator[_Row]:
    """Yield the rows of a module: itself, its parameters and buffers, its submodules."""
    kind = type(module).__name__
    if module in seen:
        yield _Row(depth, "module", path, f"{kind}, same as {seen[module]}", "", "c1")
        return
    seen[module] = path
    counts = [_elements(each) for each in module.parameters()]
    total = "?" if None in counts else str(sum(count or 0 for count in counts))
    yield _Row(depth, "module", path, kind, total, "")
    tensors: list[tuple[str, str, Tensor | None]] = []
    tensors += [("parameter", name, each) for name, each in module._parameters.items()]
    tensors += [("buffer", name, each) for name, each in module._buffers.items()]
    for role, name, tensor in tensors:
        here = f"{path}.{name}"
        if tensor is None:
            yield _Row(depth + 1, role, here, "None", "", "ghost")
            continue
        count = _elements(tensor)
        notes = ["of unknown shape" if count is None else _shape(tensor.shape)]
        notes += ["frozen"] if role == "parameter" and not tensor.requires_grad else []
        notes += ["not saved"] if name in module._non_persistent_buffers_set else []
        notes += [f"same as {seen[tensor]}"] if tensor in seen else []
        color = "c1" if tensor in seen else "c0" if role == "parameter" else "c2"
        seen.setdefault(tensor, here)
        size = "?" if count is None else str(count)
        yield _Row(depth + 1, role, here, ", ".join(notes), size, color)
    for name, child in module._modules.items():
        if child is not None:
            yield from _tree(child, f"{path}.{name}", depth + 1, seen)


def _elements(tensor: Tensor) -> int | None:
    """Return how many elements a tensor has; None while a lazy layer doesn't know yet."""
    return None if is_lazy(tensor) else tensor.numel()


class _Canvas:
    """A drawing that grows downwards."""

    def __init__(self) -> None:
        self._parts = drawsvg.Group()
        self._y = 2.0

    def down(self, by: float) -> None:
        self._y += by

    def text(self, x: float, y: float, text: str, kind: str = "", **more: Any) -> None:
        self._parts.append(drawsvg.Text(text, None, x, self._y + y, class_=kind or None, **more))

    def link(self, address: str, x: float, y: float, text: str) -> None:
        """Write a text that leads somewhere."""
        where, words = html.escape(address), html.escape(text, quote=False)
        place = f'x="{x}" y="{self._y + y}" class="head link"'
        self._parts.append(drawsvg.Raw(f'<a href="{where}"><text {place}>{words}</text></a>'))

    def box(self, x: float, width: float, height: float, kind: str) -> None:
        self._parts.append(
            drawsvg.Rectangle(x + 1.5, self._y, width - 3, height - 3, rx=4, class_=kind)
        )

    def heading(self, name: str, facts: str) -> None:
        if name:
            self.text(2, 12, name, "head name")
            self.down(16)
        self.text(2, 10, facts, "head note")
        self.down(16)

    def cell(
        self, place: int, size: tuple[float, float], value: str, kind: str, **notes: str
    ) -> None:
        width, height = size
        x, middle = place * width, place * width + width / 2
        self.box(x, width, height, kind)
        fit = {"style": f"font-size:{max(7, (width - 4) / (0.62 * len(value))):.1f}px"}
        wide = len(value) * 8 > width - 4
        self.text(middle, 16, value, **(fit if wide else {}))
        for where, note in notes.items():
            self.text(middle, height + (8 if where == "below" else -7), note, "note")

    def arrow(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Draw a bent arrow from one node to another above it."""
        tip = self._y + y2 + 7
        line = drawsvg.Path(class_="edge")
        line.M(x1, self._y + y1).C(x1 - 2, tip + 10, x2, tip + 14, x2, tip + 4)
        self._parts.append(line)
        self._parts.append(
            drawsvg.Lines(x2, tip, x2 - 3.5, tip + 6, x2 + 3.5, tip + 6, close=True, class_="tip")
        )

    def line(self, x1: float, y1: float, x2: float, y2: float) -> None:
        line = drawsvg.Line(x1, self._y + y1, x2, self._y + y2, class_="edge")
        self._parts.append(line)

    def square(self, x: float, y: float, kind: str) -> None:
        whole = drawsvg.Rectangle(x - 5, self._y + y - 5, 10, 10, rx=2, class_=kind)
        self._parts.append(whole)

    def dot(self, x: float, y: float, kind: str) -> None:
        self._parts.append(drawsvg.Circle(x, self._y + y, 6, class_=f"node {kind}".strip()))

    def svg(self) -> str:
        whole = drawsvg.Drawing(WIDTH, self._y + 4, class_="pfg-draw")
        whole.append(self._parts)
        return cast(str, whole.as_svg(header=""))


def _checked(tensors: Sequence[Tensor], names: Sequence[str]) -> Sequence[str]:
    """Return one name a tensor; raise ValueError where storage() can't draw these tensors."""
    if not tensors:
        raise ValueError("draw.storage needs at least one tensor")
    for number, tensor in enumerate(tensors):
        if tensor.layout != torch.strided or tensor.is_meta or tensor.dim() > 2:
            raise ValueError(
                "draw.storage needs strided tensors with values and at most 2 dimensions; "
                f"tensor {number} has layout {tensor.layout}, device {tensor.device}, "
                f"{tensor.dim()} dimensions"
            )
        if not shares_storage(tensor, tensors[0]) or tensor.dtype != tensors[0].dtype:
            raise ValueError(
                "draw.storage needs tensors that share one storage and dtype; "
                f"tensor {number} does not"
            )
        cells = tensor.untyped_storage().nbytes() // tensor.element_size()
        most = max((len(row) for row in _offsets(tensor)), default=0)
        if cells > MAX_CELLS or most > 12 or tensor.numel() > 4 * MAX_CELLS:
            raise ValueError(
                f"draw.storage draws at most {MAX_CELLS} storage cells and 12 columns; tensor "
                f"{number} has {cells} cells and {most} columns"
            )
    if names and len(names) != len(tensors):
        raise ValueError(f"draw.storage got {len(tensors)} tensors but {len(names)} names")
    return names or [f"a tensor of shape {_shape(tensor.shape)}" for tensor in tensors]


def _cells_of(tensor: Tensor) -> list[str]:
    """Return the text of every storage cell, in storage order."""
    whole = tensor.detach().new_empty(0)
    whole.set_(tensor.untyped_storage())
    return [_value(value) for value in whole.tolist()]


def _offsets(tensor: Tensor) -> list[list[int]]:
    """Return the storage offset that each element reads, as rows (one row below 2 dimensions)."""
    shape = (1,) * (2 - tensor.dim()) + tuple(tensor.shape)
    strides = (0,) * (2 - tensor.dim()) + tensor.stride()
    start = tensor.storage_offset()
    return [
        [int(start + row * strides[0] + column * strides[1]) for column in range(shape[1])]
        for row in range(shape[0])
    ]


def _visit(node: Any, order: list[Any]) -> None:
    """Append the nodes that this one needs, then itself, each once, without recursion."""
    stack = [(node, False)]
    while stack:
        node, ready = stack.pop()
        if node in order:
            continue
        if ready:
            order.append(node)
            continue
        stack.append((node, True))
        stack += [(source, False) for source, _ in reversed(node.next_functions) if source]


def _saved(node: Any) -> list[str]:
    """Return the names under which a node saved tensors (a custom function's are numbered)."""
    names = [name for name in sorted(dir(node)) if name.startswith("_raw_saved_")]
    tensors = [name.removeprefix("_raw_saved_") for name in names]
    own = [name for name in tensors if getattr(node, f"_saved_{name}", None) is not None]
    return own + [f"tensor {place}" for place, _ in enumerate(getattr(node, "saved_tensors", ()))]


def _label(node: Any, named: dict[str, Tensor]) -> tuple[str, str]:
    """Return what to call a node: the name given to its tensor, if any, and its own name."""
    own = node.name().removeprefix("torch::autograd::")
    leaf = getattr(node, "variable", None)
    for name, tensor in named.items():
        if leaf is not None and leaf is tensor:
            own = f"AccumulateGrad of {name}"
        elif leaf is None and tensor.grad_fn is node:
            return name, own
    if leaf is not None and own == "AccumulateGrad":
        own = f"AccumulateGrad, shape {_shape(leaf.shape)}"
    return own, own


def _value(value: complex | bool) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _shape(shape: Iterable[int]) -> str:
    return str(tuple(shape))
