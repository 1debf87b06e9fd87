"""Every error, word for word as a student reads it: what is wrong, the student's own line, and what to try.

A case is a program, a line of dashes, and what its last line is answered with: the error and its notes.  An ellipsis …
stands for words of NumPy's or Python's, which other versions may change; a line that is indented by four or five goes
on with the line before it.
"""

import linecache
import math
import os
import pickle
import re
import textwrap
import traceback

import numpy as np
import pytest

import tinygrad_edu
from tinygrad_edu import OPS, Tensor, gradients, nn, optim
from tinygrad_edu.format import locations

FILE = os.path.join("homework", "lesson.py")
NAMES = {name: value for name, value in vars(tinygrad_edu).items() if not name.startswith("_")}
NAMES |= {"np": np, "math": math, "pickle": pickle, "nn": nn, "optim": optim, "__name__": "lesson"}


@pytest.fixture(autouse=True)
def declared():
    """The operations that a test declares are gone after it."""
    before = dict(OPS)
    yield
    OPS.clear()
    OPS.update(before)


def error_of(program, file=FILE):
    """The error that ends a program."""
    program = textwrap.dedent(program).strip() + "\n"
    linecache.cache[file] = len(program), None, program.splitlines(keepends=True), file
    try:
        exec(compile(program, file, "exec"), dict(NAMES))
    except Exception as error:
        return error
    pytest.fail("the program ended without an error")


def told(error):
    """What is read below the traceback."""
    return "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])


def parts(case):
    """The program, and what it is answered with."""
    program, words = re.split(r"\n-+\n", textwrap.dedent(case).strip())
    return program, re.sub(r"\n   (?= {1,2}\S)", "", words)


def like(seen, expected):
    """What was seen, with each line that fits the expected one written as that is."""
    seen = seen.split("\n")
    for i, (line, pattern) in enumerate(zip(seen, expected.split("\n"))):
        if re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), line):
            seen[i] = pattern
    return "\n".join(seen)


def frames(error):
    """The files and lines of a traceback, below the test's own."""
    return [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)][1:]


def is_ours(file):
    return file.startswith(locations.PACKAGE + os.sep)


EDITS = {
    "an element of a leaf's data": """
        W = Tensor([1.0, 2.0])
        W.data[0] = 1
        -------------
        ValueError: W of shape (2,) is recorded: its data is read-only
        lesson.py, line 2:  W.data[0] = 1
                            ^^^^^^^^^
        Assign a new array, W.data = W.data - step, or edit a copy, W.data.copy().
    """,
    "all of a leaf's data": """
        t = Tensor([1.0, 2.0], name="W")
        t.data += 1
        -----------
        ValueError: W of shape (2,) is recorded: its data is read-only
        lesson.py, line 2:  t.data += 1
                            ^^^^^^^^^^^
        Assign a new array, W.data = W.data - step, or edit a copy, W.data.copy().
    """,
    "an element of a leaf": """
        W = Tensor([1.0, 2.0])
        W[0] = 1
        --------
        ValueError: W of shape (2,) is recorded: its data is read-only
        lesson.py, line 2:  W[0] = 1
                            ^^^^
        Assign a new array, W.data = W.data - step, or edit a copy, W.data.copy().
    """,
    "an element of a result": """
        x = Tensor([1.0, 2.0])
        y = x * 2
        y[0] = 1
        --------
        ValueError: y of shape (2,) is recorded: its data is read-only
        lesson.py, line 3:  y[0] = 1
                            ^^^^
        Compute a new tensor instead, or edit a copy, y.numpy().
    """,
    "an element of a row of data": """
        W = Tensor([[1.0, 2.0], [3.0, 4.0]])
        row = W.data[1]
        row[0] = 1
        ----------
        ValueError: W of shape (2, 2) is recorded: its data is read-only
        lesson.py, line 3:  row[0] = 1
                            ^^^^^^
        Assign a new array, W.data = W.data - step, or edit a copy, W.data.copy().
    """,
    "data by one of its methods": """
        W = Tensor([2.0, 1.0])
        W.data.sort()
        -------------
        ValueError: W of shape (2,) is recorded: its data is read-only
        lesson.py, line 2:  W.data.sort()
                            ^^^^^^^^^^^^^
        Assign a new array, W.data = W.data - step, or edit a copy, W.data.copy().
    """,
    "a gradient": """
        W = Tensor([1.0, 2.0])
        (W * W).sum().backward()
        W.grad *= 0.5
        -------------
        ValueError: W of shape (2,) is recorded: its grad is read-only
        lesson.py, line 3:  W.grad *= 0.5
                            ^^^^^^^^^^^^^
        Assign a new array to W.grad, or forget it with W.zero_grad(); or edit a copy, W.grad.copy().
    """,
    "data, by NumPy": """
        W = Tensor([1.0, 2.0])
        np.add(W.data, 1, out=W.data)
        -----------------------------
        ValueError: …read-only…
    """,
    "a leaf, with an operator": """
        W = Tensor([1.0, 2.0])
        step = np.array([0.1, 0.1])
        W -= step
        ---------
        TypeError: updating W of shape (2,) with an operator would make it a result, no longer a leaf
        lesson.py, line 3:  W -= step
                            ^^^^^^^^^
        Write W.data = W.data - step to change its values, or W = W - step to compute with it.
    """,
}

