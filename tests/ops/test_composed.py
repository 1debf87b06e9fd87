"""NumPy's and PyTorch's functions that are made of operations: called with Tensors as they are called with arrays."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from test_special_points import check, special

import tinygrad_edu as tg
from tinygrad_edu import Tensor
from tinygrad_edu.format import locations
from tinygrad_edu.graph import Value
from tinygrad_edu.ops import composed
from tinygrad_edu.teaching.running import own_operations

RNG = np.random.default_rng(5)
# What the programs below compute with.  Those with capital letters are plain in all of them.
OPERANDS: dict[str, Any] = {
    "s": np.float64(0.7),
    "u": RNG.normal(size=3),
    "v": RNG.normal(size=3),
    "w": RNG.uniform(0.5, 1.5, size=5),
    "a": RNG.normal(size=(2, 3)),
    "b": RNG.normal(size=(2, 3)),
    "c": RNG.normal(size=(4, 4)),
    "d": RNG.normal(size=(2, 3, 4)),
    "e": RNG.normal(size=(2, 4, 3)),
    "r": np.cumsum(RNG.uniform(0.5, 1.5, size=5)),  # rising
}
PLAIN: dict[str, Any] = {
    "np": np,
    "tg": tg,
    "I": np.array([2, 0]),
    "J": np.array([[0, 2], [1, 1]]),
    "M": np.array([[True, False, True], [False, False, True]]),
    "N": np.array([[1.0, np.nan, 2.0], [np.nan, 0.0, np.nan]]) * 0,
    "W": np.array([1.0, 2.0, 0.5]),
    "X": np.linspace(-1.0, 6.0, 7),
}

# NumPy's functions.  Each program is run with arrays and with Tensors.
SAME = """
np.hstack([u, v]); np.hstack((a, b)); np.hstack(tup=[a, b]); np.hstack([s, u]); np.hstack([u, W])
np.vstack([u, v]); np.vstack((a, u)); np.vstack(tup=(u, W)); np.vstack([s, s])
np.dstack([u, v]); np.dstack((a, b)); np.dstack(tup=[d, d])
np.column_stack([u, v]); np.column_stack((u, b.T)); np.column_stack(tup=(u, W))
np.append(u, v); np.append(a, b, 0); np.append(arr=a, values=b, axis=1); np.append(u, 1.0); np.append(W, u)
np.append(a, [u], axis=0)
np.block([[a, b], [b, a]]); np.block([u, v]); np.block(arrays=[u, s]); np.block([[a], [u]]); np.block(u)
np.block([[a, np.ones((2, 1))], [b, 2 * np.ones((2, 1))]])
np.concat([u, v]); np.concat((a, b), axis=1); np.concatenate([a, b], -1); np.stack([u, v], axis=1)
np.stack(arrays=(u, W))
np.atleast_1d(s); np.atleast_1d(a); np.atleast_1d(s, u); np.atleast_2d(u); np.atleast_2d(s, d); np.atleast_3d(s)
np.atleast_3d(u); np.atleast_3d(a); np.atleast_3d(d)
np.insert(u, 1, s); np.insert(u, [0, 2], v[:2]); np.insert(a, 1, u, axis=0); np.insert(a, 1, s, axis=1)
np.insert(a, [1], b, 1); np.insert(arr=u, obj=-1, values=2.0); np.insert(a, 3, 1.5); np.insert(a, 1, [s, 2.0], axis=1)
np.insert(u, [1, 1], [s, s]); np.insert(a, slice(0, 2), 0.5, axis=0)
np.delete(u, 1); np.delete(a, [0, 2], 1); np.delete(arr=a, obj=0, axis=0); np.delete(a, 4); np.delete(u, slice(0, 2))
np.delete(u, [True, False, True])
np.split(w, [2, 3]); np.split(d, 2, axis=2); np.array_split(w, 3); np.array_split(a, 2, axis=1)
np.array_split(ary=w, indices_or_sections=[1, 4]); np.hsplit(c, 2); np.hsplit(w, [2]); np.vsplit(c, 2)
np.dsplit(d, [1, 3]); np.unstack(a); np.unstack(d, axis=1)
np.rot90(a); np.rot90(a, 2); np.rot90(m=a, k=3); np.rot90(d, -1, (1, 2)); np.fliplr(a); np.flipud(a); np.flipud(m=u)
np.flip(a); np.flip(a, 1); np.flip(m=a, axis=(0, 1))
np.rollaxis(d, 2); np.rollaxis(d, 0, 3); np.rollaxis(a=d, axis=1, start=-1); np.roll(a, 1)
np.roll(a, shift=(1, 2), axis=(0, 1)); np.moveaxis(d, 0, -1); np.swapaxes(d, 0, 2); np.permute_dims(d, (2, 0, 1))
np.transpose(a=d, axes=(1, 0, 2)); np.matrix_transpose(d); np.linalg.matrix_transpose(a)
np.resize(u, (2, 4)); np.resize(a=a, new_shape=4); np.trim_zeros(np.concatenate([[0.0], u, [0.0]]))
np.trim_zeros(np.append(u, 0.0), "b"); np.tile(u, 2); np.tile(A=a, reps=(2, 1)); np.repeat(u, 2)
np.repeat(a, [1, 2], axis=0); np.repeat(a=a, repeats=2)
np.meshgrid(u, v); np.meshgrid(u, w, indexing="ij"); np.meshgrid(u, v, W, sparse=True); np.meshgrid(u)
np.broadcast_arrays(u, a); np.broadcast_arrays(a, s, W); np.broadcast_to(u, (2, 3))
np.broadcast_to(array=u, shape=(2, 3))
np.ravel(a); np.ravel(a, "C"); np.ravel(a=a, order="K"); np.reshape(a, (3, 2)); np.reshape(a, shape=6)
np.reshape(a, -1, order="C"); np.squeeze(u[None]); np.squeeze(a=u[None, :, None], axis=0); np.expand_dims(u, 0)
np.expand_dims(a=u, axis=(0, 2)); np.copy(a); np.copy(a=a, order="C")
np.diagflat(u); np.diagflat(v=a, k=1); np.diag(u, 1); np.diag(v=c); np.diagonal(c, 1); np.trace(c); np.trace(d, 0, 1, 2)
np.tril(c); np.tril(m=c, k=-1); np.triu(c, 1); np.vander(u); np.vander(u, 2); np.vander(x=u, N=4, increasing=True)
c[np.tril_indices(4)]; c[np.triu_indices(4, 1)]; c[np.ix_([0, 2], [1, 3])]; a[np.where(M)]
np.take(a, [2, 0], axis=1); np.take(a=a, indices=I); np.take_along_axis(a, J, 1)
np.take_along_axis(a, np.argsort(a, 1), axis=1)
np.take_along_axis(arr=a, indices=np.argmax(a, 0, keepdims=True), axis=0); np.take_along_axis(a, I, None)
np.select([M, ~M], [a, b]); np.select([M, a > 0], [a, b], s); np.select(condlist=[M], choicelist=[a], default=3.0)
np.where(M, a, b); np.where(a > 0, a, 0.0); np.where(M, s, a)
np.choose([0, 1, 0], [u, v]); np.choose(np.array([[1, 0, 1]] * 2), [a, u])
np.choose(a=[2, 3, -1], choices=[u, v], mode="wrap"); np.compress([True, False, True], u)
np.compress([False, True], a, 0); np.compress(condition=M.ravel(), a=a); np.extract(M, a)
np.extract(condition=u > 0, arr=u)
np.sort(a); np.sort(a, 0); np.sort(a=a, axis=None); np.sort(u)[::-1]; np.unique(u); np.unique(a)
np.average(a); np.average(a, 0); np.average(a, axis=1, weights=W); np.average(u, weights=v)
np.average(a, weights=b + 3); np.average(a, 1, W, True); np.average(u, returned=True)
np.average(a=a, axis=1, keepdims=True)
np.median(w); np.median(a); np.median(a, 1); np.median(a=d, axis=(0, 2)); np.median(c, axis=0, keepdims=True)
np.median(d, (0, 1), keepdims=True)
np.quantile(w, 0.3); np.quantile(a, 0.5, axis=1); np.quantile(a, [0.1, 0.9], 0)
np.quantile(a=d, q=[[0.2, 0.4]], axis=(0, 1), keepdims=True); np.percentile(w, 30)
np.percentile(a, [25, 50, 75], axis=1); np.percentile(a=a, q=100); np.quantile(u, 0.0)
np.max(a); np.max(a, 1); np.amax(a, 0); np.amax(a=a, axis=1, keepdims=True); np.amin(a); np.min(a, axis=(0, 1))
np.ptp(a); np.ptp(a, 0); np.ptp(a=a, axis=1, keepdims=True)
np.sum(a, 1); np.sum(a=a, axis=0, keepdims=True); np.mean(a, 0, None); np.prod(a, 1); np.var(a, 0, None, None, 1)
np.var(a, ddof=1); np.var(a, correction=1); np.std(a, 1); np.std(a, axis=0, ddof=1, keepdims=True)
np.nansum(a + N); np.nansum(a + N, 0); np.nanmean(a + N, axis=1); np.nanmean(a); np.nanmax(a + N)
np.nanmax(a + N, 1, keepdims=True); np.nanmin(a=a + N, axis=0); np.nanprod(a + N, axis=1); np.nanvar(a + N, 1)
np.nanvar(c, 0); np.nanstd(a + N); np.nanstd(np.concatenate([a, b + N]), 0, ddof=1); np.nanstd(c, axis=1, keepdims=True)
np.nanquantile(a + N, 0.3, axis=1); np.nanpercentile(c, [20, 70]); np.amax(a, where=M, initial=-1.0)
np.nanmedian(a + N); np.nanmedian(np.concatenate([a, b + N]), axis=1); np.nancumsum(a + N, 1); np.nancumprod(a + N)
np.cov(a); np.cov(u, v); np.cov(c, rowvar=False); np.cov(a, bias=True); np.cov(m=a, ddof=0); np.cov(u)
np.cov(a, fweights=[1, 2, 3]); np.cov(a, aweights=[0.5, 1.5, 1.0]); np.corrcoef(a); np.corrcoef(u, v)
np.corrcoef(c, rowvar=False)
np.diff(w); np.diff(a, 1, 0); np.diff(w, n=2); np.diff(a=a, axis=1, prepend=0.0); np.diff(u, prepend=s, append=v)
np.diff(a, 0); np.diff(a, axis=0, append=b); np.ediff1d(u); np.ediff1d(a, to_end=1.0, to_begin=[2.0, 3.0])
np.ediff1d(u, v, s)
np.gradient(w); np.gradient(w, 0.5); np.gradient(w, r); np.gradient(c); np.gradient(c, axis=0)
np.gradient(c, 2.0, [0.0, 1.0, 3.0, 4.0]); np.gradient(w, edge_order=2); np.gradient(w, r, edge_order=2)
np.gradient(f=d[0], axis=(0, 1))
np.trapezoid(w); np.trapezoid(w, r); np.trapezoid(y=c, dx=0.5, axis=0); np.trapezoid(c, W[[0, 1, 2, 0]])
np.trapezoid(a, b)
np.cumsum(a); np.cumsum(a, 1); np.cumsum(a=a, axis=0); np.cumprod(a, 1); np.cumulative_sum(u)
np.cumulative_sum(a, axis=1); np.cumulative_sum(a, axis=0, include_initial=True); np.cumulative_prod(u)
np.cumulative_prod(a, axis=1, include_initial=True)
np.interp(X, r, w); np.interp(w, r, W[[0, 1, 2, 0, 1]]); np.interp(s * 3, r, w)
np.interp(x=X, xp=r, fp=w, left=0.0, right=9.0)
np.piecewise(a, [a < 0, a >= 0], [lambda x: x**2, lambda x: 3 * x]); np.piecewise(w, [w > 1], [1.0, np.exp])
np.piecewise(w, w > 1, [lambda x, k: k * x, 0.0], 2); np.apply_along_axis(np.sum, 0, a)
np.apply_along_axis(lambda x: x**2, 1, a); np.apply_along_axis(func1d=np.outer, axis=1, arr=a, b=W); np.unwrap(10 * w)
np.unwrap(4 * a, axis=0)
np.polyval(u, v); np.polyval([1.0, 2.0], a); np.polyval(p=u, x=2.0); np.polyder(w); np.polyder(w, 2); np.polyadd(u, w)
np.polysub(w, W); np.polymul(u, w); np.polyint(w); np.polyint(p=u, m=2); np.union1d(u, v); np.convolve(u, w)
np.correlate(w, u)
np.vdot(u, v); np.vdot(a, b); np.vecdot(a, b); np.vecdot(a, u); np.vecdot(a, b, axis=0); np.linalg.vecdot(a, b)
np.matvec(a, u); np.matvec(d, w[:4]); np.vecmat(u[:2], a); np.vecmat(a, e[0].T); np.cross(u, v); np.cross(a, b)
np.cross(a.T, b.T, axis=0); np.cross(a, W); np.linalg.cross(a, b); np.cross(a=a, b=b.T, axisb=0, axisc=0)
np.outer(u, v); np.inner(a, b); np.tensordot(a, b, axes=([0, 1], [0, 1])); np.kron(u, v); np.dot(a=a, b=u)
np.einsum("ij,j->i", a, u)
np.add.reduce(a); np.add.reduce(a, 1); np.add.reduce(a, axis=None); np.add.reduce(a, keepdims=True)
np.multiply.reduce(a); np.multiply.reduce(a, axis=1); np.maximum.reduce(a); np.maximum.reduce(a, axis=(0, 1))
np.minimum.reduce(a, 1); np.logaddexp.reduce(a); np.logaddexp.reduce(u)
np.add.accumulate(a); np.add.accumulate(a, axis=1); np.multiply.accumulate(a); np.multiply.accumulate(a, 1)
np.maximum.accumulate(w); np.maximum.accumulate(c, 1); np.minimum.accumulate(c); np.logaddexp.accumulate(c)
np.logaddexp.accumulate(w)
np.add.outer(u, v); np.subtract.outer(u, w); np.multiply.outer(a, v); np.divide.outer(u, w); np.maximum.outer(u, v)
np.power.outer(w, v); np.multiply.outer(W, u); np.logaddexp.outer(u, v); np.multiply.outer(u, 2.0)
np.bincount(I, u[:2]); np.bincount([0, 1, 0], weights=u, minlength=4); np.lib.stride_tricks.sliding_window_view(w, 2)
np.lib.stride_tricks.sliding_window_view(c, (2, 3)); np.lib.stride_tricks.sliding_window_view(c, 2, axis=1)
a.flatten(); a.flatten("C"); a.flatten(order="C"); a.ravel(); a.copy(); a.repeat(2, axis=0)
a.compress([True, False, True], axis=1); a.cumsum(1); a.ptp() if hasattr(a, "node") else np.ptp(a); a.squeeze()
a.diagonal(); a.take([0, 1]); a.transpose(1, 0); a.max(0); a.var(ddof=1); a.std(axis=0); a.dot(u); a.swapaxes(0, 1)
a.clip(0, 1); a.sum(axis=-1, keepdims=True)
"""

# Results of whole numbers or truth values, which are plain, and those of no derivative.
WITHOUT_DERIVATIVE = """
np.isinf(a); np.logical_and(a, b); np.logical_not(a); np.signbit(a); np.searchsorted(a=r, v=w, side="left")
np.argmax(a); np.argmax(a, 1); np.argmax(a=a, axis=0, keepdims=True); np.argmin(a, axis=1); np.argsort(a)
np.argsort(a, 0); np.argsort(a, axis=None, kind="stable"); np.argpartition(w, 2); np.count_nonzero(a)
np.count_nonzero(a, axis=1, keepdims=True); np.nonzero(a); np.flatnonzero(a); np.argwhere(a > 0); np.where(a)
tg.where(a) if hasattr(a, "node") else np.where(a); np.where(a > 0)
np.any(a > 0); np.any(a); np.all(a, axis=1); np.all(a, where=M); np.isclose(a, b); np.isclose(a, b, atol=9.0)
np.allclose(a, a); np.array_equal(a, b); np.array_equal(a1=a, a2=a); np.searchsorted(r, w)
np.searchsorted(r, 2.0, side="right"); np.digitize(w, r); np.histogram(w); np.histogram(w, 3, (0, 2))
np.histogram(a, bins=[-1.0, 0.0, 1.0], density=True); np.isnan(a); np.isfinite(a); np.sign(a)
np.shape(a); np.ndim(a); np.size(a); np.zeros_like(a); np.ones_like(a); np.full_like(a, 2.0); np.greater(a, 0)
a.argmax(); a.argmax(1); a.argsort(0); a.any(); a.all(axis=0); a.nonzero(); a.argmin(axis=1, keepdims=True)
np.less(a, b); np.equal(a, 0.0)
np.lexsort((u, v)); np.iscomplexobj(a)
"""

# As PyTorch's users write it, and the same for NumPy's.
OF_PYTORCH = """
a.clone() == a; a.contiguous() == a; a.flatten(0) == a.ravel(); d.flatten(1) == d.reshape(2, 12)
d.flatten(0, 1) == d.reshape(6, 4); d.flatten(start_dim=1, end_dim=2) == d.reshape(2, 12)
a.unflatten(1, (3, 1)) == a.reshape(2, 3, 1); d.unflatten(dim=-1, sizes=(2, -1)) == d.reshape(2, 3, 2, 2)
a.view(3, 2) == a.reshape(3, 2); a.view(-1) == a.ravel(); a.view((6,)) == a.ravel(); a.view_as(b.T) == a.reshape(3, 2)
a.reshape_as(b.T) == a.reshape(3, 2); u.unsqueeze(0) == u[None]; u.unsqueeze(dim=-1) == u[:, None]
u[None].squeeze(0) == u; u[None].squeeze(dim=0) == u
d.permute(2, 0, 1) == d.transpose(2, 0, 1); d.permute((2, 0, 1)) == d.transpose(2, 0, 1)
tg.permute(d, dims=(2, 0, 1)) == d.transpose(2, 0, 1); a.t() == a.T; u.t() == u
d.movedim(0, -1) == np.moveaxis(d, 0, -1); d.swapdims(0, 1) == d.swapaxes(0, 1)
d.transpose(2, 0, 1).swapaxes(axis1=0, axis2=1) == d.transpose(0, 2, 1)
u.expand(2, 3) == np.broadcast_to(u, (2, 3)); u[:, None].expand(-1, 4) == np.broadcast_to(u[:, None], (3, 4))
u.expand((2, -1)) == np.broadcast_to(u, (2, 3)); u.expand_as(a) == np.broadcast_to(u, (2, 3))
a.sum_to_size(3) == a.sum(0); a.sum_to_size(2, 1) == a.sum(1, keepdims=True)
a.masked_fill(M, 0.0) == np.where(M, 0.0, a); a.masked_fill(mask=M, value=s) == np.where(M, s, a)
a.masked_select(M) == a[M]; a.masked_scatter(M, w) == np.where(M, w[[[0, 0, 1], [0, 0, 2]]], a)
a.where(M, b) == np.where(M, a, b); a.where(M, 0.0) == np.where(M, a, 0)
tg.where(M, input=a, other=b) == np.where(M, a, b)
a.gather(1, J) == np.take_along_axis(a, J, 1); tg.gather(a, dim=1, index=J) == np.take_along_axis(a, J, 1)
a.gather(0, np.array([[1, 0]])) == np.take_along_axis(a[:, :2], np.array([[1, 0]]), 0)
a.take_along_dim(J, 1) == np.take_along_axis(a, J, 1); a.take_along_dim(indices=J, dim=1) == np.take_along_axis(a, J, 1)
a.scatter(1, J, s) == np.where([[1, 0, 1], [0, 1, 0]], s, a)
a.scatter(1, J, b) == np.where([[1, 0, 1], [0, 1, 0]], np.stack([b[0, [0, 0, 1]], b[1, [0, 1, 0]]]), a)
a.scatter(dim=1, index=J, value=0.0) == np.where([[1, 0, 1], [0, 1, 0]], 0, a)
a.scatter_add(1, J, b) == a + np.stack([b[0, :2] @ np.eye(3)[[0, 2]], b[1, :2] @ np.eye(3)[[1, 1]]])
a.index_select(1, I) == a[:, [2, 0]]; tg.index_select(a, dim=0, index=[1]) == a[[1]]
a.index_add(0, np.array([1, 1]), b) == np.stack([a[0], a[1] + b[0] + b[1]])
a.index_add(1, I, b[:, :2], alpha=2) == a + 2 * np.stack([b[:, 1], 0 * u[:2], b[:, 0]], 1)
a.index_fill(1, I, 0.0) == a * [0, 1, 0]; a.index_copy(0, np.array([1]), u[None]) == np.stack([a[0], u])
u.index_put((np.array([0]),), s) == np.append(s, u[1:])
w.topk(2).values == np.sort(w)[::-1][:2]; a.topk(k=1, dim=0)[0] == a.max(0, keepdims=True)
a.topk(2, largest=False).values == np.sort(a)[:, :2]; w.kthvalue(2)[0] == np.sort(w)[1]; a.select(1, 0) == a[:, 0]
a.select(dim=0, index=-1) == a[-1]; a.narrow(1, 1, 2) == a[:, 1:]; w.unfold(0, 3, 2) == np.stack([w[:3], w[2:]])
d.unfold(dimension=1, size=2, step=1) == np.stack([d[:, :2], d[:, 1:]], 1).swapaxes(2, 3)
tg.stack(w.chunk(5)) == w[:, None]; w.chunk(2)[0] == w[:3]; w.chunk(2, dim=0)[1] == w[3:]; w.split(2, dim=0)[2] == w[4:]
w.split([1, 4], dim=0)[1] == w[1:]; tg.split(a, split_size_or_sections=2, dim=1)[0] == a[:, :2]
tg.split(w, 2, dim=0)[1] == w[2:4]; a.unbind()[1] == a[1]; a.unbind(dim=1)[2] == a[:, 2]
u.repeat_interleave(2) == np.repeat(u, 2); a.repeat_interleave(2, dim=1) == np.repeat(a, 2, 1)
u.tile(2) == np.tile(u, 2); u.tile(dims=(2, 1)) == np.tile(u, (2, 1))
a.roll(1, 0) == np.roll(a, 1, 0); a.roll(shifts=1, dims=1) == np.roll(a, 1, 1); a.flip(0) == a[::-1]
a.flip(dims=(0, 1)) == np.flip(a); a.rot90(1, (0, 1)) == np.rot90(a); a.rot90(k=1, dims=(1, 0)) == np.rot90(a, -1)
tg.cat([a, b], dim=1) == np.hstack([a, b]); tg.cat((a, b)) == np.vstack([a, b])
tg.concat(tensors=[u, v], dim=0) == np.hstack([u, v]); tg.stack([u, v], dim=1) == np.column_stack([u, v])
tg.hstack([u, v]) == np.hstack([u, v]); tg.vstack(tensors=[u, v]) == np.vstack([u, v])
a.cumsum(dim=1) == np.cumsum(a, 1); a.cumprod(dim=0) == np.cumprod(a, 0); a.cummax(1)[0] == np.maximum.accumulate(a, 1)
a.cummin(dim=0)[0] == np.minimum.accumulate(a, 0); a.logcumsumexp(dim=1) == np.logaddexp.accumulate(a, 1)
a.diff(dim=0) == np.diff(a, axis=0); a.logsumexp(dim=1, keepdim=True) == np.logaddexp.reduce(a, 1, keepdims=True)
a.var(dim=1, correction=1) == np.var(a, 1, ddof=1); a.var(dim=1, unbiased=False) == np.var(a, 1)
a.std(dim=0, unbiased=True, keepdim=True) == np.std(a, 0, ddof=1, keepdims=True)
a.std(dim=1, correction=0) == np.std(a, 1); a.std(unbiased=False) == np.std(a); tg.var_mean(a)[0] == np.var(a, ddof=1)
tg.var_mean(a, dim=1)[1] == a.mean(1); tg.std_mean(a, dim=1, unbiased=False)[0] == np.std(a, 1)
a.median() == np.median(a); a.quantile(0.5, dim=1) == np.quantile(a, 0.5, axis=1)
tg.quantile(a, q=0.5, dim=0, keepdim=True) == np.quantile(a, 0.5, 0, keepdims=True)
a.amax(dim=1) == a.max(1); a.amin(dim=(0, 1), keepdim=True) == a.min(keepdims=True); a.aminmax()[0] == a.min()
a.nansum(dim=0) == a.sum(0); a.nanmean(dim=1) == a.mean(1); a.prod(dim=1) == np.prod(a, 1); a.sum(dim=(0, 1)) == a.sum()
a.mean(dim=1, keepdim=True) == a.mean(1, keepdims=True); (a + N).nanmean(dim=0) == np.nanmean(a + N, 0)
a.mm(b.T) == a @ b.T; tg.mm(a, mat2=b.T) == a @ b.T; a.mv(u) == a @ u; tg.mv(a, vec=u) == a @ u; d.bmm(e) == d @ e
tg.addmm(c[:2, :2], a, b.T) == c[:2, :2] + a @ b.T
tg.addmm(input=u[:2], mat1=a, mat2=b.T, beta=2, alpha=s) == 2 * u[:2] + s * (a @ b.T)
u[:2].addmv(a, v, alpha=3) == u[:2] + 3 * (a @ v); tg.baddbmm(c[0, :3], d, e) == c[0, :3] + d @ e
tg.addbmm(c[:3, :3], d, e) == c[:3, :3] + (d @ e).sum(0); u.ger(v) == np.outer(u, v)
tg.addr(c[:3, :3], u, v) == c[:3, :3] + np.outer(u, v); tg.chain_matmul(a, b.T, a) == a @ b.T @ a
tg.addcmul(a, b, u, value=2) == a + 2 * b * u; tg.addcdiv(a, b, w[:3]) == a + b / w[:3]
tg.tensordot(a, b, dims=([0, 1], [0, 1])) == (a * b).sum(); tg.tensordot(a, b.T, dims=1) == a @ b.T
u.diag_embed() == np.diag(u); a.diag_embed(offset=1)[0] == np.diag(a[0], 1)
a.diag_embed(dim1=0, dim2=2)[:, 1, :] == np.diag(a[1])
tg.block_diag(a, u) == np.vstack([np.hstack([a, np.zeros((2, 3))]), np.hstack([np.zeros(3), u])])
c.tril(diagonal=-1) == np.tril(c, -1); c.triu(1) == np.triu(c, 1); tg.renorm(a, 2, 0, 9.0) == 1 * a
a.renorm(p=2, dim=1, maxnorm=0.5)[:, 0] == a[:, 0] * (0.5 / np.linalg.norm(a[:, 0]))
c.diag(diagonal=1) == np.diag(c, 1)
tg.cartesian_prod(u, v)[:, 0] == np.repeat(u, 3); tg.combinations(u)[:, 1] == u[[1, 2, 2]]
tg.cdist(a, b) == np.sqrt(((a[:, None] - b) ** 2).sum(-1)); a.cross(b, dim=1) == np.cross(a, b)
tg.cov(a, correction=0) == np.cov(a, ddof=0); tg.broadcast_tensors(u, a)[0] == np.broadcast_to(u, (2, 3))
a.vdot(b) == (a * b).sum()
"""

# What is refused, and what the error says.
REFUSED = {
    "a.max(dim=1)": "amax",
    "a.min(dim=0, keepdim=True)": "amin",
    "a.median(dim=1)": "np.median",
    "a.sort(dim=1)": "np.argsort",
    "a.sort(descending=True)": "np.flip",
    "a.var(dim=1)": "correction=1",
    "a.std(dim=1, keepdim=True)": "correction=1",
    "w.split(2)": "dim=0",
    "w.split([2, 2], dim=0)": "size",
    "np.quantile(a, 0.5, method='nearest')": "np.sort",
    "np.quantile(a, s)": "derivative",
    "np.quantile(a, 2.0)": "percentile",
    "np.unique(a, axis=0)": "t.data",
    "np.put_along_axis(a, J, 0.0, 1)": "derivative",
    "np.fill_diagonal(c, 0.0)": "derivative",
    "np.copyto(np.zeros((2, 3)), a)": "derivative",
    "np.add.at(a, 0, 1.0)": "derivative",
    "a.max(1, keepdim=True)": "amax",
    "a.std(1, keepdim=True)": "correction=1",
    "a.flip(0, 1)": "x.flip((0, 1))",
    "u.tile(2, 1)": "x.tile((2, 1))",
    "np.histogram(a, weights=b)": "derivative",
    "a.scatter(1, J, b[:1])": "too few",
    "np.resize(a, -1)": "below 0",
    "np.interp(0.5, r[::-1], w)": "rise",
    "np.trim_zeros(a)": "a vector",
    "tg.where(M, a)": "where(condition, x, y)",
    "a.repeat(2, 3, 1)": "tile",
    "a.transpose(0, 1)": "x.T",
    "np.median(a, axis=5)": "median was called with",
    "np.insert(u, 9, 1.0)": "insert was called with",
    "np.subtract.reduce(a)": "derivative",
    "np.add.reduceat(u, [0, 1])": "derivative",
    "np.interp(a, r, w, period=3.0)": "period",
    "np.ravel(a, order='F')": "x.T.ravel()",
    "a.flatten('F')": "x.T.ravel()",
    "np.reshape(a, 6, order='F')": "[::-1]",
    "np.cross(u[:2], v[:2])": "a[0] * b[1]",
    "np.average(u, weights=W * 0)": "add up to",
    "np.average(a, weights=w)": "weights",
    "np.hsplit(w, 2)": "equal parts",
    "np.vsplit(u, 3)": "axes",
    "np.hstack([a, u])": "concatenate",
    "np.cumulative_sum(a)": "axis=0",
    "np.gradient(u[:1])": "at least",
    "np.gradient(c, 1.0, 2.0, 3.0)": "distance",
    "np.take_along_axis(a, I, 1)": "argsort",
    "np.take_along_axis(a, b, 1)": "whole numbers",
    "np.select([M], [a, b])": "conditions",
    "tg.hstack([u, v], foo=1)": "foo",
    "np.median(a, out=np.zeros(()))": "out",
    "a.gather(1, u)": "whole numbers",
    "a.topk(7)": "length",
    "a.narrow(1, 2, 5)": "start",
    "a.expand(3, 3, 4)": "a",
    "a.expand(-1, 2, 3)": "-1",
    "a.bmm(b)": "@",
    "u.mm(v)": "@",
    "d.t()": "x.mT",
    "a.transpose(dim0=0, dim1=1)": "swapaxes",
    "a.scatter(1, J, b, reduce='add')": "scatter_add",
    "u.repeat(sizes=(2, 2))": "tile",
    "a.diff(foo=1)": "foo",
    "tg.split(w, 0)": "Give",
    "np.piecewise(u, [u > 0], [1.0, 2.0, 3.0])": "one function for each",
    "np.block([[a], []])": "at least one",
    "np.rot90(a, axes=(0, 0))": "two axes",
    "np.vstack([u, w])": "concatenate",
}


def programs(text: str) -> list[str]:
    return [p.strip() for line in text.strip().splitlines() for p in re.split(r";\s", line)]


def names_in(program: str) -> list[str]:
    return [n for n in OPERANDS if re.search(rf"(?<![\w.]){n}(?![\w=]|\()", program)]


def parts(result: Any) -> list[Any]:
    """The arrays in a result, which may be a tuple or a list."""
    return list(itertools.chain(*map(parts, result))) if isinstance(result, (tuple, list)) else [result]


def run(program: str, **operands: Any) -> list[Any]:
    return parts(eval(program, {**PLAIN, **OPERANDS, **operands}))


def check_derivatives(program: str) -> None:
    """The first and second derivatives along a random direction, against differences."""
    names = names_in(program)
    weights = [np.random.default_rng(i).uniform(0.5, 1.5, np.shape(z)) for i, z in enumerate(run(program))]

    def loss(*given: Any) -> Any:
        found = run(program, **dict(zip(names, given)))
        return sum((z * k).sum() for z, k in zip(found, weights))

    def slopes(*given: Any) -> Any:
        return list(tg.grad(loss, argnums=tuple(range(len(names))))(*given))

    rng = np.random.default_rng(3)
    here = [OPERANDS[n] for n in names]
    moves = [rng.normal(size=np.shape(x)) for x in here]

    def at(h: float) -> list[Any]:
        return [x + h * m for x, m in zip(here, moves)]

    ours = sum((g * m).sum() for g, m in zip(slopes(*here), moves))
    h = 1e-5
    assert ours == pytest.approx((loss(*at(h)) - loss(*at(-h))) / (2 * h), rel=1e-6, abs=1e-7), "first"

    def slope(*given: Any) -> Any:
        tensors = [Tensor(x) for x in given]
        found = tg.gradients(loss(*tensors), tensors, differentiable=True)
        return sum((g * m).sum() for g, m in zip(found, moves)), tensors

    along, tensors = slope(*here)
    second = tg.gradients(along, tensors) if getattr(along, "requires_grad", False) else [0.0 * m for m in moves]
    curved = sum((g * m).sum() for g, m in zip(second, moves))
    differences = (float(slope(*at(h))[0].data) - float(slope(*at(-h))[0].data)) / (2 * h)
    assert curved == pytest.approx(differences, rel=1e-5, abs=1e-5), "second"


@pytest.mark.parametrize("program", programs(SAME))
def test_a_function_of_numpys_gives_its_values_and_has_derivatives(program: str) -> None:
    names = names_in(program)
    expected = run(program)
    found = run(program, **{n: Tensor(OPERANDS[n], n) for n in names})
    assert len(found) == len(expected)
    for z, known in zip(found, expected):
        assert isinstance(z, Tensor) or np.array_equal(z, known)
        np.testing.assert_allclose(np.asarray(getattr(z, "data", z)), known, rtol=1e-12, atol=1e-14)
    assert any(isinstance(z, Tensor) and z.requires_grad for z in found)
    check_derivatives(program)


@pytest.mark.parametrize("program", programs(SAME))
def test_a_function_of_numpys_keeps_float32(program: str) -> None:
    single = {n: OPERANDS[n].astype(np.float32) for n in names_in(program)}
    expected = run(program, **single)
    tensors = {n: Tensor(x) for n, x in single.items()}
    for z, known in zip(run(program, **tensors), expected):
        if isinstance(z, Tensor):
            assert z.dtype in (known.dtype, np.float32)  # in some functions NumPy has no float32
            np.testing.assert_allclose(z.data, known, rtol=2e-4, atol=2e-5)
            if z.requires_grad:
                for g in tg.gradients(z, list(tensors.values()), np.ones(z.shape)):
                    assert g.dtype == np.float32


@pytest.mark.parametrize("program", programs(SAME))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_function_of_numpys_takes_whole_numbers(program: str) -> None:
    whole = {n: np.round(3 * OPERANDS[n]).astype(int) for n in names_in(program)} | {"r": np.arange(5) * 2}
    try:
        expected = run(program, **whole)
    except (ZeroDivisionError, ValueError, TypeError):  # so does NumPy not
        return
    for z, known in zip(run(program, **{n: tg.constant(x) for n, x in whole.items()}), expected):
        np.testing.assert_allclose(np.asarray(getattr(z, "data", z)), known, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("program", programs(WITHOUT_DERIVATIVE))
def test_a_function_without_a_derivative_gives_plain_values(program: str) -> None:
    expected = run(program)
    found = run(program, **{n: Tensor(OPERANDS[n], n) for n in names_in(program)})
    assert len(found) == len(expected)
    for z, known in zip(found, expected):
        assert not getattr(z, "requires_grad", False)
        np.testing.assert_array_equal(np.asarray(z), known)


@pytest.mark.parametrize("program", programs(OF_PYTORCH))
def test_a_function_of_pytorchs_is_the_same_as_numpys(program: str) -> None:
    theirs, numpys = program.split(" == ")
    tensors = {n: Tensor(OPERANDS[n], n) for n in names_in(program)}
    (z,), (expected,) = run(theirs, **tensors), run(numpys)
    assert isinstance(z, Tensor) and z.requires_grad and z.shape == np.shape(expected)
    np.testing.assert_allclose(z.data, expected, rtol=1e-12, atol=1e-14)
    weights = np.random.default_rng(0).uniform(0.5, 1.5, z.shape)
    known = run(numpys, **tensors)[0]
    for g, k in zip(
        tg.gradients(z, list(tensors.values()), weights), tg.gradients(known, list(tensors.values()), weights)
    ):
        np.testing.assert_allclose(g, k, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("program", REFUSED)
def test_what_is_refused_says_what_to_write(program: str) -> None:
    with pytest.raises((TypeError, ValueError, IndexError, ZeroDivisionError)) as caught:
        run(program, **{n: Tensor(OPERANDS[n], n) for n in names_in(program)})
    notes = getattr(caught.value, "__notes__", [])
    assert len(notes) >= 2, caught.value
    assert REFUSED[program] in "\n".join([str(caught.value), *notes])


# All functions of NumPy, with some arguments.

GIVES_NUMBERS_WITHOUT_DERIVATIVE = {"heaviside", "histogram", "imag", "lstsq", "slogdet"}
OF_FILES = {"save", "savetxt", "savez", "savez_compressed"}
FUNCTIONS = {
    f"{module.__name__}.{name}": f
    for module in (np, np.linalg, np.fft)
    for name, f in vars(module).items()
    # Those that ask their arguments to compute.  The others, as np.asarray, make them arrays.
    if (isinstance(f, np.ufunc) or hasattr(f, "_implementation")) and name not in OF_FILES
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.filterwarnings("ignore")
def test_no_function_of_numpys_loses_a_gradient_without_a_word(name: str) -> None:
    f = FUNCTIONS[name]
    x = np.array([[2.0, 0.5, 0.1], [0.5, 3.0, 0.2], [0.1, 0.2, 1.5]])
    for args in [(x,), (x[0],), (x[0, 0],), (x, x), (x[0], x[0]), (x, 1), (x, x[0]), ([x, x],), (x, x, x)]:
        try:
            expected = parts(f(*args))
        except Exception:
            continue  # it takes other arguments
        tensors = [[*map(Tensor, a)] if isinstance(a, list) else a if isinstance(a, int) else Tensor(a) for a in args]
        try:
            found = parts(f(*tensors))
        except Exception as error:
            assert len(getattr(error, "__notes__", [])) >= 2, (args, error)
            continue
        assert len(found) == len(expected)
        for z, known in zip(found, expected):
            if isinstance(z, Tensor):
                np.testing.assert_allclose(z.data, known, rtol=1e-10, atol=1e-14)
            elif isinstance(z, (np.ndarray, np.generic, float)) and np.asarray(z).dtype.kind in "fc":
                assert name.rpartition(".")[2] in GIVES_NUMBERS_WITHOUT_DERIVATIVE or name.endswith("_like"), args


def test_it_is_recorded_for_the_line_that_calls_it() -> None:
    t = Tensor([1.0, 2.0])
    stacked = np.vstack([t, t])  # this line
    filled = t.masked_fill([True, False], 0.0)  # and this
    lines = [locations.of_node(z.node).text for z in (stacked, filled)]
    assert "# this line" in lines[0] and "# and this" in lines[1]


def test_methods_of_files_that_are_read_later_are_all_listed() -> None:
    program = """
