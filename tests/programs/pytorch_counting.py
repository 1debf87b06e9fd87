"""A small transformer in PyTorch's spelling.  It differs in its imports, and in swapaxes for transpose.

It learns to count: after each number comes the next one, and after the last one the first.
"""

import numpy as np

import tinygrad_edu as torch
from tinygrad_edu import nn, optim
from tinygrad_edu.nn import functional as F

VOCABULARY, LENGTH, SIZE, HEADS = 7, 6, 8, 2
rng = np.random.default_rng(0)


class Head(nn.Module):
    def __init__(self, head_size):
        super().__init__()
        self.key = nn.Linear(SIZE, head_size, bias=False)
        self.query = nn.Linear(SIZE, head_size, bias=False)
        self.value = nn.Linear(SIZE, head_size, bias=False)
        self.register_buffer("mask", np.tril(np.ones((LENGTH, LENGTH))))
        self.dropout = nn.Dropout(p=0.05)

    def forward(self, x):
        T = x.shape[1]
        scores = self.query(x) @ self.key(x).swapaxes(-2, -1) * self.key.weight.shape[0] ** -0.5
        scores = scores.masked_fill(self.mask[:T, :T] == 0, float("-inf"))
        return self.dropout(F.softmax(scores, dim=-1)) @ self.value(x)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleList([Head(SIZE // HEADS) for _ in range(HEADS)])
        self.feed_forward = nn.Sequential(nn.Linear(SIZE, 4 * SIZE), nn.ReLU(inplace=True), nn.Linear(4 * SIZE, SIZE))
        self.norm1, self.norm2 = nn.LayerNorm(SIZE), nn.LayerNorm(normalized_shape=SIZE)

    def forward(self, x):
        y = self.norm1(x)
        x = x + torch.cat([head(y) for head in self.heads], dim=-1)
        return x + self.feed_forward(self.norm2(x))


class Model(nn.Module):
    def __init__(self):
        super(Model, self).__init__()  # noqa: UP008
        self.token = nn.Embedding(num_embeddings=VOCABULARY, embedding_dim=SIZE)
        self.position = nn.Embedding(LENGTH, SIZE)
        self.blocks = nn.Sequential(*[Block() for _ in range(2)])
        self.head = nn.Linear(in_features=SIZE, out_features=VOCABULARY)
        self.apply(self.start)

    def start(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, mean=0.0, std=0.3, rng=rng)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Dropout):
            module.rng = rng

    def forward(self, index, targets=None):
        B, T = index.shape
        logits = self.head(self.blocks(self.token(index) + self.position(np.arange(T))))
        if targets is None:
            return logits, None
        return logits, F.cross_entropy(logits.view(B * T, VOCABULARY), targets.reshape(B * T))


model = Model()
optimizer = optim.AdamW(model.parameters(), lr=1e-2)
model.train()
for _ in range(150):
    first = rng.integers(VOCABULARY, size=(8, 1))
    x = (first + np.arange(LENGTH)) % VOCABULARY
    _, loss = model(x, targets=(x + 1) % VOCABULARY)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()

model.eval()
with torch.no_grad():
    logits, _ = model(x)
    right = (logits.argmax(-1) == (x + 1) % VOCABULARY).mean()
    other = Model()
    other.load_state_dict(model.state_dict())
    same = other.eval()(x)[0]
print(f"{sum(p.numel() for p in model.parameters())} parameters, loss {loss.item():.1f}, {100 * right:.0f} % right")

assert right == 1 and loss.item() < 0.5
assert (same.data == logits.data).all() and "blocks.1.heads.0.mask" in model.state_dict()
# A position sees none that come later.
changed = x.copy()
changed[:, -1] = 0
assert np.allclose(model(changed)[0].data[:, :-1], logits.data[:, :-1], rtol=1e-12)
