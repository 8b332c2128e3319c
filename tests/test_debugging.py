"""The edges and errors of snippets.debugging that no page shows."""

import contextlib
import math
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from snippets import debugging
from snippets.debugging import Finding, first_nonfinite, name_the_layer, update_ratios


def hooks_of(model: nn.Module) -> int:
    """Return how many forward hooks and pre-hooks hang on the modules of a model."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def healthy() -> nn.Sequential:
    """Return a small model in training mode with batch statistics and dropout."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))


class Forgiving(nn.Module):
    """A module that calls another, catches its error, and may fail afterwards itself."""

    def __init__(self, fails: bool) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)
        self.fails = fails

    def forward(self, x: Tensor) -> Tensor:
        """Return the input, after a call that cannot succeed."""
        with contextlib.suppress(RuntimeError):
            self.inner(x)
        if self.fails:
            raise ValueError("own")
        return x


def test_name_the_layer_is_quiet_on_a_healthy_model() -> None:
    """The result is the same, no hook stays, and an error of other code gets no note."""
    model = healthy().eval()
    x = torch.ones(2, 4)
    expected = model(x)
    with pytest.raises(KeyError) as caught, name_the_layer(model):  # noqa: PT012
        assert torch.equal(model(x), expected)
        raise KeyError
    assert not hasattr(caught.value, "__notes__")
    assert hooks_of(model) == 0


def test_name_the_layer_names_the_innermost() -> None:
    """Type and message stay, the note names path, class and shapes; hooks are removed."""
    model = nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.ReLU(), nn.Linear(2, 2)))
    with pytest.raises(RuntimeError, match=r"\(5x3 and 2x2\)") as caught, name_the_layer(model):
        model(torch.ones(5, 4))
    assert caught.value.__notes__ == ["in 1.1, a Linear, called with float32[5, 3]"]
    assert hooks_of(model) == 0


def test_name_the_layer_names_the_root_and_calls_without_tensors() -> None:
    """A missing argument is a TypeError of the model itself."""
    with pytest.raises(TypeError) as caught, name_the_layer(model := nn.Linear(2, 2)):
        model()
    assert caught.value.__notes__ == ["in the model itself, a Linear, called with no tensor"]


def test_name_the_layer_forgets_what_a_module_caught() -> None:
    """An error that a module caught is not taken for the one that it raised afterwards."""
    for fails in (False, True):
        model = nn.Sequential(Forgiving(fails), nn.Linear(9, 1))
        with pytest.raises((RuntimeError, ValueError)) as caught, name_the_layer(model):
            model(torch.ones(1, 4))
        assert caught.value.__notes__[0].startswith("in 0, a F" if fails else "in 1, a L")


def test_name_the_layer_blames_no_model_for_a_later_error() -> None:
    """After an error caught in the block, one of the code around it gets no note."""
    model = nn.Linear(2, 2)
    with pytest.raises(KeyError) as caught, name_the_layer(model):  # noqa: PT012
        with pytest.raises(RuntimeError):
            model(torch.ones(1, 3))
        raise KeyError
    assert not hasattr(caught.value, "__notes__")


def test_name_the_layer_sees_keyword_tensors() -> None:
    """Shapes of keyword arguments stand in the note too."""
    model = nn.Linear(2, 2)
    with pytest.raises(RuntimeError) as caught, name_the_layer(model):
        model(input=torch.ones(1, 3, dtype=torch.float64))
    assert caught.value.__notes__[0].endswith("called with float64[1, 3]")


def test_first_nonfinite_is_quiet_on_a_healthy_model() -> None:
    """No finding, no graph, no hook, and the flags as they were."""
    model = healthy()
    assert first_nonfinite(model, torch.randn(8, 4)) is None
    assert model.training
    assert hooks_of(model) == 0
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("path", "place"), [("0", "parameter weight"), ("1", "buffer running_var")]
)
def test_first_nonfinite_fires_on_each_plant(path: str, place: str, value: float) -> None:
    """Each planted number is found where it was planted, and hooks are removed."""
    model = healthy().eval()
    with torch.no_grad():
        getattr(model.get_submodule(path), place.split()[1]).view(-1)[-1] = value
    kind = "NaN" if math.isnan(value) else "inf"
    assert first_nonfinite(model, torch.ones(2, 4)) == Finding(path, place, kind)
    assert hooks_of(model) == 0


def test_first_nonfinite_looks_before_the_hooks_of_others() -> None:
    """What a pre-hook of the model does to the inputs shows in the output of its module."""
    model = healthy()
    model[3].register_forward_pre_hook(lambda module, args: (args[0] + math.nan,))
    assert first_nonfinite(model, torch.randn(8, 4)) == Finding("3", "output", "NaN")
    assert hooks_of(model) == 1


class Glue(nn.Module):
    """A model whose fault lies between two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the second layer makes of a logarithm of 0."""
        out: Tensor = self.second((0 * self.first(x)).log())
        return out


def test_first_nonfinite_tells_glue_from_layers() -> None:
    """A bad number made between two calls is an input of the second."""
    assert first_nonfinite(Glue(), torch.ones(1, 2)) == Finding("second", "input", "inf")


def test_first_nonfinite_stops_before_the_statistics() -> None:
    """A bad input ends the pass before a batch norm could take it in."""
    model = nn.Sequential(nn.BatchNorm1d(2))
    bad = torch.tensor([[1.0, math.nan], [2.0, 3.0]])
    assert first_nonfinite(model, bad) == Finding("", "input", "NaN")
    assert dict(model.named_buffers())["0.running_mean"].tolist() == [0.0, 0.0]