SHAPES = {
    "a matrix product that a transpose would mend": """
        W, x = Tensor(np.ones((3, 4))), Tensor(np.ones(3))
        y = 2 * (W @ x)
        ---------------
        ValueError: …(3,4)…(3,)…
        lesson.py, line 2:  y = 2 * (W @ x)
                                     ^^^^^
        matmul was called with x = W of shape (3, 4) and y = x of shape (3,).
        matmul needs as many columns in x as rows in y.
        It would fit with W transposed: W.mT has shape (4, 3).
    """,
    "a matrix product that nothing would mend": """
        W = Tensor(np.ones((3, 4)), name="W")
        y = W @ np.ones((5, 7))
        -----------------------
        ValueError: …(3,4)…(5,7)…
        lesson.py, line 2:  y = W @ np.ones((5, 7))
                                ^^^^^^^^^^^^^^^^^^^
        matmul was called with x = W of shape (3, 4) and y = an array of shape (5, 7).
        matmul needs as many columns in x as rows in y.
    """,
    "a matrix product with a number": """
        W = Tensor(np.ones((3, 4)))
        y = W @ 2
        ---------
        ValueError: …
        lesson.py, line 2:  y = W @ 2
                                ^^^^^
        matmul was called with x = W of shape (3, 4) and y = 2.
        matmul needs at least one axis in each operand; a number is multiplied with *.
    """,
    "a sum that a transpose would mend": """
        a = Tensor(np.ones((2, 3)))
        b = Tensor(np.ones((3, 2)))
        c = a + b
        ---------
        ValueError: operands could not be broadcast together with shapes (2,3) (3,2)…
        lesson.py, line 3:  c = a + b
                                ^^^^^
        add was called with x = a of shape (2, 3) and y = b of shape (3, 2).
        It would fit with a transposed: a.mT has shape (3, 2).
    """,
    "a sum that nothing would mend": """
        a = Tensor(np.ones((2, 3)))
        c = np.ones(4) + a.T
        --------------------
        ValueError: operands could not be broadcast together with shapes (4,) (3,2)…
        lesson.py, line 2:  c = np.ones(4) + a.T
                                ^^^^^^^^^^^^^^^^
        add was called with x = an array of shape (4,) and y = the result of transpose of shape (3, 2).
    """,
    "an expression over two lines": """
        a = Tensor(np.ones((2, 3)))
        c = (a
             + np.ones(4))
        ------------------
        ValueError: operands could not be broadcast together with shapes (2,3) (4,)…
        lesson.py, line 2:  c = (a
        add was called with x = a of shape (2, 3) and y = an array of shape (4,).
    """,
    "a layer whose weights are the wrong way round": """
        x = Tensor(np.ones((5, 3)))
        W = Tensor(np.ones((3, 4)))
        v = linear(x, W)
        ----------------
        ValueError: …(5,3)…(4,3)…
        lesson.py, line 3:  v = linear(x, W)
                                ^^^^^^^^^^^^
        linear was called with x = x of shape (5, 3) and W = W of shape (3, 4).
        linear needs as many columns in W as numbers in each example of x.
        It would fit with W transposed: W.mT has shape (4, 3).
    """,
    "a layer whose bias has another length": """
        x, W, b = Tensor(np.ones((5, 3))), Tensor(np.ones((4, 3))), Tensor(np.ones(3))
        v = linear(x, W, b)
        -------------------
        ValueError: operands could not be broadcast together with shapes (5,4) (3,)…
        lesson.py, line 2:  v = linear(x, W, b)
                                ^^^^^^^^^^^^^^^
        linear was called with x = x of shape (5, 3), W = W of shape (4, 3) and b = b of shape (3,).
        linear needs one number in b for each row of W.
    """,
    "a network whose input is too long": """
        net = nn.MLP((3, 4, 2))
        v = net(np.ones((5, 6)))
        ------------------------
        ValueError: …(5,6)…(3,4)…
        lesson.py, line 2:  v = net(np.ones((5, 6)))
                                ^^^^^^^^^^^^^^^^^^^^
        linear was called with x = an array of shape (5, 6), W = W(1) of shape (4, 3) and b = b(1) of shape (4,).
        linear needs as many columns in W as numbers in each example of x.
    """,
    "a window larger than its image": """
        x, w = Tensor(np.ones((1, 3, 1, 1))), Tensor(np.ones((1, 3, 2, 2)))
        y = conv2d(x, w)
        ----------------
        ValueError: …
        lesson.py, line 2:  y = conv2d(x, w)
                                ^^^^^^^^^^^^
        conv2d was called with x = x of shape (1, 3, 1, 1), w = w of shape (1, 3, 2, 2), stride = 1 and padding = 0.
        conv2d needs a window that is not larger than x with its padding.
    """,
    "arrays that cannot be joined": """
        a, b = Tensor(np.ones((2, 3))), np.ones((2, 2))
        c = concatenate([a, b])
        -----------------------
        ValueError: …
        lesson.py, line 2:  c = concatenate([a, b])
                                ^^^^^^^^^^^^^^^^^^^
        concatenate was called with arrays[0] = a of shape (2, 3) and arrays[1] = an array of shape (2, 2).
        concatenate needs arrays that agree in every axis but the one they are joined along.
    """,
    "an axis that there is not": """
        x = Tensor(np.ones((2, 3)))
        y = x.sum(axis=2)
        -----------------
        AxisError: axis 2 is out of bounds for array of dimension 2
        lesson.py, line 2:  y = x.sum(axis=2)
                                ^^^^^^^^^^^^^
        sum was called with x = x of shape (2, 3), axis = 2 and keepdims = False.
    """,
}

