"""Every error: its type, the student's own line, the names, shapes and numbers it is about, and what to try.

A case is a program whose last line fails, and lines of facts, each after a bar:

    | ValueError at W @ x     the type; the piece of the program that is underlined.  ``on``: a line without underlining
    | x~W~(3, 4); 2 of 3      what the text names; a tilde stands for a few words between
    | needs matmul 1          it states the need with that number, counted from 0, of an operation
    | no .mT                  what the text must not offer
    | try W.mT => y = W.mT @ x

``try`` is a remedy: the text offers it, and the line after the arrow, or the remedy itself, runs in the place of the
last line.  So the wording of an error can change without a change here.  WHOLE has three errors word for word.
"""

import linecache
import math
import os
import pickle
import re
import textwrap
import traceback
from typing import NamedTuple

import numpy as np
import pytest

import tinygrad_edu
from tinygrad_edu import OPS, Tensor, gradients, nn, optim
from tinygrad_edu.format import locations

FILE = os.path.join("homework", "lesson.py")
NAMES = {name: getattr(tinygrad_edu, name) for name in (*tinygrad_edu.__all__, "sum", "max", "min", "abs")}
NAMES |= {"np": np, "math": math, "pickle": pickle, "nn": nn, "optim": optim, "__name__": "lesson", "step": 0.1}

