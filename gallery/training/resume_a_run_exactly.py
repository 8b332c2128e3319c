"""
Resume a run exactly
====================

A run is stopped after thirty steps and resumed four times, each time with one more part of its
state. This script draws how far each resumed run drifts from the run that was not stopped: only the
one with every part, the random number generator included, is the same to the last bit.

The parts are explained in :doc:`/guide/training/resume`. The main calls are
:meth:`torch.nn.Module.load_state_dict`, :meth:`torch.optim.Optimizer.load_state_dict` and
:func:`torch.set_rng_state`.
"""

import copy

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
inputs = torch.randn(256, 8)
targets = torch.sin(2 * inputs[:, :1] - inputs[:, 1:2])

# %%
# A run with four kinds of state
# ------------------------------
#
# Weights, Adam's averages, the place in the schedule, and the generator that draws batches and
# dropout masks.


class Run:
    def __init__(self):
        torch.manual_seed(1)
        self.model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.schedule = CosineAnnealingLR(self.optimizer, T_max=60)

    def steps(self, count):
        """Train, and return the weights after each step."""
        history = []
        for _ in range(count):
            batch = torch.randint(256, (32,))
            self.optimizer.zero_grad()
            F.mse_loss(self.model(inputs[batch]), targets[batch]).backward()
            self.optimizer.step()
            self.schedule.step()
            history.append(torch.cat([p.detach().flatten() for p in self.model.parameters()]))
        return history


# %%
# Stop, and go on
# ---------------
#
# The states are copied, since they go on changing with the run.

run = Run()
run.steps(30)
parts = {"model": run.model, "optimizer": run.optimizer, "schedule": run.schedule}
saved = {name: copy.deepcopy(part.state_dict()) for name, part in parts.items()}
generator = torch.get_rng_state()
straight = run.steps(30)

# %%
# Four resumes
# ------------
#
# An optimizer adopts the tensors that it loads, so each resume gets a copy of its own.


def resume(*names):
    resumed = Run()
    for name in names:
        if name == "generator":
            torch.set_rng_state(generator)
        else:
            getattr(resumed, name).load_state_dict(copy.deepcopy(saved[name]))
    return [
        ((ours - theirs).norm() / theirs.norm()).item()
        for ours, theirs in zip(resumed.steps(30), straight, strict=True)
    ]


order = ["model", "optimizer", "schedule", "generator"]
drifts = [resume(*order[: count + 1]) for count in range(4)]
ends = [drift[-1] for drift in drifts]
assert ends == sorted(ends, reverse=True)
assert max(drifts[3]) == 0
assert min(ends[:3]) > 0.01

# %%
# Draw the drift
# --------------
#
# Each curve starts near 0, as all of them have the right weights. The last is 0 at each step.

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
fig.suptitle("How far a resumed run is from the run that was not stopped")
labels = ["model", "+ optimizer", "+ schedule", "+ generator"]
for drift, label, color in zip(
    drifts, labels, ["#D55E00", "#E69F00", "#CC79A7", "#0072B2"], strict=True
):
    ax.plot(range(31, 61), drift, color=color)
    ax.text(60.5, drift[-1], f"{label}: {drift[-1]:.2f}", color=color, va="center")
ax.set(xlabel="step", ylabel="relative distance of the weights", xlim=(30.5, 70))
ax.set_xticks(range(30, 61, 10))
plt.show()

# %%
# None of them fails
# ------------------
#
# Every resumed run learns: that is why a forgotten state goes unnoticed.


def final_loss(*names):
    resumed = Run()
    for name in names:
        getattr(resumed, name).load_state_dict(copy.deepcopy(saved[name]))
    resumed.steps(30)
    resumed.model.eval()
    with torch.no_grad():
        return F.mse_loss(resumed.model(inputs), targets).item()


untrained = F.mse_loss(Run().model.eval()(inputs), targets).item()
assert max(final_loss(*order[: count + 1]) for count in range(3)) < 0.8 * untrained

# %%
# What was seen
# -------------
#
# Exact resume is all states or none. The test for it is equality, not closeness.

assert drifts[3] == [0.0] * 30
