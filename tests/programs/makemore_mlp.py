"""In the spelling of Karpathy's makemore, an MLP; the imports differ, and parameters are drawn by NumPy."""

import numpy as np

import tinygrad_edu as torch
import tinygrad_edu as F

words = ["emma", "olivia", "ava", "isabella", "sophia", "mia", "amelia", "ella"]
chars = sorted(set("".join(words)))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0
vocab_size = len(stoi)
block_size = 3

X, Y = [], []
for w in words:
    context = [0] * block_size
    for ch in w + ".":
        ix = stoi[ch]
        X.append(context)
        Y.append(ix)
        context = context[1:] + [ix]
X, Y = np.array(X), np.array(Y)

g = np.random.default_rng(2147483647)
n_embd, n_hidden = 4, 24
C = torch.Tensor(g.normal(size=(vocab_size, n_embd)))
W1 = torch.Tensor(g.normal(size=(n_embd * block_size, n_hidden)) * 0.3)
b1 = torch.Tensor(g.normal(size=n_hidden) * 0.01)
W2 = torch.Tensor(g.normal(size=(n_hidden, vocab_size)) * 0.1)
b2 = torch.Tensor(g.normal(size=vocab_size) * 0)
parameters = [C, W1, b1, W2, b2]
for p in parameters:
    p.requires_grad_()
count = sum(p.numel() for p in parameters)
assert count == vocab_size * 4 + 12 * 24 + 24 + 24 * vocab_size + vocab_size


def forward(Xb, Yb):
    emb = C[Xb]
    embcat = emb.view(emb.shape[0], -1)
    hpreact = embcat @ W1 + b1
    h = torch.tanh(hpreact)
    logits = h @ W2 + b2
    return F.cross_entropy(logits, Yb)


lossi = []
for i in range(200):
    ix = g.integers(0, X.shape[0], 32)
    loss = forward(X[ix], Y[ix])
    for p in parameters:
        p.grad = None
    loss.backward()
    lr = 0.5 if i < 150 else 0.1
    for p in parameters:
        p.data += -lr * p.grad
    lossi.append(loss.item())
print(f"{lossi[0]:.4f} -> {np.mean(lossi[-20:]):.4f}")

loss = forward(X, Y)
for p in parameters:
    p.grad = None
loss.backward()
assert loss.item() < 1.0  # a guess costs log 15 = 2.7

# A derivative by differences.
kept = W1.data.copy()
step = np.zeros_like(kept)
step[5, 7] = 1e-5
W1.data = kept + step
up = forward(X, Y).item()
W1.data = kept - step
down = forward(X, Y).item()
assert abs(W1.grad[5, 7] - (up - down) / 2e-5) < 1e-7
