"""
Scramble an image with reshape
==============================

An image stored as height, width, channels has to become channels, height, width.
Both ``permute`` and ``reshape`` return a tensor of that shape. One of them returns
the image, and the other deals its numbers out to the wrong pixels.

The guide page :doc:`/guide/tensors/reordering` covers the whole family of operations.
"""

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import ListedColormap

# %%
# Draw an image
# -------------
#
# An orange F on a blue sky, lighter toward the ground. It differs from its mirror images, so a
# picture that comes out mirrored would show. The channels (red, green, blue) are the last axis.

H, W, C = 48, 36, 3
letter = torch.zeros(H, W, dtype=torch.bool)
letter[6:42, 8:14] = letter[6:12, 8:30] = letter[21:27, 8:24] = True

sky = torch.tensor([0.34, 0.71, 0.91]) + 0.3 * torch.linspace(0, 1, H)[:, None, None]
image = torch.where(letter[..., None], torch.tensor([0.84, 0.37, 0.0]), sky.clamp(max=1))

assert image.shape == (H, W, C)
assert not torch.equal(image, image.flip(0)) and not torch.equal(image, image.flip(1))

# %%
# Two tensors of the right shape
# ------------------------------
#
# Neither call copies or raises, and both results hold the same numbers. They differ all the same.

right = image.permute(2, 0, 1)
wrong = image.reshape(C, H, W)

assert right.shape == wrong.shape == (C, H, W)
assert right.data_ptr() == wrong.data_ptr() == image.data_ptr()
assert torch.equal(right.flatten().sort().values, wrong.flatten().sort().values)
assert not torch.equal(right, wrong)

# %%
# Look at both
# ------------
#
# To be shown, each goes back from CHW to HWC by ``permute``, as an image viewer would do it.

assert torch.equal(right.permute(1, 2, 0), image)

fig, axes = plt.subplots(1, 2, figsize=(6, 4.3), layout="constrained")
for ax, title, chw in zip(axes, ["permute", "reshape"], [right, wrong], strict=True):
    ax.imshow(chw.permute(1, 2, 0).numpy())
    ax.set_title(title, fontsize=13)
    ax.axis("off")
fig.suptitle("Same shape, same numbers, another picture", fontsize=14)
plt.show()

# %%
# Which address each one reads
# ----------------------------
#
# Channel c of the pixel in row h, column w is stored at offset 3Wh + 3w + c, and there
# :meth:`~torch.Tensor.permute` reads element [c, h, w]. :meth:`~torch.Tensor.reshape` reads the
# memory front to back, offset HWc + Wh + w. A tensor that holds its own offsets shows both.

offsets = torch.arange(H * W * C).view(H, W, C)
c = torch.arange(C)[:, None, None]
h = torch.arange(H)[:, None]
w = torch.arange(W)

assert torch.equal(offsets.permute(2, 0, 1), C * W * h + C * w + c)
assert torch.equal(offsets.reshape(C, H, W), H * W * c + W * h + w)
{"permute": right.stride(), "reshape": wrong.stride()}

# %%
# A small image, 2 pixels high and 3 wide, fits on a page. Numbers are offsets; colors say which
# channel the number there belongs to: red, green or blue. Each plane should have one color.

small = torch.arange(2 * 3 * 3).view(2, 3, 3)
planes = {"permute": small.permute(2, 0, 1), "reshape": small.reshape(3, 2, 3)}
assert [len(plane.remainder(3).unique()) for plane in planes["permute"]] == [1, 1, 1]
assert [len(plane.remainder(3).unique()) for plane in planes["reshape"]] == [3, 3, 3]

rgb = ListedColormap(["#D55E00", "#009E73", "#0072B2"])
fig, axes = plt.subplots(2, 3, figsize=(6, 3.6), layout="constrained")
for row, (name, chw) in zip(axes, planes.items(), strict=True):
    for channel, ax in enumerate(row):
        ax.imshow((chw[channel] % 3).numpy(), cmap=rgb, vmin=0, vmax=2)
        for i, j in torch.cartesian_prod(torch.arange(2), torch.arange(3)).tolist():
            ax.text(j, i, chw[channel, i, j].item(), ha="center", va="center", color="w", size=15)
        ax.set_title(f"{name}[{channel}]", fontsize=13)
        ax.axis("off")
fig.suptitle("Reshape deals all three channels into every plane", fontsize=14)
plt.show()

# %%
# Turn a gray picture on its side
# -------------------------------
#
# The same happens with two axes. :attr:`torch.Tensor.mT` swaps rows and columns; ``reshape`` to the
# swapped sizes cuts the same row-by-row sequence at other places, and the letter falls apart.

swapped, regrouped = letter.mT, letter.reshape(W, H)

assert swapped.shape == regrouped.shape == (W, H)
assert torch.equal(regrouped.flatten(), letter.flatten())
assert not torch.equal(swapped.flatten(), letter.flatten())

fig, axes = plt.subplots(1, 3, figsize=(6, 2.3), layout="constrained", width_ratios=[W, H, H])
gray = {"letter": letter, "letter.mT": swapped, "letter.reshape(W, H)": regrouped}
for ax, (title, picture) in zip(axes, gray.items(), strict=True):
    ax.imshow(picture.numpy(), cmap=ListedColormap(["#E5E5E5", "#0072B2"]))
    ax.set_title(title, fontsize=11)
    ax.axis("off")
fig.suptitle("Cutting rows at another length is not a transpose", fontsize=13)
plt.show()

# %%
# What was seen
# -------------
#
# ``permute`` reorders axes; ``reshape`` keeps the sequence of numbers and cuts it elsewhere. So the
# two agree when no axes longer than 1 change places, as with one channel. A round trip can't find
# the mistake, since ``reshape`` undoes itself; here the mean of each channel does.

one_channel = image[..., :1]
assert torch.equal(one_channel.reshape(1, H, W), one_channel.permute(2, 0, 1))
assert torch.equal(wrong.reshape(H, W, C), image)

means = image.mean(dim=(0, 1))
torch.testing.assert_close(right.mean(dim=(1, 2)), means)
assert not torch.allclose(wrong.mean(dim=(1, 2)), means, atol=0.01)
means, wrong.mean(dim=(1, 2))