from tinygrad_edu.graph import Value
from tinygrad_edu.ops import composed
import tinygrad_edu
before = set(vars(Value))
composed.read_all()
made = set(vars(Value)) - before
listed = set(composed.METHODS.split())
print(*sorted(made ^ listed))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not done.stdout.split(), "METHODS of ops/composed/__init__.py should name these, or not"
    assert not [name for name in dir(tg) if name.endswith("_method")]


def test_an_operation_of_a_user_may_have_the_name_of_such_a_function() -> None:
    ours = composed.find("mv")
    with own_operations():

        @tg.op("$x $y", x=lambda g, y: np.outer(g, y), y=lambda g, x: g @ x)
        def mv(x: Any, y: Any) -> Any:
            return x @ y

        assert tg.mv is mv and vars(Value)["mv"].op is mv.op
        ours.register(True)  # as if its file were read now
        assert tg.mv is mv
    assert tg.mv is not mv and tg.mv([[1.0, 2.0]], [3.0, 4.0]).tolist() == [11.0]
    assert Tensor([[1.0, 2.0]]).mv([3.0, 4.0]).tolist() == [11.0]
    with pytest.raises(ValueError, match="tanh"):

        @tg.op("$x")
        def tanh(x: Any) -> Any:
            return x


def test_plain_arrays_give_plain_arrays() -> None:
    u = OPERANDS["u"]
    for z in (tg.hstack([u, u]), tg.median(u), tg.diff(u), tg.masked_fill(u, u > 0, 0.0), *tg.topk(u, 2), tg.copy(u)):
        assert not isinstance(z, Tensor)