LOSSES = {
    "mse of a column and a vector": """
        prediction, y = Tensor(np.full((3, 1), 0.5)), np.ones(3)
        loss = mse(prediction, y)
        -------------------------
        ValueError: shapes (3, 1) and (3,) of prediction and target differ
        lesson.py, line 2:  loss = mse(prediction, y)
                                   ^^^^^^^^^^^^^^^^^^
        mse was called with prediction = prediction of shape (3, 1) and target = an array of shape (3,).
        mse needs prediction and target of the same shape: (n, 1) against (n,) would silently become (n, n).
        It would fit with prediction flattened: prediction.ravel() has shape (3,).
    """,
    "hinge of a column and a vector": """
        score, y = Tensor(np.full((3, 1), 0.5)), np.ones(3)
        loss = hinge(score, y)
        ----------------------
        ValueError: shapes (3, 1) and (3,) of prediction and target differ
        lesson.py, line 2:  loss = hinge(score, y)
                                   ^^^^^^^^^^^^^^^
        hinge was called with prediction = score of shape (3, 1) and target = an array of shape (3,).
        hinge needs prediction and target of the same shape: (n, 1) against (n,) would silently become (n, n).
        It would fit with score flattened: score.ravel() has shape (3,).
    """,
    "binary_cross_entropy of a column and a vector": """
        p, y = Tensor(np.full((3, 1), 0.5)), Tensor(np.ones(3))
        loss = binary_cross_entropy(p, y)
        ---------------------------------
        ValueError: shapes (3, 1) and (3,) of prediction and target differ
        lesson.py, line 2:  loss = binary_cross_entropy(p, y)
                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^
        binary_cross_entropy was called with prediction = p of shape (3, 1) and target = y of shape (3,).
        binary_cross_entropy needs prediction and target of the same shape:
            (n, 1) against (n,) would silently become (n, n).
        It would fit with p flattened: p.ravel() has shape (3,).
    """,
    "binary_cross_entropy_with_logits of a vector and a column": """
        x, y = Tensor(np.full(3, 0.5)), Tensor(np.ones((3, 1)))
        loss = binary_cross_entropy_with_logits(x, y)
        ---------------------------------------------
        ValueError: shapes (3,) and (3, 1) of prediction and target differ
        lesson.py, line 2:  loss = binary_cross_entropy_with_logits(x, y)
                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        binary_cross_entropy_with_logits was called with logits = x of shape (3,) and target = y of shape (3, 1).
        binary_cross_entropy_with_logits needs prediction and target of the same shape:
            (n, 1) against (n,) would silently become (n, n).
        It would fit with y flattened: y.ravel() has shape (3,).
    """,
    "cross_entropy of labels and one column too many": """
        logits, y = Tensor(np.zeros((3, 2))), np.array([[0], [1], [1]])
        loss = cross_entropy(logits, y)
        -------------------------------
        ValueError: a target of shape (3, 1) for logits of shape (3, 2)
        lesson.py, line 2:  loss = cross_entropy(logits, y)
                                   ^^^^^^^^^^^^^^^^^^^^^^^^
        cross_entropy was called with logits = logits of shape (3, 2), target = an array of shape (3, 1) and dtype
            int64 and axis = -1.
        cross_entropy needs labels that are whole numbers from 0 to one less than the classes, of the shape of the
            logits without the axis of classes; or probabilities, floating, of the shape of the logits.
        It would fit with target flattened: target.ravel() has shape (3,).
    """,
    "cross_entropy of a label that is no class": """
        logits = Tensor(np.zeros((2, 3)))
        loss = cross_entropy(logits, np.array([0, 3]))
        ----------------------------------------------
        ValueError: labels outside 0 to 2
        lesson.py, line 2:  loss = cross_entropy(logits, np.array([0, 3]))
                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        cross_entropy was called with logits = logits of shape (2, 3),
            target = an array of shape (2,) and dtype int64 and axis = -1.
        cross_entropy needs labels that are whole numbers from 0 to one less than the classes,
            of the shape of the logits without the axis of classes; or probabilities, floating,
            of the shape of the logits.
    """,
    "negative_sampling of a column and a vector": """
        u, v, noise = Tensor(np.ones((3, 1))), Tensor(np.ones(3)), np.ones((4, 3))
        loss = negative_sampling(u, v, noise)
        -------------------------------------
        ValueError: shapes (3, 1), (3,) and (4, 3) of u, v and negatives do not fit
        lesson.py, line 2:  loss = negative_sampling(u, v, noise)
                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        negative_sampling was called with u = u of shape (3, 1), v = v of shape (3,) and negatives = an array of
            shape (4, 3).
        negative_sampling needs u and v of one shape (..., d), and negatives of shape (..., n, d).
    """,
    "an unknown reduction": """
        x = Tensor([1.0, 2.0])
        loss = mse(x, [1.0, 1.0], "average")
        ------------------------------------
        ValueError: reduction is 'mean', 'sum' or 'none', not 'average'
        lesson.py, line 2:  loss = mse(x, [1.0, 1.0], "average")
                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        mse was called with prediction = x of shape (2,) and target = an array of shape (2,).
    """,
    "one_hot of a label that is no class": """
        one_hot([0, 3], 3)
        ------------------
        ValueError: labels are whole numbers from 0 to 2
    """,
}

BACKWARD = {
    "from more than a single number": """
        x = Tensor([1.0, 2.0])
        y = x * 2
        y.backward()
        ------------
        ValueError: backward needs a single number to start from, and y of shape (2,) has 2
        lesson.py, line 3:  y.backward()
                            ^^^^^^^^^^^^
        Reduce it to one, as y.sum() or .mean(); or give backward(seed) the gradient of what follows, of shape (2,).
             Of a function, jacobian gives all.
    """,
    "from a seed of another shape": """
        x = Tensor([1.0, 2.0])
        (x * 2).backward([1.0, 2.0, 3.0])
        ---------------------------------
        ValueError: seed of shape (3,) for the result of multiply of shape (2,)
        lesson.py, line 2:  (x * 2).backward([1.0, 2.0, 3.0])
                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        The seed has the shape of the tensor, (2,).
    """,
    "through constants": """
        c = constant([1.0, 2.0])
        E = (c * c).sum()
        E.backward()
        ------------
        RuntimeError: backward through nothing: no gradient flows to E
        lesson.py, line 3:  E.backward()
                            ^^^^^^^^^^^^
        It was computed from constants only, under no_grad(), or by what has no derivative, such as sign.
        Make what you differentiate with respect to a Tensor(...), not an array or a constant(...).
    """,
    "through a record that was freed": """
        x = Tensor(2.0)
        y = exp(x) * 2
        y.backward(free=True)
        y.backward()
        ------------
        RuntimeError: the record of y was freed by backward(free=True)
        lesson.py, line 2:  y = exp(x) * 2
                                ^^^^^^^^^^
        Call backward() without free=True to sweep a record again, or compute the loss again.
    """,
    "through a part that another sweep freed": """
        x = Tensor([1.0, 2.0])
        e = x.sum()
        y, z = e * 2, stack([e, e]).sum()
        y.backward(free=True)
        z.backward()
        ------------
        RuntimeError: the record of e was freed by backward(free=True)
        lesson.py, line 2:  e = x.sum()
                                ^^^^^^^
        Call backward() without free=True to sweep a record again, or compute the loss again.
    """,
}

