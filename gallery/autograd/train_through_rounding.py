"""
Train through rounding
======================

Rounding has slope 0 almost everywhere, so nothing before it can learn. A straight-through gradient
treats it as the identity, and four rounded levels then move to the points that they stand for.

How such a function is written is in :doc:`/guide/autograd/custom-functions`. The main calls are
:class:`torch.autograd.Function`, :func:`torch.round` and :meth:`torch.Tensor.detach`.
"""

import matplotlib.pyplot as plt
import torch

# %%
# The gradient of a staircase is zero
# -----------------------------------
#
# The quantizer maps numbers to multiples of ``STEP`` between -2 and 2. From one of 400 points to
# the next its value stays or jumps by a whole step. Autograd gives the slope of the flat parts.

STEP = 0.5


def quantize(x, rounding):
    return STEP * rounding(x.clamp(-2, 2) / STEP)


def gradient(rounding, x, incoming):
    x = x.clone().requires_grad_()
    quantize(x, rounding).backward(incoming)
    return x.grad


x, ones = torch.linspace(-3, 3, 400), torch.ones(400)
assert quantize(x, torch.round).diff().unique().tolist() == [0, STEP]
assert gradient(torch.round, x, ones).eq(0).all()

# %%
# Two ways to write straight-through
# ----------------------------------
#
# The custom function rounds in its forward and passes the gradient on in its backward. The other
# form adds the rounding error as a constant, so that autograd sees x plus a number.


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x.round()

    @staticmethod
    def setup_context(ctx, inputs, output): ...

    @staticmethod
    def backward(ctx, grad):
        return grad


def detached(x):
    return x + (x.round() - x).detach()


# %%
# Equal values, equal gradients
# -----------------------------
#
# The slopes of the division by ``STEP`` and of the product cancel, and the clamp cuts off what lies
# outside. So the gradient must be what comes in between -2 and 2, and 0 elsewhere.

incoming = torch.linspace(1, 2, 400)
for rounding in (StraightThrough.apply, detached):
    assert torch.equal(quantize(x, rounding), quantize(x, torch.round))
    assert torch.equal(gradient(rounding, x, incoming), torch.where(x.abs() < 2, incoming, 0))

green, red = "#009E73", "#D55E00"
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 4), layout="constrained")
fig.suptitle("A quantizer and its two gradients")
left.plot(x, x.clamp(-2, 2), color=green, linewidth=2)
left.plot(x, quantize(x, torch.round), color="black", linewidth=2.5)
left.text(-0.3, 0.6, "as straight-\nthrough sees it", color=green, ha="right", fontsize=11)
left.text(0.4, -0.9, "the quantizer", fontsize=11)
left.set(title="value", xlabel="x")
for name, rounding, color in [("true", torch.round, red), ("straight-through", detached, green)]:
    slope = gradient(rounding, x, ones)
    right.plot(x, slope, color=color, linewidth=3)
    right.text(0, slope[200] + 0.04, name, color=color, ha="center", fontsize=11)
right.set(title="gradient", xlabel="x", ylim=(-0.05, 1.2))
plt.show()

# %%
# Four groups of points
# ---------------------
#
# Each group is to be described by one level. The loss is the squared distance, and sees the levels
# only after rounding. Three of the four means are multiples of ``STEP``; 0.7 is not.

torch.manual_seed(0)
means = torch.tensor([-1.5, -0.5, 0.7, 1.5])
noise = 0.1 * torch.randn(25, 4)
points = means + noise - noise.mean(dim=0)
torch.testing.assert_close(points.mean(dim=0), means)


def fit(rounding, rate=0.05, steps=100):
    levels, history = torch.full((4,), 0.2), []
    for _ in range(steps):
        levels.requires_grad_()
        rounded = quantize(levels, rounding)
        loss = (rounded - points).square().mean(dim=0).sum()
        history.append(torch.stack([levels, rounded]).detach())
        levels = levels.detach() - rate * torch.autograd.grad(loss, levels)[0]
    return torch.stack(history).unbind(dim=1)


# %%
# Fit them
# --------
#
# With plain rounding nothing moves. With either straight-through form the levels take the same
# path: each moves until it rounds to its mean, and the one for 0.7 never rests.

(stuck, _), (levels, rounded) = fit(torch.round), fit(StraightThrough.apply)
assert stuck.eq(stuck[0]).all()
assert all(map(torch.equal, (levels, rounded), fit(detached)))
assert torch.equal(levels.diff(dim=0).abs() > 1e-6, (rounded != means)[:-1])
assert (rounded[50:] == means).all(dim=0).tolist() == [True, True, False, True]

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(stuck[:, 0], color="#777777", linewidth=2)
for group, color in enumerate(["#0072B2", red, green, "#CC79A7"]):
    ax.plot(levels[:, group], color=color, linewidth=1.5, linestyle="--")
    ax.plot(rounded[:, group], color=color, linewidth=2.5, drawstyle="steps-post")
    ax.plot(torch.linspace(103, 110, 25), points[:, group], ".", color=color)
ax.text(99, 0.24, "plain rounding: stuck", color="#555555", ha="right", fontsize=11)
ax.text(99, -1, "dashed: the level, solid: rounded", ha="right", va="center", fontsize=11)
ax.text(106.5, 1.85, "points", ha="center", fontsize=11)
ax.set(xlabel="training step", ylabel="value", title="Four rounded levels, straight through")
plt.show()

# %%
# What was seen
# -------------
#
# A level stops as soon as it rounds to its mean. Where no step of the staircase is the mean, it
# goes back and forth between the two nearest. The moves balance: it rounds to 0.7 on average.

restless = rounded[50:, 2]
assert restless.unique().tolist() == [0.5, 1.0]
assert abs(restless.mean() - means[2]) < STEP / len(restless)
