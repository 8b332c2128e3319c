"""
Compare losses by their slope
=============================

Training sees a loss through its slope alone. This script draws losses and slopes side by side:
which ones bound the pull of an outlier, which ones go silent when a model is sure and wrong, and
where two names mean one function.

The losses are explained in :doc:`/guide/training/losses` and
:doc:`/guide/training/regression-losses`. The main calls are
:func:`torch.nn.functional.binary_cross_entropy_with_logits`, :func:`torch.nn.functional.huber_loss`
and :func:`torch.nn.functional.smooth_l1_loss`.
"""

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F  # noqa: N812

blue, orange, green, pink = "#0072B2", "#E69F00", "#009E73", "#CC79A7"

# %%
# Any loss, and its slope
# -----------------------
#
# The slope comes from autograd, at each point of a line.


def slope(loss, points):
    points = points.clone().requires_grad_()
    return torch.autograd.grad(loss(points).sum(), points)[0]


# %%
# Losses for numbers
# ------------------
#
# Squares pull in proportion to the error. Absolute values pull with 1, however near the goal is.
# Huber is the first near 0 and the second far away, and so pulls with δ at most.

errors = torch.linspace(-3, 3, 601)
zero = torch.zeros_like(errors)
numbers = {
    "mse": lambda d: F.mse_loss(d, zero, reduction="none"),
    "l1": lambda d: F.l1_loss(d, zero, reduction="none"),
    "huber, δ = 0.5": lambda d: F.huber_loss(d, zero, reduction="none", delta=0.5),
    "smooth_l1, β = 0.5": lambda d: F.smooth_l1_loss(d, zero, reduction="none", beta=0.5),
}
steepest = {name: slope(loss, errors).abs().max().item() for name, loss in numbers.items()}
assert [round(value, 3) for value in steepest.values()] == [6.0, 1.0, 0.5, 1.0]
huber, smooth = list(numbers.values())[2:]
assert torch.allclose(huber(errors), 0.5 * smooth(errors))

# %%
# One loss, three ways to compute it
# ----------------------------------
#
# For a target of 1 the loss of a logit z is log(1 + exp(-z)). By way of a probability it loses its
# slope where the model is most wrong; from the logit it keeps it.

logits = torch.linspace(-150, 20, 681)
ones = torch.ones_like(logits)
binary = {
    "log(sigmoid(z))": lambda z: -torch.log(torch.sigmoid(z)),
    "binary_cross_entropy(sigmoid(z))": lambda z: F.binary_cross_entropy(
        torch.sigmoid(z), ones, reduction="none"
    ),
    "..._with_logits(z)": lambda z: F.binary_cross_entropy_with_logits(z, ones, reduction="none"),
}
at_worst = [slope(loss, logits)[0].item() for loss in binary.values()]
assert at_worst[0] != at_worst[0]  # NaN
assert at_worst[1] == 0
assert at_worst[2] == -1

# %%
# Look at both
# ------------
#
# Left: what a value costs. Right: how hard it pulls.

fig, axes = plt.subplots(2, 2, figsize=(7.5, 6.4), layout="constrained")
fig.suptitle("A loss on the left, its slope on the right")
for (name, loss), color, style in zip(
    numbers.items(), [blue, orange, green, pink], ["-", "-", "-", "--"], strict=True
):
    axes[0, 0].plot(errors, loss(errors), color=color, linestyle=style, label=name)
    axes[0, 1].plot(errors, slope(loss, errors), color=color, linestyle=style)
for (name, loss), color, style in zip(
    binary.items(), [orange, pink, blue], ["-", "-", "--"], strict=True
):
    axes[1, 0].plot(logits, loss(logits).clamp(max=160), color=color, linestyle=style, label=name)
    axes[1, 1].plot(logits, slope(loss, logits), color=color, linestyle=style)
axes[0, 0].set(title="numbers", xlabel="error", ylabel="loss", ylim=(-0.3, 9.5))
axes[0, 1].set(title="slope", xlabel="error", ylabel="slope", ylim=(-3, 3))
axes[1, 0].set(title="yes or no, the target is yes", xlabel="logit", ylabel="loss", ylim=(-8, 240))
axes[1, 1].set(title="slope", xlabel="logit", ylabel="slope", ylim=(-1.15, 0.15))
axes[1, 1].text(-148, -0.12, "0: nothing to learn from", color=pink, fontsize=9)
for ax in axes[:, 0]:
    ax.legend(loc="upper center", fontsize=8)
plt.show()

# %%
# Softmax twice
# -------------
#
# With probabilities in place of logits, the best possible answer still costs log(1 + (C - 1) / e).

for classes in (2, 3, 10, 1000):
    best = F.one_hot(torch.tensor([0]), classes).float()
    floor = F.cross_entropy(best, torch.tensor([0]))
    assert torch.isclose(floor, torch.log1p((classes - 1) * torch.exp(torch.tensor(-1.0))))
    print(f"{classes:5} classes: the loss can't fall below {floor.item():.3f}")

# %%
# What was seen
# -------------
#
# Ask of a loss how hard it pulls where the model is most wrong. Huber and SmoothL1 are one function
# with another factor, and a loss on probabilities is not the loss on logits.

assert steepest["huber, δ = 0.5"] == 0.5 * steepest["smooth_l1, β = 0.5"]