def test_first_nonfinite_passes_over_a_mask() -> None:
    """With allow_inf a mask of -inf is no finding, and the NaN it makes is one."""
    attention = nn.MultiheadAttention(4, 1, batch_first=True)
    x = torch.ones(1, 2, 4)
    causal = torch.full((2, 2), -math.inf).triu(1)
    found = first_nonfinite(attention, x, x, x, attn_mask=causal)
    assert found == Finding("", "input", "inf")
    assert first_nonfinite(attention, x, x, x, attn_mask=causal, allow_inf=True) is None
    full = torch.full((2, 2), -math.inf)
    found = first_nonfinite(attention, x, x, x, attn_mask=full, allow_inf=True)
    assert found == Finding("", "output", "NaN")


def test_first_nonfinite_takes_integers_and_keeps_errors() -> None:
    """Integer inputs are never bad, and the model's own error comes through."""
    assert first_nonfinite(nn.Embedding(3, 2), torch.tensor([0, 2])) is None
    model = nn.Linear(2, 2)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        first_nonfinite(model, torch.ones(1, 3))
    assert hooks_of(model) == 0


def test_update_ratios_at_the_edges() -> None:
    """No step is 0, a step from zeros is inf, and half precision is measured in float64."""
    model = nn.Linear(2, 1).half()
    assert set(update_ratios(model, lambda: None).values()) == {0.0}
    with torch.no_grad():
        model.weight.fill_(1)
        model.bias.zero_()

    def step() -> None:
        with torch.no_grad():
            model.weight.add_(2.0**-10)
            model.bias.add_(1)

    ratios = update_ratios(model, step)
    assert ratios["weight"] == pytest.approx(2.0**-10)
    assert ratios["bias"] == math.inf


class Functional(nn.Module):
    """Drops in eval mode too, unless it asks for the mode."""

    def __init__(self, asks: bool) -> None:
        """Note whether to ask."""
        super().__init__()
        self.asks = asks

    def forward(self, x: Tensor) -> Tensor:
        """Drop half."""
        return nn.functional.dropout(x, training=self.training if self.asks else True)


class Stored(Dataset[Tensor]):
    """Draws from a generator made once, or from torch's, which each worker seeds."""

    def __init__(self, stored: bool) -> None:
        """Make the generator."""
        self.numbers = np.random.default_rng(0) if stored else None

    def __len__(self) -> int:
        """Return how many samples there are."""
        return 4

    def __getitem__(self, index: int) -> Tensor:
        """Draw one number."""
        if self.numbers is None:
            return torch.rand(1)
        return torch.tensor([self.numbers.random()])


def detected(faulty: bool) -> dict[str, object]:
    """Return what each detector of the catalogue says of a run with, or without, its fault."""
    outputs, targets = torch.randn(8, 1), torch.randn(8)
    logits = torch.randn(8, 3)
    listed = nn.Sequential(nn.Linear(4, 4))
    vars(listed)["more"] = [nn.Linear(4, 4)] if faulty else nn.ModuleList([nn.Linear(4, 4)])
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    norm = model[1].requires_grad_(False).train(faulty)
    moved = debugging.moved_while_frozen(model, lambda: model(torch.randn(8, 4)))
    if faulty:
        model[2] = nn.Linear(4, 1)
    state = norm.state_dict()
    loader = DataLoader(Stored(faulty), num_workers=2)
    return {
        "stretched": debugging.stretched(outputs, targets if faulty else targets[:, None]),
        "normalized": debugging.normalized(logits.softmax(1) if faulty else logits),
        "hidden_modules": debugging.hidden_modules(listed),
        "not_optimized": debugging.not_optimized(model, optimizer),
        "moved_while_frozen": moved,
        "aliased": debugging.aliased(state if faulty else deepcopy(state), norm),
        "unrepeatable": debugging.unrepeatable(Functional(asks=not faulty), torch.ones(64)),
        "repeats": debugging.repeats(lambda: loader),
        "permutation_of": debugging.permutation_of(
            lambda x: x.view(3, 4, 5) if faulty else x.permute(2, 0, 1), 4, 5, 3
        )
        is None,
        "one_shot": debugging.one_shot(model.parameters() if faulty else list(model.parameters())),
    }


def test_every_detector_fires_on_its_fault() -> None:
    """Each of the catalogue's detectors reports the fault that it is for."""
    silent = [name for name, answer in detected(faulty=True).items() if not answer]
    assert not silent


def test_every_detector_is_quiet_on_a_healthy_run() -> None:
    """None reports anything where all is well."""
    loud = {name: answer for name, answer in detected(faulty=False).items() if answer}
    assert not loud


def test_unrepeatable_leaves_the_modes() -> None:
    """Modes are afterwards what they were, each module's own."""
    model = nn.Sequential(nn.Dropout(), nn.Dropout())
    model[1].eval()
    assert not debugging.unrepeatable(model, torch.ones(4))
    assert (model.training, model[0].training, model[1].training) == (True, True, False)


def test_first_difference_sees_what_allclose_does_not() -> None:
    """Bits, dtypes, numbers and structure are compared; NaN differs from itself."""
    tree = {"w": torch.ones(2), "lr": [0.1, 2]}
    assert debugging.first_difference(tree, deepcopy(tree)) is None
    assert debugging.first_difference(tree, {**tree, "w": torch.ones(2).double()}) == "['w']"
    assert debugging.first_difference(tree, {**tree, "lr": [0.1, 2.0]}) == "['lr'][1]"
    assert debugging.first_difference(tree, {"w": torch.ones(2)}) == "another structure"
    assert debugging.first_difference(torch.ones(1), torch.zeros(1)) == "the value itself"
