"""The edges and errors of snippets.autograd that no page shows."""

import pytest
import torch
from torch import nn

from snippets import autograd


class Merging(nn.Module):
    """A layer that does more in train() than set its flag, as merged adapters do."""

    def __init__(self) -> None:
        super().__init__()
        self.merged = False

    def train(self, mode: bool = True) -> "Merging":
        """Merge for evaluation, unmerge for training."""
        self.merged = not mode
        return super().train(mode)


def test_evaluating_restores_whatever_happens() -> None:
    """After an error too, each flag is as it was, and a module's own train() has been called."""
    model = nn.Sequential(Merging(), nn.BatchNorm1d(2).eval(), nn.Dropout())
    with pytest.raises(KeyError), autograd.evaluating(model):  # noqa: PT012
        assert not any(module.training for module in model.modules())
        assert model[0].merged
        raise KeyError
    assert [module.training for module in model] == [True, False, True]
    assert model.training
    assert not model[0].merged
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(("inference", "made"), [(False, False), (True, True)])
def test_evaluating_in_both_modes(inference: bool, made: bool) -> None:
    """Nothing is recorded; inference tensors are made only where asked for."""
    layer = nn.Linear(2, 2)
    with autograd.evaluating(layer, inference=inference):
        out = layer(torch.ones(1, 2))
    assert not out.requires_grad
    assert out.is_inference() is made


def test_finite_differences_refuse() -> None:
    """A complex point and a function with many results have no single gradient."""
    with pytest.raises(TypeError, match="view_as_real"):
        autograd.finite_difference_gradient(torch.abs, torch.tensor(1j))
    with pytest.raises(ValueError, match="returned 2 elements, not 1"):
        autograd.finite_difference_gradient(lambda x: x, torch.ones(2))


def test_finite_differences_of_no_axes() -> None:
    """A point without axes is a point."""
    slope = autograd.finite_difference_gradient(lambda x: x**3, torch.tensor(2.0))
    torch.testing.assert_close(slope, torch.tensor(12.0, dtype=slope.dtype))


def test_per_sample_gradients_refuse_batch_statistics() -> None:
    """A layer that mixes examples is named, in training mode only."""
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    inputs, targets = torch.ones(3, 2), torch.zeros(3, 2)
    with pytest.raises(ValueError, match="1"):
        autograd.per_sample_gradients(model, nn.functional.mse_loss, inputs, targets)
    each = autograd.per_sample_gradients(model.eval(), nn.functional.mse_loss, inputs, targets)
    assert {name: gradient.shape[0] for name, gradient in each.items()} == dict.fromkeys(each, 3)
    assert each["0.weight"].shape == (3, 2, 2)


def test_per_sample_gradients_leave_grad_alone() -> None:
    """Frozen parameters have no row, and no .grad is written."""
    model = nn.Linear(2, 1)
    model.bias.requires_grad_(False)
    inputs, targets = torch.ones(4, 2), torch.zeros(4, 1)
    each = autograd.per_sample_gradients(model, nn.functional.mse_loss, inputs, targets)
    assert list(each) == ["weight"]
    assert model.weight.grad is None


def test_walk_needs_a_graph() -> None:
    """A tensor that requires no gradient leads to no node."""
    with pytest.raises(RuntimeError):
        autograd.walk(torch.ones(1))


def test_saved_bytes_counts_a_storage_once() -> None:
    """Views of one storage count once, and what is excluded doesn't count."""
    x = torch.ones(10, requires_grad=True)
    assert autograd.saved_bytes(lambda: x[:5] * x[5:]) == x.nbytes
    assert autograd.saved_bytes(lambda: x[:5] * x[5:], exclude=[x]) == 0


def test_gradient_report_tells_all_states() -> None:
    """None, zero, inf, NaN and finite gradients are told apart, as are frozen weights."""
    weights = {name: torch.ones(2, requires_grad=True) for name in "abcde"}
    for name, value in zip("abcd", (0.0, torch.inf, torch.nan, 3.0), strict=True):
        weights[name].grad = torch.full((2,), value)
    weights["f"] = torch.ones(2)
    states = [row.state for row in autograd.gradient_report(weights.items())]
    assert states == ["zero", "inf", "NaN", "finite", "None", "frozen"]


def test_value_agrees_with_torch() -> None:
    """The tape in plain Python gives PyTorch's derivatives on an expression of its own."""
    tape: list[autograd.Value] = []
    ours = autograd.Value(1.5, tape), autograd.Value(-2.0, tape)
    theirs = [torch.tensor(value.number, requires_grad=True) for value in ours]
    (ours[0] * ours[1] - ours[1].square() * ours[0]).backward()
    loss = theirs[0] * theirs[1] - theirs[1].square() * theirs[0]
    loss.backward()
    for value, tensor in zip(ours, theirs, strict=True):
        assert tensor.grad is not None
        assert value.grad == pytest.approx(tensor.grad.item())
