"""In PyTorch's spelling: a block of a transformer from layers; the imports differ, and data are NumPy's."""

import numpy as np

import tinygrad_edu as torch
import tinygrad_edu.nn as nn

rng = np.random.default_rng(0)


class FeedForward(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(n_embd, 4 * n_embd), nn.ReLU(), nn.Linear(4 * n_embd, n_embd), nn.Dropout(0.0)
        )

    def forward(self, x):
        return self.net(x)


class Block(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.ffwd = FeedForward(n_embd)
        self.ln1 = nn.LayerNorm(n_embd)
        self.ln2 = nn.LayerNorm(n_embd)

    def forward(self, x):
        x = x + self.ln1(x).mean(dim=1, keepdim=True)
        return x + self.ffwd(self.ln2(x))


block = Block(4)
count = sum(p.numel() for p in block.parameters())
assert count == 4 * 16 + 16 + 16 * 4 + 4 + 2 * (4 + 4), count
x = torch.Tensor(rng.normal(size=(2, 3, 4)))
out = block(x)
assert out.shape == (2, 3, 4)
loss = (out**2).mean()
loss.backward()

p = block.ffwd.net[0].weight
at = (1, 2)
kept = p.data.copy()
step = np.zeros_like(kept)
step[at] = 1e-5
p.data = kept + step
up = (block(x) ** 2).mean().item()
p.data = kept - step
down = (block(x) ** 2).mean().item()
assert abs(p.grad[at] - (up - down) / 2e-5) < 1e-8
print(count, "parameters")