GRADIENTS = {
    "of a leaf before backward": """
        W = Tensor([1.0, 2.0])
        W.grad
        ------
        AttributeError: W of shape (2,) has no gradient yet
        lesson.py, line 2:  W.grad
                            ^^^^^^
        Call backward() on something computed from W first.
    """,
    "of a result": """
        y = Tensor(2.0) * 3
        y.backward()
        y.grad
        ------
        AttributeError: y is computed, by multiply, and only leaves keep .grad
        lesson.py, line 3:  y.grad
                            ^^^^^^
        It was computed in lesson.py, line 1:  y = Tensor(2.0) * 3
                                                   ^^^^^^^^^^^^^^^
        gradients(loss, [t])[0] gives the gradient of any tensor t.  To update a leaf write W.data = W.data - step.
    """,
    "of a constant": """
        c = constant(2.0)
        c.grad
        ------
        AttributeError: no gradient flows to c
        lesson.py, line 2:  c.grad
                            ^^^^^^
        It is a constant.  Make it a Tensor(...) to have one.
    """,
    "set to another shape": """
        W = Tensor([1.0, 2.0])
        W.grad = np.ones((2, 1))
        ------------------------
        ValueError: grad of shape (2, 1) for W of shape (2,)
        lesson.py, line 2:  W.grad = np.ones((2, 1))
                            ^^^^^^
        The grad has the shape of the tensor, (2,).
    """,
    "with respect to a tensor without a list": """
        W = Tensor(1.0)
        loss = W * W
        gradients(loss, W)
        ------------------
        TypeError: gradients takes a list of tensors
        lesson.py, line 3:  gradients(loss, W)
                            ^^^^^^^^^^^^^^^^^^
        gradients(loss, [W])[0]
    """,
    "of a function that gives a tuple": """
        def f(x):
            return x, x * x
        grad(f)(3.0)
        ------------
        TypeError: f returned tuple, and only a Tensor can be differentiated
        lesson.py, line 3:  grad(f)(3.0)
                            ^^^^^^^^^^^^
        Return one tensor; several numbers can be put into one with stack or concatenate.
    """,
    "of a function that gives many numbers": """
        grad(lambda x: x * 2)([1.0, 2.0])
        ---------------------------------
        ValueError: backward needs a single number to start from, and the result of multiply of shape (2,) has 2
        lesson.py, line 1:  grad(lambda x: x * 2)([1.0, 2.0])
                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        Reduce it to one, as loss.sum() or .mean(); or give backward(seed) the gradient of what follows, of shape
            (2,).  Of a function, jacobian gives all.
    """,
    "of second order, of a function that gives many numbers": """
        def f(x):
            y = x * x
            return y
        hessian(f)([1.0, 2.0])
        ----------------------
        ValueError: backward needs a single number to start from, and y of shape (2,) has 2
        lesson.py, line 4:  hessian(f)([1.0, 2.0])
                            ^^^^^^^^^^^^^^^^^^^^^^
        Reduce it to one, as y.sum() or .mean(); or give backward(seed) the gradient of what follows, of shape (2,).
             Of a function, jacobian gives all.
    """,
    "along a tangent of another shape": """
        jvp(lambda x: x * x, [[1.0, 2.0]], [[1.0]])
        -------------------------------------------
        ValueError: tangent of shape (1,) for x of shape (2,)
        lesson.py, line 1:  jvp(lambda x: x * x, [[1.0, 2.0]], [[1.0]])
                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        The tangent has the shape of the tensor, (2,).
    """,
    "from a cotangent of another shape": """
        value, pullback = vjp(lambda x: x * x, [1.0, 2.0])
        pullback([1.0])
        ---------------
        ValueError: seed of shape (1,) for the result of multiply of shape (2,)
        lesson.py, line 2:  pullback([1.0])
                            ^^^^^^^^^^^^^^^
        The seed has the shape of the tensor, (2,).
    """,
    "of a function with respect to an argument that it was not given": """
        grad(lambda x: x * x, argnums=2)(3.0, 4.0)
        ------------------------------------------
        IndexError: <lambda> was called with 2 arguments, and argnums=2 is not among them
        lesson.py, line 1:  grad(lambda x: x * x, argnums=2)(3.0, 4.0)
                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        argnums counts from 0.
    """,
}

