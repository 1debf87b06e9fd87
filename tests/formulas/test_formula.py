"""``formula``: the gradients of the hand-ins as a textbook prints them, and nothing wrong, whatever is asked for."""

import json
from pathlib import Path

import numpy as np
import pytest
from formulas_cases import cases, length, named, networks
from formulas_random import Drawn

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant, sigmoid, softmax
from tinygrad_edu.derivatives import gradients, hessian, jacobian
from tinygrad_edu.engine.reachable import reachable
from tinygrad_edu.engine.recompute import value
from tinygrad_edu.formulas.closed import UNFORESEEN, Search, formula
from tinygrad_edu.formulas.simplify import Rules
from tinygrad_edu.formulas.verified import Sizes
from tinygrad_edu.language.tree import walk
from tinygrad_edu.op import OPS

SIZES = json.loads((Path(__file__).parents[1] / "data" / "formulas.json").read_text())
CASES = [(case, J, name, x, options) for case, J, wrt, options in cases() for name, x in wrt.items()]
PHI = OPS.pop("phi")  # an operation of these cases alone, which other tests shall not meet
RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True, scope="module")
def activation():
    """Some activation is an operation while these tests run."""
    OPS["phi"] = PHI
    yield
    OPS.pop("phi", None)


def test_a_root_is_a_root():
    Q, K = (Tensor(drawn(4, 3), word) for word in "QK")
    found = formula((softmax(Q @ K.T / np.sqrt(3)) ** 2).sum() / np.sqrt(3), Q)
    assert "√3" in str(found) and "0.5773" not in str(found) and "0.5773" not in found.latex


def drawn(*shape):
    return RNG.normal(0, 0.8, shape)


def known(J, closed):
    """The values of the names in a formula."""
    return {n.name: value(n) for n in reachable([J.node]) if n.name in closed.shapes}


@pytest.mark.parametrize(("case", "J", "name", "x", "options"), CASES, ids=[f"{c[0]}-{c[2]}" for c in CASES])
def test_each_gradient_of_the_hand_ins_has_a_formula_that_is_right_and_no_longer(case, J, name, x, options):
    closed = formula(J, x, **options)
    assert closed and closed.matrices, closed.why
    assert length(closed.tree) <= SIZES[case][name], closed.text
    arrays = known(J, closed) | {n: np.stack([t.data for t in v]) for n, v in options.get("families", {}).items()}
    found = closed.value(**arrays)
    assert found.shape == x.shape
    np.testing.assert_allclose(found, gradients(J, [x])[0], rtol=1e-9, atol=1e-12)


def test_all_cases_are_there():
    assert {c: {name for case, _, name, _, _ in CASES if case == c} for c in SIZES} == {c: set(SIZES[c]) for c in SIZES}
    assert len(CASES) == 94


TEXTBOOK = {
    ("S0.2", "u"): "Wᵀ Vᵀ (σ(t) - δ)",
    ("S0.2x", "V"): "(σ(V W u - q) - δ) (W u)ᵀ",
    ("S1.1", "v_c"): "-(1 - σ(v_cᵀ W u)) W u",
    ("S1.1", "u"): "Wᵀ (C̄ᵀ σ(C̄ W u) - (1 - σ(v_cᵀ W u)) v_c)",
    ("S2.18", "z"): "σ′(z)",
    ("S2.19lse", "s"): "softmax(s) - y",
    ("S2.21", "A"): "(σ′(A x) ⊙ (Bᵀ (g - y))) xᵀ",
    ("S3.sq4", "W4"): "(φ′(v⁽⁴⁾) ⊙ (a⁽⁴⁾ - y)) a⁽³⁾ᵀ",
    ("S4.cs", "b1"): "1ᵀ (σ′(Z₁) ⊙ ((Ŷ - Y) W₂ᵀ))",
    ("S4.w2vx", "v_c"): "Uᵀ softmax(U v_c) - u_o",
    ("S4.cbow", "V"): "c (ŷ - y)ᵀ U",
}


@pytest.mark.parametrize("which", TEXTBOOK)
def test_it_is_printed_as_in_a_textbook(which):
    (closed,) = [formula(J, x, **options) for case, J, name, x, options in CASES if (case, name) == which]
    assert str(closed) == TEXTBOOK[which]


