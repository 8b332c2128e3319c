"""
Trace NaN from the other branch
===============================

``where(x > 0, sqrt(x), 0)`` never returns NaN, yet half of its gradients are NaN. This script
follows the product that makes them, and shows which masks prevent it and which come too late.

How to find such a branch in a model is in :doc:`/guide/autograd/nan-gradients`. The main calls
are :func:`torch.where`, :func:`torch.sqrt` and :meth:`torch.Tensor.retain_grad`.
"""

import matplotlib.pyplot as plt
import torch

# %%
# Good values, bad gradients
# --------------------------
#
# Over 201 points from -1 to 1, every value is finite and right. The gradient should be 0 on the
# left and 1 / (2 sqrt(x)) on the right; all 101 points that take the 0 get NaN instead.


def gradient(function, x):
    x = x.clone().requires_grad_()
    function(x).sum().backward()
    return x.grad


def one_where(x):
    return torch.where(x > 0, x.sqrt(), 0.0)


x = torch.arange(-100, 101) / 100
from_one = gradient(one_where, x)
assert torch.equal(one_where(x), x.clamp(min=0).sqrt())
assert torch.equal(from_one.isnan(), x <= 0) and from_one.isnan().sum() == 101
torch.testing.assert_close(from_one[x > 0], 0.5 / x[x > 0].sqrt())

# %%
# Number by number
# ----------------
#
# ``where`` has both branches computed, and its backward sends a 0 into the one not taken. The root
# multiplies what arrives by its own slope, which is NaN below 0 and infinite at 0. In floating
# point neither 0 * nan nor 0 * inf is 0.

points = torch.tensor([-0.25, 0.0, 0.25], requires_grad=True)
root = points.sqrt()
root.retain_grad()
torch.where(points > 0, root, 0.0).sum().backward(retain_graph=True)
arrived = root.grad
slope = root.grad_fn(torch.ones(3)).detach()  # the root's own backward, sent a 1

assert arrived.tolist() == [0, 0, 1]
assert slope[0].isnan() and slope[1] == torch.inf and slope[2] == 1
torch.testing.assert_close(points.grad, arrived * slope, rtol=0, atol=0, equal_nan=True)
assert points.grad.isnan().tolist() == [True, True, False]
for row in torch.stack([points, arrived, slope, points.grad], dim=1).tolist():
    print("x = {:5}:  {} arrives, times slope {} = {}".format(*row))

# %%
# Two wheres
# ----------
#
# The 0 can't win, so the slope must be made finite. An inner ``where`` gives the root a 1 wherever
# the outer one drops the result. The values stay as they were.


def two_wheres(x):
    safe = torch.where(x > 0, x, 1.0)
    return torch.where(x > 0, safe.sqrt(), 0.0)


from_two = gradient(two_wheres, x)
assert torch.equal(two_wheres(x), one_where(x))
assert from_two[x <= 0].eq(0).all()
assert torch.equal(from_two[x > 0], from_one[x > 0])

fig, axes = plt.subplots(1, 2, figsize=(7, 4), sharey=True, layout="constrained")
fig.suptitle("Same values, with NaN gradients and without")
panels = [("one where", one_where), ("two wheres", two_wheres)]
for ax, (name, function) in zip(axes, panels, strict=True):
    grad = gradient(function, x)
    bad = grad.isnan()
    ax.fill_between(x, 0, 5, where=bad, color="#E69F00", alpha=0.45, linewidth=0)
    if bad.any():
        ax.text(x[bad].mean(), 2.5, "gradient\nis nan", ha="center", va="center", fontsize=14)
    ax.plot(x, function(x), color="#777777", linewidth=2)
    for side in (x <= 0, x > 0):
        ax.plot(x[side], grad[side], color="#0072B2", linewidth=3.5)
    ax.text(1, 1.12, "value", color="#666666", ha="right", fontsize=12)
    ax.text(0.2, 2.5, "gradient", color="#0072B2", fontsize=12)
    ax.set(title=name, xlabel="x")
axes[0].set_ylabel("value and gradient")
plt.show()

# %%
# A mask that comes too late
# --------------------------
#
# The first four mask what came out of the root, the last two what goes in. All values are finite;
# the gradients are only where the mask stands before the root. The labels are the code that ran.

late = ["where(x > 0, x.sqrt(), 0)", "x.sqrt().masked_fill(x <= 0, 0)"]
late += ["x.sqrt()[x > 0]", "x.sqrt().nan_to_num(0)"]
early = ["x[x > 0].sqrt()", "where(x > 0, where(x > 0, x, 1).sqrt(), 0)"]
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for row, code in enumerate(late + early):
    function = eval(f"lambda x: {code}", {"where": torch.where})
    grad = gradient(function, points.detach())
    assert function(points).isfinite().all()
    assert grad.isfinite().tolist() == ([True] * 3 if code in early else [False, False, True])
    for column, number in enumerate(grad):
        color, ink = ("#0072B2", "white") if number.isfinite() else ("#E69F00", "black")
        ax.add_patch(plt.Rectangle((column - 0.46, row - 0.4), 0.92, 0.8, facecolor=color))
        ax.text(column, row, f"{number:g}", color=ink, ha="center", va="center", fontsize=12)
labels = [code.replace("0, where", "0,\nwhere") for code in late + early]
ax.set_yticks(range(6), labels, family="monospace", fontsize=10)
ax.set_xticks(range(3), [f"x = {value:g}" for value in points.tolist()], fontsize=11)
ax.set(xlim=(-0.5, 2.5), ylim=(5.5, -0.5), frame_on=False)
ax.xaxis.tick_top()
ax.tick_params(length=0)
fig.suptitle("Gradients: mask after the root (top four) or before it")
plt.show()

# %%
# One element is enough
# ---------------------
#
# A weight shared by all elements gets the sum of their gradients, and a sum with NaN is NaN.
# Replacing it by 0 afterwards throws the right part away as well.

inputs, weight = torch.tensor([0.0, 1, 4, 9]), torch.tensor(1.0)
poisoned = gradient(lambda weight: one_where(weight * inputs), weight)
mended = gradient(lambda weight: two_wheres(weight * inputs), weight)
assert poisoned.isnan() and poisoned.nan_to_num(0) == 0
assert mended == (inputs.sqrt() / 2).sum() == 3

# %%
# What was seen
# -------------
#
# Ask of each branch whether its slope is finite where it is not used. The slope of ``log`` is
# 1 / x: finite below 0, where the log itself is NaN, and infinite at 0. So a mask on its result
# leaves NaN at 0 alone. A branch with finite slopes, such as a square, needs no second ``where``.

from_log = gradient(lambda x: torch.where(x > 0, x.log(), 0.0), x)
from_square = gradient(lambda x: torch.where(x > 0, x.square(), 0.0), x)
assert torch.equal(x.log().isnan(), x < 0) and torch.equal(from_log.isnan(), x == 0)
assert torch.equal(from_square, 2 * x.clamp(min=0))
