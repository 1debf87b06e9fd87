"""A convolutional network in PyTorch's spelling.  It differs in its imports, and in data that come without a loader.

It tells images with a bright row from images with a bright column.
"""

import numpy as np

from tinygrad_edu import nn, no_grad, optim

rng = np.random.default_rng(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(in_channels=1, out_channels=4, kernel_size=3, padding=1, bias=False, rng=rng),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2),
            nn.Conv2d(4, 8, 3, rng=rng),
            nn.LeakyReLU(0.1),
            nn.AdaptiveAvgPool2d(1),
        )
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(0.1, rng=rng), nn.Linear(8, 2, rng=rng))

    def forward(self, x):
        return self.classifier(self.features(x))


def batch(number):
    x, y = rng.normal(0, 0.3, (number, 1, 8, 8)), rng.integers(2, size=number)
    for image, kind, place in zip(x, y, rng.integers(8, size=number), strict=True):
        image[0][(place, slice(None)) if kind else (slice(None), place)] += 2
    return x, y


net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(net.parameters(), lr=0.02)
for _ in range(60):
    inputs, labels = batch(32)
    optimizer.zero_grad()
    loss = criterion(net(inputs), labels)
    loss.backward()
    optimizer.step()

net.eval()
with no_grad():
    inputs, labels = batch(200)
    right = (net(inputs).argmax(dim=1) == labels).mean()
print(f"{net.count()} parameters, {100 * right:.0f} % right")

assert net.count() == 4 * 9 + 2 * 4 + 8 * 4 * 9 + 8 + 2 * 8 + 2
assert right > 0.95
assert net.features[1].running_mean.data.any()
