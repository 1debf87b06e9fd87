"""In micrograd's spelling: neurons of numbers, trained by p.data -= rate * p.grad.  Only the import differs."""

import random

from tinygrad_edu import Tensor as Value

random.seed(1)


class Neuron:
    def __init__(self, nin, nonlin=True):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0)
        self.nonlin = nonlin

    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return act.tanh() if self.nonlin else act

    def parameters(self):
        return self.w + [self.b]


class Layer:
    def __init__(self, nin, nout, **kwargs):
        self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]

    def __call__(self, x):
        out = [n(x) for n in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self):
        return [p for n in self.neurons for p in n.parameters()]


class MLP:
    def __init__(self, nin, nouts):
        sz = [nin] + nouts
        self.layers = [Layer(sz[i], sz[i + 1], nonlin=i != len(nouts) - 1) for i in range(len(nouts))]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def zero_grad(self):
        for p in self.parameters():
            p.grad = 0

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


n = MLP(3, [4, 4, 1])
assert len(n.parameters()) == 4 * 4 + 4 * 5 + 5  # 41

xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
ys = [1.0, -1.0, -1.0, 1.0]


def total_loss():
    ypred = [n(x) for x in xs]
    return sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))


loss = total_loss()
n.zero_grad()
loss.backward()

# One derivative by differences.
p = n.layers[0].neurons[0].w[1]
kept = float(p.data)
p.data = kept + 1e-5
up = total_loss().data
p.data = kept - 1e-5
down = total_loss().data
p.data = kept
assert abs(p.grad - (up - down) / 2e-5) < 1e-6

for k in range(60):
    loss = total_loss()
    n.zero_grad()
    loss.backward()
    for p in n.parameters():
        p.data += -0.05 * p.grad
    if k % 20 == 0:
        print(k, "%.3f" % loss.data)
assert loss.data < 0.05
assert [n(x).data > 0 for x in xs] == [True, False, False, True]