CASES = """
x = Tensor([1.0, 2.0])
y = x * 2
y.data[0] = 1
| ValueError at y.data[0]
| y~(2,); data; read-only
| try y.numpy() => y.numpy()[0] = 1
| try where => y = where(np.array([True, False]), 1, y)

x = Tensor([1.0, 2.0])
y = x * 2
y.data += 1
| ValueError at y.data += 1
| y~(2,); data

W = Tensor([1.0, 2.0])
W[0] = 1
| TypeError at W[0]
| W~(2,); W.data
| try W.data[...] = values => W.data[...] = 3.0
| try no_grad => with no_grad(): W[0] = 1

x = Tensor([1.0, 2.0])
y = x * 2
y[0] = 1
| TypeError at y[0]
| y~(2,)
| try where => mask = np.zeros(y.shape, bool); mask[0] = True; y = where(mask, 1, y)

W = Tensor([1.0, 2.0])
W.data -= np.ones((2, 2))
| ValueError at W.data -= np.ones((2, 2))
| W~(2,); data; not changed

W = Tensor([1.0, 2.0])
W.grad = np.ones(2)
W.grad[5] = 1
| IndexError at W.grad[5]
| W~(2,); grad

W = Tensor([1.0, 2.0])
np.copyto(W.data, 1)
| ValueError
| read-only

W = Tensor([1.0, 2.0])
W -= step
| TypeError at W -= step
| W~(2,); leaf
| try W.data -= step
| try no_grad => with no_grad(): W -= step
| try W = W - step

W = Tensor(np.ones((3, 4)), name="W")
y = W @ np.ones((5, 7))
| ValueError at W @ np.ones((5, 7))
| matmul; x~W~(3, 4); y~array~(5, 7)
| needs matmul 1
| no .mT; .ravel()

W = Tensor(np.ones((3, 4)))
y = W @ 2
| ValueError at W @ 2
| matmul; x~W~(3, 4); y~2
| needs matmul 0
| try * => y = W * 2

a = Tensor(np.ones((2, 3)))
b = Tensor(np.ones((3, 2)))
c = a + b
| ValueError at a + b
| add; x~a~(2, 3); y~b~(3, 2); a.mT~(3, 2)
| try a.mT => c = a.mT + b

a = Tensor(np.ones((2, 3)))
c = np.ones(4) + a.T
| ValueError at np.ones(4) + a.T
| add; x~array~(4,); y~transpose~(3, 2)
| no .mT; .ravel()

a = Tensor(np.ones((2, 3)))
c = (a
     + np.ones(4))
| ValueError on c = (a
| x~a~(2, 3); y~array~(4,)

x = Tensor(np.ones((5, 3)))
W = Tensor(np.ones((3, 4)))
v = linear(x, W)
| ValueError at linear(x, W)
| linear; x~x~(5, 3); W~W~(3, 4); W.mT~(4, 3)
| needs linear 0
| try W.mT => v = linear(x, W.mT)

x, W, b = Tensor(np.ones((5, 3))), Tensor(np.ones((4, 3))), Tensor(np.ones(3))
v = linear(x, W, b)
| ValueError at linear(x, W, b)
| x~(5, 3); W~(4, 3); b~b~(3,)
| needs linear 1

net = nn.MLP((3, 4, 2))
v = net(np.ones((5, 6)))
| ValueError at net(np.ones((5, 6)))
| linear; x~array~(5, 6); W~W(1)~(4, 3); b~b(1)~(4,)
| needs linear 0

x, w = Tensor(np.ones((1, 3, 1, 1))), Tensor(np.ones((1, 3, 2, 2)))
y = conv2d(x, w)
| ValueError at conv2d(x, w)
| x~(1, 3, 1, 1); w~(1, 3, 2, 2); stride~1; padding~0
| needs conv2d 1

a, b = Tensor(np.ones((2, 3))), np.ones((2, 2))
c = concatenate([a, b])
| ValueError at concatenate([a, b])
| arrays[0]~a~(2, 3); arrays[1]~array~(2, 2)
| needs concatenate 0

x = Tensor(np.ones((2, 3)))
y = x.sum(axis=2)
| AxisError at x.sum(axis=2)
| sum; x~x~(2, 3); axis~2; keepdims~False

prediction, y = Tensor(np.full((3, 1), 0.5)), np.ones(3)
loss = mse(prediction, y)
| ValueError at mse(prediction, y)
| mse; prediction~prediction~(3, 1); target~array~(3,); prediction.ravel()~(3,)
| needs mse 0
| try prediction.ravel() => loss = mse(prediction.ravel(), y)

score, y = Tensor(np.full((3, 1), 0.5)), np.ones(3)
loss = hinge(score, y)
| ValueError at hinge(score, y)
| hinge; prediction~score~(3, 1); target~array~(3,); score.ravel()~(3,)
| needs hinge 0
| try score.ravel() => loss = hinge(score.ravel(), y)

p, y = Tensor(np.full((3, 1), 0.5)), Tensor(np.ones(3))
loss = binary_cross_entropy(p, y)
| ValueError at binary_cross_entropy(p, y)
| prediction~p~(3, 1); target~y~(3,)
| needs binary_cross_entropy 0
| try p.ravel() => loss = binary_cross_entropy(p.ravel(), y)

x, y = Tensor(np.full(3, 0.5)), Tensor(np.ones((3, 1)))
loss = binary_cross_entropy_with_logits(x, y)
| ValueError at binary_cross_entropy_with_logits(x, y)
| logits~x~(3,); target~y~(3, 1)
| needs binary_cross_entropy_with_logits 0
| try y.ravel() => loss = binary_cross_entropy_with_logits(x, y.ravel())

logits, y = Tensor(np.zeros((3, 2))), np.array([[0], [1], [1]])
loss = cross_entropy(logits, y)
| ValueError at cross_entropy(logits, y)
| logits~logits~(3, 2); target~array~(3, 1)~int64; axis~-1
| needs cross_entropy 0
| try target.ravel() => target = y; loss = cross_entropy(logits, target.ravel())

logits = Tensor(np.zeros((2, 3)))
loss = cross_entropy(logits, np.array([0, 3]))
| ValueError at cross_entropy(logits, np.array([0, 3]))
| 0 to 2; logits~(2, 3); target~array~(2,)~int64
| needs cross_entropy 0

u, v, noise = Tensor(np.ones((3, 1))), Tensor(np.ones(3)), np.ones((4, 3))
loss = negative_sampling(u, v, noise)
| ValueError at negative_sampling(u, v, noise)
| u~u~(3, 1); v~v~(3,); negatives~array~(4, 3)
| needs negative_sampling 0

x = Tensor([1.0, 2.0])
loss = mse(x, [1.0, 1.0], "average")
| ValueError at mse(x, [1.0, 1.0], "average")
| 'mean'; 'sum'; 'none'; 'average'
| try 'sum' => loss = mse(x, [1.0, 1.0], 'sum')

one_hot([0, 3], 3)
| ValueError
| 0 to 2

x = Tensor([1.0, 2.0])
y = x * 2
y.backward()
| ValueError at y.backward()
| y~(2,)~2; (2,)
| try y.sum() => y.sum().backward()
| try .mean() => y.mean().backward()
| try backward(seed) => seed = np.ones(2); y.backward(seed)

x = Tensor([1.0, 2.0])
(x * 2).backward([1.0, 2.0, 3.0])
| ValueError at (x * 2).backward([1.0, 2.0, 3.0])
| seed~(3,)~multiply~(2,)

c = constant([1.0, 2.0])
E = (c * c).sum()
E.backward()
| RuntimeError at E.backward()
| E; constants; no_grad()
| try Tensor(...) => x = Tensor([1.0]); (x * x).sum().backward()

x = Tensor(2.0)
y = exp(x) * 2
y.backward(free=True)
y.backward()
| RuntimeError at exp(x) * 2
| y; free=True
| try backward() => y = exp(x) * 2; y.backward(); y.backward()

x = Tensor([1.0, 2.0])
e = x.sum()
y, z = e * 2, stack([e, e]).sum()
y.backward(free=True)
z.backward()
| RuntimeError at x.sum()
| e; free=True

W = Tensor([1.0, 2.0])
0.1 * W.grad
| AttributeError at W.grad
| W~(2,); W
| try backward() => (W * W).sum().backward(); 0.1 * W.grad

c = constant(2.0)
c.grad
| AttributeError at c.grad
| c; constant
| try Tensor(...) => c = Tensor(2.0); (c * c).backward(); c.grad

W = Tensor([1.0, 2.0])
W.grad = np.ones((2, 1))
| ValueError at W.grad
| grad~(2, 1)~W~(2,)

W = Tensor(1.0)
loss = W * W
gradients(loss, W)
| TypeError at gradients(loss, W)
| try gradients(loss, [W])[0]

def f(x):
    return x, x * x
grad(f)(3.0)
| TypeError at grad(f)(3.0)
| f~tuple
| try stack => grad(lambda x: stack(f(x)).sum())(3.0)

grad(lambda x: x * 2)([1.0, 2.0])
| ValueError at grad(lambda x: x * 2)([1.0, 2.0])
| multiply~(2,)~2
| try .sum() => grad(lambda x: (x * 2).sum())([1.0, 2.0])
| try jacobian(f) => f = lambda x: x * 2; jacobian(f)([1.0, 2.0])

def f(x):
    y = x * x
    return y
hessian(f)([1.0, 2.0])
| ValueError at hessian(f)([1.0, 2.0])
| y~(2,)~2
| try y.sum() => hessian(lambda x: f(x).sum())([1.0, 2.0])

jvp(lambda x: x * x, [[1.0, 2.0]], [[1.0]])
| ValueError at jvp(lambda x: x * x, [[1.0, 2.0]], [[1.0]])
| tangent~(1,)~x~(2,)

value, pullback = vjp(lambda x: x * x, [1.0, 2.0])
pullback([1.0])
| ValueError at pullback([1.0])
| seed~(1,)~multiply~(2,)

grad(lambda x: x * x, argnums=2)(3.0, 4.0)
| IndexError at grad(lambda x: x * x, argnums=2)(3.0, 4.0)
| <lambda>~2; argnums=2; 0

m = Tensor([True, False])
| TypeError at Tensor([True, False])
| bool
| try constant(mask) => mask = [True, False]; m = constant(mask)

z = Tensor([1j, 2.0], name="z")
| TypeError at Tensor([1j, 2.0], name="z")
| z~complex128
| try Tensor(z.real) => z = np.array([1j, 2.0]); Tensor(z.real)
| try Tensor(z.imag) => z = np.array([1j, 2.0]); Tensor(z.imag)

t = Tensor([1.0, None])
| TypeError at Tensor([1.0, None])
| object; numbers

y = 2 * Tensor(3.0) + "a"
| TypeError at 2 * Tensor(3.0) + "a"
| <U1; numbers

W = Tensor([[1.0, 2.0], [3.0]])
| ValueError at Tensor([[1.0, 2.0], [3.0]])
| inhomogeneous; rows; length

a, b = Tensor(1.0), Tensor(2.0)
t = Tensor([a, b])
| TypeError at Tensor([a, b])
| a; array
| try stack => t = stack([a, b])
| try a.data => t = Tensor([a.data, b.data])

W = Tensor([1.0, 2.0])
W.data = [1.0, 2.0, 3.0]
| ValueError at W.data
| data~(3,)~W~(2,)

W = Tensor([1.0, 2.0])
W.data = ["a", "b"]
| TypeError at W.data
| <U1

W = Tensor([1.0, 2.0])
W.data = W - 0.1
| TypeError at W.data
| subtract~(2,); array
| try .data => W.data = (W - 0.1).data

x = Tensor([1.0, 2.0])
y = x * 2
y.data = [1.0, 2.0]
| ValueError at y.data
| y~(2,)~multiply; leaves

W = Tensor([1.0, 2.0], name=1)
| TypeError at Tensor([1.0, 2.0], name=1)
| int
| try Tensor(data, name='W') => data = [1.0]; Tensor(data, name='W')

optim.SGD([Tensor(1.0) * 2], 0.1)
| TypeError at optim.SGD([Tensor(1.0) * 2], 0.1)
| multiply; leaves
| try SGD([W, b], 0.1) => W, b = Tensor(1.0), Tensor(1.0); optim.SGD([W, b], 0.1)
| try SGD(net, 0.1) => net = nn.Linear(1, 1); optim.SGD(net, 0.1)

a, b = Tensor([0.0, 1.0]), Tensor([0.0, 0.0], name="count")
with trace_nan():
    mean = a / b
| FloatingPointError at a / b
| divide; 1 of 2 nan; 1 of 2 infinite; x~a~(2,)~0~1; y~count~(2,)~0~0
| needs divide 0

with trace_nan():
    y = np.exp(Tensor([1.0, 1000.0]) * 2)
| FloatingPointError at np.exp(Tensor([1.0, 1000.0]) * 2)
| exp; 1 of 2 infinite; x~multiply~(2,)~2~2000
| needs exp 0

with trace_nan():
    W = Tensor([1.0, float("nan")])
| FloatingPointError at Tensor([1.0, float("nan")])
| W~(2,); 1 of 2 nan

x = Tensor([0.0, 4.0])
loss = sqrt(x).sum()
with trace_nan():
    loss.backward()
| FloatingPointError at sqrt(x)
| gradient~sqrt~x~(2,); 1 of 2 infinite; x~0~4

with trace_nan():
    (Tensor(1.0) * 2).backward(np.nan)
| FloatingPointError at Tensor(1.0) * 2
| gradient~multiply; nan; seed; hook

x = Tensor([0.0, 1.0])
with np.errstate(divide='raise'):
    y = log(x)
| FloatingPointError at log(x)
| log; x~x~(2,)
| needs log 0

@op(x=lambda g: np.ones(3))
def double(x):
    return 2 * x
x = Tensor([1.0, 4.0])
y = double(x).sum()
y.backward()
| ValueError at double(x)
| gradient~(3,)~x~(2,); double

@op(x=lambda g, x: g @ x)
def double(x):
    return 2 * x
x = Tensor([[1.0, 4.0]])
y = double(x).sum()
y.backward()
| ValueError at double(x)
| backward~double~(1, 2)~double

@op(x=lambda g: None)
def double(x):
    return 2 * x
y = double(Tensor(1.0))
y.backward()
| TypeError at double(Tensor(1.0))
| double~NoneType

@op(x=lambda g, w, v: g)
def double(x):
    return 2 * x
| TypeError
| double; x~w~v; g; z; x

@op(w=lambda g: g)
def twice(x, y):
    return 2 * x + y
| TypeError
| twice~'w'; x~y

@op(g=lambda g: g)
def double(g):
    return 2 * g
| TypeError
| double; g

double = op(lambda x: 2 * x)
| TypeError
| op; function
| try op(x=lambda g, x: ...) => double = op(x=lambda g, x: 2 * g)(lambda x: 2 * x)

@op(x=lambda g: g)
def double(x, *, y=1):
    return x
| TypeError
| double; keyword-only

@op(x=lambda g: g)
def total(x):
    return float(x.sum())
y = total(Tensor([1.0, 2.0]))
| TypeError at total(Tensor([1.0, 2.0]))
| total~float
| try np.float64(number) => number = 3; np.float64(number)

@op(x=lambda g: g)
def exp(x):
    return x
| ValueError
| exp; tinygrad_edu.ops.pointwise

@op(x=lambda g, y: g * y)
def scaled(x, y):
    return x * y
x, y = Tensor(1.0), Tensor(2.0)
z = scaled(x, y)
| TypeError at scaled(x, y)
| scaled; y
| try y.data => z = scaled(x, y.data)
| try constant(...) => z = scaled(x, constant(2.0))

t = Tensor([1.0, 2.0])
y = np.fft.fft(t)
| TypeError at np.fft.fft(t)
| np.fft.fft; cosines
| try t.data => y = np.fft.fft(t.data)

t = Tensor([1.0, 2.0])
y = np.spacing(t)
| TypeError at np.spacing(t)
| np.spacing; slope
| try t.data => y = np.spacing(t.data)

t = Tensor(2.0)
y = math.exp(t)
| TypeError at math.exp(t)
| t~number
| try np.exp(t) => y = np.exp(t)
| try t.item() => y = math.exp(t.item())

t = Tensor(2.0)
y = math.sqrt(t * t)
| TypeError at math.sqrt(t * t)
| multiply~number
| try .item() => y = (t * t).item()

t = Tensor([1.0, 2.0])
a = np.asarray(t)
| TypeError at np.asarray(t)
| t~(2,)~array
| try t.data => a = np.asarray(t.data)

t = Tensor([1.0, 2.0])
a = np.array([t, t])
| TypeError at np.array([t, t])
| t~(2,)
| try stack => a = stack([t, t])

t = Tensor([1.0, 2.0])
y = np.sum([t, t])
| TypeError at np.sum([t, t])
| t~(2,)
| try concatenate => y = np.sum(concatenate([t, t]))

t = Tensor([1.0, 2.0])
y = np.ones(2).dot(t)
| TypeError at np.ones(2).dot(t)
| t~(2,)
| try t.data => y = np.ones(2).dot(t.data)

a, t = np.ones(2), Tensor([1.0, 2.0])
a += t
| TypeError at a += t
| np.add~t~(2,)
| try a = a + t

t = Tensor([5.0, 7.0])
y = t & 3
| TypeError at t & 3
| &~t~(2,)
| try t.data => y = t.data.astype(int) & 3

t = Tensor([1.0, 2.0])
b = pickle.dumps(t)
| TypeError at pickle.dumps(t)
| t~(2,)
| try np.savez(file, W=W.data) => W, file = t, "t.npz"; np.savez(file, W=W.data)
| try model.save(file) => model, file = nn.Linear(2, 2), "model.npz"; model.save(file)

t = Tensor([1.0, 2.0])
t.register_hook(lambda g: 0.0)
(t * t).sum().backward()
| TypeError
| hook~t~(2,)~float; (2,)

t = Tensor([1.0, 2.0])
t.register_hook(lambda g: g[:1])
(t * t).sum().backward()
| TypeError
| hook~t~(2,)~(1,); (2,)

gradients(Tensor(1.0) * 2, [1.0])
| TypeError at gradients(Tensor(1.0) * 2, [1.0])
| float
| try gradients(loss, [W, b]) => W, b = Tensor(1.0), Tensor(2.0); loss = W * b; gradients(loss, [W, b])

gradients(3.0, [Tensor(1.0)])
| TypeError at gradients(3.0, [Tensor(1.0)])
| float

grad(lambda x: x, 'x')(1.0)
| TypeError at grad(lambda x: x, 'x')
| argnums; 'x'; 0
| try grad(f, argnums=1) => f = lambda x, y: x * y; grad(f, argnums=1)(1.0, 2.0)

jvp(lambda x: x, [1.0], 1.0)
| TypeError at jvp(lambda x: x, [1.0], 1.0)
| try jvp(f, [x], [t]) => f, x, t = exp, 1.0, 1.0; jvp(f, [x], [t])

W = Tensor(1.0)
optim.SGD(W)
| TypeError at optim.SGD(W)
| W; leaves

c = constant(1.0)
optim.SGD([c])
| TypeError at optim.SGD([c])
| c~constant

embedding(Tensor(np.ones((3, 2))), [-1])
| IndexError
| -1; 0

einsum('ij,jk', Tensor(np.ones((2, 3))), np.ones((4, 2)))
| ValueError
| operands[0]~(2, 3); operands[1]~(4, 2)
| needs einsum 0

nn.MLP([3, -2])
| ValueError
| [3, -2]; 1

nn.delta_recursion(nn.MLP([3, 2]), np.ones((2, 4)), [0, 1])
| ValueError
| (4,)~3

scope(3)
| TypeError
| scope; name
"""

