"""What ``explain`` says, as a student reads it, and where it speaks at all.

A case is a program whose ``loss`` is explained, dashes, and facts: kind and line of a finding, and words of it.
"""

import linecache
import os
import re
import textwrap

import numpy as np
import pytest

import tinygrad_edu
from tinygrad_edu import OPS, Tensor, nn, optim
from tinygrad_edu.findings import Findings, explain, findings_about
from tinygrad_edu.stepping import Stepper

FILE = os.path.join("homework", "lesson.py")
NAMES = {name: getattr(tinygrad_edu, name) for name in (*tinygrad_edu.__all__, "sum", "max", "min", "abs")}
NAMES |= {"np": np, "nn": nn, "optim": optim, "explain": explain, "tinygrad_edu": tinygrad_edu, "__name__": "lesson"}


@pytest.fixture(autouse=True)
def declared():
    """The operations that a test declares are gone after it."""
    before = dict(OPS)
    yield
    OPS.clear()
    OPS.update(before)


def ran(program):
    """The variables that a program leaves."""
    program = textwrap.dedent(program).strip() + "\n"
    linecache.cache[FILE] = len(program), None, program.splitlines(keepends=True), FILE
    variables = {**NAMES, "rng": np.random.default_rng(0)}
    with np.errstate(all="ignore"):
        exec(compile(program, FILE, "exec"), variables)
    return variables


def explained(program):
    """What is found in the loss of a program, with what it says ought to receive a gradient, and its options."""
    variables = ran(program)
    return explain(variables["loss"], *variables.get("of", []), **variables.get("options", {}))