def test_a_family_is_printed_with_one_sum():
    (closed,) = [formula(J, x, **o) for case, J, name, x, o in CASES if (case, name) == ("S1.1u", "u")]
    assert [node.head for _, node in walk(closed.tree)].count("Sum") == 1
    assert len(closed.text) < 60


def test_at_every_depth_a_named_delta_is_made_of_the_next():
    for case, E, wrt, options in networks():
        deltas = {x: f"delta({name[1:]})" for name, x in wrt.items() if name[0] == "v"}
        last = len(deltas)
        for name, x in wrt.items():
            s = int(name[1:])
            raised = "⁰¹²³⁴⁵⁶⁷⁸⁹"
            text = formula(E, x, names=deltas, **options).text
            if name[0] == "v" and s < last:
                assert text == f"φ′(v⁽{raised[s]}⁾) ⊙ (W⁽{raised[s + 1]}⁾ᵀ δ⁽{raised[s + 1]}⁾)"
            elif name[0] == "W":
                assert text == f"δ⁽{raised[s]}⁾ " + (f"a⁽{raised[s - 1]}⁾ᵀ" if s > 1 else "xᵀ"), case
            elif name[0] == "b":
                assert text == "δ⁽¹⁾"


def test_names_for_gradients_must_be_new_and_of_something():
    x = Tensor(drawn(3), "x")
    J = (x * x).sum()
    with pytest.raises(ValueError, match="there is no tensor called 'z'"):
        formula(J, x, names={"z": "delta"})
    with pytest.raises(ValueError, match="x is already the name of a tensor"):
        formula(J, x, names={"x": "x"})


def test_a_list_gives_a_list_and_what_it_does_not_depend_on_is_zero():
    x, y = Tensor(drawn(3), "x"), Tensor(drawn(2, 3), "y")
    first, second = formula((x**3).sum(), [x, y])
    assert str(first) == "3 x²"
    np.testing.assert_array_equal(second.value(y=y), np.zeros((2, 3)))


def test_values_are_called_by_the_names_that_the_program_gives_them():
    W, a = Tensor(drawn(2, 3)), constant(drawn(3))
    v = W @ a
    E = np.tanh(v).sum()
    assert str(formula(E, W)) == "tanh′(v) aᵀ"
    assert str(formula(E, W, expand=True)) == "tanh′(W a) aᵀ"


def test_jacobians():
    s, A = Tensor(drawn(4), "s"), Tensor(drawn(3, 4), "A")
    g = named(softmax(s), "g")
    assert str(formula(g, s)) == "diag(g) - g gᵀ"
    assert str(formula(A @ s, s)) == "A"
    np.testing.assert_allclose(
        formula(np.tanh(A @ s), s).value(A=A, s=s), jacobian(lambda s: np.tanh(A.data @ s))(s.data)
    )
    np.testing.assert_allclose(formula(tg.log_softmax(s), s).value(s=s), jacobian(tg.log_softmax)(s.data))


def test_hessians():
    x, A, c = Tensor(drawn(3), "x"), constant(drawn(3, 3), "A"), constant(drawn(3), "c")
    assert str(formula(x @ A @ x, x, order=2)) == "A + Aᵀ"
    assert str(formula(tg.logsumexp(x), x, order=2)) == "diag(softmax(x)) - softmax(x) softmax(x)ᵀ"
    assert str(formula(sigmoid(x @ c), x, order=2)).endswith(" c cᵀ")
    f = lambda x: (np.tanh(A.data @ x) ** 2).sum()  # noqa: E731
    np.testing.assert_allclose(formula(f_of(A, x), x, order=2).value(A=A, x=x), hessian(f)(x.data), atol=1e-12)
    assert np.array_equal(formula(x @ c, x, order=2).value(x=x, c=c), np.zeros((3, 3)))


def f_of(A, x):
    return (np.tanh(A @ x) ** 2).sum()


def test_components():
    W, d, v = Tensor(drawn(3, 2), "W"), constant(drawn(3), "delta"), Tensor(drawn(2), "v")
    E = d @ (W @ sigmoid(v))
    closed = formula(E, v)
    assert str(closed) == "σ′(v) ⊙ (Wᵀ δ)"
    one = closed.components
    assert one.indices == ("i",) and not one.matrices
    np.testing.assert_allclose(one.value(W=W, delta=d, v=v), closed.value(W=W, delta=d, v=v))
    assert str(formula(E, v, components=True)) == str(one) and "∑" in str(one)