LOADS = """
nn.Linear(2, 3).save("lin.npz")
net.load("lin.npz")
| ValueError at net.load("lin.npz")
| lin.npz; layers.0.W; layers.0.b; W; b

nn.MLP((2, 4)).save("wide.npz")
net.load("wide.npz")
| ValueError at net.load("wide.npz")
| wide.npz; layers.0.W~(4, 2)~(3, 2); layers.0.b~(4,)~(3,)

with open("notes.npz", "w") as file:
    _ = file.write("notes")
net.load("notes.npz")
| ValueError at net.load("notes.npz")
| notes.npz; npz

net.load("none.npz")
| FileNotFoundError
| none.npz
"""

WHOLE = {
    "W, x = Tensor(np.ones((3, 4))), Tensor(np.ones(3))\ny = 2 * (W @ x)": """\
lesson.py, line 2:  y = 2 * (W @ x)
                             ^^^^^
matmul was called with x = W of shape (3, 4) and y = x of shape (3,).
matmul needs as many columns in x as rows in y.
It would fit with W transposed: W.mT has shape (4, 3).""",
    "y = Tensor(2.0) * 3\ny.backward()\ny.grad": """\
lesson.py, line 3:  y.grad
                    ^^^^^^
It was computed in lesson.py, line 1:  y = Tensor(2.0) * 3
                                           ^^^^^^^^^^^^^^^
gradients(loss, [y])[0] gives its gradient.  Or call y.retain_grad() before backward().
To change a leaf W by a step, write W.data -= step: it stays a leaf.""",
    "x = Tensor([1.0, 0.0, 2.0])\nwith trace_nan():\n    y = log(x)": """\
lesson.py, line 3:  y = log(x)
                        ^^^^^^
x = x of shape (3,), from 0 to 2.
log needs positive numbers; of a rounded 0 use log_softmax, log_sigmoid or cross_entropy, from the logits.""",
}