FACTS = {
    "infinity, and where it becomes NaN": """
        x = Tensor([1000.0, 1.0], "x")
        e = np.exp(x)
        p = e / e.sum()
        loss = -log(p[0])
        ---
        not finite, line 2: exp made values that are not finite: 1 of 2 infinite.
        From infinity divide makes NaN, in line 3: p = e / e.sum(). So loss is nan.
        Write softmax(x) in place of e / e.sum()
    """,
    "a leaf that was given NaN": """
        x = Tensor([np.nan, 1.0], "x")
        loss = (x * 2).sum()
        ---
        not finite, line 1: x of shape (2,) was given values that are not finite: 1 of 2 nan. So loss is nan.
    """,
    "the branch that where did not choose": """
        x = Tensor([0.0, 4.0], "x")
        loss = where(x > 0, sqrt(x), 0).sum()
        ---
        not chosen, line 2: The slope of sqrt is infinite at x[0] = 0, but the where in line 2 did not choose it there
        its gradient there is 0, as it should be.
        What serves in all is where(x > 0, sqrt(where(x > 0, x, 1)), 0).
    """,
    "the logarithm of a softmax": """
        z = Tensor([[1000.0, 0.0], [0.0, 3.0]], "z")
        p = softmax(z)
        loss = -log(p)[[0, 1], [1, 1]].mean()
        ---
        log of a rounded zero, line 3: 1 value of 4 in p is exactly 0, but only by rounding
        softmax is never 0 itself: p = softmax(z).
        log_softmax(z) is the logarithm without rounding, and cross_entropy(z, labels) the whole loss.
    """,
    "a rule that is no derivative": """
        @elementwise(x=lambda g, x: g * sigmoid(x))
        def swish(x):
            return x * sigmoid(x)
        v = Tensor([-1.0, 0.0, 0.31], "v")
        loss = swish(v).sum()
        ---
        wrong rule, line 1: The rule of swish for x is not its derivative: at v[0] = -1 it gives 0.2689
        differences 0.07233. gradcheck(swish, ...) tries it
    """,
    "a rule that forgets what comes in": """
        @elementwise(x=lambda g, x: 2.0 * x)
        def squared(x):
            return x * x
        v = Tensor([-1.0, 0.5], "v")
        loss = squared(v).sum()
        ---
        wrong rule, line 1: The rule of squared for x is right only where the upstream gradient is 1
        then it gives -2 at v[0] = -1
        a rule forgets g
    """,
    "a parameter that is not reached": """
        W, b = Tensor([1.0, 2.0], "W"), Tensor(0.5, "b")
        v = W * W.data + b
        loss = ((v.data - b) ** 2).sum()
        of = [W, b]
        ---
        does not reach, line 1: loss was not computed from W, so no gradient reaches it.
    """,
    "only through a sign": """
        W = Tensor([1.0, -2.0], "W")
        b = Tensor(0.5, "b")
        loss = ((sign(W * 3) - b) ** 2).sum()
        ---
        no derivative, line 3: W reaches loss only through sign, in line 3, which has no derivative
        tanh is near it and has a slope: write np.tanh(W * 3).
    """,
    "a relu that is off": """
        W = Tensor([-1.0, -2.0], "W")
        h = relu(W * 3)
        loss = h.sum()
        ---
        zero gradient, line 2: The gradient of W is exactly 0 in every element: h = relu(W * 3), in line 2, passes 0 on
        because its slope is 0 at each of the 2 values of W * 3, from -6 to -3.
        leaky_relu has a slope everywhere: with leaky_relu(W * 3) a gradient comes through.
    """,
    "a bias before a softmax": """
        z, b = Tensor([1.0, 2.0, 4.0], "z"), Tensor(0.5, "b")
        logits = z + b
        loss = cross_entropy(logits, 1)
        ---
        does not depend, line 2: loss does not depend on b: moved at random by about 1 and by about 10, it changes
        Contributions to the gradient cancel at logits = z + b, in line 2
        cross_entropy does not change when one number is added to all that it is taken over.
        So it can be left out here, whatever the other parameters are.
    """,
    "a column against a row": """
        X, y = constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "X"), np.array([1.0, 2.0, 4.0])
        W = Tensor([[0.5], [-1.0]], "W")
        prediction = X @ W
        error = prediction - y
        loss = (error**2).mean()
        ---
        (n, 1) against (n,), line 4: prediction of shape (3, 1) and y of shape (3,) give error = prediction - y of
        9 numbers and not 3, which are then made one.
        Write prediction.ravel() to have 3 pairs. Write y[:, None] for a column.
    """,
    "a softmax over the examples": """
        Z = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], "Z")
        Y = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
        P = softmax(Z, axis=0)
        loss = -(Y * log(P)).sum() / 3
        ---
        softmax over the wrong axis, line 3: takes its softmax over axis 0, in line 3, of 3 numbers each
        but the targets Y sum to one over axis 1, in line 4: that is the axis of the classes.
        Write softmax(Z, axis=1).
    """,
    "the means of rows along the columns": """
        X = Tensor([[1.0, 2.0], [3.0, 5.0]], "X")
        centred = X - X.mean(axis=1)
        loss = (centred**3).sum()
        ---
        mean over the wrong axis, line 2: the mean of each row is taken off a column: X.mean(axis=1) has shape (2,)
        Only because X is square is there no error. Write X.mean(axis=1, keepdims=True).
    """,
    "a mean over the classes": """
        Z = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], "Z")
        Y = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
        loss = -(Y * log_softmax(Z)).mean()
        ---
        mean over the wrong axis, line 3: is the mean over the 2 classes of all examples
        its gradient are 2 times smaller than the mean over the examples.
        Write (Y * log_softmax(Z)).sum(axis=1).mean(). Or cross_entropy(Z, Y).
    """,
    "a sum over the classes, divided by the number of all terms": """
        Z = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], "Z")
        Y = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
        loss = (Y*log_softmax(Z)).sum() / -6
        ---
        mean over the wrong axis, line 3: is the mean over all 6 terms
        Write (Y * log_softmax(Z)).sum(axis=1).mean(). Or cross_entropy(Z, Y).
    """,
    "a column against a row, in a hinge": """
        x, W = constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "x"), Tensor([[0.5], [-1.0]], "W")
        v, y = x @ W, np.array([1.0, -1.0, 1.0])
        loss = relu(1 - y * v).mean()
        ---
        (n, 1) against (n,), line 3: v of shape (3, 1) and y of shape (3,) give y * v of
        Write v.ravel() to have 3 pairs.
    """,
    "units that are dead": """
        X = constant(np.linspace(-1, 1, 80).reshape(20, 4), "X")
        W, b = Tensor(rng.normal(size=(4, 3)), "W"), Tensor([0.0, -50.0, 0.5], "b")
        h = relu(X @ W + b)
        loss = (h.mean(1) ** 2).sum()
        ---
        dead, line 3: 1 of the 3 units of h = relu(X @ W + b) is dead, in line 3: for all 20 examples
        so no gradient comes to what computes it (unit 1).
        Tried on this record, each of these cures it alone: b of 0; leaky_relu for relu.
    """,
    "a sigmoid that is saturated": """
        W = Tensor([8.0, -9.0, 1.0, 12.0], "W")
        h = sigmoid(W * 2)
        loss = (h * h).sum()
        ---
        saturated, line 2: h = sigmoid(W * 2) is saturated, in line 2: 3 of 4 values of W * 2 (75 %) lie below
        below -5.00 or above 5.00, where
        the slope of sigmoid is under 3 % of its largest (the median there is 1.52e-08).
        Of a gradient of norm 3.33, 0.185 is passed on.
        each of these cures it alone: W a tenth as large; relu for sigmoid.
    """,
    "a gradient that vanishes": """
        a = constant([1.0, -1.0], "a")
        for s in range(6):
            W = Tensor([[0.1, 0.2], [-0.2, 0.1]], f"W{s}")
            a = np.tanh(W @ a)
        loss = (a * [1.0, 2.0]).sum()
        ---
        vanishing, line 4: The gradient vanishes on its way back through 6 layers
        is 1.58 at the product with W5, the last, and 0.000865 at the product with W0, the first, 0.223 times as much at
        as nn.Linear starts; connections that skip layers, h + f(W h).
    """,
    "a gradient that explodes": """
        W, h = Tensor([[2.0, 1.0], [-1.0, 2.0]], "W"), np.array([1.0, 1.0])
        for t in range(12):
            h = W @ h
        loss = h.sum()
        ---
        exploding, line 3: The gradient explodes on its way back through 12 layers
        1 at h_12, the last, and 6.99e+03 at h_1, the first, 2.24 times as much at each of 11 steps.
        One matrix is used again and again
        Tried on this record, this cures it: W orthogonal.
    """,
}


