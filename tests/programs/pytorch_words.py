"""In PyTorch's spelling: methods and dim= on an attention head; only the import differs."""

import math

import numpy as np

import tinygrad_edu as torch

rng = np.random.default_rng(0)
B, T, C, head = 2, 5, 6, 4
x = torch.Tensor(rng.normal(size=(B, T, C)))
Wk, Wq, Wv = (torch.Tensor(rng.normal(size=(C, head)) * 0.3) for _ in range(3))
k, q, v = x @ Wk, x @ Wq, x @ Wv
wei = q @ k.swapaxes(-2, -1) * head**-0.5
tril = torch.tril(np.ones((T, T)))
wei = wei.masked_fill(tril == 0, float("-inf"))
wei = wei.softmax(dim=-1)
out = wei @ v
assert out.shape == (B, T, head)
assert np.allclose(wei.sum(dim=-1).data, 1)
assert out.size(-1) == head and x.size() == (B, T, C)

# The first place sees itself alone; the second its own and the first, by the softmax of two numbers.
assert np.allclose(out.data[:, 0], v.data[:, 0])
s = (q.data[0, 1] @ k.data[0, :2].T) / math.sqrt(head)
p = np.exp(s) / np.exp(s).sum()
assert np.allclose(out.data[0, 1], p @ v.data[0, :2])

loss = out.view(B * T, head).square().mean(dim=0, keepdim=True).sum()
loss.backward()
assert not (Wv.grad == 0).all()

# Only the first places: then the keys and the queries do not matter.
for W in (Wk, Wq, Wv):
    W.grad = None
first = (x @ Wq @ (x @ Wk).swapaxes(-2, -1)).masked_fill(tril == 0, float("-inf")).softmax(-1) @ (x @ Wv)
first[:, 0].sum().backward()
assert np.allclose(Wk.grad, 0) and np.allclose(Wq.grad, 0)
assert np.allclose(Wv.grad, x.data[:, 0].sum(0)[:, None].repeat(head, axis=1))
print(tuple(out.shape))