class Case(NamedTuple):
    """A program and the facts of its error."""

    program: str
    error: str  # the name of its type
    at: str | None  # the piece of the program that is underlined, or the line
    underlined: bool
    facts: list[str]
    needs: list[str]
    absent: list[str]
    remedies: list[tuple[str, str]]  # what the text offers, and the line that it makes of the last one


def read_case(block):
    """A case from its lines: see the head of this file."""
    lines = block.split("\n")
    program = [line for line in lines if not line.startswith("| ")]
    head, *facts = [line[2:] for line in lines if line.startswith("| ")]
    error, how, at = re.fullmatch(r"(\w+)(?: (at|on) (.*))?", head).groups()
    kinds = {"needs": [], "no": [], "try": [], "": []}
    for line in facts:
        kind, _, rest = line.partition(" ")
        kinds[kind if kind in kinds else ""].append(rest if kind in kinds else line)
    offered = [remedy.partition(" => ") for remedy in kinds["try"]]
    return Case(
        program="\n".join(program),
        error=error,
        at=at,
        underlined=how == "at",
        facts=[fact for line in kinds[""] for fact in line.split("; ")],
        needs=kinds["needs"],
        absent=[words for line in kinds["no"] for words in line.split("; ")],
        remedies=[(remedy, line or remedy) for remedy, _, line in offered],
    )


