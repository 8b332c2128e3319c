"""
Draw learning-rate schedules
============================

A schedule is a curve, and a wrong one is easiest to see as a curve. This script draws twelve, each
from a real optimizer and scheduler, with the surprises marked: where a cosine climbs again, where
OneCycle has its peak, when a plateau is noticed.

The schedules are explained in :doc:`/guide/training/schedules`. The main calls are in
``torch.optim.lr_scheduler``, :class:`torch.optim.lr_scheduler.OneCycleLR` among them.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import lr_scheduler as s

STEPS = 60

# %%
# Ask a real scheduler
# --------------------
#
# The rate is read where it acts, in the optimizer's group, before each step.


def rates(make):
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0, momentum=0.9)
    schedule = make(optimizer)
    seen, momenta = [], []
    for _ in range(STEPS):
        seen.append(optimizer.param_groups[0]["lr"])
        momenta.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        schedule.step(1.0) if isinstance(schedule, s.ReduceLROnPlateau) else schedule.step()
    return seen, momenta


def warmup_cosine(optimizer):
    first = s.LinearLR(optimizer, start_factor=0.01, total_iters=10)
    second = s.CosineAnnealingLR(optimizer, T_max=STEPS - 10)
    return s.SequentialLR(optimizer, [first, second], milestones=[10])


atlas = {
    "StepLR": lambda o: s.StepLR(o, step_size=15, gamma=0.5),
    "MultiStepLR": lambda o: s.MultiStepLR(o, milestones=[10, 40], gamma=0.3),
    "ExponentialLR": lambda o: s.ExponentialLR(o, gamma=0.95),
    "LinearLR": lambda o: s.LinearLR(o, start_factor=0.1, total_iters=20),
    "PolynomialLR": lambda o: s.PolynomialLR(o, total_iters=50, power=2),
    "CosineAnnealingLR": lambda o: s.CosineAnnealingLR(o, T_max=30),
    "CosineAnnealingWarmRestarts": lambda o: s.CosineAnnealingWarmRestarts(o, T_0=10, T_mult=2),
    "OneCycleLR": lambda o: s.OneCycleLR(o, max_lr=1.0, total_steps=STEPS),
    "CyclicLR": lambda o: s.CyclicLR(o, 0.1, 1.0, step_size_up=10, cycle_momentum=False),
    "ReduceLROnPlateau": lambda o: s.ReduceLROnPlateau(o, factor=0.3, patience=9),
    "SequentialLR": warmup_cosine,
    "LambdaLR": lambda o: s.LambdaLR(o, lambda step: (1 + step) ** -0.5),
}
curves = {name: rates(make)[0] for name, make in atlas.items()}

# %%
# Three surprises
# ---------------
#
# A cosine doesn't end at ``T_max``: it climbs. OneCycle's peak is at 30 percent of its steps. A
# patience of 9 forgives nine bad epochs after the first value, and acts after the tenth.

cosine = curves["CosineAnnealingLR"]
assert cosine[30] < 1e-9 < cosine[45] < cosine[59]
one_cycle = curves["OneCycleLR"]
assert one_cycle.index(max(one_cycle)) == round(0.3 * STEPS) - 1
assert curves["ReduceLROnPlateau"].index(0.3) == 1 + 9 + 1

# %%
# The sheet
# ---------
#
# Sixty steps from a rate of 1. The dashed line is where the marked surprise is.

marks = {
    "CosineAnnealingLR": (30, "climbs"),
    "OneCycleLR": (17, "30 %"),
    "ReduceLROnPlateau": (11, "acts"),
    "SequentialLR": (10, "hands over"),
}
fig, axes = plt.subplots(4, 3, figsize=(7.5, 7.5), sharex=True, sharey=True, layout="constrained")
fig.suptitle("Twelve learning-rate schedules")
for ax, (name, curve) in zip(axes.flat, curves.items(), strict=True):
    ax.plot(curve, color="#0072B2")
    ax.set_title(name.replace("Annealing", "Annealing\n") if len(name) > 20 else name, fontsize=9.5)
    if name in marks:
        step, word = marks[name]
        ax.axvline(step, color="#D55E00", linestyle="--", linewidth=1)
        ax.text(step + 1.5, 1.02, word, color="#D55E00", fontsize=8.5)
axes[0, 0].set_ylim(-0.05, 1.18)
fig.supxlabel("step", fontsize=10.5)
fig.supylabel("learning rate", fontsize=10.5)
plt.show()

# %%
# OneCycle moves momentum too
# ---------------------------
#
# The optimizer asked for 0.9; the schedule writes 0.95, 0.85 at the peak, and 0.95 again.

_, momenta = rates(atlas["OneCycleLR"])
assert [round(momenta[place], 2) for place in (0, 17, 59)] == [0.95, 0.85, 0.95]

# %%
# What was seen
# -------------
#
# Print or draw the rates before a long run: the loop is the same one that trains. ``T_max`` and
# ``total_steps`` count calls of ``step``, whatever they stand for.

assert all(len(curve) == STEPS for curve in curves.values())