# Special points.

# Functions with bends, or with a value of their own at some points.  A Tensor that is 1 is a factor like another.
SPECIAL = """
np.quantile(a, 0.3, axis=1); np.percentile(u, [20, 80]); np.ptp(a, 1); np.nanmax(a + N, 1); np.nanmin(a, 0)
np.nanstd(np.concatenate([a, b + N]), 0); np.nanvar(a + N); np.nanprod(a, 1); np.nancumprod(a, 1); np.average(a, 1, W)
np.maximum.accumulate(a, 1); np.minimum.accumulate(u); np.logaddexp.accumulate(u); np.multiply.reduce(a)
np.maximum.outer(u, v); np.vander(u); np.polyval(u, v); np.interp(X, np.arange(3.0), u); np.cov(a); np.cross(u, v)
np.cumulative_prod(u); np.gradient(w, edge_order=2); tg.cdist(a, b); tg.std_mean(a, dim=1)[0]; tg.topk(a, 2).values
tg.addmm(u[:2], a, b.T, alpha=s, beta=s); tg.renorm(a, 2, 0, 1.5); np.interp(u, [-1.0, 0.0, 0.5, 1.0], v[[0, 1, 2, 0]])
"""


@pytest.mark.parametrize("program", programs(SPECIAL))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_derivative_is_a_number_that_differences_deny(program: str) -> None:
    for name in names_in(program):
        for x in special(np.asarray(OPERANDS[name])):
            weights = [np.random.default_rng(i).uniform(0.5, 1.5, np.shape(z)) for i, z in enumerate(run(program))]

            def loss(x: Any) -> Any:
                return sum((z * k).sum() for z, k in zip(run(program, **{name: x}), weights))  # noqa: B023

            check(loss, x, f"{program}, {name} = {x.tolist()}")


