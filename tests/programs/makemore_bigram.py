"""In the spelling of Karpathy's makemore, a net for bigrams; the import differs, and W is drawn by NumPy."""

import numpy as np

import tinygrad_edu as torch
import tinygrad_edu as F

words = ["anna", "hannah", "nan", "han", "ana"]
chars = ["."] + sorted(set("".join(words)))
stoi = {s: i for i, s in enumerate(chars)}

xs, ys = [], []
for w in words:
    chs = ["."] + list(w) + ["."]
    for ch1, ch2 in zip(chs, chs[1:]):
        xs.append(stoi[ch1])
        ys.append(stoi[ch2])
num = len(xs)

W = torch.Tensor(np.random.default_rng(0).normal(size=(4, 4)), requires_grad=True)

for _ in range(300):
    xenc = F.one_hot(xs, num_classes=4)
    logits = xenc @ W  # the logarithms of counts
    counts = logits.exp()
    probs = counts / counts.sum(1, keepdims=True)
    loss = -probs[np.arange(num), ys].log().mean() + 0.0 * (W**2).mean()
    W.grad = None
    loss.backward()
    W.data += -5.0 * W.grad
print(loss.item())

# What counting gives is the best that a net of this kind can reach.
N = np.zeros((4, 4))
np.add.at(N, (xs, ys), 1)
P = N / N.sum(1, keepdims=True)
best = -np.log(P[xs, ys]).mean()
assert best <= loss.item() < best + 0.02, (best, loss.item())