def cases(blocks):
    """The cases of a text by their last lines, and where these are the same by their programs."""
    read = [read_case(block) for block in blocks.strip().split("\n\n")]
    last = [case.program.split("\n")[-1].strip() for case in read]
    return {name if last.count(name) == 1 else case.program: case for name, case in zip(last, read)}


@pytest.fixture(autouse=True)
def declared():
    """The operations that a test declares are gone after it."""
    before = dict(OPS)
    yield
    OPS.clear()
    OPS.update(before)


@pytest.fixture
def net(tmp_path, monkeypatch):
    """A network that programs know; they write files to a folder of their own."""
    monkeypatch.chdir(tmp_path)
    net = nn.MLP((2, 3))
    monkeypatch.setitem(NAMES, "net", net)
    return net


def run(program, file=FILE):
    linecache.cache[file] = len(program), None, program.splitlines(keepends=True), file
    exec(compile(program, file, "exec"), dict(NAMES))


def error_of(program, file=FILE):
    """The error that ends a program."""
    try:
        run(textwrap.dedent(program).strip() + "\n", file)
    except Exception as error:
        return error
    pytest.fail("the program ended without an error")


def text_of(error):
    """What is read below the traceback."""
    return "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])


def pattern(fact):
    """A pattern for the pieces of a fact, whole words in this order, with a few words between them."""
    return r"[^\n]{0,40}?".join(rf"(?<!\w){re.escape(piece)}(?!\w)" for piece in fact.split("~"))


