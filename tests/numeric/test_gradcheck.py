"""What ``gradcheck`` says: which entry, both slopes, and the kind of mistake where one fits at all entries."""

import re

import numpy as np
import pytest

from tinygrad_edu import (
    OPS,
    Tensor,
    cross_entropy,
    elementwise,
    grad,
    gradcheck,
    gradients,
    hvp,
    jacobian,
    op,
    relu,
    sigmoid,
    vjp,
)


@pytest.fixture(autouse=True)
def declared():
    """The operations that a test declares are gone after it."""
    before = dict(OPS)
    yield
    OPS.clear()
    OPS.update(before)


def said(f, *args, **options):
    """The words of the AssertionError."""
    with pytest.raises(AssertionError) as caught:
        gradcheck(f, *args, **options)
    return str(caught.value)


def rule_of_x(rule, forward, declare=elementwise):
    """An operation of one operand with this rule."""

    def tried(x):
        return forward(x)

    return declare(x=rule)(tried)


def test_it_shows_slopes_and_no_hidden_weights():
    words = said(rule_of_x(lambda g, x: g * 3 * x, lambda x: x**3), [-1.0, 2.0])
    assert words == (
        "reverse: the derivative of the result at [0] by x at [0] is -3 by the rules and 3 by differences. Times x it "
        "is right at every entry: that factor is missing."
    )


KINDS = {
    "a sign": (lambda g, x: -g * np.cos(x), np.sin, [0.3, 1.0], "It has the wrong sign at every entry."),
    "half": (lambda g, x: g * x, lambda x: x * x, [0.3, 1.0], "It is 1/2 times as large at every entry"),
    "an odd factor": (lambda g, x: g / x, np.log2, [0.3, 1.0], "It is 0.6931 times as large at every entry"),
    "a factor, at one number": (lambda g, x: g * x, lambda x: x * x, 2.0, "It is 1/2 times as large"),
    "x is missing, at one number": (lambda g, x: 2 * g, lambda x: x * x, 2.0, "Times x it is right at every entry"),
    "the result is missing": (lambda g, z: g * (1 - z), sigmoid.op.forward, [0.3, 1.0], "Times the result it is right"),
    "x too many": (lambda g, x: g * x, lambda x: x * 1.0, [0.3, 2.0], "Divided by x it is right at every entry"),
    "upstream forgotten": (lambda g, x: 2 * x, lambda x: x * x, [0.3, 2.0], "a rule forgets g"),
    "upstream forgotten, of one number": (lambda g, x: 2 * x, lambda x: x * x, 3.0, "a rule forgets g"),
    "not linear": (lambda g, x: g * g * 2 * x, lambda x: x * x, [0.3, 2.0], "has to be linear in g"),
    "nothing": (lambda g, x: 0 * g, lambda x: x * x, [0.3, 2.0], "By the rules it is 0 at every entry of x"),
}


@pytest.mark.parametrize("case", KINDS)
def test_the_kind_of_mistake(case):
    rule, forward, x, words = KINDS[case]
    assert words in said(rule_of_x(rule, forward), x)


@pytest.mark.parametrize(
    "rule", [lambda g, x: g * np.where(x > 1, 1, 2) * x, lambda g, x: g * (2 * x + 0.1), lambda g, x: g * x**3]
)
def test_no_kind_is_said_that_does_not_fit_everywhere(rule):
    assert said(rule_of_x(rule, lambda x: x * x), [0.5, 1.5]).endswith(" by differences")


def test_a_kind_has_to_fit_beside_the_point_too():
    """At x = 1/2 alone 1 for 2 x looks right, and 2 for 4 x**3 looks like a factor of 4."""
    assert "Times x" in said(rule_of_x(lambda g, x: 4 * g * x * x, lambda x: x**4), 0.5)


def test_the_argument_that_is_wrong_is_named():
    @op(x=lambda g, W: W.mT @ g, W=lambda g, x: 2 * np.outer(g, x))
    def layer(W, x):
        return W @ x

    words = said(layer, [[1.0, 2.0, 0.5], [0.5, -1.0, 2.0]], [1.0, 2.0, -1.0])
    assert words.startswith("reverse: the derivative of the result at [0] by W at [0, 0] is 2 by the rules and 1 by ")
    assert words.endswith("It is 2 times as large at every entry: a constant factor is wrong.")


