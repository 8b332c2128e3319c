"""The edges and errors of snippets.tensors that no page shows."""

import pytest
import torch

from snippets import tensors


def test_broadcast_shape_agrees_at_the_edges() -> None:
    """No shape, no axes and sizes of 0 give what PyTorch gives; a conflict names its axis."""
    for shapes in ((), ((),), ((0,), (1,)), ((0, 3), (3,)), ((1, 1), ())):
        expected = torch.broadcast_shapes(*shapes)
        assert tensors.broadcast_shape(*shapes) == tuple(expected)
    with pytest.raises(ValueError, match=r"axis -2: sizes \[0, 2\] differ and none is 1"):
        tensors.broadcast_shape((2, 3), (0, 3))


def test_require_same_shape_names_all() -> None:
    """Equal shapes pass, one tensor passes; a difference lists every name with its shape."""
    tensors.require_same_shape(a=torch.zeros(2), b=torch.ones(2))
    tensors.require_same_shape(a=torch.zeros(2))
    with pytest.raises(ValueError, match=r"a \(2,\), b \(2, 1\), c \(2,\)"):
        tensors.require_same_shape(a=torch.zeros(2), b=torch.zeros(2, 1), c=torch.zeros(2))


def test_outer_broadcasts_sees_keywords_and_leaves_the_rest() -> None:
    """Tensors passed by name count; a bias, a product and a cat are no outer broadcasts."""
    column, row = torch.zeros(3, 1), torch.zeros(3)
    with tensors.OuterBroadcasts() as seen:
        torch.sub(input=column, other=row)
        torch.zeros(5, 3) + row
        column @ torch.zeros(1, 4)
        torch.cat([row, row])
    assert seen.found == ["sub: (3, 1), (3,)"]


@pytest.mark.parametrize(
    ("tensor", "index", "error", "says"),
    [
        (torch.zeros(2, 3).to_sparse(), (0, 0), ValueError, "has no strides"),
        (torch.zeros(2, 3), (0,), IndexError, "1 indices for 2 axes"),
        (torch.zeros(2, 3), (0, -4), IndexError, "out of range for axis 1"),
    ],
)
def test_storage_offset_of_refuses(
    tensor: torch.Tensor, index: tuple[int, ...], error: type[Exception], says: str
) -> None:
    """What has no place in storage raises, and says why."""
    with pytest.raises(error, match=says):
        tensors.storage_offset_of(tensor, index)


def test_storage_offset_of_counts_from_the_end() -> None:
    """A negative index and a tensor without axes have a place too."""
    x = torch.arange(12).view(3, 4)[1:]
    assert tensors.storage_offset_of(x, (-1, -1)) == 11
    assert tensors.storage_offset_of(torch.tensor(5), ()) == 0


def test_view_strides_refuses_what_is_no_layout() -> None:
    """Strides and sizes must go together, and so must the numbers of elements."""
    with pytest.raises(ValueError, match="1 strides for 2 sizes"):
        tensors.view_strides((2, 3), (1,), (6,))
    with pytest.raises(ValueError, match="no shape"):
        tensors.view_strides((2, 3), (3, 1), (7,))


def test_shares_storage_where_there_is_no_address() -> None:
    """Strangers of size 0 and on the meta device share nothing; their views do."""
    empty, ghost = torch.empty(0), torch.empty(3, device="meta")
    assert not tensors.shares_storage(empty, torch.empty(0))
    assert not tensors.shares_storage(ghost, torch.empty(3, device="meta"))
    assert tensors.shares_storage(empty, empty.view(0, 2))
    assert tensors.shares_storage(ghost, ghost[1:])


def test_pick_device_takes_a_wish() -> None:
    """A wish is taken as it is, and without one the device can be used."""
    assert tensors.pick_device("meta") == torch.device("meta")
    assert torch.ones(1, device=tensors.pick_device()).sum().item() == 1


def test_words_drawn_has_a_limit() -> None:
    """A draw longer than the limit is refused rather than miscounted."""
    with pytest.raises(ValueError, match="more than 10 words were drawn"):
        tensors.words_drawn(lambda: torch.rand(11), limit=10)


def test_seeded_gives_the_stream_back_after_an_error() -> None:
    """An exception inside leaves the global generator as it was."""
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    with pytest.raises(KeyError), tensors.seeded(7):  # noqa: PT012
        torch.rand(5)
        raise KeyError
    assert torch.equal(torch.rand(3), expected)
