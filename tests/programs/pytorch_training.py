"""In PyTorch's spelling: a Module, SGD with lr, zero_grad, backward, step; only the imports differ."""

import numpy as np

import tinygrad_edu as torch
from tinygrad_edu import nn, optim

rng = np.random.default_rng(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2, 16)
        self.fc2 = nn.Linear(16, 3)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        return self.fc2(x)


X = torch.Tensor(rng.normal(size=(60, 2)), requires_grad=False)
y = np.where(X.data[:, 0] < -0.4, 0, np.where(X.data[:, 1] > 0, 1, 2))
net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
losses = []
for _ in range(100):
    optimizer.zero_grad()
    outputs = net(X)
    loss = criterion(outputs, y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
with torch.no_grad():
    predicted = net(X).argmax(dim=1)
print("loss %.3f -> %.3f" % (losses[0], losses[-1]))
assert (predicted == y).mean() > 0.95
assert sum(p.numel() for p in net.parameters()) == 2 * 16 + 16 + 16 * 3 + 3