def facts(text):
    """A program, and what is to be found in it: the kind, the line, and words of what is said."""
    program, said = textwrap.dedent(text).split("---\n")
    head, *words = [line.strip() for line in said.strip().split("\n")]
    kind, line, first = re.match(r"(.+), line (\d+): (.+)", head).groups()
    return program, kind, int(line), [first, *words]


@pytest.mark.parametrize("case", FACTS)
def test_a_finding_is_a_sentence_with_the_line_and_the_numbers(case):
    program, kind, line, words = facts(FACTS[case])
    found = explained(program)
    assert found.kinds == [kind] and found[0].place.line == line
    for said in words:
        assert said in found[0].words
    assert found[0].node in found[0].nodes and found[0].numbers is not None
    assert os.path.basename(found[0].place.file) == "lesson.py"
    assert all(remedy.words in found[0].words for remedy in found[0].remedies)


def test_how_it_is_printed():
    program, *_ = facts(FACTS["the branch that where did not choose"])
    found = explained(program)
    assert str(found) == repr(found)
    assert str(found).split("\n") == [
        "1. The slope of sqrt is infinite at x[0] = 0, but the where in line 2 did not",
        "   choose it there: its gradient there is 0, as it should be. Other libraries,",
        "   PyTorch and JAX among them, give NaN here. What serves in all is where(x > 0,",
        "   sqrt(where(x > 0, x, 1)), 0).",
        "   lesson.py, line 2:  loss = where(x > 0, sqrt(x), 0).sum()",
        "                                           ^^^^^^^",
        "Nothing else was found.",
    ]


