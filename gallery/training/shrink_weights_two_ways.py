"""
Shrink weights in two ways
==========================

Weight decay and an L2 penalty are one thing under SGD and two under Adam. This script gives weights
gradients of every size that cancel out, so that nothing but the decay should be seen, and draws
what is left of them.

The difference is explained in :doc:`/guide/training/weight-decay`. The main calls are
:class:`torch.optim.Adam` and :class:`torch.optim.AdamW`.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW

steps, lr, decay = 200, 0.005, 0.2

# %%
# Gradients that cancel
# ---------------------
#
# One weight for each gradient size, from 10⁻⁴ to 10⁴. The gradients change their sign in each step:
# the loss has no opinion about any of the weights, and they all start at 1.

sizes = torch.logspace(-4, 4, 33, dtype=torch.float64)


def left_of_one(optimizer_class, weight_decay):
    weights = nn.Parameter(torch.ones_like(sizes))
    optimizer = optimizer_class([weights], lr=lr, weight_decay=weight_decay)
    for step in range(steps):
        weights.grad = sizes if step % 2 else -sizes
        optimizer.step()
    return weights.detach()


# %%
# What decay should do
# --------------------
#
# Each step multiplies by 1 - lr · decay. The swinging gradients themselves leave a small trace,
# which the run without decay shows, so it is taken out.

promised = (1 - lr * decay) ** steps
left = {}
for optimizer_class in (SGD, Adam, AdamW):
    trace = left_of_one(optimizer_class, 0.0) - 1
    left[optimizer_class.__name__] = left_of_one(optimizer_class, decay) - trace
promised

# %%
# AdamW keeps the promise
# -----------------------
#
# Its decay doesn't pass through the division by the size of the gradients.

assert torch.allclose(left["AdamW"], torch.full_like(sizes, promised), atol=0.02)
small, large = left["Adam"][0].item(), left["Adam"][-1].item()
assert small < 0.3
assert large > 0.99
small, large, promised

# %%
# Draw what is left
# -----------------
#
# Under Adam's penalty the weights with small gradients vanish and those with large ones stay.

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
fig.suptitle(f"What {steps} steps of decay leave of a weight of 1")
ax.axhline(promised, color="#999999", linewidth=6, alpha=0.5)
ax.text(2e-4, promised - 0.075, "(1 - lr · decay)ˢᵗᵉᵖˢ", color="#555555")
for name, color in (("AdamW", "#0072B2"), ("Adam", "#D55E00")):
    ax.semilogx(sizes, left[name], color=color, marker="o", markersize=3.5)
ax.text(2e-4, 0.9, "AdamW: decay", color="#0072B2")
ax.text(3e-1, 0.3, "Adam: penalty in the gradient", color="#D55E00")
ax.set(xlabel="size of the weight's gradients", ylabel="weight at the end", ylim=(0, 1.1))
plt.show()

# %%
# However small the penalty
# -------------------------
#
# Where there are no other gradients, the penalty is the whole gradient, and Adam's steps have the
# length of the learning rate whatever the gradient is. A thousandth of the penalty shrinks as much.


def without_gradients(optimizer_class, weight_decay):
    weight = nn.Parameter(torch.ones((), dtype=torch.float64))
    optimizer = optimizer_class([weight], lr=lr, weight_decay=weight_decay)
    for _ in range(100):
        weight.grad = torch.zeros_like(weight)
        optimizer.step()
    return weight.item()


assert abs(without_gradients(Adam, 0.2) - without_gradients(Adam, 0.0002)) < 0.01
assert without_gradients(AdamW, 0.0002) > 0.999

# %%
# What was seen
# -------------
#
# ``weight_decay`` of Adam and of AdamW are two settings with one name. Under SGD, with one
# parameter at a time and no momentum, both ideas agree.

weight = nn.Parameter(torch.ones(1, dtype=torch.float64))
weight.grad = torch.full_like(weight, 2.0)
SGD([weight], lr=lr, weight_decay=decay).step()
assert torch.allclose(weight, torch.tensor(1 - lr * decay - lr * 2.0, dtype=torch.float64))