def wrong_facts(case):
    """What is wrong about the error of a case; nothing, if all its facts are there and its remedies help."""
    error = error_of(case.program)
    text = text_of(error)
    if type(error).__name__ != case.error:
        return [f"not {case.error}: {text}"]
    wrong = [f"{fact} is not in: {text}" for fact in case.facts if not re.search(pattern(fact), text)]
    wrong += [f"{words} is in: {text}" for words in case.absent if words in text]
    for need in case.needs:
        name, number = need.split()
        stated = f"{name} needs {list(OPS[name].needs)[int(number)]}."
        wrong += [f"{stated!r} is not in: {text}"] * (stated not in text)
    if case.at is not None:
        wrong += wrong_location(case, error.__notes__[0])
    lines = case.program.split("\n")
    indent = lines[-1][: len(lines[-1]) - len(lines[-1].lstrip())]
    for remedy, line in case.remedies:
        if not re.search(rf"(?<!\w){re.escape(remedy)}" if remedy[0] != "." else re.escape(remedy), text):
            wrong.append(f"{remedy} is not offered by: {text}")
        run("\n".join([*lines[:-1], indent + line]) + "\n")
    return wrong


def wrong_location(case, note):
    """What is wrong about the note that shows the student's line."""
    lines = case.program.split("\n")
    number, line = [(i, line) for i, line in enumerate(lines, 1) if case.at in line][-1]
    shown, _, underline = note.partition("\n")
    if not re.match(rf"lesson\.py\D*{number}\D.*{re.escape(line.strip())}$", shown):
        return [f"line {number} is not shown by: {note}"]
    underlined = shown[underline.find("^") : underline.rfind("^") + 1] if "^" in underline else None
    return [] if underlined == (case.at if case.underlined else None) else [f"{underlined!r} is underlined"]