# Which, in which order, and about what.


def test_what_follows_from_nan_is_not_reported_and_what_does_not_is():
    variables = ran("""
        W, V, k = Tensor([1.0, 2.0], "W"), Tensor([1.0, 1.0], "V"), Tensor(1.0, "k")
        p = softmax(W * 2000)
        h = sigmoid(V * 99)
        loss = -log(p).sum() + h.sum()
    """)
    found = explain(variables["loss"], variables["k"], variables["W"])
    assert found.kinds == ["log of a rounded zero", "does not reach"]
    assert found[1].about == "k" and found[0].about == "#5"


def test_the_most_important_comes_first_and_they_are_numbered():
    found = explained("""
        x, b = constant(rng.normal(size=(20, 3)) * 50, "x"), Tensor(0.5, "b")
        W, V = Tensor(rng.normal(size=(3, 4)), "W"), Tensor(rng.normal(size=(4, 2)), "V")
        Y = np.eye(2)[rng.integers(0, 2, 20)]
        h = np.tanh(x @ W)
        loss = -(Y * log_softmax(h @ V + b)).mean()
    """)
    assert found.kinds == ["does not depend", "mean over the wrong axis", "saturated"]
    assert [line[:3] for line in str(found).split("\n") if line[0] != " "] == ["1. ", "2. ", "3. "]


LOOP = """
    z, loss = Tensor([1000.0, 0.0], "z"), 0
    W = Tensor([[1.0, 2.0], [3.0, 5.0]], "W")
    for t in range(50):
        loss = loss + ((W - W.mean(axis=1)) ** 3).sum() + (np.tanh(z / (t + 1)) * [2.0, 1.0]).sum()
"""


def test_the_passes_of_a_loop_are_one_finding():
    found = explained(LOOP)
    assert found.kinds == ["mean over the wrong axis", "saturated"]
    assert (
        found[0].numbers["times"] == 50 and "The same holds for 49 other values that this line made." in found[0].words
    )
    assert found[1].numbers["times"] == 50 and found[1].numbers["share"] == 0.5


def test_layers_of_one_line_are_named():
    found = explained("""
        net = nn.MLP([3, 20, 20, 20, 2], rng=rng)
        for p in net.parameters():
            p.data = p.data * 200
        loss = cross_entropy(net(rng.normal(size=(20, 3))), rng.integers(0, 2, 20))
        of = [net]
    """)
    assert "saturated" in found.kinds
    assert re.search(
        r"The same holds for 2 other values that this line made \(a\(\d\) and a\(\d\)\)",
        str(found).replace("\n   ", " "),
    )


def test_parameters_that_are_alike_are_one_finding():
    variables = ran("""
        net = nn.MLP([3, 4, 2], rng=rng)
        h = net.layers[0](rng.normal(size=(5, 3)))
        loss = (net.layers[1](h.data) ** 2).sum()
    """)
    (found,) = explain(variables["loss"], variables["net"])
    assert (found.kind, found.about, found.place.line) == ("does not reach", "W(1) and b(1)", 3)
    assert found.nodes == tuple(p.node for p in variables["net"].layers[0].parameters())


def test_parameters_of_one_name_go_by_their_paths():
    variables = ran(
        "net = [nn.Linear(2, 2, rng=rng), nn.Linear(2, 2, rng=rng)]; loss = (net[1](np.ones(2)) ** 2).sum()"
    )
    (found,) = explain(variables["loss"], variables["net"])
    assert found.about == "0.W and 0.b"


