"""
Norm each example
=================

The gradient of a batch is the mean of its examples' gradients. This script takes all 180 of them
apart, finds the one example with a wrong label by its norm, and then gets the same norms without
making a gradient for each example.

What else such gradients are for is in :doc:`/guide/autograd/per-sample`. The main calls are
:func:`torch.func.vmap`, :func:`torch.func.grad` and :func:`torch.func.functional_call`.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn.functional import cross_entropy

# %%
# Three groups and one wrong label
# --------------------------------
#
# Sixty points around each of three centers, and one of the first sixty is labeled as one of the
# third group. A small network learns the labels of all points but that one.

torch.manual_seed(1)
groups = torch.arange(3).repeat_interleave(60)
points = torch.tensor([[-2.0, 0.0], [2.0, 0.0], [0.0, 3.0]])[groups] + 0.5 * torch.randn(180, 2)
labels, planted = groups.clone(), 17
labels[planted] = 2

model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 3))
for _ in range(100):
    model.zero_grad()
    cross_entropy(model(points), labels).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.1 * parameter.grad
assert (model(points).argmax(dim=1) != labels).nonzero().tolist() == [[planted]]

# %%
# A gradient for each example
# ---------------------------
#
# :func:`torch.func.grad` makes, from the loss of one example, a function that returns its gradient.
# ``vmap`` runs it along the first axis of points and labels, with the same parameters for all.


def loss_of_one(parameters, point, label):
    return cross_entropy(functional_call(model, parameters, (point,)), label)


parameters = {name: value.detach() for name, value in model.named_parameters()}
each = vmap(grad(loss_of_one), in_dims=(None, 0, 0))(parameters, points, labels)
assert all(each[name].shape == (180, *value.shape) for name, value in parameters.items())
{name: tuple(value.shape) for name, value in each.items()}

# %%
# The same numbers, one by one
# ----------------------------
#
# A loop of 180 ordinary backward passes gives the same gradients. The loss of the batch is the mean
# of 180 losses, so its gradient must be the mean of theirs.


def ordinary(points, labels):
    loss = cross_entropy(model(points), labels)
    return torch.autograd.grad(loss, list(model.parameters()))


loop = [ordinary(points[i], labels[i]) for i in range(180)]
batch = ordinary(points, labels)
for value, by_loop, by_batch in zip(each.values(), zip(*loop, strict=True), batch, strict=True):
    torch.testing.assert_close(value, torch.stack(by_loop), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(value.mean(dim=0), by_batch, rtol=1e-4, atol=1e-5)

# %%
# One norm stands out
# -------------------
#
# The wrong label pulls on the parameters more than three times as hard as any other example. The
# second norm belongs to the second largest loss: a large gradient is a surprise, wrong or right.

norms = torch.cat([value.flatten(start_dim=1) for value in each.values()], dim=1).norm(dim=1)
others = norms[torch.arange(180) != planted]
assert norms.argmax() == planted and norms[planted] > 3 * others.max()
losses = cross_entropy(model(points), labels, reduction="none")
assert torch.equal(norms.topk(2).indices, losses.topk(2).indices)

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 4), layout="constrained")
fig.suptitle("180 examples, one with a wrong label")
looks = [("#0072B2", "o", (-2, -2.1)), ("#009E73", "s", (2, -2.1)), ("#CC79A7", "^", (0, 4.5))]
for label, (color, marker, place) in enumerate(looks):
    left.scatter(*points[labels == label].T, s=18, color=color, marker=marker)
    left.text(*place, f"label {label}", color=color, ha="center", fontsize=11)
left.scatter(*points[planted], s=200, facecolor="none", edgecolor="#D55E00", linewidth=3)
left.text(-2.3, 1.4, "one of these\nis labeled 2", color="#D55E00", ha="center", fontsize=11)
left.set(title="the points", xlabel="x", ylabel="y", xlim=(-4, 4), ylim=(-2.5, 5))
bins = torch.linspace(0, norms.max() + 0.1, 31)
right.hist(others, bins=bins, color="#999999")
right.hist([norms[planted].item()], bins=bins, color="#D55E00")
right.text(norms[planted], 1.3, "the wrong\nlabel", color="#D55E00", ha="right", fontsize=11)
right.set(yscale="log", ylim=(0.5, 300), title="their gradients")
right.set(xlabel="norm of the gradient", ylabel="examples")
plt.show()

# %%
# The norms alone
# ---------------
#
# For one example, the gradient of a linear layer's weight is an outer product: slope at the output
# times input. Its norm is the product of the two norms, and the bias is a weight whose input is 1.
# One backward pass of the summed loss brings all the slopes.

inputs, outputs, x = [], [], points
for layer in model:
    before, x = x, layer(x)
    if isinstance(layer, nn.Linear):
        inputs.append(before.detach())
        outputs.append(x)
slopes = torch.autograd.grad(cross_entropy(x, labels, reduction="sum"), outputs)
pairs = list(zip(inputs, slopes, strict=True))
squares = [(a.square().sum(dim=1) + 1) * s.square().sum(dim=1) for a, s in pairs]
torch.testing.assert_close(sum(squares).sqrt(), norms, rtol=1e-4, atol=1e-5)

# %%
# What it saves
# -------------
#
# A layer has in * out weights and out biases, and a gradient of each for every example. The short
# way needs in + out numbers for it.

sizes = [(layer.in_features, layer.out_features) for layer in model if isinstance(layer, nn.Linear)]
full, short = sum(v.numel() for v in each.values()), sum(a.numel() + s.numel() for a, s in pairs)
assert full == 180 * sum(i * o + o for i, o in sizes)
assert short == 180 * sum(i + o for i, o in sizes)
full, short

# %%
# What was seen
# -------------
#
# The short way holds where a layer meets each example once. Over several positions the gradient is
# a sum of outer products, and its norm is in general less than the norms' product; dot products
# between positions give it back.

a, s = torch.randn(5, 32), torch.randn(5, 3)
true = (s.T @ a).norm()
assert true < a.norm() * s.norm()
torch.testing.assert_close(((a @ a.T) * (s @ s.T)).sum().sqrt(), true)