INPUTS = {
    "truth values": """
        m = Tensor([True, False])
        -------------------------
        TypeError: a tensor of dtype bool: truth values have no derivative
        lesson.py, line 1:  m = Tensor([True, False])
                                ^^^^^^^^^^^^^^^^^^^^^
        Use constant(mask, name=...) for a mask, or 1.0 and 0.0.
    """,
    "complex numbers": """
        z = Tensor([1j, 2.0], name="z")
        -------------------------------
        TypeError: z of dtype complex128: complex numbers are not supported
        lesson.py, line 1:  z = Tensor([1j, 2.0], name="z")
                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
        Use their real and imaginary parts as two tensors.
    """,
    "objects": """
        t = Tensor([1.0, None])
        -----------------------
        TypeError: a tensor of dtype object: only real numbers can be differentiated
        lesson.py, line 1:  t = Tensor([1.0, None])
                                ^^^^^^^^^^^^^^^^^^^
        Were the rows of different lengths, or was something other than numbers among them?
    """,
    "text": """
        y = 2 * Tensor(3.0) + "a"
        -------------------------
        TypeError: a tensor of dtype <U1: only real numbers can be differentiated
        lesson.py, line 1:  y = 2 * Tensor(3.0) + "a"
                                ^^^^^^^^^^^^^^^^^^^^^
        Were the rows of different lengths, or was something other than numbers among them?
    """,
    "rows of different lengths": """
        W = Tensor([[1.0, 2.0], [3.0]])
        -------------------------------
        ValueError: …inhomogeneous shape…
        lesson.py, line 1:  W = Tensor([[1.0, 2.0], [3.0]])
                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
        Were the rows of different lengths, or was something other than numbers among them?
    """,
    "a list of tensors": """
        a, b = Tensor(1.0), Tensor(2.0)
        t = Tensor([a, b])
        ------------------
        TypeError: a would become a plain array, and its derivative be lost
        lesson.py, line 2:  t = Tensor([a, b])
                                ^^^^^^^^^^^^^^
        To compute with it, use tinygrad_edu's functions; to put tensors together, stack or concatenate.
             For the values, write t.data.
    """,
    "data of another shape": """
        W = Tensor([1.0, 2.0])
        W.data = [1.0, 2.0, 3.0]
        ------------------------
        ValueError: data of shape (3,) for W of shape (2,)
        lesson.py, line 2:  W.data = [1.0, 2.0, 3.0]
                            ^^^^^^
        The data has the shape of the tensor, (2,).
    """,
    "text for data": """
        W = Tensor([1.0, 2.0])
        W.data = ["a", "b"]
        -------------------
        TypeError: a tensor of dtype <U1: only real numbers can be differentiated
        lesson.py, line 2:  W.data = ["a", "b"]
                            ^^^^^^
        Were the rows of different lengths, or was something other than numbers among them?
    """,
    "a tensor for data": """
        W = Tensor([1.0, 2.0])
        W.data = W - 0.1
        ----------------
        TypeError: the result of subtract of shape (2,) would become a plain array, and its derivative be lost
        lesson.py, line 2:  W.data = W - 0.1
                            ^^^^^^
        To compute with it, use tinygrad_edu's functions; to put tensors together, stack or concatenate.
             For the values, write t.data.
    """,
    "data for a result": """
        x = Tensor([1.0, 2.0])
        y = x * 2
        y.data = [1.0, 2.0]
        -------------------
        ValueError: y of shape (2,) is computed: its data cannot be assigned
        lesson.py, line 3:  y.data = [1.0, 2.0]
                            ^^^^^^
        Only a leaf's can.  Assign to what it was computed from and compute it again.
    """,
    "a name that is a number": """
        W = Tensor([1.0, 2.0], name=1)
        ------------------------------
        TypeError: a name is a string, not int
        lesson.py, line 1:  W = Tensor([1.0, 2.0], name=1)
                                ^^^^^^^^^^^^^^^^^^^^^^^^^^
        Tensor(data, name='W')
    """,
    "a parameter that is none": """
        optim.SGD([Tensor(1.0) * 2], 0.1)
        ---------------------------------
        TypeError: an optimiser changes Tensors that are leaves, not the result of multiply
        lesson.py, line 1:  optim.SGD([Tensor(1.0) * 2], 0.1)
                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        SGD(net.parameters(), 0.1), or SGD([W, b], 0.1).
    """,
}

NOT_FINITE = {
    "log of 0": """
        x = Tensor([1.0, 0.0, 2.0])
        with trace_nan():
            y = log(x)
        --------------
        FloatingPointError: log made values that are not finite: 1 of 3 infinite
        lesson.py, line 3:  y = log(x)
                                ^^^^^^
        x is x of shape (3,), from 0 to 2.
        log needs positive numbers; of a rounded 0 use log_softmax, log_sigmoid or cross_entropy, from the logits.
    """,
    "0 divided by 0": """
        a, b = Tensor([0.0, 1.0]), Tensor([0.0, 0.0], name="count")
        with trace_nan():
            mean = a / b
        ----------------
        FloatingPointError: divide made values that are not finite: 1 of 2 nan and 1 of 2 infinite
        lesson.py, line 3:  mean = a / b
                                   ^^^^^
        x is a of shape (2,), from 0 to 1.
        y is count of shape (2,), from 0 to 0.
        divide needs a divisor that is not 0.
    """,
    "exp of too much": """
        with trace_nan():
            y = np.exp(Tensor([1.0, 1000.0]) * 2)
        -----------------------------------------
        FloatingPointError: exp made values that are not finite: 1 of 2 infinite
        lesson.py, line 2:  y = np.exp(Tensor([1.0, 1000.0]) * 2)
                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        x is the result of multiply of shape (2,), from 2 to 2000.
        exp needs exponents up to about 709 (88 in float32).
    """,
    "a leaf that was given it": """
        with trace_nan():
            W = Tensor([1.0, float("nan")])
        -----------------------------------
        FloatingPointError: W of shape (2,) was given values that are not finite: 1 of 2 nan
        lesson.py, line 2:  W = Tensor([1.0, float("nan")])
                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """,
    "an infinite slope": """
        x = Tensor([0.0, 4.0])
        loss = sqrt(x).sum()
        with trace_nan():
            loss.backward()
        -------------------
        FloatingPointError: the gradient that sqrt passes to x of shape (2,) is not finite: 1 of 2 infinite
        lesson.py, line 2:  loss = sqrt(x).sum()
                                   ^^^^^^^
        x is from 0 to 4.
    """,
}