def test_what_is_not_a_number_takes_a_seed():
    t = Tensor([1.0, 2.0], name="t")
    assert explain(t * 2, seed=[1.0, 1.0]).kinds == []
    assert explain(t * 2, seed=[0.0, 0.0]).kinds == []  # nothing is wrong with it: that was asked for
    with pytest.raises(ValueError, match="backward needs a single number to start from"):
        explain(t * 2)


def test_a_stepper_stays_where_it_is_and_no_grad_is_touched():
    W = Tensor([1.0, -2.0], name="W")
    loss = (W * W).sum()
    stepper = Stepper(loss)
    stepper.next()
    at = stepper.at
    assert explain(stepper).kinds == [] and stepper.at == at and W.node.grad is None
    assert np.array_equal(stepper.gradient(loss.node), 1.0) and stepper.gradient(W.node) is None
    with pytest.raises(TypeError, match="a Stepper has its seed already"):
        explain(stepper, seed=1.0)


def test_hooks_are_called_once():
    W, seen = Tensor([1.0, -2.0], name="W"), []
    W.register_hook(seen.append)
    explain((W * W).sum())
    assert len(seen) == 1


def test_a_part_of_a_long_record_is_explained_whole():
    variables = ran("x = Tensor([0.0, 1.0], 'x'); loss = (sqrt(x) * 2 + 1).sum()")
    assert explain(Stepper(variables["loss"], limit=2)).kinds == ["not finite"]
    variables = ran("X = Tensor([[1.0, 2.0], [3.0, 5.0]], 'X'); loss = ((X - X.mean(axis=1)) ** 3).sum() * 2 + 1")
    assert explain(Stepper(variables["loss"], limit=2)).kinds == ["mean over the wrong axis"]


def test_a_rule_that_fails_because_of_nan_is_explained_by_the_nan():
    variables = ran("A = Tensor([[1.0, 2.0], [3.0, 4.0]], 'A'); loss = np.linalg.det(A * np.array([np.inf, 1.0]))")
    assert explain(variables["loss"]).kinds == ["not finite"]


def test_a_rule_that_fails_otherwise_fails_as_backward_does():
    variables = ran("""
        @op(x=lambda g: np.ones(3))
        def double(x):
            return 2 * x
        loss = double(Tensor([1.0, 4.0])).sum()
    """)
    with pytest.raises(ValueError, match="a rule gave a gradient of shape"):
        explain(variables["loss"])


def test_a_record_that_was_freed_says_so():
    W = Tensor([1.0, -2.0], name="W")
    loss = (W * W).sum()
    loss.backward(free=True)
    with pytest.raises(RuntimeError, match="freed by backward"):
        explain(loss)


@pytest.mark.parametrize(
    "given, words",
    [
        ((3.0,), "explain takes a Tensor that was computed, not 3.0"),
        ((Tensor(1.0) * 2, 3.0), "what ought to receive a gradient is a Tensor or a module, not 3.0"),
    ],
)
def test_what_is_not_a_tensor_is_refused(given, words):
    with pytest.raises(TypeError, match=re.escape(words)):
        explain(*given)


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\nb\r", "{W}", "%s" * 50, "<b>&amp;", "名前" * 40, "W" * 500, ""])
def test_names_cannot_break_what_is_printed(name):
    x = Tensor([0.0, 1.0], name=name)
    k = Tensor(1.0, name=name)
    with np.errstate(all="ignore"):
        found = explain((np.sqrt(x) * 2).sum(), {name: [k]})
    assert found.kinds == ["not finite", "does not reach"]
    assert all(line.isprintable() for line in str(found).split("\n")) and len(str(found)) < 1500


