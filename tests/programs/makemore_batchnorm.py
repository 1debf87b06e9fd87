"""In the spelling of Karpathy's makemore, batch normalisation by hand; only the import differs."""

import numpy as np

import tinygrad_edu as torch

g = np.random.default_rng(1)
n = 32
hprebn = torch.Tensor(g.normal(size=(n, 5)) * 3 + 1)
bngain = torch.Tensor(np.ones((1, 5)) * 1.1)
bnbias = torch.Tensor(np.zeros((1, 5)))
coeff = g.normal(size=(n, 5))

bnmeani = 1 / n * hprebn.sum(0, keepdim=True)
bndiff = hprebn - bnmeani
bndiff2 = bndiff**2
bnvar = 1 / (n - 1) * bndiff2.sum(0, keepdim=True)
bnvar_inv = (bnvar + 1e-5) ** -0.5
bnraw = bndiff * bnvar_inv
hpreact = bngain * bnraw + bnbias
loss = (hpreact * coeff).sum()
for t in [bnmeani, bndiff, bnvar_inv, bnraw, hpreact]:
    t.retain_grad()
loss.backward()

# The gradient that one finds with paper and pencil.
dhpreact = hpreact.grad
dhprebn = (bngain.data * bnvar_inv.data / n) * (
    n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw.data * (dhpreact * bnraw.data).sum(0)
)
assert np.allclose(hprebn.grad, dhprebn)
assert np.allclose(bngain.grad, (bnraw.data * coeff).sum(0, keepdims=True))

mean, var = hprebn.mean(0, keepdim=True), hprebn.var(0, keepdim=True, unbiased=True)
assert np.allclose(mean.data, bnmeani.data) and np.allclose(var.data, bnvar.data)
print("exact")