ALL = cases(CASES)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of a division by zero
@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_an_error_names_the_line_the_facts_and_a_remedy_that_helps(case, net):
    assert not wrong_facts(case)


@pytest.mark.parametrize("case", cases(LOADS).values(), ids=cases(LOADS))
def test_a_file_that_does_not_fit_is_explained_and_changes_nothing(case, net):
    before = [p.numpy() for p in net.parameters()]
    assert not wrong_facts(case)
    assert all((p.data == b).all() for p, b in zip(net.parameters(), before))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("program", WHOLE)
def test_a_whole_message(program):
    assert "\n".join(error_of(program).__notes__) == WHOLE[program]


def test_a_wrong_fact_is_seen():
    """The reader of cases is itself a test: each of these is wrong in one fact."""
    right = (
        "W = Tensor(np.ones((3, 4)))\ny = W @ np.ones(3)\n| ValueError at W @ np.ones(3)\n| x~W~(3, 4)\n| try W.mT => 1"
    )
    assert not wrong_facts(read_case(right))
    for a, b in (
        ("| ValueError", "| TypeError"),
        ("at W @ np.ones(3)", "at np.ones(3)"),
        ("at W @ np.ones(3)", "at W = Tensor(np.ones((3, 4)))"),
        ("at W @ np.ones(3)", "on W @ np.ones(3)"),
        ("x~W~(3, 4)", "x~V~(3, 4)"),
        ("x~W~(3, 4)", "x~W~(4, 3)"),
        ("x~W~(3, 4)", "needs matmul 0"),
        ("x~W~(3, 4)", "no .mT"),
        ("try W.mT", "try V.mT"),
    ):
        assert wrong_facts(read_case(right.replace(a, b))), b
    with pytest.raises(ValueError, match=r"\(3,4\)"):
        wrong_facts(read_case(right.replace("=> 1", "=> W @ np.ones(3)")))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_of_any_traceback_at_most_two_frames_are_ours(net):
    ours = {name: sum(is_ours(file) for file, _ in frames(error_of(case.program))) for name, case in ALL.items()}
    allowed = {name: 2 + ("hook" in case.program) for name, case in ALL.items()}  # our frame that calls the student's
    too_many = [f"{number} in {name}" for name, number in ours.items() if number > allowed[name]]
    assert not too_many, "\n".join(too_many)


