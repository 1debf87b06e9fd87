"""A recurrent network in PyTorch's spelling.  It differs in its imports alone.

It adds up a sequence of numbers, which a network without a memory cannot.
"""

import numpy as np

from tinygrad_edu import Tensor, constant, nn, no_grad, optim

rng = np.random.default_rng(0)


class Adder(nn.Module):
    def __init__(self, hidden_size=12):
        super().__init__()
        self.lstm = nn.LSTM(input_size=1, hidden_size=hidden_size, num_layers=1, batch_first=True, rng=rng)
        self.fc = nn.Linear(hidden_size, 1, rng=rng)

    def forward(self, x):
        out, (h_n, c_n) = self.lstm(x)
        assert out.shape == (*x.shape[:2], 12) and h_n.shape == c_n.shape == (1, x.shape[0], 12)
        return self.fc(out[:, -1, :])


model = Adder()
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=0.02)
for _ in range(200):
    x = rng.uniform(-0.5, 0.5, (32, 5, 1))
    optimizer.zero_grad()
    loss = criterion(model(constant(x)), constant(x.sum(1)))
    loss.backward()
    optimizer.step()

with no_grad():
    x = rng.uniform(-0.5, 0.5, (100, 5, 1))
    error = np.abs(model(Tensor(x)).data - x.sum(1)).mean()
print(f"the mean error is below 0.1: {error < 0.1}")

assert error < 0.1 < np.abs(x.sum(1)).mean() / 3
