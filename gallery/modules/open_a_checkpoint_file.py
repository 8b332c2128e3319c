"""
Open a checkpoint file
======================

A file that ``torch.save`` writes is a zip of storages and one pickle. This script looks inside,
shows why five numbers can take four megabytes, and lets a file try to call a function, which the
default of ``torch.load`` refuses.

Files are explained in :doc:`/guide/modules/checkpoint-files`, refusals in
:doc:`/guide/modules/saving-safely`. The main calls are :func:`torch.save` and :func:`torch.load`.
"""

import os
import pickle
import tempfile
import zipfile
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn

folder = tempfile.TemporaryDirectory()
path = Path(folder.name, "model.pt")

# %%
# The parts
# ---------
#
# Each storage is a file of raw bytes; ``data.pkl`` says how to make tensors of them.

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
torch.save(model.state_dict(), path)
parts = {
    item.filename.partition("/")[2]: item.file_size for item in zipfile.ZipFile(path).infolist()
}
storages = {name: size for name, size in parts.items() if name.startswith("data/")}
expected = [p.numel() * p.element_size() for p in model.state_dict().values()]
assert list(storages.values()) == expected

# %%
# The bytes are the numbers
# -------------------------
#
# A storage can be read without ``torch.load``: 128 by 64 floats of 4 bytes.

raw = zipfile.ZipFile(path).read("model/data/0")
assert torch.equal(
    torch.frombuffer(bytearray(raw), dtype=torch.float32).view(128, 64), model[0].weight
)

# %%
# Five numbers, four megabytes
# ----------------------------
#
# A view is saved with its whole storage. A clone has a storage of its own, of five numbers.

million = torch.arange(1_000_000, dtype=torch.float32)


def size_of(value):
    torch.save(value, path)
    assert torch.equal(torch.load(path), value)
    return path.stat().st_size


sizes = {"a view of 5 numbers": size_of(million[:5]), "its clone": size_of(million[:5].clone())}
assert sizes["a view of 5 numbers"] > 4_000_000
assert sizes["its clone"] < 2_000

# %%
# Draw both
# ---------
#
# Left: what is in the file of the small model. Right: the same five numbers, saved in two ways.

blue, orange, grey = "#0072B2", "#D55E00", "#999999"
fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.8), layout="constrained")
fig.suptitle("Inside a .pt file")
names = [*storages, "data.pkl"]
left.barh(names, [parts[name] for name in names], color=[blue] * len(storages) + [grey])
labels = [*model.state_dict(), "the pickle"]
for place, (name, label) in enumerate(zip(names, labels, strict=True)):
    left.text(parts[name] * 1.25, place, label, va="center", fontsize=9)
left.set(title="parts of a saved model", xscale="log", xlim=(10, 1e6), xlabel="bytes")
left.invert_yaxis()
right.bar(list(sizes), list(sizes.values()), color=[orange, blue], width=0.5)
for place, value in enumerate(sizes.values()):
    right.text(place, value * 1.3, f"{value:,} bytes", ha="center", fontsize=9)
right.set(title="five numbers", yscale="log", ylim=(100, 1e8), ylabel="bytes")
plt.show()

# %%
# A file that wants to call something
# -----------------------------------
#
# Pickle stores "call this function with these arguments". Here it is ``os.mkdir``, on a folder
# inside the temporary one.

marker = Path(folder.name, "called")


class Trap:
    def __reduce__(self):
        return os.mkdir, (str(marker),)


torch.save({"weight": torch.ones(2), "note": Trap()}, path)
try:
    torch.load(path)
except pickle.UnpicklingError as error:
    assert "Weights only load failed" in str(error)
    assert "mkdir" in str(error)
else:
    raise AssertionError("the file was loaded")
assert not marker.exists()

# %%
# The old default would have called it
# ------------------------------------
#
# ``weights_only=False`` is for files that you would run as a program.

torch.load(path, weights_only=False)
assert marker.exists()
folder.cleanup()

# %%
# What was seen
# -------------
#
# A checkpoint is as large as the storages that its tensors come from. The default of ``torch.load``
# calls nothing that a file names, unless it is on a list.

assert not Path(folder.name).exists()
