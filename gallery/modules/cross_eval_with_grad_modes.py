"""
Cross eval with grad modes
==========================

Forty passes of one trained network, in train and in eval mode, under three grad modes: the
outputs are a cloud or a line by the first switch, and the same numbers whatever the second says.
Then the cloud is taken apart into what dropout and what batch norm contribute.

The rules are in :doc:`/guide/modules/train-and-eval`. The calls are
:meth:`torch.nn.Module.train`, :meth:`torch.nn.Module.eval` and :class:`torch.no_grad`.
"""

import copy

import matplotlib.pyplot as plt
import torch
from torch import nn

torch.manual_seed(0)

# %%
# A network to ask
# ----------------
#
# It fits a sine, roughly, with a batch norm and a dropout inside. After training it is only copied.

net = nn.Sequential(
    nn.Linear(1, 64), nn.BatchNorm1d(64), nn.Tanh(), nn.Dropout(0.2), nn.Linear(64, 1)
)
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for _ in range(400):
    x = torch.rand(64, 1) * 6 - 3
    loss = (net(x) - x.sin()).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %%
# Forty passes in six settings
# ----------------------------
#
# Sixteen fixed inputs go in, each time in a batch with sixteen new neighbors. Each setting starts
# from the same copy of the network and the same seed.

GRID = torch.linspace(-3, 3, 16).view(-1, 1)
MODES = ["enable_grad", "no_grad", "inference_mode"]


def passes(mode, *awake, count=40):
    """Run in eval mode, but for the layers of the kinds that are awake."""
    model = copy.deepcopy(net).eval()
    for module in model:
        module.train(isinstance(module, awake))
    torch.manual_seed(1)
    with getattr(torch, mode)():
        outs = [model(torch.cat([GRID, torch.rand(16, 1) * 6 - 3]))[:16] for _ in range(count)]
        return torch.stack(outs).squeeze(-1), model


flags = {"train()": (nn.Module,), "eval()": ()}
cells = {(flag, mode): passes(mode, *awake) for flag, awake in flags.items() for mode in MODES}

# %%
# Draw the six clouds
# -------------------
#
# The rows differ, the columns don't.

fig, axes = plt.subplots(2, 3, figsize=(9, 5), sharex=True, sharey=True, layout="constrained")
fig.suptitle("eval() decides the spread, grad modes decide the graph")
for ax, ((flag, mode), (outs, _)) in zip(axes.flat, cells.items(), strict=True):
    color = "#D55E00" if flag == "train()" else "#0072B2"
    ax.scatter(GRID.expand(16, 40).T, outs.detach(), s=6, alpha=0.35, color=color, lw=0)
    ax.plot(GRID, GRID.sin(), color="0.3", lw=1, ls=":")
    ax.set_title(f"{flag}, {mode}", fontsize=10)
    ax.text(-3, 0.85, "graph" if outs.requires_grad else "no graph", fontsize=9)
axes[0, 0].set_ylabel("output (dotted: sine)")
axes[1, 0].set_ylabel("output (dotted: sine)")
for ax in axes[1]:
    ax.set_xlabel("input")
plt.show()

# %%
# The rows differ
# ---------------
#
# In eval mode forty passes are one. In train mode the passes differ, and the running mean moves.

for (flag, _), (outs, model) in cells.items():
    assert (outs.std(0).max() > 0.05) == (flag == "train()")
    assert (outs.std(0).max() < 1e-5) == (flag == "eval()")
    assert torch.equal(model[1].running_mean, net[1].running_mean) == (flag == "eval()")

# %%
# The columns don't
# -----------------
#
# The numbers are equal to the last bit; only the graph is there or not.

for (flag, mode), (outs, _) in cells.items():
    assert torch.equal(outs, cells[flag, "enable_grad"][0])
    assert outs.requires_grad == (mode == "enable_grad")
    assert outs.is_inference() == (mode == "inference_mode")

# %%
# Take the cloud apart
# --------------------
#
# The flag is one for each module, so either layer can be woken alone. Dropout draws a mask for
# each example; batch norm is random because its neighbors are, which shifts and scales the input
# of the curve, and so matters most where the curve is steep.

parts = {"both": (nn.Module,), "dropout only": (nn.Dropout,), "batch norm only": (nn.BatchNorm1d,)}
spread = {name: passes("no_grad", *awake, count=400)[0].std(0) for name, awake in parts.items()}
fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
for name, values in spread.items():
    ax.plot(GRID, values, marker="o", ms=4, label=name)
ax.set(
    title="Where the noise comes from",
    xlabel="input",
    ylim=(0, None),
    ylabel="deviation of 400 outputs",
)
ax.legend()
plt.show()

# %%
# What was seen
# -------------
#
# Both layers contribute, in different places, and their variances add up, nearly. Waking the
# dropouts alone is Monte Carlo dropout; it leaves the statistics as they were.

assert spread["batch norm only"].argmax() in (7, 8)
assert min(values.mean() for values in spread.values()) > 0.03
total = spread["dropout only"].square().mean() + spread["batch norm only"].square().mean()
assert 0.7 < total / spread["both"].square().mean() < 1.4
sleeping = passes("no_grad", nn.Dropout)[1][1]
assert torch.equal(sleeping.running_mean, net[1].running_mean)