DECLARATIONS = {
    "a rule that gives another shape": """
        @op(x=lambda g: np.ones(3))
        def double(x):
            return 2 * x
        x = Tensor([1.0, 4.0])
        y = double(x).sum()
        y.backward()
        ------------
        ValueError: a rule gave a gradient of shape (3,) for x of shape (2,):
            a gradient has the shape of what it is the gradient of
        lesson.py, line 5:  y = double(x).sum()
                                ^^^^^^^^^
        This was the backward step of the result of double of shape (2,), computed by double.
    """,
    "a rule that fails": """
        @op(x=lambda g, x: g @ x)
        def double(x):
            return 2 * x
        x = Tensor([[1.0, 4.0]])
        y = double(x).sum()
        y.backward()
        ------------
        ValueError: …
        lesson.py, line 5:  y = double(x).sum()
                                ^^^^^^^^^
        This was the backward step of the result of double of shape (1, 2), computed by double.
    """,
    "a rule that reads what there is not": """
        @op(x=lambda g, w, v: g)
        def double(x):
            return 2 * x
        ----------------
        TypeError: op double: the rule for x reads w and v;
            a rule can read g (the upstream gradient), z (the result) and x
    """,
    "a rule for an argument that there is not": """
        @op(w=lambda g: g)
        def twice(x, y):
            return 2 * x + y
        --------------------
        TypeError: op twice has a rule for 'w', but its arguments are x and y
    """,
    "an argument with a name that rules read": """
        @op(g=lambda g: g)
        def double(g):
            return 2 * g
        ----------------
        TypeError: op double: an argument cannot be called g, which rules read
    """,
    "a forward that gives a float": """
        @op(x=lambda g: g)
        def total(x):
            return float(x.sum())
        y = total(Tensor([1.0, 2.0]))
        -----------------------------
        TypeError: the forward of total gave float, not an array
        lesson.py, line 4:  y = total(Tensor([1.0, 2.0]))
                                ^^^^^^^^^^^^^^^^^^^^^^^^^
        For a single number give np.float64(number).
    """,
    "a name that another operation has": """
        @op(x=lambda g: g)
        def exp(x):
            return x
        ------------
        ValueError: there is an op exp already, in tinygrad_edu.ops.pointwise: choose another name
    """,
    "a tensor in an argument without a rule": """
        @op(x=lambda g, y: g * y)
        def scaled(x, y):
            return x * y
        x, y = Tensor(1.0), Tensor(2.0)
        z = scaled(x, y)
        ----------------
        TypeError: scaled has no derivative with respect to y, and the tensor's would be lost
        lesson.py, line 5:  z = scaled(x, y)
                                ^^^^^^^^^^^^
        Give y as a constant, or as its .data.
    """,
}

NUMPY = {
    "a function that we lack": """
        t = Tensor([1.0, 2.0])
        y = np.fft.fft(t)
        -----------------
        TypeError: np.fft.fft of a tensor is not among the operations of tinygrad_edu, and its derivative would be lost
        lesson.py, line 2:  y = np.fft.fft(t)
                                ^^^^^^^^^^^^^
        tinygrad_edu.OPS has all that there are.
        Use t.data where no gradient has to flow, or declare it as an operation: see tinygrad_edu.op.
    """,
    "a function that we lack, with near names": """
        t = Tensor([1.0, 2.0])
        y = np.sinc(t)
        --------------
        TypeError: np.sinc of a tensor is not among the operations of tinygrad_edu, and its derivative would be lost
        lesson.py, line 2:  y = np.sinc(t)
                                ^^^^^^^^^^
        Near it: sin, sinh, sign, arcsin, min.
        Use t.data where no gradient has to flow, or declare it as an operation: see tinygrad_edu.op.
    """,
    "a function of Python's": """
        t = Tensor(2.0)
        y = math.exp(t)
        ---------------
        TypeError: t would become a plain number, and its derivative be lost
        lesson.py, line 2:  y = math.exp(t)
                                ^^^^^^^^^^^
        For a function, use tinygrad_edu's or NumPy's: np.exp(t), not math.exp(t).  For the number, write t.item().
    """,
    "float": """
        t = Tensor(2.0)
        y = float(t * t)
        ----------------
        TypeError: the result of multiply would become a plain number, and its derivative be lost
        lesson.py, line 2:  y = float(t * t)
                                ^^^^^^^^^^^^
        For a function, use tinygrad_edu's or NumPy's: np.exp(t), not math.exp(t).  For the number, write t.item().
    """,
    "asarray": """
        t = Tensor([1.0, 2.0])
        a = np.asarray(t)
        -----------------
        TypeError: t of shape (2,) would become a plain array, and its derivative be lost
        lesson.py, line 2:  a = np.asarray(t)
                                ^^^^^^^^^^^^^
        To compute with it, use tinygrad_edu's functions; to put tensors together, stack or concatenate.
             For the values, write t.data.
    """,
    "an array of tensors": """
        t = Tensor([1.0, 2.0])
        a = np.array([t, t])
        --------------------
        TypeError: t of shape (2,) would become a plain array, and its derivative be lost
        lesson.py, line 2:  a = np.array([t, t])
                                ^^^^^^^^^^^^^^^^
        To compute with it, use tinygrad_edu's functions; to put tensors together, stack or concatenate.
             For the values, write t.data.
    """,
    "a function of a list of tensors": """
        t = Tensor([1.0, 2.0])
        y = np.sum([t, t])
        ------------------
        TypeError: t of shape (2,) would become a plain array, and its derivative be lost
        lesson.py, line 2:  y = np.sum([t, t])
                                ^^^^^^^^^^^^^^
        To compute with it, use tinygrad_edu's functions; to put tensors together, stack or concatenate.
             For the values, write t.data.
    """,
    "a method of an array": """
        t = Tensor([1.0, 2.0])
        y = np.ones(2).dot(t)
        ---------------------
        TypeError: t of shape (2,) would become a plain array, and its derivative be lost
        lesson.py, line 2:  y = np.ones(2).dot(t)
                                ^^^^^^^^^^^^^^^^^
        To compute with it, use tinygrad_edu's functions; to put tensors together, stack or concatenate.
             For the values, write t.data.
    """,
    "an array that a tensor is added to in place": """
        a, t = np.ones(2), Tensor([1.0, 2.0])
        a += t
        ------
        TypeError: np.add would write t of shape (2,) into a plain array, and its derivative be lost
        lesson.py, line 2:  a += t
                            ^^^^^^
        Write a = a + t instead of a += t, and leave out=... away.
    """,
    "pickle": """
        t = Tensor([1.0, 2.0])
        b = pickle.dumps(t)
        -------------------
        TypeError: t of shape (2,) cannot be pickled: a pickle can run any code when it is read
        lesson.py, line 2:  b = pickle.dumps(t)
                                ^^^^^^^^^^^^^^^
        Save arrays: np.savez(file, W=W.data), or nn's model.save(file).
    """,
}

