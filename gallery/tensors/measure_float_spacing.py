"""
Measure the gaps between floats
===============================

A float format has only so many values, and the gap between neighbors doubles at
every power of two. This script measures the gaps of float32, float16 and bfloat16,
and predicts from them where a running count gets stuck.

The guide page :doc:`/guide/tensors/dtypes` says how to choose among the three.
"""

import matplotlib.pyplot as plt
import torch

COLORS = {torch.float32: "#0072B2", torch.float16: "#009E73", torch.bfloat16: "#D55E00"}
NAMES = {dtype: str(dtype).removeprefix("torch.") for dtype in COLORS}

# %%
# Step to the next float
# ----------------------
#
# Positive floats are in the same order as their bits read as an integer, so adding 1 to the
# integer gives the next float. :func:`torch.nextafter`, asked to step toward infinity, must agree.


def gap(x):
    bits = x.view(torch.int32 if x.itemsize == 4 else torch.int16)
    following = (bits + 1).view(x.dtype)
    assert torch.equal(following, torch.nextafter(x, torch.full_like(x, torch.inf)))
    return following.double() - x.double()


{NAMES[dtype]: gap(torch.tensor([1.0, 256.0], dtype=dtype)).tolist() for dtype in NAMES}

# %%
# Predict every gap from eps
# --------------------------
#
# :class:`torch.finfo` calls the gap at 1 ``eps``. From 2\ :sup:`k` up to 2\ :sup:`k+1` the gap is
# ``eps`` times 2\ :sup:`k`; below the smallest normal number it stops shrinking.
# :func:`torch.frexp` reads k from the number itself.

magnitudes = torch.logspace(-26, 27, 53 * 4 + 1, base=2.0, dtype=torch.float64)
curves = {}
for dtype in COLORS:
    info = torch.finfo(dtype)
    x = magnitudes.to(dtype)
    x = x[(x > 0) & (x < info.max)]
    k = torch.frexp(x.double().clamp(min=info.smallest_normal)).exponent - 1
    assert torch.equal(gap(x), info.eps * 2.0 ** k.double())
    curves[dtype] = (x.double(), gap(x))

# %%
# Where adding 1 stops working
# ----------------------------
#
# The gap first reaches 2 at n = 2 / ``eps``, the dots below. There n + 1 lies halfway between two
# floats, and the tie goes back to n. The flat part of float16 is its subnormal numbers.

limits = {dtype: 2 / torch.finfo(dtype).eps for dtype in COLORS}
for dtype, limit in limits.items():
    n = torch.tensor(limit, dtype=dtype)
    assert gap(n).item() == 2 and gap(n - 1).item() == 1
    assert n + 1 == n and (n - 1) + 1 == n
assert torch.tensor(2**24 + 1, dtype=torch.float32).item() == 2**24 == limits[torch.float32]

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.axhline(2, color="0.45", linewidth=1, linestyle="--")
ax.text(1.5e-8, 4, "gap 2: counting by ones stops", fontsize=11, color="0.3")
places = [(1e-4, 1e-14, 3e7, 0.003), (1.2e5, 12, 3e3, 0.03), (1e-5, 1e-4, 80, 14)]
for (dtype, curve), place in zip(curves.items(), places, strict=True):
    ax.plot(*curve, drawstyle="steps-post", color=COLORS[dtype], linewidth=2)
    ax.plot(limits[dtype], 2, "o", color=COLORS[dtype], markersize=8)
    ax.text(*place[:2], NAMES[dtype], color=COLORS[dtype], fontsize=13)
    ax.text(*place[2:], f"{limits[dtype]:.0f}", color=COLORS[dtype], fontsize=12, ha="center")
ax.set(xscale="log", yscale="log", xlabel="size of the number", ylabel="gap to the next float")
ax.set_title("The larger the number, the wider the gap to the next")
plt.show()

# %%
# Zoom in on 256
# --------------
#
# The 16-bit floats are few enough to list: every bit pattern below that of infinity. The width of
# a range divided by its gap predicts how many fall in it.

fig, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
for row, dtype in enumerate((torch.float16, torch.bfloat16)):
    infinity = torch.tensor(torch.inf, dtype=dtype).view(torch.int16).item()
    values = torch.arange(infinity, dtype=torch.int16).view(dtype).double()
    values = values[(values >= 248) & (values < 264)]
    assert len(values) == (8 / 128 + 8 / 256) / torch.finfo(dtype).eps
    ax.eventplot(values, lineoffsets=row, linelengths=0.6, colors=COLORS[dtype])
ax.set_yticks([0, 1], ["float16", "bfloat16"], fontsize=12)
ax.set(xlabel="value", title="From 256 on, bfloat16 has no odd numbers")
plt.show()

# %%
# Round, or overflow
# ------------------
#
# A value between two floats goes to the nearer one, a tie to the one whose last bit is 0. From
# 65520 on, half a gap past its largest value, float16 rounds to ``inf``; bfloat16 has steps of 512.

assert torch.tensor([257.0, 259.0]).to(torch.bfloat16).tolist() == [256.0, 260.0]
edge = torch.tensor([65504.0, 65519.0, 65520.0, 7e4])
assert edge.to(torch.float16).tolist() == [torch.finfo(torch.float16).max] * 2 + [torch.inf] * 2
assert edge[3].to(torch.bfloat16).item() == 512 * round(7e4 / 512)
edge.to(torch.float16)

# %%
# Count to 3000
# -------------
#
# Add 1 again and again, rounding each time: a running sum that reaches its dot stops there.
# :meth:`torch.Tensor.sum` does not: its result is the true count, rounded to bfloat16 once.

totals = {dtype: [torch.tensor(0, dtype=dtype)] for dtype in COLORS}
for dtype, history in totals.items():
    for _ in range(3000):
        history.append(history[-1] + 1)
    assert history == [min(n, limits[dtype]) for n in range(3001)]
counts = range(300, 3001, 300)
sums = [torch.ones(n, dtype=torch.bfloat16).sum().item() for n in counts]
assert totals[torch.bfloat16][300] == 256 and sums[0] == 300
assert sums == torch.tensor(counts).to(torch.bfloat16).tolist()

# %%
# The lines are running sums, the dots are single calls of ``sum`` on bfloat16 ones.

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for (dtype, history), height in zip(totals.items(), (2350, 1870, 310), strict=True):
    ax.plot([total.item() for total in history], color=COLORS[dtype], linewidth=2.5)
    ax.text(3000, height, NAMES[dtype], color=COLORS[dtype], fontsize=13, ha="right")
ax.plot(counts, sums, "o", color=COLORS[torch.bfloat16], markersize=7)
ax.text(1300, 1000, "bfloat16, .sum()", color=COLORS[torch.bfloat16], fontsize=13)
ax.set(xlabel="ones added", ylabel="running sum", title="A running sum stops where the gap is 2")
plt.show()

# %%
# What was seen
# -------------
#
# A step smaller than half the gap at the total is lost. For steps of 0.001 in bfloat16, half the
# gap is about 0.00098 just below 0.5 and twice that from 0.5 on, so the sum stops at 0.5.

step, total = torch.tensor(0.001, dtype=torch.bfloat16), torch.tensor(0, dtype=torch.bfloat16)
while total + step != total:
    total = total + step
assert total == 0.5 and gap(total / 2).item() / 2 < step.item() < gap(total).item() / 2