def test_a_median_at_a_tie_has_no_second_derivative() -> None:
    t = [1.0, 1.0, 1.0]
    assert tg.grad(np.median)(t).sum() == 1.0
    assert np.isnan(tg.hessian(lambda x: np.median(x) ** 2)(t)).any()


def test_nan_goes_through_a_median_and_a_quantile() -> None:
    t = Tensor([[1.0, np.nan, 2.0], [1.0, 3.0, 2.0]])
    for f in (np.median, lambda x, axis: np.quantile(x, 0.3, axis=axis)):
        np.testing.assert_array_equal(np.isnan(f(t, axis=1).data), [True, False])


def test_what_has_no_numbers_is_nan_in_the_functions_that_leave_nan_out() -> None:
    t = Tensor([[np.nan, np.nan], [np.nan, 3.0]])
    for f in (np.nanmean, np.nanmax, np.nanmin, np.nanmedian, np.nanvar, np.nanstd):
        z = f(t, axis=1)
        np.testing.assert_array_equal(np.isnan(z.data), [True, False])
        (g,) = tg.gradients(z[1], [t])
        assert np.isfinite(g).all() and g[1, 1] == (0.0 if f in (np.nanvar, np.nanstd) else 1.0)
    assert np.nansum(t, 1).tolist() == [0.0, 3.0]