def test_rules_that_were_exchanged():
    @elementwise(x=lambda g, x: g * np.exp(x), y=lambda g, y: g * np.cos(y))
    def f(y, x):
        return np.exp(y) * 0 + np.sin(y) + np.exp(x)

    assert gradcheck(f, [0.1, 0.2], [0.3, 0.4])

    @elementwise(x=lambda g, y: g * np.cos(y), y=lambda g, x: g * np.exp(x))
    def h(y, x):
        return np.sin(y) + np.exp(x)

    assert "It is the derivative by x at every entry: were the rules of y and x exchanged?" in said(
        h, [0.1, 0.2], [0.3, 0.4]
    )


def test_a_transpose_that_is_missing():
    assert "x transposed, at every entry" in said(
        rule_of_x(lambda g: g, lambda x: np.swapaxes(x, 0, 1) * 1.0, op), [[1.0, 2.0], [3.0, 4.0]]
    )


def test_a_mean_in_the_place_of_a_sum_over_what_was_broadcast():
    @op(x=lambda g: g, b=lambda g: g.mean(0))
    def shifted(x, b):
        return x + b

    words = said(shifted, np.arange(12.0).reshape(4, 3), [0.5, 0.1, 0.2])
    assert "by b at [0] is 0.25 by the rules and 1 by differences. It is 1/4 times as large" in words
    assert "mean of 4" in words


def test_a_sum_over_what_was_broadcast_that_is_forgotten():
    @op(x=lambda g: g, b=lambda g: g[0])
    def shifted(x, b):
        return x + b

    words = said(shifted, np.ones((3, 2)), [0.5, 0.1])
    assert "by b at [0] is 0 by the rules and 1 by differences" in words
    assert "At 4 of 12 entries the rules give 0 and differences do not: a contribution is missing" in words


def test_a_wrong_second_derivative_says_by_which_entries():
    def cut(x, y):
        return np.exp(x) * y

    cut = elementwise(
        x=lambda g, z: g * (z.data if isinstance(z, Tensor) else z), y=lambda g, x: g * np.exp(x)
    )(cut)  # fmt: skip
    assert gradcheck(cut, [0.5], [2.0], order=1)
    words = said(lambda x, y: cut(x, y).sum(), [0.5, 0.1], [2.0, 3.0])
    assert re.match(r"second order: the second derivative by x at \[\d\](?: and y at \[\d\])? is 0 by the rules", words)


def test_a_second_derivative_that_is_0_everywhere():
    cube = rule_of_x(lambda g, x: g * 3 * np.asarray(getattr(x, "_array", x)) ** 2, lambda x: x**3)
    assert "By the rules it is 0 everywhere: does a rule take values out of the record" in said(cube, [2.0])


# Functions that take a gradient on their way.


def penalty(w):
    """The squared norm of a gradient."""
    x = Tensor(np.array([1.0, 2.0]), "x")
    (g,) = gradients(np.tanh(w * x).sum(), [x], differentiable=True)
    return (g**2).sum()


def residual(w, b, v):
    """u'' + u of a small network u, as in physics-informed networks."""
    x = Tensor(np.linspace(0.1, 1, 5)[:, None], "x")
    u = np.tanh(x * w + b) @ v
    (du,) = gradients(u.sum(), [x], differentiable=True)
    (d2u,) = gradients(du.sum(), [x], differentiable=True)
    return ((d2u[:, 0] + u) ** 2).mean()


INSIDE = {
    "a gradient penalty": penalty,
    "grad": lambda w: grad(lambda x: np.sin(w * x).sum())(np.array([1.0, 2.0])),
    "hvp": lambda w: hvp(lambda x: (w * x**3).sum(), Tensor([1.0, 2.0]), Tensor([1.0, -1.0])),
    "vjp": lambda w: vjp(lambda x: np.exp(w * x), Tensor([0.1, 0.2]))[1](np.ones(2))[0],
    "jacobian": lambda w: (jacobian(lambda x: np.tanh(w * x))(np.array([0.3, 0.1])) ** 2).sum(),
    "a step of learning": lambda w: ((w - 0.1 * grad(lambda v: ((v - 1) ** 4).sum())(w) - 2) ** 2).sum(),
}


