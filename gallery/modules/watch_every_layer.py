"""
Watch every layer
=================

Hooks look into a model without changing its code. This script records the activations of a deep
network that was initialized well and of one that was not, and then the order in which all hooks of
one training step fire.

Hooks are explained in :doc:`/guide/modules/forward-hooks` and :doc:`/guide/modules/hook-order`. The
main calls are :meth:`torch.nn.Module.register_forward_hook` and
:meth:`torch.nn.Module.register_full_backward_hook`.
"""

from contextlib import ExitStack

import matplotlib.pyplot as plt
import torch
from torch import nn

# %%
# Two networks
# ------------
#
# Twenty linear layers with ReLU. One has PyTorch's default weights, one Kaiming's.


def build(kaiming):
    torch.manual_seed(0)
    layers = [nn.Linear(128, 128, bias=False) for _ in range(20)]
    if kaiming:
        for layer in layers:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return nn.Sequential(*[part for layer in layers for part in (layer, nn.ReLU())])


# %%
# A hook on each ReLU
# -------------------
#
# The hook keeps two numbers and no tensor, so no graph stays alive. ``ExitStack`` removes them.


def statistics(model, inputs):
    seen = []

    def keep(_module, _inputs, output):
        seen.append((output.std().item(), (output > 0).float().mean().item()))

    with ExitStack() as hooks:
        for layer in model[1::2]:
            hooks.enter_context(layer.register_forward_hook(keep))
        model(inputs)
    assert not any(layer._forward_hooks for layer in model)
    return torch.tensor(seen)


inputs = torch.randn(256, 128)
healthy, fading = statistics(build(True), inputs), statistics(build(False), inputs)

# %%
# What the hooks saw
# ------------------
#
# With Kaiming's weights the size of the signal stays within a factor of ten. With the default it
# loses more than half with each layer. In both, over 40 % of the units of each layer are active.

sizes = healthy[:, 0]
assert sizes.min() / sizes.max() > 0.1
assert (fading[1:, 0] / fading[:-1, 0] < 0.5).all() and fading[-1, 0] < 1e-6
assert (fading[:, 1] > 0.4).all() and (healthy[:, 1] > 0.4).all()

blue, red = "#0072B2", "#D55E00"
fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.8), layout="constrained")
fig.suptitle("Twenty layers under the microscope")
for values, color, name, at in ((healthy, blue, "Kaiming", 2.5), (fading, red, "default", 2e-6)):
    left.semilogy(range(1, 21), values[:, 0], "o-", color=color, markersize=4)
    left.text(20, at, name, color=color, ha="right")
    right.plot(range(1, 21), values[:, 1], "o-", color=color, markersize=4)
left.set(title="size of the activations", xlabel="layer", ylabel="standard deviation")
left.set_ylim(1e-10, 20)
right.set(title="active units", xlabel="layer", ylabel="share above 0", ylim=(0, 1))
for ax in (left, right):
    ax.set_xticks(range(2, 21, 6))
plt.show()

# %%
# All hooks of one step
# ---------------------
#
# Pre-hook, hook, backward pre-hook and backward hook of two layers, and the hooks of their weights.

order = []
net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 1, bias=False))
for name, layer in net.named_children():
    layer.register_forward_pre_hook(lambda *_, n=name: order.append((n, "pre")))
    layer.register_forward_hook(lambda *_, n=name: order.append((n, "forward")))
    layer.register_full_backward_pre_hook(lambda *_, n=name: order.append((n, "backward pre")))
    layer.register_full_backward_hook(lambda *_, n=name: order.append((n, "backward")))
    layer.weight.register_hook(lambda _, n=name: order.append((n, "gradient")))
    layer.weight.register_post_accumulate_grad_hook(lambda _, n=name: order.append((n, ".grad")))
net(torch.ones(2, 4, requires_grad=True)).sum().backward()

one_layer = ["backward pre", "gradient", ".grad", "backward"]
assert [kind for _, kind in order] == ["pre", "forward"] * 2 + one_layer * 2
assert [name for name, _ in order] == list("001111110000")

fig, ax = plt.subplots(figsize=(7.5, 2.6), layout="constrained")
fig.suptitle("One step, hook by hook")
for time, (name, kind) in enumerate(order):
    ax.plot(time, int(name), "o", color=blue if time < 4 else red, markersize=10)
    ax.text(time, int(name) + 0.22, kind, rotation=35, fontsize=8.5, va="bottom")
ax.set(xlabel="order of firing", ylim=(-0.4, 2.1), xlim=(-0.5, 12.6))
ax.set_yticks([0, 1], ["layer 0", "layer 1"])
plt.show()

# %%
# What was seen
# -------------
#
# Forward hooks fire as calls return, backward hooks as gradients arrive: in the reverse order of
# the layers. Each weight was finished before its layer's backward hook here; a weight that two
# layers share would not be, as :doc:`/guide/modules/hook-order` shows.

assert order.index(("1", ".grad")) < order.index(("1", "backward")) < order.index(("0", ".grad"))