LOADS = {
    "the file of another network": """
        nn.Linear(2, 3).save("lin.npz")
        net.load("lin.npz")
        -------------------
        ValueError: lin.npz holds the parameters of another network:
            layers.0.W is missing; layers.0.b is missing; W is not a parameter here; b is not a parameter here
        lesson.py, line 2:  net.load("lin.npz")
                            ^^^^^^^^^^^^^^^^^^^
        Nothing was changed.
    """,
    "the file of a wider network": """
        nn.MLP((2, 4)).save("wide.npz")
        net.load("wide.npz")
        --------------------
        ValueError: wide.npz holds the parameters of another network:
            layers.0.W has shape (4, 2), not (3, 2); layers.0.b has shape (4,), not (3,)
        lesson.py, line 2:  net.load("wide.npz")
                            ^^^^^^^^^^^^^^^^^^^^
        Nothing was changed.
    """,
    "a file of text": """
        with open("notes.npz", "w") as file:
            _ = file.write("notes")
        net.load("notes.npz")
        ---------------------
        ValueError: notes.npz is not an .npz file of arrays: …
        lesson.py, line 3:  net.load("notes.npz")
                            ^^^^^^^^^^^^^^^^^^^^^
        Nothing was changed.
    """,
    "a file that there is not": """
        net.load("none.npz")
        --------------------
        FileNotFoundError: … No such file or directory: 'none.npz'
    """,
}

