"""
Clip gradients at a cliff
=========================

A weight that is applied many times makes a wall: flat on one side, steep on the other. This script
walks toward it with and without clipping, keeps the norms that clipping returns, and shows what one
NaN and one infinity do to all gradients.

Clipping is explained in :doc:`/guide/training/clipping`. The main calls are
:func:`torch.nn.utils.clip_grad_norm_` and :func:`torch.nn.utils.get_total_norm`.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_, get_total_norm

# %%
# A wall
# ------
#
# The loss is (w²⁰ - 0.5)²: w is applied twenty times, as in a recurrent network of one unit. Its
# minimum is near 0.97, with hardly a slope to the left of it and a wall to the right.


def loss_of(w):
    return (w**20 - 0.5).square()


minimum = 0.5 ** (1 / 20)
assert loss_of(torch.tensor(minimum)) < 1e-10
assert loss_of(torch.tensor(0.5)) < 0.26
assert loss_of(torch.tensor(1.15)) > 100

# %%
# Two walks
# ---------
#
# Gradient descent with the same rate, from the same place on the wall. The norm that
# ``clip_grad_norm_`` returns is the one before clipping.


def walk(max_norm, steps=60, lr=0.02):
    w = nn.Parameter(torch.tensor(1.15))
    optimizer = torch.optim.SGD([w], lr=lr)
    places, norms = [w.item()], []
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(w).backward()
        norms.append(clip_grad_norm_([w], max_norm).item())
        optimizer.step()
        places.append(w.item())
    return places, norms


clipped, clipped_norms = walk(max_norm=1.0)
free, free_norms = walk(max_norm=float("inf"))

assert free_norms[0] == clipped_norms[0] > 1000  # the same wall is measured
assert free[1] < -10  # one step leaves the picture
assert abs(clipped[-1] - minimum) < 0.02
print(f"first norm {free_norms[0]:.0f}; free: to {free[1]:.0f}; clipped: to {clipped[1]:.2f}")

# %%
# Draw the walks
# --------------
#
# Without clipping the first step jumps over the valley, far out of the picture.

line = torch.linspace(0.6, 1.18, 400)
fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 4), layout="constrained")
fig.suptitle("A wall, walked down with and without clipping")
left.semilogy(line, loss_of(line) + 1e-4, color="#999999")
places = torch.tensor(clipped)
left.semilogy(places, loss_of(places) + 1e-4, "o-", color="#0072B2", markersize=4, linewidth=1)
left.annotate(
    f"unclipped:\nto {free[1]:.0f}",
    (0.61, loss_of(torch.tensor(1.15)).item()),
    color="#D55E00",
    xytext=(0.8, 30),
    arrowprops={"color": "#D55E00", "arrowstyle": "->"},
    va="center",
)
left.set(title="the loss", xlabel="weight", ylabel="loss", ylim=(5e-5, 1e3))
right.semilogy(clipped_norms, "o-", color="#0072B2", markersize=4)
right.axhline(1.0, color="black", linestyle=":", linewidth=1)
right.text(59, 0.4, "max_norm", ha="right")
right.set_ylim(0.2, 2e4)
right.set(title="what clip_grad_norm_ returned", xlabel="step", ylabel="norm before clipping")
plt.show()

# %%
# One NaN poisons all, one infinity silences all
# ----------------------------------------------
#
# The norm is one number for all parameters, so clipping spreads what it should contain.


def clip_with(bad):
    parameters = [nn.Parameter(torch.zeros(2)) for _ in range(2)]
    parameters[0].grad, parameters[1].grad = torch.tensor([3.0, bad]), torch.tensor([0.0, 4.0])
    norm = clip_grad_norm_(parameters, 1.0)
    return norm, parameters[1].grad


norm, other = clip_with(float("nan"))
assert norm.isnan() and other.isnan().all()
norm, other = clip_with(float("inf"))
assert norm.isinf() and other.tolist() == [0.0, 0.0]

# %%
# What was seen
# -------------
#
# Clipping keeps a step from leaving the map, and its return value is worth a log of its own. Ask
# whether it is finite before you step; a norm can be measured without clipping.

assert get_total_norm([torch.tensor([3.0]), torch.tensor([4.0])]).item() == 5
