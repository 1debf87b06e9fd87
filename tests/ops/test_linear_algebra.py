"""NumPy's linalg on tensors: values and names of results as NumPy's, gradients as those of differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor

LA = np.linalg
RNG = np.random.default_rng(3)
A = RNG.normal(size=(3, 3)) + 3 * np.eye(3)
S = A + A.T
TALL, WIDE = RNG.normal(size=(4, 2)), RNG.normal(size=(2, 4))
STACK = RNG.normal(size=(2, 3, 3)) + 3 * np.eye(3)
B, V = RNG.normal(size=(3, 2)), RNG.normal(size=3)

SAME: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    **{f"norm {o}": (lambda x, o=o: LA.norm(x, o), (A,)) for o in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)},
    **{f"norm {o} of a vector": (lambda x, o=o: LA.norm(x, o), (V,)) for o in (0, 1, 2, 3, 0.5, -1, np.inf, -np.inf)},
    "norm of rows": (lambda x: LA.norm(x, 1, axis=1, keepdims=True), (A,)),
    "norm of a stack": (lambda x: LA.norm(x, "nuc", axis=(1, 0), keepdims=True), (STACK,)),
    "norm of all": (LA.norm, (STACK,)),
    "vector_norm": (lambda x: LA.vector_norm(x, ord=3, axis=(0, 2), keepdims=True), (STACK,)),
    "vector_norm of all": (lambda x: LA.vector_norm(x, ord=1), (A,)),
    "matrix_norm": (lambda x: LA.matrix_norm(x, ord=2, keepdims=True), (STACK,)),
    "cond": (LA.cond, (A,)),
    "cond 1": (lambda x: LA.cond(x, 1), (A,)),
    "cond -2": (lambda x: LA.cond(x, -2), (A,)),
    "matrix_power 0": (lambda x: LA.matrix_power(x, 0), (A,)),
    "matrix_power 1": (lambda x: LA.matrix_power(x, 1), (A,)),
    "matrix_power 5": (lambda x: LA.matrix_power(x, 5), (STACK,)),
    "matrix_power -2": (lambda x: LA.matrix_power(x, -2), (A,)),
    "multi_dot": (lambda *x: LA.multi_dot(x), (A, B, WIDE, TALL)),
    "multi_dot of two": (lambda *x: LA.multi_dot(x), (A, B)),
    "multi_dot with vectors": (lambda *x: LA.multi_dot(x), (V, A, V)),
    "pinv": (LA.pinv, (TALL,)),
    "pinv of a stack": (LA.pinv, (STACK[..., :2],)),
    "svdvals": (LA.svdvals, (WIDE,)),
    "svd alone": (lambda x: LA.svd(x, compute_uv=False), (STACK,)),
    "eigvalsh": (LA.eigvalsh, (S,)),
    "qr r": (lambda x: LA.qr(x, mode="r"), (WIDE,)),
    "tensorinv": (lambda x: LA.tensorinv(x, ind=1), (A.reshape(3, 3, 1),)),
    "tensorsolve": (lambda x, y: LA.tensorsolve(x, y), (RNG.normal(size=(2, 3, 6)), RNG.normal(size=(2, 3)))),
    "tensorsolve with axes": (
        lambda x, y: LA.tensorsolve(x, y, axes=(0,)), (RNG.normal(size=(6, 2, 3)), RNG.normal(size=(2, 3)))
    ),
    "trace": (lambda x: LA.trace(x, offset=1), (STACK,)),
    "diagonal": (LA.diagonal, (STACK,)),
    "outer": (LA.outer, (V, V)),
    "cholesky": (lambda x: LA.cholesky(x, upper=True), (A @ A.T,)),
    "inv of a stack": (LA.inv, (STACK,)),
    "matrix_transpose": (LA.matrix_transpose, (STACK,)),
    "matmul": (LA.matmul, (STACK, B)),
    "tensordot": (lambda x, y: LA.tensordot(x, y, axes=1), (A, B)),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_values_are_those_of_numpy_and_gradients_those_of_differences(name: str) -> None:
    f, args = SAME[name]
    found = f(*map(Tensor, args))
    np.testing.assert_allclose(getattr(found, "data", found), f(*args), rtol=1e-12, atol=1e-13)
    if name == "matrix_power 0":
        assert type(found) is np.ndarray
        return
    assert isinstance(found, Tensor)
    if "cholesky" in name:  # the symmetric part is meant, so the differences are taken of that
        assert tg.gradcheck(lambda x: f((x + x.T) / 2), *args)
        gradient = tg.grad(lambda x: (f(x) ** 2).sum())(*args)
        np.testing.assert_allclose(gradient, gradient.T)
    else:
        assert tg.gradcheck(f, *args)


DECOMPOSED: dict[str, tuple[Callable[..., Any], Any]] = {
    "svd": (lambda x: LA.svd(x), A),
    "svd of a tall one": (lambda x: LA.svd(x, full_matrices=False), TALL),
    "svd of a wide one": (lambda x: LA.svd(x, full_matrices=False), WIDE),
    "svd of a stack": (lambda x: LA.svd(x, False), STACK),
    "eigh": (lambda x: LA.eigh((x + np.swapaxes(x, -1, -2)) / 2), STACK),
    "eigh by the upper triangle": (lambda x: LA.eigh((x + x.T) / 2, UPLO="U"), A),
    "qr": (lambda x: LA.qr(x), TALL),
    "qr of a wide one": (lambda x: LA.qr(x), WIDE),
    "qr of a stack": (lambda x: LA.qr(x, mode="reduced"), STACK),
    "complete qr": (lambda x: LA.qr(x, mode="complete"), A),
    "slogdet": (lambda x: LA.slogdet(x), STACK),
}


@pytest.mark.parametrize("name", DECOMPOSED)
def test_a_decomposition_is_numpys_tuple_and_each_part_has_its_gradient(name: str) -> None:
    f, x = DECOMPOSED[name]
    found, expected = f(Tensor(x)), f(x)
    assert type(found) is type(expected) and found._fields == expected._fields
    for i, (part, value) in enumerate(zip(found, expected)):
        np.testing.assert_allclose(getattr(part, "data", part), value, rtol=1e-11, atol=1e-12)
        if part.dtype == np.float64 and isinstance(part, Tensor):
            assert tg.gradcheck(lambda x: f(x)[i], x)  # noqa: B023
    assert tg.gradcheck(lambda x: sum(((part * part * k).sum() for k, part in enumerate(f(x), 1)), 0 * x.sum()), x)


def test_what_is_put_together_again_has_the_gradient_of_a_copy() -> None:
    g = RNG.normal(size=A.shape)
    for again in (
        lambda x: (lambda u, s, vt: (u * s) @ vt)(*LA.svd(x)),
        lambda x: (lambda q, r: q @ r)(*LA.qr(x)),
        lambda x: LA.pinv(LA.pinv(x)),
        lambda x: LA.matrix_power(LA.matrix_power(x, -1), -1),
    ):
        np.testing.assert_allclose(tg.grad(lambda x: (again(x) * g).sum())(A), g, atol=1e-12)  # noqa: B023
        assert abs(tg.hessian(lambda x: (again(x) * g).sum())(A)).max() < 1e-9  # noqa: B023
    w = lambda x: (lambda w, v: (v * w) @ v.T)(*LA.eigh(x))  # noqa: E731
    triangle = np.tril(g) + np.tril(g.T, -1)  # NumPy reads the lower one alone
    np.testing.assert_allclose(tg.grad(lambda x: (w(x) * g).sum())(S), triangle, atol=1e-12)


# Equal singular values and eigenvalues, and zeros.


def test_of_equal_values_only_what_they_share_has_a_gradient() -> None:
    for f, x, expected in (
        (LA.eigvalsh, np.eye(3), np.eye(3)),
        (LA.svdvals, -np.eye(3), -np.eye(3)),
        (LA.svdvals, np.eye(3)[:, :2] * 2, np.eye(3)[:, :2]),
    ):
        np.testing.assert_allclose(tg.grad(lambda x: f(x).sum())(x), expected, atol=1e-14)  # noqa: B023
        assert np.isnan(tg.grad(lambda x: f(x)[0])(x)).any()  # noqa: B023
        np.testing.assert_allclose(tg.grad(lambda x: (f(x) ** 2).sum())(x), 2 * x, atol=1e-14)  # noqa: B023
    rotation = LA.qr(A).Q
    equal = rotation @ np.diag([2.0, 2.0, 5.0]) @ rotation.T  # equal but for rounding
    values = lambda x: LA.eigvalsh((x + x.T) / 2)  # noqa: E731
    assert np.isnan(tg.grad(lambda x: values(x)[0])(equal)).all()
    np.testing.assert_allclose(tg.grad(lambda x: values(x)[2])(equal), np.outer(rotation[:, 2], rotation[:, 2]))
    np.testing.assert_allclose(tg.grad(lambda x: LA.norm(x, "nuc"))(equal), np.eye(3), atol=1e-14)
    both = tg.grad(lambda x: values(x)[:2].sum())(equal)
    np.testing.assert_allclose(both, rotation[:, :2] @ rotation[:, :2].T, atol=1e-14)


def test_vectors_of_equal_values_have_no_gradient_but_those_of_others_have() -> None:
    x = np.diag([1.0, 1.0, 4.0])
    assert np.isnan(tg.grad(lambda x: (LA.eigh(x).eigenvectors[:, 0] ** 2).sum())(x)).any()
    assert np.isnan(tg.grad(lambda x: LA.svd(x).U[0, 1])(x)).any()
    last = lambda x: LA.eigh(x).eigenvectors[0, 2] ** 2 + LA.eigh(x).eigenvectors[2, 2] ** 2  # noqa: E731
    assert np.isfinite(tg.grad(last)(x)).all()
    assert np.isnan(tg.hessian(last)(x)).any()


def test_a_singular_value_of_0_bends() -> None:
    x = np.diag([3.0, 2.0, 0.0])
    np.testing.assert_allclose(tg.grad(lambda x: LA.svdvals(x).sum())(x), np.diag([1.0, 1.0, 0.0]), atol=1e-14)
    assert np.isnan(tg.hessian(lambda x: LA.svdvals(x).sum())(x)).any()
    assert np.isnan(tg.jacobian(tg.grad(lambda x: LA.svdvals(x).sum()))(x)).any()
    assert (tg.grad(lambda x: LA.norm(x, "nuc"))(np.zeros((2, 3))) == 0).all()
    assert tg.grad(lambda x: LA.norm(x, -2))(x).tolist() == np.zeros((3, 3)).tolist()


def test_a_pseudo_inverse_of_low_rank_follows_changes_that_leave_the_rank() -> None:
    low = np.outer([1.0, 2.0, 3.0], [1.0, -1.0])
    g, u, v = RNG.normal(size=(2, 3)), RNG.normal(size=3), RNG.normal(size=2)
    f = lambda t: (LA.pinv(np.outer(np.array([1.0, 2.0, 3.0]) + t * u, np.array([1.0, -1.0]) + t * v)) * g).sum()  # noqa: E731
    assert tg.grad(f)(0.0) == pytest.approx(float(f(1e-6) - f(-1e-6)) / 2e-6, rel=1e-6)
    assert np.isnan(tg.hessian(lambda x: (LA.pinv(x) * g).sum())(low)).any()


def test_columns_that_depend_on_each_other_have_no_orthonormal_factor() -> None:
    x = np.ones((3, 2))
    assert np.isnan(tg.grad(lambda x: LA.qr(x).Q[0, 1] ** 2)(x)).all()
    assert np.isnan(tg.grad(lambda x: LA.qr(x).Q[0, 1] ** 2)(np.zeros((3, 2)))).all()


def test_a_largest_singular_value_that_is_shared_is_shared() -> None:
    np.testing.assert_allclose(tg.grad(lambda x: LA.norm(x, 2))(np.eye(2)), np.eye(2) / 2)


# Least squares and triangular systems.


@pytest.mark.parametrize("b", [RNG.normal(size=4), RNG.normal(size=(4, 2))], ids=["a vector", "columns"])
def test_least_squares_are_numpys_tuple(b: Any) -> None:
    for a in (TALL, RNG.normal(size=(4, 4)), np.outer([1.0, 2.0, 3.0, 4.0], [1.0, 2.0]), RNG.normal(size=(4, 6))):
        found, expected = LA.lstsq(Tensor(a), Tensor(b)), LA.lstsq(a, b)
        assert found[2] == expected[2] and len(found) == 4
        for mine, theirs in zip(found, expected):
            np.testing.assert_allclose(np.asarray(getattr(mine, "data", mine)), theirs, rtol=1e-10, atol=1e-12)
    assert tg.gradcheck(lambda a, b: LA.lstsq(a, b)[0], TALL, b)
    assert tg.gradcheck(lambda a, b: LA.lstsq(a, b)[1], TALL, b)


def test_triangular_systems_read_one_triangle() -> None:
    a, b = Tensor(A), Tensor(B)
    for lower, part in ((True, np.tril(A)), (False, np.triu(A))):
        for options in ({"lower": lower}, {"upper": not lower}):
            np.testing.assert_allclose(tg.solve_triangular(a, b, **options).data, LA.solve(part, B))
        np.testing.assert_allclose(tg.solve_triangular(a, b, trans=1, lower=lower).data, LA.solve(part.T, B))
        np.testing.assert_allclose(tg.solve_triangular(a, b.T, upper=not lower, left=False).data, LA.solve(part.T, B).T)
        unit = part - np.diag(np.diag(part)) + np.eye(3)
        np.testing.assert_allclose(
            tg.solve_triangular(a, b, upper=not lower, unitriangular=True).data, LA.solve(unit, B)
        )
        assert tg.gradcheck(lambda a, b: tg.solve_triangular(a, b, lower=lower), A, B)  # noqa: B023
    assert tg.grad(lambda a: tg.solve_triangular(a, B).sum())(A)[2, 0] == 0


def test_what_is_solved_with_a_factor_of_cholesky() -> None:
    m = A @ A.T
    for upper in (False, True):
        factor = tg.cholesky(Tensor(m), upper=upper)
        np.testing.assert_allclose(tg.cholesky_solve(Tensor(B), factor, upper).data, LA.solve(m, B))
        np.testing.assert_allclose(tg.cholesky_inverse(factor, upper).data, LA.inv(m))
    assert tg.logdet(Tensor(m)).item() == pytest.approx(np.log(LA.det(m)))
    assert np.isnan(tg.logdet(Tensor(np.diag([1.0, -1.0]))).item())


@pytest.mark.parametrize(
    "sides", [[9, 2, 9, 1], [1, 9, 2, 9], [3, 9, 2, 7, 8, 1], [5, 1, 6, 7, 3, 9], [2, 8, 4, 4, 7, 3]]
)
def test_a_chain_of_matrices_is_multiplied_with_the_fewest_multiplications(sides: list[int]) -> None:
    def cheapest(i: int, j: int) -> int:
        parts = [cheapest(i, k) + cheapest(k, j) + sides[i] * sides[k] * sides[j] for k in range(i + 1, j)]
        return min(parts, default=0)

    def cost(node: Any) -> int:
        if node.op is None:
            return 0
        (n, m), (_, k) = (a.shape for a in node.args)
        return n * m * k + sum(map(cost, node.args))

    factors = [RNG.normal(size=pair) for pair in zip(sides, sides[1:])]
    product = LA.multi_dot([*map(Tensor, factors)])
    np.testing.assert_allclose(product.data, LA.multi_dot(factors))
    assert cost(product.node) == cheapest(0, len(sides) - 1)


def test_the_exponential_of_a_matrix() -> None:
    w, v = LA.eigh(S)
    for scale in (0.0, 1e-3, 1.0, -3.0):
        np.testing.assert_allclose(tg.matrix_exp(scale * S), (v * np.exp(scale * w)) @ v.T, rtol=1e-11, atol=1e-12)
    nilpotent = np.array([[0.0, 7.0], [0.0, 0.0]])
    np.testing.assert_allclose(Tensor(nilpotent).expm().data, np.eye(2) + nilpotent)
    assert tg.gradcheck(tg.matrix_exp, 0.3 * STACK)
    assert Tensor(A, dtype=np.float32).matrix_exp().dtype == np.float32
    with pytest.raises(ValueError, match="takes square matrices"):
        tg.matrix_exp(Tensor(TALL))


# What is refused says what to write.

REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "full svd": (lambda x: LA.svd(x), "Write svd(x, full_matrices=False)."),
    "complete qr": (lambda x: LA.qr(x, mode="complete"), "not determined"),
    "raw qr": (lambda x: LA.qr(x, "raw"), "qr knows the modes 'reduced' and 'r', not 'raw'"),
    "norm": (lambda x: tg.norm(x, 2), "write np.linalg.norm(x, 2), or matrix_norm(x, 2)"),
    "matrix_norm": (lambda x: LA.matrix_norm(x, ord=3), "Give 'fro', 'nuc', 1, -1, 2, -2, inf or -inf."),
    "matrix_power": (lambda x: LA.matrix_power(x, 2), "a power is taken of square matrices"),
    "eig": (lambda x: LA.eig(x[:2]), "Numbers here are real."),
    "UPLO": (lambda x: LA.eigvalsh(x[:2], "A"), "UPLO is 'L' or 'U', not 'A'"),
    "multi_dot": (lambda x: LA.multi_dot([x]), "at least two arrays"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_what_to_write(name: str) -> None:
    f, words = REFUSED[name]
    with pytest.raises((TypeError, ValueError)) as caught:
        f(Tensor(TALL))
    assert words in "\n".join([str(caught.value), *caught.value.__notes__])


def test_pytorchs_order_2_is_that_of_all_elements() -> None:
    x = Tensor(A)
    assert x.norm(p=2).item() == x.norm().item() == x.norm(p="fro").item() == LA.norm(A)
    np.testing.assert_allclose(x.norm(p=1, dim=0).data, abs(A).sum(0))
    with pytest.raises(ValueError, match="norm does not take ord=1 of a matrix"):
        x.norm(p=1)


def test_a_count_of_what_is_not_0_is_a_step() -> None:
    x = np.array([0.0, 2.0, -3.0])
    assert LA.norm(Tensor(x), 0).item() == 2 and tg.grad(lambda x: LA.norm(x, 0))(x).tolist() == [0, 0, 0]
    assert np.isnan(tg.hessian(lambda x: LA.norm(x, 0))(x)).any()


def test_float32_stays_float32() -> None:
    x = Tensor(A, dtype=np.float32)
    for parts in (
        LA.svd(x),
        LA.eigh(x),
        LA.qr(x),
        LA.lstsq(x, x)[:1],
        [LA.norm(x, "nuc"), LA.cond(x), LA.norm(x[0], 3)],
    ):
        for z in parts:
            (gradient,) = tg.gradients((z * np.float32(2)).sum(), [x])
            assert z.dtype == gradient.dtype == np.float32
