"""What to write for a name that other libraries have and this one has not: one table, by meaning.

A name that is only spelled otherwise here is no case for this table: the statement of the operation has it among its
aliases (engine/spelling.py).
"""

from __future__ import annotations

_GPU = "Arrays of NumPy are in memory, and computed there: leave it out."
_COMPLEX = "Numbers here are real.  For a symmetric matrix there are eigh and eigvalsh."
_SLOPE = "It has no slope: use the plain values, t.data."
_WRITES = "Write where(mask, values, t), which makes a new tensor and leaves t as it is."

# Attributes and methods of PyTorch's tensors and NumPy's arrays.
ATTRIBUTES = {
    "cuda": _GPU,
    "device": _GPU,
    "is_cuda": _GPU,
    "grad_fn": "Write t.is_leaf; draw(loss) and walk(loss) show which operation made each value.",
    "backward_hooks": "Write t.register_hook(f).",
    "index_put_": _WRITES,
    "scatter_": "Write t.scatter(dim, index, values), which makes a new tensor.",
    "scatter_add_": "Write t.scatter_add(dim, index, values), which makes a new tensor.",
    "masked_fill_": "Write t.masked_fill(mask, value), which makes a new tensor.",
    "fill": "Write t.data.fill(value) for a leaf; np.full(t.shape, value) for a new array.",
    "partition": "Write t.sort().",
    "resize": "Write t.reshape(shape).",
    "histc": "Write np.histogram(t.data, bins).",
    "nelement": "Write t.size.",
    "ndimension": "Write t.ndim.",
    "itemset": "Write t.data[index] = value for a leaf.",
    "tobytes": "Write t.numpy().tobytes().",
    "share_memory_": "Leave it out: a process has its own arrays.",
    "sparse": "Use embedding, whose gradient is kept as rows.",
    "is_sparse": "Use embedding, whose gradient is kept as rows.",
    "names": "Write t.name: one name for the whole tensor.",
}

# Functions of NumPy, PyTorch, JAX and autograd.
FUNCTIONS = {
    "eig": _COMPLEX,
    "eigvals": _COMPLEX,
    "roots": _COMPLEX,
    "angle": _COMPLEX,
    "fft": "Multiply by a matrix of cosines and one of sines: that is the same, and real.",
    "logspace": "Write base ** (start + (stop - start) * np.linspace(0, 1, n)).",
    "geomspace": "Write start * (stop / start) ** np.linspace(0, 1, n).",
    "fill_diagonal": "Write where(np.eye(n, dtype=bool), values, t).",
    "copyto": _WRITES,
    "place": _WRITES,
    "putmask": _WRITES,
    "put_along_axis": _WRITES,
    "apply_over_axes": "Call the function with axis=(0, 1).",
    "vectorize": "Call the function on the whole array: operations take arrays.",
    "frompyfunc": "Declare an operation of your own, with @elementwise.",
    "modf": "Write t - np.trunc(t) and np.trunc(t).",
    "frexp": _SLOPE,
    "ldexp": "Write t * 2.0 ** n.",
    "nextafter": _SLOPE,
    "spacing": _SLOPE,
    "save": "Write np.save(file, t.data), np.savez(file, W=W.data), or net.save(file) for a module.",
    "savez": "Write np.savez(file, W=W.data), or net.save(file) for a module.",
    "savetxt": "Write np.savetxt(file, t.data).",
    "load": "Write np.load(file), or net.load(file) for a module.",
    "empty": "Write np.empty(shape).",
    "inference_mode": "Write with no_grad():.",
    "enable_grad": "Leave it out: outside of no_grad() everything is recorded.",
    "set_grad_enabled": "Write with no_grad(): where nothing is to be recorded.",
    "autograd": "Write grad, vjp, jacobian, hessian ... of tinygrad_edu itself.",
    "jit": "Leave it out: nothing is compiled.",
    "compile": "Leave it out: nothing is compiled.",
    "pmap": "Write vmap(f).",
    "device": _GPU,
    "cuda": _GPU,
    "float32": "Write np.float32.",
    "float64": "Write np.float64.",
    "long": "Write np.int64.",
    "Value": "Write Tensor(2.0, name='x') for a number that is differentiated.",
    "Variable": "Write Tensor(data, name).",
    "numpy": "Write import numpy as np: NumPy's functions take Tensors.",
    "random": "Write rng = np.random.default_rng(seed).",
}