CASES = {
    f"{kind}: {name}": case
    for kind, cases in {
        "edit": EDITS,
        "shapes": SHAPES,
        "loss": LOSSES,
        "backward": BACKWARD,
        "gradient": GRADIENTS,
        "input": INPUTS,
        "not finite": NOT_FINITE,
        "declaration": DECLARATIONS,
        "numpy": NUMPY,
    }.items()
    for name, case in cases.items()
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of a division by zero
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_error_is_told_in_these_words(case):
    program, words = parts(case)
    assert like(told(error_of(program)), words) == words


@pytest.mark.parametrize("case", LOADS.values(), ids=LOADS)
def test_a_file_that_does_not_fit_is_told_in_these_words_and_changes_nothing(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = nn.MLP((2, 3))
    monkeypatch.setitem(NAMES, "net", net)
    before = [p.numpy() for p in net.parameters()]
    program, words = parts(case)
    assert like(told(error_of(program)), words) == words
    assert all((p.data == b).all() for p, b in zip(net.parameters(), before))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_of_any_traceback_at_most_two_frames_are_ours():
    ours = {name: sum(is_ours(file) for file, _ in frames(error_of(parts(case)[0]))) for name, case in CASES.items()}
    too_many = [f"{number} in {name}" for name, number in ours.items() if number > 2]
    assert not too_many, "\n".join(too_many)


OF_THE_STUDENTS_OWN = {
    "forward": """
        @op(x=lambda g: g)
        def double(x):
            return x.twice
        double(Tensor(1.0))
    """,
    "rule": """
        def rule(g, x):
            return g * x.twice
        double = op(x=rule)(lambda x: 2 * x)
        double(Tensor(1.0)).backward()
    """,
    "hook": """
        def hook(g):
            return g.twice
        x = Tensor(1.0)
        x.register_hook(hook)
        (x * 2).backward()
    """,
    "function": """
        def f(x):
            return x.twice
        grad(f)(1.0)
    """,
    "layer": """
        class Twice(nn.Module):
            def forward(self, x):
                return x.twice
        Twice()(Tensor(1.0))
    """,
}


@pytest.mark.parametrize("program", OF_THE_STUDENTS_OWN.values(), ids=OF_THE_STUDENTS_OWN)
def test_a_fault_in_code_of_the_students_own_is_shown_where_it_is(program):
    at = textwrap.dedent(program).strip().split("\n")
    line = next(i for i, text in enumerate(at, 1) if text.endswith(".twice"))
    error = error_of(program)
    assert type(error) is AttributeError and "twice" in str(error)
    assert frames(error)[-1] == (FILE, line)


@pytest.mark.parametrize("case", EDITS.values(), ids=EDITS)
def test_the_last_frame_that_is_not_ours_is_the_line_that_edits(case):
    program, _ = parts(case)
    last = [(file, line) for file, line in frames(error_of(program)) if not is_ours(file)][-1]
    assert last == (FILE, program.count("\n") + 1)


@pytest.mark.parametrize("edit", ["W.data[0] = 9", "W.data += 9", "W[0] = 9", "W.data.fill(9)", "W -= 9"])
def test_an_edit_that_fails_has_changed_nothing(edit):
    error = error_of(f"W = Tensor([1.0, 2.0])\n{edit}")
    left = error.__traceback__.tb_next.tb_frame.f_globals["W"]
    assert left.tolist() == [1.0, 2.0] and left.is_leaf


def test_a_column_against_a_vector_is_silent_in_arithmetic():
    assert (Tensor(np.ones((3, 1))) - np.ones(3)).shape == (3, 3)


def test_integers_become_floats_with_the_right_gradient():
    x = Tensor([1, 2, 3])
    assert x.dtype == np.float64
    assert gradients((x * x).sum(), [x])[0].tolist() == [2.0, 4.0, 6.0]


def test_numpy_told_to_raise_is_told_which_operation_it_was():
    words = told(error_of("x = Tensor([0.0, 1.0])\nwith np.errstate(divide='raise'):\n    y = log(x)"))
    expected = """\
FloatingPointError: divide by zero encountered in log
lesson.py, line 3:  y = log(x)
                        ^^^^^^
log was called with x = x of shape (2,).
log needs positive numbers; of a rounded 0 use log_softmax, log_sigmoid or cross_entropy, from the logits."""
    assert words == expected


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_trace_nan_does_not_blame_an_operation_whose_needs_are_met():
    error = error_of("x = Tensor([0.0])\nwith trace_nan():\n    y = concatenate([x, np.array([np.inf])])")
    assert str(error) == "concatenate made values that are not finite: 1 of 2 infinite"
    assert not [note for note in error.__notes__ if "needs" in note]


def test_without_trace_nan_the_numbers_flow():
    with np.errstate(divide="ignore"):
        x = Tensor(0.0)
        assert np.isneginf(np.log(x).data)


def test_a_student_whose_file_is_named_after_us_is_shown_it_all_the_same():
    error = error_of("x = Tensor([1.0, 2.0])\nx.backward()", locations.PACKAGE + "_homework.py")
    assert error.__notes__[0].startswith("tinygrad_edu_homework.py, line 2:  x.backward()\n")


def test_a_line_in_other_letters_is_underlined_where_it_is():
    error = error_of("größe = Tensor([1.0, 2.0])\nδ = größe * 2; (größe * δ).backward()")
    shown, underline = error.__notes__[0].split("\n")
    assert shown[underline.index("^") : underline.rindex("^") + 1] == "(größe * δ).backward()"


def test_where_there_is_no_source_the_line_is_numbered():
    with pytest.raises(ValueError) as caught:
        exec(compile("\n\nTensor([1.0, 2.0]).backward()", "<typed>", "exec"), dict(NAMES))
    assert caught.value.__notes__[0] == "<typed>, line 3"


MISUSES = {
    "@op\ndef f(x):\n    return x": "TypeError: op takes its notation and its rules before the function",
    "@op(x=lambda g: g)\ndef f(x, *, y=1):\n    return x": "TypeError: op f: an argument cannot be keyword-only",
    "@op(x=lambda g: None)\ndef f(x):\n    return x + 1\nf(Tensor(1.0)).backward()": (
        "TypeError: a rule of f gave NoneType, not an array"
    ),
    "t = Tensor([1.0, 2.0])\nt.register_hook(lambda g: 0.0)\n(t * t).sum().backward()": (
        "TypeError: a hook on t of shape (2,) gave a gradient of type float"
    ),
    "t = Tensor([1.0, 2.0])\nt.register_hook(lambda g: g[:1])\n(t * t).sum().backward()": (
        "TypeError: a hook on t of shape (2,) gave a gradient of shape (1,)"
    ),
    "gradients(Tensor(1.0) * 2, [1.0])": "TypeError: gradients takes Tensors, not float",
    "gradients(3.0, [Tensor(1.0)])": "TypeError: gradients takes Tensors, not float",
    "grad(lambda x: x, 'x')(1.0)": (
        "TypeError: argnums is the number of an argument, counted from 0, or a tuple of them, not 'x'"
    ),
    "jvp(lambda x: x, 1.0, 1.0)": "TypeError: jvp takes a list of primals, and a list of as many tangents",
    "W = Tensor(1.0)\noptim.SGD(W)": "TypeError: an optimiser changes Tensors that are leaves, not W",
    "c = constant(1.0)\noptim.SGD([c])": "TypeError: an optimiser changes Tensors that are leaves, not c, a constant",
    "embedding(Tensor(np.ones((3, 2))), [-1])": "IndexError: index -1 of a table is below 0",
    "with trace_nan():\n    (Tensor(1.0) * 2).backward(np.nan)": (
        "FloatingPointError: the gradient that arrives at the result of multiply is not finite: nan"
    ),
}


@pytest.mark.parametrize("program", MISUSES)
def test_a_misuse_is_answered_with_a_sentence(program):
    error = error_of(program)
    assert f"{type(error).__name__}: {error}" == MISUSES[program]
    assert sum(is_ours(file) for file, _ in frames(error)) <= 2 + ("hook" in program)  # which calls the student's


def test_an_optimiser_takes_a_module_for_its_parameters():
    net = nn.MLP((2, 3))
    assert optim.SGD(net).parameters == net.parameters()


def test_what_loses_no_gradient_becomes_an_array():
    assert np.asarray(tinygrad_edu.constant([1.0, 2.0])).tolist() == [1.0, 2.0]
    assert np.zeros_like(Tensor([1.0, 2.0])).tolist() == [0.0, 0.0]


def test_a_hostile_name_is_printed_harmlessly(monkeypatch):
    t = Tensor([1.0, 2.0], name="a\n\x1b[31m" + "x" * 10_000)
    monkeypatch.setitem(NAMES, "t", t)
    shown = told(error_of("t @ np.ones(3)"))
    assert "\x1b" not in shown and r"a\n\x1b[31mxxx" in shown and len(shown) < 500 and len(repr(t)) < 200


def test_the_needs_of_a_family_are_asked_of_the_family():
    notes = error_of("einsum('ij,jk', Tensor(np.ones((2, 3))), np.ones((4, 2)))").__notes__
    assert notes[-1] == "einsum needs a letter for each axis of each operand, and one length for each letter."
    notes = error_of("concatenate([Tensor([1.0]), 2.0])").__notes__
    assert notes[-1].startswith("concatenate needs arrays that agree")


def test_networks_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="the sizes of an MLP are whole numbers from 1 up"):
        nn.MLP([3, -2])
    with pytest.raises(ValueError, match=r"examples of shape \(4,\) for a network of 3 inputs"):
        nn.delta_recursion(nn.MLP([3, 2]), np.ones((2, 4)), [0, 1])
    with pytest.raises(TypeError, match="a scope has a name"):
        tinygrad_edu.scope(3)
