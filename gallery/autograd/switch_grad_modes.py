"""
Switch grad modes
=================

Grad modes decide whether operations are recorded; ``eval()`` decides how layers behave. This
script runs one small network in eleven settings and asks each time the same four questions.

The rules are in :doc:`/guide/autograd/grad-modes`. The main calls are :class:`torch.no_grad`,
:class:`torch.autograd.grad_mode.inference_mode` and :meth:`torch.nn.Module.eval`.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import matplotlib.pyplot as plt
import torch
from torch import is_grad_enabled, is_inference_mode_enabled, nn

# %%
# Eleven settings
# ---------------
#
# Each step is run from left to right: the network is changed or a mode is entered. Predict which
# settings record a graph, and which leave the running statistics of the batch norm alone.

settings = """
training, no mode
requires_grad_(False)
set_grad_enabled(False)
no_grad()
no_grad() + enable_grad()
inference_mode()
inference_mode() + enable_grad()
inference_mode() + inference_mode(False)
eval()
eval() + no_grad()
eval() + inference_mode()
""".strip().splitlines()


def run(setting):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5))
    with ExitStack() as modes:
        for step in setting.split(" + ") if "(" in setting else []:
            if hasattr(net, step.split("(")[0]):
                eval(f"net.{step}", {"net": net})
            else:
                modes.enter_context(eval(f"torch.{step}"))
        return net, net(torch.randn(64, 4)), (is_grad_enabled(), is_inference_mode_enabled())


# %%
# Four questions
# --------------
#
# Was a graph recorded? Did the running mean move from 0? Did dropout set numbers to 0? Can the
# result be multiplied by a new weight later and give it a gradient?


def refusal(action):
    try:
        action()
    except RuntimeError as error:
        return str(error)


def ask(setting):
    net, out, _ = run(setting)
    weight = torch.ones(8, requires_grad=True)
    refusal(lambda: (out * weight).sum().backward())
    moved, dropped = net[1].running_mean.any().item(), (out == 0).any().item()
    return out.grad_fn is not None, moved, dropped, weight.grad is not None


answers = {setting: ask(setting) for setting in settings}

# %%
# Four rules
# ----------
#
# Recording needs grad mode on, inference mode off, and here a parameter that wants a gradient.
# The layers ask only whether they are in training. Only inference mode makes a result unusable.

for setting, (recorded, moved, dropped, usable) in answers.items():
    net, _, (grad_on, inference_on) = run(setting)
    wanted = any(parameter.requires_grad for parameter in net.parameters())
    assert recorded == (grad_on and not inference_on and wanted)
    assert moved == dropped == net.training
    assert usable == (not inference_on)

# %%
# Draw the grid
# -------------
#
# Blue is yes. Nothing but ``eval()`` changes the two columns in the middle.

questions = ["graph\nrecorded", "statistics\nmoved", "dropout\nactive", "usable in\nautograd later"]
fig, ax = plt.subplots(figsize=(7, 5), layout="constrained")
fig.suptitle("What grad modes switch, and what eval() switches")
for y, setting in enumerate(settings):
    for x, yes in enumerate(answers[setting]):
        face, ink, word = ("#0072B2", "white", "yes") if yes else ("#E8E8E8", "black", "no")
        ax.add_patch(plt.Rectangle((x - 0.46, y - 0.42), 0.92, 0.84, facecolor=face))
        ax.text(x, y, word, color=ink, ha="center", va="center")
ax.set_xticks(range(4), questions)
ax.set_yticks(range(len(settings)), settings, family="monospace", fontsize=9)
ax.set(xlim=(-0.5, 3.5), ylim=(10.5, -0.5), frame_on=False)
ax.tick_params(length=0, labeltop=True, labelbottom=False)
plt.show()

# %%
# Flags that mislead
# ------------------
#
# ``enable_grad`` in inference mode turns its flag on and records nothing; ``inference_mode(False)``
# does record. A leaf made under ``no_grad`` may want a gradient. A new thread has grad mode on.

nested = "inference_mode() + enable_grad()"
assert run(nested)[2] == (True, True) and not answers[nested][0]
assert answers["inference_mode() + inference_mode(False)"] == answers["training, no mode"]
with torch.no_grad(), ThreadPoolExecutor() as pool:
    assert torch.ones(1, requires_grad=True).requires_grad
    assert pool.submit(is_grad_enabled).result()

# %%
# Read the refusals
# -----------------
#
# A result without a graph has no backward of its own. A result of inference mode may not be
# saved or written to either, but a sum saves nothing, and a clone is a normal tensor.

weight = torch.ones(8, requires_grad=True)
plain, barred = run("no_grad()")[1], run("inference_mode()")[1]
assert "does not require grad and does not have a grad_fn" in refusal(plain.sum().backward)
assert "Inference tensors cannot be saved for backward" in refusal(lambda: barred * weight)
assert "Inplace update to inference tensor outside InferenceMode" in refusal(lambda: barred.add_(1))
assert refusal((barred + weight).sum().backward) is None
assert refusal((barred.clone() * weight).sum().backward) is None

# %%
# What was seen
# -------------
#
# Two independent switches: the mode for the graph, ``eval()`` for layers. Evaluation wants both.
# Freezing parameters is neither: statistics move, and an input that wants a gradient gets one.

net, data = run("requires_grad_(False)")[0], torch.randn(64, 4, requires_grad=True)
net(data).square().sum().backward()
assert data.grad.any() and all(parameter.grad is None for parameter in net.parameters())