def test_what_was_not_found_is_said_with_what_was_looked_for():
    W = Tensor([1.0, -2.0], name="W")
    loss = (W * W).sum()
    assert str(explain(loss, W)) == (
        "Nothing was found in loss, the 2 values that it was computed by and their\n"
        "gradients. Looked for were: values and gradients that are not finite, gradients\n"
        "of 0, parameters that it does not reach or depend on, gradients that vanish or\n"
        "explode, saturated, dead and equal units, a column against a row, a softmax or a\n"
        "mean over the wrong axis, a softmax or sigmoid twice, constants among\n"
        "parameters, gradients of earlier steps, and rules that are not derivatives."
    )
    assert str(explain(np.sign(W).sum() * 0 + np.sign(loss))).startswith("1. W reaches the loss only through sign")
    assert isinstance(explain(loss), tuple) and isinstance(explain(loss), Findings)


@pytest.mark.parametrize(
    "made, kinds",
    [
        ("w = np.eye(3) @ W; y = np.ones(3)", ["(n, 1) against (n,)"]),
        ("w = W; y = np.ones(3)", ["(n, 1) against (n,)"]),
        ("w = W.ravel(); y = np.ones((3, 1))", []),  # was it meant?  Without the program nobody knows
        ("w = W[:, 0][:, None]; y = np.ones(3)", []),
    ],
)
def test_without_the_program_it_is_silent_where_that_would_tell(made, kinds):
    variables = {**NAMES, "W": Tensor([[1.0], [2.0], [4.0]], "W")}
    exec(compile(f"{made}\nloss = ((w - y) ** 2).mean()", "<typed>", "exec"), variables)
    found = explain(variables["loss"])
    assert found.kinds == kinds and (not kinds or str(found).endswith("\n   <typed>, line 2"))


# For the console: what concerns one node.


def about(program, name):
    variables = ran(program)
    stepper = Stepper(variables["loss"])
    return [finding.kind for finding in findings_about(stepper, stepper.find(name))]


PATHS = """
    W, V = Tensor([8.0, -9.0], "W"), Tensor([0.1, 0.2], "V")
    v = W * 3
    h = sigmoid(v)
    u = V * 2
    k = np.tanh(u)
    loss = (h * 2 + k).sum()
"""


@pytest.mark.parametrize(
    "name, kinds",
    [("W", ["saturated"]), ("v", ["saturated"]), ("h", ["saturated"]), ("V", []), ("k", []), ("loss", [])],
)
def test_a_layer_concerns_what_its_operand_was_computed_from(name, kinds):
    assert about(PATHS, name) == kinds


@pytest.mark.parametrize(
    "name, kinds", [("x", ["not finite"]), ("r", ["not finite"]), ("b", []), ("loss", ["not finite"])]
)
def test_nan_concerns_what_is_spoilt_by_it(name, kinds):
    program = (
        "x, b = Tensor([-1.0, 4.0], 'x'), Tensor([1.0, 1.0], 'b')\nr = sqrt(x)\nc = b * 2\nloss = r.sum() + c.sum()"
    )
    assert about(program, name) == kinds


def test_an_interior_gradient_of_0_has_its_reason_too():
    program = "w = Tensor([-1.0, -2.0], 'w')\nu = w * 2\nh = relu(u)\nloss = h.sum() + w.sum()"
    assert about(program, "w") == [] and about(program, "u") == ["zero gradient"]


@pytest.mark.parametrize(
    "loss, words",
    [
        ("(m - 1) ** 2 + (m - 3) ** 2", "the contributions to m from its 2 uses cancel exactly."),
        ("((m - np.array([1.0, 2.0, 3.0])) ** 2).sum()", "because what it would pass on cancels."),
    ],
)
def test_in_a_minimum_nothing_is_wrong_but_who_asks_is_told(loss, words):
    variables = ran(f"m = Tensor(2.0, 'm'); loss = {loss}")
    assert explain(variables["loss"]).kinds == []
    (found,) = findings_about(Stepper(variables["loss"]), variables["m"].node)
    assert found.kind == "zero gradient" and words in found.words
    assert found.words.endswith("Moved, it does change loss: it is at rest here, as in a minimum.")
