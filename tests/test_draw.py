"""The drawings: what they refuse, and that every picture is sound SVG with words to it."""

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
import torch

from snippets import draw

x = torch.arange(6).view(2, 3)
SVG = "{http://www.w3.org/2000/svg}"


def leaf() -> torch.Tensor:
    """Return a small tensor that requires a gradient."""
    return torch.ones(2, requires_grad=True)


@pytest.mark.parametrize(
    "picture",
    [
        draw.storage(x, x.t(), names=("x & <co>", "x.t()")),
        draw.storage(torch.tensor(True)),
        draw.storage(torch.empty(0)),
        draw.storage(torch.arange(24.0)[::2].view(2, 6)),
        draw.storage(torch.zeros(1).expand(4, 4)),
        draw.broadcast(()),
        draw.broadcast((3, 1), (1, 4)),
        draw.broadcast((2, 3), (4,), (0, 1)),
        draw.graph((leaf() * leaf()).sum()),
        draw.modules(torch.nn.TransformerEncoderLayer(8, 2), name="a & <layer>"),
        draw.modules(torch.nn.LazyLinear(2)),
        draw.modules(torch.nn.Module()),
    ],
    ids=lambda picture: picture.title,
)
def test_picture_is_sound(picture: draw.Picture) -> None:
    """It parses, is small, fits a phone, and names a title and a description that are there."""
    svg = picture._repr_svg_()
    root = ET.fromstring(svg)
    title, described = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert described is not None
    assert (title.text, described.text) == (picture.title, picture.description)
    assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {described.attrib['id']}"
    assert float(root.attrib["width"]) <= 358
    assert len(svg) <= 15_000


def test_storage_shows_what_is_read() -> None:
    """Each cell of a tensor says the value and the offset that indexing gives."""
    view = x[:, 1:]
    texts = [
        node.text for node in ET.fromstring(draw.storage(view)._repr_svg_()).iter(f"{SVG}text")
    ]
    assert texts[-8:] == ["1", "@1", "2", "@2", "4", "@4", "5", "@5"]


def test_broadcast_agrees_with_torch() -> None:
    """The result that is told is the one that PyTorch computes."""
    shapes = ((8, 1, 6, 1), (7, 1, 5))
    together = torch.broadcast_shapes(*shapes)
    assert str(tuple(together)) in draw.broadcast(*shapes).description


def test_graph_names_and_saves() -> None:
    """A custom function's saved tensors are counted, and a name goes to its tensor."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(inputs: torch.Tensor) -> torch.Tensor:
            return inputs**2

        @staticmethod
        def setup_context(
            ctx: torch.autograd.function.FunctionCtx,
            inputs: tuple[torch.Tensor],
            output: torch.Tensor,
        ) -> None:
            ctx.save_for_backward(*inputs)

    w = leaf()
    y = Square.apply(w)  # type: ignore[no-untyped-call]
    described = draw.graph(y.sum(), w=w, y=y).description
    assert "y: SquareBackward from AccumulateGrad of w, saves tensor 0" in described


def test_modules_tells_what_is_shared() -> None:
    """What stands in two places is counted once, and the second place names the first."""
    body = torch.nn.Linear(2, 2)
    model = torch.nn.ModuleDict({"a": body, "b": torch.nn.Linear(2, 2, bias=False), "c": body})
    model["b"].weight = body.weight
    model.register_buffer("mask", torch.ones(3), persistent=False)
    told = draw.modules(model, "net").description.splitlines()
    assert told[0] == "net: ModuleDict, 6 elements"
    assert told[1] == "net.mask: buffer (3,), not saved"
    assert told[-3:] == [
        "net.b.weight: parameter (2, 2), same as net.a.weight",
        "net.b.bias: parameter None",
        "net.c: Linear, same as net.a",
    ]


def test_modules_of_lazy_layers() -> None:
    """A size that no forward pass has fixed yet is told as unknown, in the totals too."""
    told = draw.modules(torch.nn.Sequential(torch.nn.LazyLinear(2))).description
    assert "model: Sequential, ? elements" in told
    assert "model.0.weight: parameter of unknown shape" in told


def freed() -> torch.Tensor:
    """Return a tensor whose graph has been used up."""
    y = (leaf() ** 2).sum()
    y.backward()
    return y


def long() -> torch.Tensor:
    """Return a tensor with more nodes behind it than a drawing holds."""
    y = leaf()
    for _ in range(30):
        y = y + 1
    return y


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (draw.storage, "needs at least one tensor"),
        (lambda: draw.storage(torch.zeros(2, 2, 2)), "at most 2 dimensions; tensor 0 has"),
        (lambda: draw.storage(torch.zeros(2, device="meta")), "with values"),
        (lambda: draw.storage(x.to_sparse()), "needs strided tensors"),
        (lambda: draw.storage(x, x.clone()), "share one storage and dtype; tensor 1 does not"),
        (lambda: draw.storage(torch.empty(0), torch.empty(0)), "tensor 1 does not"),
        (lambda: draw.storage(torch.zeros(25)), "at most 24 storage cells"),
        (lambda: draw.storage(torch.arange(5).expand(20, 5)), "at most 24 storage cells"),
        (lambda: draw.storage(x, names=("a", "b")), "1 tensors but 2 names"),
        (draw.broadcast, "needs shapes of at most 6 axes"),
        (lambda: draw.broadcast((1,) * 7), "needs shapes of at most 6 axes"),
        (lambda: draw.broadcast((-1,)), "sizes of 0 or more"),
        (lambda: draw.graph(leaf()), "needs a tensor with a grad_fn"),
        (lambda: draw.graph(freed()), "draw before it"),
        (lambda: draw.graph(long()), "at most 24 nodes; this graph has 31"),
        (lambda: draw.modules(torch.nn.Sequential(*[torch.nn.ReLU()] * 48)), "tree has 49"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], draw.Picture], says: str) -> None:
    """What can't be drawn raises a ValueError that says what can."""
    with pytest.raises(ValueError, match=says):
        call()
