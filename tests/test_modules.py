"""The edges and errors of snippets.modules that no page shows."""

import pytest
import torch
from torch import Tensor, nn

from snippets.modules import RunningNorm, TinyModule, activations


@pytest.mark.parametrize("shape", [(4, 1), (4,), (4, 3, 2)])
def test_running_norm_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    """Rows of another width, and no rows, are named with what is wanted."""
    with pytest.raises(ValueError, match=r"want \(rows, 3\)"):
        RunningNorm(3)(torch.zeros(shape))


@pytest.mark.parametrize("rows", [0, 1])
def test_running_norm_needs_two_rows_to_train(rows: int) -> None:
    """One row has no variance; in evaluation it is welcome."""
    norm = RunningNorm(3)
    with pytest.raises(ValueError, match="one row has no variance"):
        norm(torch.zeros(rows, 3))
    assert norm.batches == 0
    assert norm.eval()(torch.zeros(rows, 3)).shape == (rows, 3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_running_norm_answers_in_the_inputs_dtype(dtype: torch.dtype) -> None:
    """Half-precision inputs are computed in the buffers' float32."""
    norm = RunningNorm(2)
    assert norm(torch.randn(8, 2).to(dtype)).dtype == dtype
    assert norm.mean.dtype == norm.var.dtype == torch.float32


def test_running_norm_moves_whole() -> None:
    """All buffers follow the module; the count stays a whole number."""
    norm = RunningNorm(2).double().to("meta")
    buffers = dict(norm.named_buffers())
    assert all(buffer.is_meta for buffer in buffers.values())
    assert (buffers["mean"].dtype, buffers["batches"].dtype) == (torch.float64, torch.int64)
    assert not list(norm.parameters())


def test_running_norm_without_momentum_is_a_plain_mean() -> None:
    """The average over batches weighs each batch alike, and buffers stay the same objects."""
    norm = RunningNorm(2, momentum=None)
    mean = norm.mean
    batches = [torch.randn(8, 2) + shift for shift in range(4)]
    for batch in batches:
        norm(batch)
    assert norm.mean is mean
    torch.testing.assert_close(mean, torch.stack([batch.mean(0) for batch in batches]).mean(0))


def test_tiny_module_names_what_is_missing() -> None:
    """An attribute that is on no shelf is an error with its name."""
    with pytest.raises(AttributeError, match="'TinyModule' object has no attribute 'weight'"):
        TinyModule().weight  # noqa: B018


def test_activations_take_their_hooks_away_after_an_error() -> None:
    """Whatever ends the block, no hook stays."""
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with pytest.raises(KeyError, match="boom"), activations(model, "0"):  # noqa: PT012
        assert model[0]._forward_hooks
        raise KeyError("boom")
    assert not any(module._forward_hooks for module in model.modules())


def test_activations_name_similar_paths() -> None:
    """A path that is nearly right is answered with the right one, and leaves no hook."""
    model = nn.ModuleDict({"encoder": nn.Linear(2, 2), "decoder": nn.Linear(2, 2)})
    with pytest.raises(KeyError, match="'encoder'"), activations(model, "decoder", "encodr"):
        pass
    assert not any(module._forward_hooks for module in model.modules())


def test_activations_want_tensors() -> None:
    """A module that returns something else is named."""

    class Pair(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x, x

    model = nn.Sequential(Pair())
    with pytest.raises(TypeError, match="'0' returned a tuple"), activations(model, "0"):
        model(torch.ones(1))


def test_activations_knows_each_name_of_a_shared_layer() -> None:
    """Both names of a shared layer are watched, and hold the last of its two calls."""
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    model.append(model[0])
    with activations(model, "0", "2") as seen:
        result = model(torch.ones(1, 2))
    assert torch.equal(seen["0"], result)
    assert torch.equal(seen["2"], result)
