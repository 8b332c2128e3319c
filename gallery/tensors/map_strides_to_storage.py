"""
Map strides to storage
======================

Six tensors walk twelve numbers in memory in six different ways. One formula,
the storage offset plus each index times its stride, gives the place that every
element is read from.

The rules behind the pictures are in :doc:`/guide/tensors/strides`. The main
calls are :meth:`torch.Tensor.stride`, :meth:`torch.Tensor.storage_offset`,
:meth:`torch.Tensor.expand` and :meth:`torch.Tensor.unfold`.
"""

from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import torch

# %%
# Six layouts
# -----------
#
# The number stored at place ``k`` is ``k``, so a view of ``numbers`` shows its own places.
# Five of the tensors are such views; the last is a copy that puts the channels of a pixel together.

numbers = torch.arange(12)
image = numbers.view(1, 3, 2, 2).contiguous(memory_format=torch.channels_last)[0]
layouts = {
    "row-major": numbers.view(3, 4),
    "transposed": numbers.view(4, 3).t(),
    "every second column": numbers.view(3, 4)[:, 1::2],
    "expanded row": numbers[:4].expand(3, 4),
    "overlapping windows": numbers[:8].unfold(0, 4, 2),
    "channels last": image,
}

own = numbers.untyped_storage().data_ptr()
assert [own == t.untyped_storage().data_ptr() for t in layouts.values()] == [True] * 5 + [False]
{name: (tensor.stride(), tensor.storage_offset()) for name, tensor in layouts.items()}

# %%
# One formula for all of them
# ---------------------------
#
# A stride says how many places to move in memory when that index grows by one.
# Predict the element ``[2, 1]`` of every second column: 1 + 2 * 4 + 1 * 2 is 11.


def place(tensor, index):
    steps = zip(index, tensor.stride(), strict=True)
    return tensor.storage_offset() + sum(i * stride for i, stride in steps)


assert place(layouts["every second column"], (2, 1)) == 1 + 2 * 4 + 1 * 2 == 11
assert layouts["every second column"][2, 1] == 11

# %%
# Check it against the bytes
# --------------------------
#
# The storage is a row of bytes that knows nothing of shapes or strides. For every element of
# every layout, the number found in those bytes at the computed place is the element.

for tensor in layouts.values():
    memory = np.frombuffer(bytes(tensor.untyped_storage()), dtype=np.int64)
    assert sorted(memory) == list(range(12))  # all differ, so a wrong place would show
    for index in product(*map(range, tensor.shape)):
        assert memory[place(tensor, index)] == tensor[index].item()

# %%
# Draw the places
# ---------------
#
# Each cell is an element and shows its place; the color runs from the start of the storage (dark)
# to its end (light). The pixels of the image are laid out in one row.


def places(tensor):
    indices = product(*map(range, tensor.shape))
    return torch.tensor([place(tensor, index) for index in indices]).view(tensor.shape)


axis_names = {"overlapping windows": ("window", "position"), "channels last": ("channel", "pixel")}
fig, axes = plt.subplots(2, 3, figsize=(7, 5), layout="constrained")
fig.get_layout_engine().set(h_pad=0.1)
fig.suptitle("Where in storage each element is read")
for ax, (name, tensor) in zip(axes.flat, layouts.items(), strict=True):
    grid = places(tensor).flatten(1).numpy()
    ax.imshow(grid, cmap="cividis", vmin=0, vmax=11)
    for (row, column), spot in np.ndenumerate(grid):
        color = "white" if spot < 6 else "black"
        ax.text(column, row, spot, ha="center", va="center", color=color, fontsize=12)
    ax.set_title(f"{name}\nstrides {tensor.stride()}", fontsize=10, loc="left")
    down, across = axis_names.get(name, ("row", "column"))
    ax.set_xlabel(across, loc="left")
    ax.set(xticks=range(grid.shape[1]), yticks=range(3), ylabel=down)
    ax.set(xlim=(-0.5, 3.5), frame_on=False)
    ax.grid(False)
    ax.tick_params(length=0)
plt.show()

# %%
# Count the reads
# ---------------
#
# Nothing forces a layout to read each number once. Stride 0 reads four numbers three times each,
# a window that moves by less than its length overlaps the next one, and a slice leaves gaps.

reads = torch.stack([places(t).flatten().bincount(minlength=12) for t in layouts.values()])
by_name = dict(zip(layouts, reads.tolist(), strict=True))
assert by_name["row-major"] == by_name["transposed"] == by_name["channels last"] == [1] * 12
assert by_name["every second column"] == [0, 1] * 6
assert by_name["expanded row"] == [3] * 4 + [0] * 8
assert by_name["overlapping windows"] == [1, 1, 2, 2, 2, 2, 1, 1] + [0] * 4

# %%
# Draw the reads
# --------------
#
# One row is a layout, one column a place in storage: the overlap is in the middle of the windows.

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
ax.imshow(reads.numpy(), cmap="Blues", vmin=0, vmax=6, aspect="auto")
for (row, column), count in np.ndenumerate(reads.numpy()):
    ax.text(column, row, count, ha="center", va="center", color="black", fontsize=11)
ax.set_title("How often each place in storage is read")
ax.set(xticks=range(12), yticks=range(6), yticklabels=layouts, xlabel="place in storage")
ax.set_frame_on(False)
ax.grid(False)
ax.tick_params(length=0)
plt.show()

# %%
# What was seen
# -------------
#
# The shape says how many steps there are, the strides say how long they are, and the storage offset
# says where they start. To predict a layout, write down its strides: a transpose swaps them, a
# slice with a step multiplies one, ``expand`` sets one to 0, ``unfold`` puts the step of the window
# in front. Channels last is the transposed pattern again, channels by pixels.

base = layouts["row-major"]
assert base.t().stride() == base.stride()[::-1]
assert base[:, ::2].stride() == (base.stride(0), 2 * base.stride(1))
assert base[:1].expand(3, 4).stride() == (0, base.stride(1))
assert all(numbers.unfold(0, 4, step).stride() == (step, 1) for step in (1, 2, 3, 4))
assert image.flatten(1).stride() == layouts["transposed"].stride()