def frames(error):
    """The files and lines of a traceback, below the test's own."""
    return [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)][2:]


def is_ours(file):
    return file.startswith(locations.PACKAGE + os.sep)


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


@pytest.mark.parametrize("edit", ["y.data[0] = 1", "W.data -= np.ones((2, 2))", "W.grad[5] = 1", "W -= step"])
def test_the_last_frame_that_is_not_ours_is_the_line_that_edits(edit):
    program = ALL[edit].program
    last = [(file, line) for file, line in frames(error_of(program)) if not is_ours(file)][-1]
    assert last == (FILE, program.count("\n") + 1)


@pytest.mark.parametrize("edit", ["W.data[2] = 9", "W.data += np.ones(3)", "W[0] = 9", "W.data.put(7, 9)", "W -= 9"])
def test_an_edit_that_fails_has_changed_nothing(edit):
    error = error_of(f"W = Tensor([1.0, 2.0])\n{edit}")
    left = error.__traceback__.tb_next.tb_next.tb_frame.f_globals["W"]
    assert left.tolist() == [1.0, 2.0] and left.is_leaf


def test_a_column_against_a_vector_is_silent_in_arithmetic():
    assert (Tensor(np.ones((3, 1))) - np.ones(3)).shape == (3, 3)


def test_integers_become_floats_with_the_right_gradient():
    x = Tensor([1, 2, 3])
    assert x.dtype == np.float64
    assert gradients((x * x).sum(), [x])[0].tolist() == [2.0, 4.0, 6.0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_trace_nan_does_not_blame_an_operation_whose_needs_are_met():
    error = error_of("x = Tensor([0.0])\nwith trace_nan():\n    y = concatenate([x, np.array([np.inf])])")
    assert re.search(pattern("concatenate~1 of 2 infinite"), str(error))
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


def test_an_optimiser_takes_a_module_for_its_parameters():
    net = nn.MLP((2, 3))
    assert optim.SGD(net).parameters == net.parameters()


def test_what_loses_no_gradient_becomes_an_array():
    assert np.asarray(tinygrad_edu.constant([1.0, 2.0])).tolist() == [1.0, 2.0]
    assert np.zeros_like(Tensor([1.0, 2.0])).tolist() == [0.0, 0.0]


def test_a_hostile_name_is_printed_harmlessly(monkeypatch):
    t = Tensor([1.0, 2.0], name="a\n\x1b[31m" + "x" * 10_000)
    monkeypatch.setitem(NAMES, "t", t)
    shown = text_of(error_of("t @ np.ones(3)"))
    assert "\x1b" not in shown and r"a\n\x1b[31mxxx" in shown and len(shown) < 500 and len(repr(t)) < 200