def test_where_three_axes_are_it_is_left_in_components():
    T, q = Tensor(drawn(2, 3, 4), "T"), constant(drawn(4), "q")
    closed = formula(((T @ q) ** 2).sum(), T)
    assert not closed.matrices and closed.why == "it has more than two axes" and closed.indices == ("i", "j", "k")
    np.testing.assert_allclose(closed.value(T=T, q=q), gradients(((T @ q) ** 2).sum(), [T])[0])
    with pytest.raises(ValueError, match="for one element"):
        _ = closed.python


def test_a_distribution_sums_to_one_only_where_that_is_declared():
    s, y = Tensor(drawn(4), "s"), constant(np.full(4, 0.25), "y")
    R = tg.cross_entropy(s, y)
    assert str(formula(R, s, distributions=[y])) == str(formula(R, s, distributions=["y"])) == "softmax(s) - y"
    assert str(formula(R, s)) == "(∑ y) softmax(s) - y"
    with pytest.raises(ValueError, match="z does not sum to one"):
        formula((s * constant(drawn(4), "z")).sum(), s, distributions=["z"])
    with pytest.raises(ValueError, match="there is no tensor called 'w'"):
        formula(R, s, distributions=["w"])


def test_cross_entropy_of_labels():
    W, X, labels = Tensor(drawn(3, 4), "W"), constant(drawn(5, 3), "X"), np.array([0, 3, 1, 1, 2])
    assert str(formula(tg.cross_entropy(X @ W, labels, reduction="sum"), W)) == "Xᵀ (softmax(X W) - Y)"
    assert str(formula(tg.cross_entropy(X @ W, labels), W)) == "(1/5) Xᵀ (softmax(X W) - Y)"


def test_logistic_regression():
    w, x, y = Tensor(drawn(3), "w"), constant(drawn(3), "x"), constant(1.0, "y")
    p = sigmoid(w @ x)
    assert str(formula(-(y * np.log(p) + (1 - y) * np.log(1 - p)), w)) == "(p - y) x"


def test_functions_with_corners_keep_their_slope():
    v, c = Tensor(drawn(5), "v"), constant(drawn(5), "c")
    assert str(formula((tg.relu(v) * c).sum(), v)) == str(formula((np.maximum(v, 0) * c).sum(), v))
    assert "1" not in str(formula(np.abs(v).sum(), v))


def test_what_has_no_form_is_said_plainly():
    A = Tensor(drawn(3, 3) + 3 * np.eye(3), "A")
    closed = formula(np.linalg.inv(A).sum(), A)
    assert not closed and closed.tree is None
    assert str(closed) == "no closed form was found: inv has no form as a sum of products"
    with pytest.raises(ValueError, match="no closed form was found"):
        closed.value(A=A)
    with pytest.raises(ValueError, match="no closed form was found"):
        _ = closed.latex


def test_an_array_without_a_name_is_asked_for():
    x, arrays = Tensor(drawn(3), "x"), [drawn(3)]
    closed = formula((x * arrays[0]).sum(), x)
    assert "constant(array, name=...)" in str(closed)


def test_what_is_wrong_is_not_shown(monkeypatch):
    """A rule that is wrong is left out, where it can be; a formula that is wrong is not shown."""
    x, c = Tensor(drawn(3), "x"), constant(drawn(3), "c")
    J = np.log(sigmoid(x * c)).sum()
    assert formula(J, x)
    right = Rules.power
    with monkeypatch.context() as patch:
        patch.setattr(Rules, "power", lambda self, p, n: right(self, p, abs(n)))
        closed = formula(J, x)
        assert not closed and closed.why == "what was found was not equal to the gradient"
    wrong = Search.with_matrices
    with monkeypatch.context() as patch:
        patch.setattr(Search, "with_matrices", lambda self, x, at, p: wrong(self, x, at, p.times(2)))
        closed = formula(J, x)
        assert closed and not closed.matrices  # element by element it is right


def test_a_formula_that_is_right_in_one_size_only_is_not_shown(monkeypatch):
    """The number of columns, 3, is in the formula; whoever forgets that it was counted is found out in other sizes."""
    y, Z = Tensor(drawn(3, 1), "y"), constant(drawn(3, 3), "Z")
    J = (y + Z).sum()
    assert formula(J, y)
    right = Rules.summed

    def forgetful(self, p, over):
        found = right(self, p, over)
        self.counted = False
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Rules, "summed", forgetful)
        assert not formula(J, y)


