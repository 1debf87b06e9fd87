"""In CS231n's spelling: a naive convolution and max pooling with loops, put together; np.stack for writing differs."""

import numpy as np

from tinygrad_edu import Tensor, conv2d


def conv_forward_naive(x, w, b, stride, pad):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (W + 2 * pad - WW) // stride
    rows = []
    for i in range(H_out):
        row = []
        for j in range(W_out):
            window = x_pad[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            row.append(np.sum(window[:, None] * w[None], axis=(2, 3, 4)) + b)
        rows.append(np.stack(row, axis=-1))
    return np.stack(rows, axis=-2)


x_shape, w_shape = (2, 3, 4, 4), (3, 3, 4, 4)
x = Tensor(np.linspace(-0.1, 0.5, num=np.prod(x_shape)).reshape(x_shape))
w = Tensor(np.linspace(-0.2, 0.3, num=np.prod(w_shape)).reshape(w_shape))
b = Tensor(np.linspace(-0.1, 0.2, num=3))
out = conv_forward_naive(x, w, b, stride=2, pad=1)
print("shape", out.shape, "first", round(float(out.data[0, 0, 0, 0]), 4))
dout = np.random.RandomState(0).randn(*out.shape)
out.backward(dout)
naive = x.grad.copy(), w.grad.copy()
assert np.allclose(b.grad, dout.sum(axis=(0, 2, 3)))

x.zero_grad(), w.zero_grad()
again = conv2d(x, w, stride=2, padding=1)
assert np.allclose(again.data + b.data[:, None, None], out.data)
again.backward(dout)
assert np.allclose(x.grad, naive[0]) and np.allclose(w.grad, naive[1])