def test_a_line_from_point_to_point_bends_at_the_points() -> None:
    xp, fp = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 3.0])
    f = lambda x: np.interp(x, xp, fp)  # noqa: E731
    assert [float(tg.grad(f)(x)) for x in (-1.0, 0.0, 0.5, 1.0, 2.0, 4.0)] == [0.0, 2.0, 2.0, 0.5, 0.5, 0.0]
    assert np.isnan(tg.grad(tg.grad(lambda x: f(x) ** 2))(1.0))
    assert float(tg.grad(tg.grad(lambda x: f(x) ** 2))(2.0)) == 0.5


def test_of_values_that_are_put_in_one_place_the_last_counts() -> None:
    x, src = Tensor([0.0, 0.0, 0.0]), Tensor([1.0, 2.0, 3.0])
    z = x.scatter(0, [1, 1, 0], src)
    assert z.tolist() == [3.0, 2.0, 0.0]
    dx, dsrc = tg.gradients(z, [x, src], [1.0, 10.0, 100.0])
    assert dx.tolist() == [0.0, 0.0, 100.0] and dsrc.tolist() == [0.0, 10.0, 1.0]


def test_the_largest_so_far_is_shared_at_ties_like_a_maximum() -> None:
    (g,) = tg.vjp(lambda x: np.maximum.accumulate(x), np.array([1.0, 1.0, 0.0]))[1](np.array([0.0, 0.0, 1.0]))
    assert g.tolist() == [0.5, 0.5, 0.0]
    values, indices = Tensor([1.0, 3.0, 2.0]).cummax(0)
    assert values.tolist() == [1.0, 3.0, 3.0] and indices.tolist() == [0, 1, 1]


def test_the_indices_of_the_largest_are_those_of_the_values() -> None:
    x = np.array([2.0, 5.0, 5.0, 1.0])
    values, indices = Tensor(x).topk(3)
    assert values.tolist() == x[indices].tolist() == [5.0, 5.0, 2.0]
    t = Tensor(x)
    (g,) = tg.gradients(t.topk(3).values, [t], [1.0, 2.0, 3.0])
    assert g[indices].tolist() == [1.0, 2.0, 3.0]
    assert Tensor(x).argsort(descending=True).tolist() == [1, 2, 0, 3]


def test_linalg_has_no_function_that_means_something_else_to_pytorch() -> None:
    assert tg.linalg.norm is not None and tg.linalg.expm is not None and tg.linalg.outer is not None
    with pytest.raises(AttributeError, match=r"there is no function linalg\.vander"):
        _ = tg.linalg.vander
