"""
Delete a line of the loop
=========================

A training step is five lines. This script leaves out one at a time, trains the same model on the
same data, and draws what the loss does: two failures look like rest, one looks like a bad learning
rate, and two are refused.

The lines are explained in :doc:`/guide/training/loop`. The main calls are
:meth:`torch.optim.Optimizer.zero_grad`, :meth:`torch.Tensor.backward` and
:meth:`torch.optim.Optimizer.step`.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn

inputs = torch.linspace(-1, 1, 64).unsqueeze(1)
targets = 3 * inputs + 1

# %%
# A loop that can lose a line
# ---------------------------
#
# Each of the five lines runs unless it is the one that was deleted. What a deleted line would have
# made is then still there from before the loop.


def train(deleted=None, steps=40, lr=0.1):
    model = nn.Linear(1, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    outputs = model(inputs)
    loss = nn.functional.mse_loss(outputs, targets)
    losses, lengths = [], []
    for _ in range(steps):
        before = model.weight.item()
        if deleted != "zero_grad":
            optimizer.zero_grad()
        if deleted != "forward":
            outputs = model(inputs)
        if deleted != "loss":
            loss = nn.functional.mse_loss(outputs, targets)
        if deleted != "backward":
            loss.backward()
        if deleted != "step":
            optimizer.step()
        losses.append(loss.item())
        lengths.append(abs(model.weight.item() - before))
    return losses, lengths


# %%
# Two that are refused
# --------------------
#
# Without the forward pass or the loss, the second ``backward`` finds the first one's graph, which
# has been freed.

for deleted in ("forward", "loss"):
    try:
        train(deleted)
    except RuntimeError as error:
        assert "Trying to backward through the graph a second time" in str(error)
    else:
        raise AssertionError(f"without {deleted} nothing was raised")

# %%
# Two that stand still, one that swings
# -------------------------------------
#
# Without ``backward`` there is no gradient, without ``step`` nobody uses it: the loss is one
# number. Without ``zero_grad`` each step uses the sum of all gradients so far.

curves = {
    "all five lines": train(),
    "no zero_grad": train("zero_grad"),
    "no backward": train("backward"),
    "no step": train("step"),
}
assert curves["all five lines"][0][-1] < 0.1
for still in ("no backward", "no step"):
    assert len(set(curves[still][0])) == 1
swinging = curves["no zero_grad"][0]
assert max(swinging[10:]) > 0.5 * swinging[0]

colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 4), layout="constrained")
fig.suptitle("The same training with one line deleted")
for (name, (losses, lengths)), color in zip(curves.items(), colors, strict=True):
    dashed = "--" if name == "no step" else "-"
    left.plot(losses, color=color, linestyle=dashed, label=name)
    right.plot(lengths, color=color, linestyle=dashed)
left.set(title="loss", xlabel="step", ylabel="mean squared error", ylim=(-0.1, 5.6))
left.legend(loc="upper right", ncols=2, fontsize=8.5)
right.set(title="how far the weight moved", xlabel="step", ylabel="distance in one step")
plt.show()

# %%
# 1, 3, 6, 10
# -----------
#
# Where the slope is 1 everywhere, the sums can be read off: the k-th step is k times as long.


def positions(reset):
    weight = nn.Parameter(torch.tensor(0.0))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    seen = []
    for _ in range(5):
        if reset:
            optimizer.zero_grad()
        (-weight).backward()
        optimizer.step()
        seen.append(weight.item())
    return seen


assert positions(reset=True) == [1, 2, 3, 4, 5]
assert positions(reset=False) == [1, 3, 6, 10, 15]

# %%
# What was seen
# -------------
#
# A loss that doesn't change at all means no ``backward`` or no ``step``: look whether ``.grad`` is
# None. A loss that swings means that nothing resets the gradients. Both are found in one step, by
# comparing a weight before and after.

assert curves["no step"][1] == curves["no backward"][1] == [0.0] * 40
