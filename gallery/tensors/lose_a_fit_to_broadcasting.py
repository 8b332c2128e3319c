"""
Lose a fit to broadcasting
==========================

A line is fitted twice to the same points. The only difference is the shape of the targets,
``(N, 1)`` or ``(N,)``, and with the second one the slope comes out as 0 instead of 3.

How to keep such a broadcast out of a loss is in :doc:`/guide/tensors/broadcasting-pitfalls`.
The main calls are :class:`torch.nn.Linear` and :func:`torch.nn.functional.mse_loss`.
"""

import warnings

import matplotlib.pyplot as plt
import torch
from torch import nn

# %%
# Points on a line
# ----------------
#
# The targets follow a line of slope 3 with a little noise. :class:`torch.nn.Linear` returns one
# column, so the predictions have shape ``(64, 1)``, while the targets have a single axis.

torch.manual_seed(0)
x = torch.linspace(-1, 1, 64).unsqueeze(1)
y = 3 * x.squeeze(1) + 1 + 0.3 * torch.randn(64)
line = nn.Linear(1, 1)

assert line(x).shape == (64, 1) and y.shape == (64,)

# %%
# One loss, two shapes
# --------------------
#
# Subtracting ``(64,)`` from ``(64, 1)`` compares every prediction with every target.
# The mean of the 4096 squares is a single number, just as the mean of the right 64 is.


def squared_error(prediction, target):
    return ((prediction - target) ** 2).mean()


assert (line(x) - y).shape == (64, 64) and (line(x) - y).numel() == 4096
assert (line(x) - y.unsqueeze(1)).shape == (64, 1)
assert squared_error(line(x), y).shape == squared_error(line(x), y.unsqueeze(1)).shape == ()

# %%
# Predict what it will learn
# --------------------------
#
# Averaged over all targets, the squared error of a prediction is its squared distance from the mean
# target plus the variance of the targets. The best line is then flat, at the mean of ``y``; this
# loss puts it ahead of the line that the points were made from.

prediction = line(x)
from_the_mean = ((prediction - y.mean()) ** 2).mean() + y.var(correction=0)
torch.testing.assert_close(squared_error(prediction, y), from_the_mean)
assert squared_error(y.mean().expand(64, 1), y) < squared_error(3 * x + 1, y)

# %%
# Fit both
# --------
#
# Same start, same 200 steps of gradient descent. With targets in a column the slope is
# that of the points; with targets of a single axis it is 0.


def fit(target):
    torch.manual_seed(1)
    model, losses = nn.Linear(1, 1), []
    for _ in range(200):
        loss = squared_error(model(x), target)
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
        losses.append(loss.item())
    return model, losses


good, good_losses = fit(y.unsqueeze(1))
bad, bad_losses = fit(y)

assert abs(good.weight.item() - 3) < 0.1
assert abs(bad.weight.item()) < 1e-4
assert abs(bad.bias.item() - y.mean().item()) < 1e-4
good.weight.item(), bad.weight.item()

# %%
# Both losses fall
# ----------------
#
# The wrong loss falls and levels off as a right one does, but at the variance of the targets: the
# error of a model that always answers their mean. The right loss ends far below.

for losses in (good_losses, bad_losses):
    assert losses[0] > losses[-1] and abs(losses[100] - losses[-1]) < 1e-3
torch.testing.assert_close(bad_losses[-1], squared_error(y.mean(), y).item(), rtol=1e-4, atol=0)
assert good_losses[-1] < bad_losses[-1] / 10

blue, red = "#0072B2", "#D55E00"
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 4), layout="constrained")
fig.suptitle("Same points, same loss, targets of two shapes")
left.scatter(x.squeeze(1), y, s=14, color="#999999")
for model, shape, color, at in [(good, "(64, 1)", blue, (-0.2, 3)), (bad, "(64,)", red, (1, 0.3))]:
    slope = f"slope {round(model.weight.item(), 2) + 0:.2f}"  # + 0 turns -0.0 into 0.0
    left.plot(x.squeeze(1), model(x).squeeze(1).detach(), color=color, linewidth=3)
    left.text(*at, f"{shape}\n{slope}", color=color, ha="right", va="center", fontsize=11)
left.set(title="the fitted lines", xlabel="x", ylabel="y")
for losses, color in [(good_losses, blue), (bad_losses, red)]:
    right.semilogy(losses, color=color, linewidth=3)
right.axhline(y.var(correction=0), color="black", linestyle=":", linewidth=1)
right.text(200, 3.9, "variance of y", ha="right", fontsize=10)
right.text(200, 2.5, "targets (64,)", color=red, ha="right", fontsize=11)
right.text(200, 0.12, "targets (64, 1)", color=blue, ha="right", fontsize=11)
right.set(title="the loss while fitting", xlabel="step", ylabel="mean squared error")
plt.show()

# %%
# Who warns
# ---------
#
# :func:`torch.nn.functional.mse_loss` sees two shapes that differ and warns. It still computes the
# same wrong number. The loss written by hand is a subtraction, which may broadcast, and is silent.

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    by_hand = squared_error(line(x), y)
    assert len(caught) == 0
    by_torch = nn.functional.mse_loss(line(x), y)
    assert len(caught) == 1

torch.testing.assert_close(by_torch, by_hand)
assert "target size (torch.Size([64])) that is different" in str(caught[0].message)
print(caught[0].message)

# %%
# What was seen
# -------------
#
# If a loss settles at the variance of the targets, look at the shapes before the learning rate. A
# comparison of the two shapes before the subtraction would have stopped this fit at its first step.
# To mend it, give the targets an axis or take one from the predictions.

assert line(x).shape != y.shape
with_axis = squared_error(line(x), y.unsqueeze(1))
without_axis = squared_error(line(x).squeeze(1), y)
torch.testing.assert_close(with_axis, without_axis)
