"""In HIPS autograd's spelling: drops flow, by np.roll and np.linalg; only the imports differ."""

import numpy as np

from tinygrad_edu import grad, value_and_grad


def project(vx, vy):
    """Remove the divergence, with a few steps of Jacobi's method."""
    h = 1.0 / vx.shape[0]
    div = (
        -0.5 * h * (np.roll(vx, -1, axis=0) - np.roll(vx, 1, axis=0) + np.roll(vy, -1, axis=1) - np.roll(vy, 1, axis=1))
    )
    p = np.zeros(vx.shape)
    for _ in range(6):
        p = (
            div + np.roll(p, 1, axis=0) + np.roll(p, -1, axis=0) + np.roll(p, 1, axis=1) + np.roll(p, -1, axis=1)
        ) / 4.0
    vx = vx - 0.5 * (np.roll(p, -1, axis=0) - np.roll(p, 1, axis=0)) / h
    vy = vy - 0.5 * (np.roll(p, -1, axis=1) - np.roll(p, 1, axis=1)) / h
    return vx, vy


def advect(f, vx, vy):
    """Move a field along the velocities, with weights between the four nearest cells."""
    rows, cols = f.shape
    cell_ys, cell_xs = np.meshgrid(np.arange(rows), np.arange(cols))
    center_xs = (cell_xs - vx).ravel()
    center_ys = (cell_ys - vy).ravel()
    left_ix = np.floor(center_xs).astype(int)
    top_ix = np.floor(center_ys).astype(int)
    rw = center_xs - left_ix
    bw = center_ys - top_ix
    left_ix = np.mod(left_ix, rows)
    right_ix = np.mod(left_ix + 1, rows)
    top_ix = np.mod(top_ix, cols)
    bot_ix = np.mod(top_ix + 1, cols)
    flat_f = (1 - rw) * ((1 - bw) * f[left_ix, top_ix] + bw * f[left_ix, bot_ix]) + rw * (
        (1 - bw) * f[right_ix, top_ix] + bw * f[right_ix, bot_ix]
    )
    return np.reshape(flat_f, (rows, cols))


rs = np.random.RandomState(0)
smoke, target = rs.rand(6, 6), rs.rand(6, 6)
start = 0.3 * rs.randn(2 * 36)


def objective(params):
    vx, vy = np.reshape(params[:36], (6, 6)), np.reshape(params[36:], (6, 6))
    vx, vy = project(vx, vy)
    return np.mean((target - advect(advect(smoke, vx, vy), vx, vy)) ** 2)


value, found = value_and_grad(objective)(start)
direction = rs.randn(72)
slope = (objective(start + 1e-7 * direction) - objective(start - 1e-7 * direction)) / 2e-7
assert abs(np.dot(found, direction) - slope) < 1e-6
better = objective(start - 0.5 * grad(objective)(start))
print("loss %.4f -> %.4f" % (value, better))
assert better < value