def test_sizes_are_changed_where_they_may_be():
    W, X, b = Tensor(drawn(2, 3), "W"), constant(drawn(3, 5), "X"), Tensor(drawn(2, 1), "b")
    others = Sizes(reachable([(np.tanh(W @ X + b) ** 2).sum().node])).others()
    w, x, c = (others[t.node.serial] for t in (W, X, b))
    assert w == (c[0], x[0]) and c[1] == 1 and len({*w, *x}) == 3
    assert Sizes(reachable([(X.reshape(15) * constant(drawn(15))).sum().node])).others() is None


def test_values_by_name():
    W = Tensor(drawn(2, 3), "W(1)")
    closed = formula((W * W).sum(), W)
    np.testing.assert_array_equal(closed.value(W_1=W), 2 * W.data)
    np.testing.assert_array_equal(closed.value(**{"W(1)": W.data}), 2 * W.data)
    with pytest.raises(TypeError, match=r"value\(\) needs W\(1\)"):
        closed.value(W=W)


def test_in_a_notebook_it_is_an_equation():
    x = Tensor(drawn(3), "x")
    J = (x * x).sum()
    assert formula(J, x)._repr_latex_() == r"$\displaystyle \frac{\partial J}{\partial x} = 2 \, x$"
    assert repr(formula(J, x)) == "<2 x>"


def test_no_grad_is_changed_and_no_second_sweep_is_spoiled():
    x = Tensor(drawn(3), "x")
    J = (x**3).sum()
    J.backward()
    before = x.grad.copy()
    formula(J, x)
    np.testing.assert_array_equal(x.grad, before)


def test_float32_is_no_reason_to_refuse():
    x = Tensor(drawn(3).astype(np.float32), "x")
    assert str(formula(np.tanh(x).sum(), x)) == "tanh′(x)"


def test_large_computations_are_tried_in_small():
    W, X = Tensor(drawn(30, 400), "W"), constant(drawn(400, 600), "X")
    assert str(formula(np.tanh(W @ X).sum(), W)) == "tanh′(W X) Xᵀ"


def test_what_is_not_a_tensor_is_said():
    x = Tensor(drawn(3), "x")
    with pytest.raises(TypeError, match=r"formula\(\) takes tensors, not float"):
        formula((x * x).sum(), [1.0])
    with pytest.raises(ValueError, match="order is 1, or 2"):
        formula(x * x, x, order=2)


def checked(seed):
    """The formula of a random computation: is there one?  It must be right."""
    case = Drawn(seed)
    if case.result is None:
        return None
    x = case.one(case.leaves)
    closed = formula(case.result, x, expand=bool(case.random.random() < 0.3))
    assert UNFORESEEN not in closed.why, seed
    if not closed:
        return closed
    arrays = known(case.result, closed) | {t.name: t.data for t in case.leaves}
    expected = gradients(case.result, [x])[0]
    np.testing.assert_allclose(closed.value(**arrays), expected, rtol=1e-6, atol=1e-9, err_msg=str(seed))
    return closed


def test_random_computations_have_formulas_and_none_is_wrong():
    found = [closed for closed in map(checked, range(150)) if closed is not None]
    assert len(found) > 90 and sum(map(bool, found)) >= 0.97 * len(found)


@pytest.mark.slow
def test_thousands_of_random_computations():
    found = [closed for closed in map(checked, range(1000, 6000)) if closed is not None]
    refused = [closed.why for closed in found if not closed]
    assert len(found) > 3000 and len(refused) <= 0.03 * len(found), refused


def test_a_half_is_no_root_of_a_quarter():
    x = Tensor(drawn(4), "x")
    assert str(formula((x**2).sum() / 4, x)) == "0.5 x"


def test_an_extreme_that_is_at_the_same_place_by_chance_has_no_formula():
    for seed in range(20):
        x = Tensor(np.random.default_rng(seed).normal(size=3), "x")
        assert not formula(np.max(x), x) and not formula(np.min(x), x)


def test_of_one_element_it_is_a_unit_vector():
    x = Tensor(drawn(4), "x")
    assert str(formula(x[1] ** 2, x)) == "2 x[1] e₁  (indices count from 0)"