@pytest.mark.parametrize("case", INSIDE)
def test_a_function_may_take_a_gradient(case):
    assert gradcheck(INSIDE[case], np.array([0.3, -0.2]))


def test_a_physics_informed_network():
    rng = np.random.default_rng(0)
    assert gradcheck(residual, *rng.normal(size=(3, 3)))


def test_a_gradient_inside_that_is_not_recorded_is_named():
    def f(w):
        x = Tensor([1.0, 2.0])
        (g,) = gradients((w * w * x * x).sum(), [x])
        return (w * g).sum()

    words = said(f, [0.3, 0.2])
    assert "by the rules and" in words and words.endswith("gradients(..., differentiable=True) records it.")


# What is no derivative to compare with.


@pytest.mark.parametrize(
    "f, x, words",
    [
        (lambda x: relu(x).sum(), [1.0, 0.0], "f has a kink at x[1] = 0: differences give 0 from the left and 1 from"),
        (lambda x: np.log(x), [-1.0, 1.0], "values: the result at [0] is nan at these arguments"),
        (lambda x: np.sqrt(x), [0.0, 1.0], "f is not finite next to x[0] = 0"),
        (lambda x: np.maximum(x, 0) ** 2, 0.0, "the first derivative by x has a kink at x = 0"),
    ],
)
def test_where_there_is_none_that_is_said(f, x, words):
    found = said(f, x)
    assert words in found


@pytest.mark.parametrize(
    "f, x",
    [
        (lambda x: np.exp(100 * x), [0.1]),
        (lambda x: (x**2).sum(), [1e6, 1e-6]),
        (lambda x: np.log(x), [1e-5, 1.0]),
        (lambda x: np.sin(1 / x), [0.01]),
        (lambda x: (np.cos(x), x.sum()), [0.3, 1.0]),
        (lambda x: np.sign(x), [2.0]),
        (lambda x: (x > 0).sum(), [2.0]),
        (lambda x: np.zeros((0, 3)) * x, np.zeros((0, 3))),
        (lambda x: x * 2, 3),
    ],
)
def test_right_ones_pass_also_where_differences_are_hard(f, x):
    assert gradcheck(f, x)


def test_a_value_taken_out_of_the_record():
    words = said(lambda x: x.data.sum(), [0.3, 1.0])
    assert "is 0 by the rules and 1 by differences" in words and ".data" in words


def test_whole_numbers_are_indices_and_labels():
    labels = np.array([0, 2])
    assert gradcheck(lambda W, i: W[i].sum(), np.eye(3), labels)
    assert gradcheck(cross_entropy, [[0.1, 0.2, 0.3], [1.0, 0.5, 0.2]], labels)
    with pytest.raises(TypeError, match="whole numbers .* index"):
        gradcheck(lambda x: (x * x).sum(), np.array([1, 2]))


def test_options_are_those_of_others():
    half = rule_of_x(lambda g, x: g * x, lambda x: x * x)
    assert not gradcheck(half, [1.0, 2.0], raise_exception=False)
    assert gradcheck(half, [1.0, 2.0], rtol=1.0, order=1)
    assert gradcheck(lambda x, y: x @ y, (np.eye(2), np.ones(2)))
    assert gradcheck(lambda x, y: x @ y, (Tensor(np.eye(2)), np.ones(2)), eps=1e-3)
    assert said(half, [1.0, 2.0], modes=["forward"]).startswith(
        "forward: the derivative of the result at [0] by x at [0] is 1 by the rules and 2 by differences."
    )
    with pytest.raises(ValueError, match="modes are 'reverse' and 'forward', not 'fwd'"):
        gradcheck(half, 1.0, modes=["fwd"])
    with pytest.raises(ValueError, match="order is 1 or 2, not 3"):
        gradcheck(half, 1.0, order=3)


@pytest.mark.parametrize("f, x", [(np.abs, 0.0), (lambda x: np.maximum(x, 0.3 * x).sum(), np.array([0.0, 1.0]))])
def test_a_bend_in_the_second_order_is_no_mistake_of_a_rule(f, x):
    with pytest.raises(AssertionError, match=r"second order: .* is nan by the rules\..* kink.* or order=1"):
        gradcheck(f, x)
    assert gradcheck(f, x, order=1)
