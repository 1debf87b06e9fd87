"""Gives a Tensor what other arrays have: operators, attributes, methods, and NumPy's functions.

None of this is needed to understand how a gradient is found: for that, see tensor.py.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from .. import ops
from ..context import Context, current, within
from ..errors import coerce
from ..errors import messages as errors
from ..errors.equivalents import ATTRIBUTES
from ..format import locations, text
from ..graph import Value, get_frame
from ..ops import composed
from .fast_calls import binary
from .leaf_arrays import IN_PLACE, edit
from .plain_arrays import PlainArray, plain
from .plain_values import in_differentiated_function
from .spelling import NAMED, ROUTES, Route
from .unchosen import kept_gradient

Tensor: TypeAlias = Any  # the class of tensor.py, which imports this file


def with_reflection(function: Any) -> tuple[Any, Any]:
    """An operator and its reflection, as for ``x - 2`` and for ``2 - x``."""
    return function.op.direct, binary(function.op, reflected=True)


def comparison(name: str) -> Any:
    """Make a comparison.  It returns a plain array of truth values, since it has no derivative."""
    function = getattr(np, name)

    def compare(self: Tensor, other: Any) -> Any:
        found = function(self._array, other._array if isinstance(other, Value) else other)
        return found.view(PlainArray) if type(found) is np.ndarray else found

    return compare


def update(name: str) -> Any:
    """Make an operator such as ``-=``.  Under ``no_grad`` it changes a leaf: ``W -= step``, as PyTorch's users write.

    Elsewhere that would make the leaf W a result, and is refused.  For a result (``total += loss``) Python uses +.
    """
    function = getattr(operator, name)

    def apply(self: Tensor, other: Any) -> Any:
        if not (self.is_leaf and self.requires_grad):
            return NotImplemented
        if current.get().recording:
            raise errors.leaf_updated(self, in_differentiated_function())
        step = other._array if isinstance(other, Value) else other
        edit(self, "data", lambda x: x.__setitem__(..., function(x, step)))
        return self

    return apply


def leaf_in_place(function: Callable[..., Any]) -> Any:
    """Make a method such as ``zero_``, which changes the values of a leaf under ``no_grad``, or of a constant."""

    def apply(self: Tensor, *args: Any, **options: Any) -> Any:
        if not self.is_leaf or (self.requires_grad and current.get().recording):
            raise errors.assigned_into(self, in_differentiated_function())
        plain = [x._array if isinstance(x, Value) else x for x in args]
        edit(self, "data", lambda x: function(x, *plain, **options))
        return self

    return apply


def constants_only(name: str) -> Any:
    """Make an operator for constants alone, which has no derivative here: with any other tensor it raises TypeError."""
    method = getattr(np.ndarray, name)

    def applied(self: Value, *others: Any) -> Any:
        for x in (self, *others):
            if isinstance(x, Value) and x.node.active:
                raise errors.unknown_operator(name, x.node)
        return method(np.asarray(self._array), *map(_values, others))

    return applied


class Size(int):
    """The number of elements, as NumPy's ``x.size``.  Called, it gives the shape, or the length of one axis."""

    shape: tuple[int, ...]

    def __call__(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]


def absent(name: str, instead: str) -> Any:
    """Make an attribute that other libraries have: reading it raises AttributeError, which says what to write."""

    def get(self: Tensor) -> Any:
        raise errors.absent_attribute(self, name, instead)

    return property(get)


class Interface(Value, composed.Later):  # type: ignore[misc]
    """The operators, attributes and methods that arrays have; Tensor inherits them.

    Operations are methods too: each adds itself to Value, see engine/spelling.py.  Type checkers alone see a
    ``__getattr__``: if it were there, Python would look up all attributes the slow way.
    """

    __slots__ = ()
    # A table of pandas, whose priority is at most 4000, leaves operators with a tensor to the tensor.
    __pandas_priority__ = 5000

    __add__, __radd__ = with_reflection(ops.add)
    __sub__, __rsub__ = with_reflection(ops.subtract)
    __mul__, __rmul__ = with_reflection(ops.multiply)
    __truediv__, __rtruediv__ = with_reflection(ops.divide)
    __pow__, __rpow__ = with_reflection(ops.power)
    __matmul__, __rmatmul__ = with_reflection(ops.matmul)
    __neg__, __pos__, __abs__ = (function.op.direct for function in (ops.negative, ops.positive, ops.absolute))
    __iadd__, __isub__, __imul__ = map(update, ("iadd", "isub", "imul"))
    __itruediv__, __ipow__, __imatmul__ = map(update, ("itruediv", "ipow", "imatmul"))
    __eq__, __ne__ = comparison("equal"), comparison("not_equal")
    __lt__, __le__, __gt__, __ge__ = map(comparison, ("less", "less_equal", "greater", "greater_equal"))
    __floordiv__, __rfloordiv__ = with_reflection(ops.floor_divide)
    __mod__, __rmod__ = with_reflection(ops.remainder)
    __and__, __rand__, __or__, __ror__ = map(constants_only, ("__and__", "__rand__", "__or__", "__ror__"))
    __xor__, __rxor__, __invert__ = map(constants_only, ("__xor__", "__rxor__", "__invert__"))
    __hash__ = object.__hash__
    __getitem__ = ops.getitem

    real = property(ops.positive, doc="The tensor itself: its numbers are real.")
    T, mT = property(ops.transpose), property(ops.matrix_transpose)

    if TYPE_CHECKING:  # operations add themselves as methods, which a type checker does not see

        def __getattr__(self, name: str) -> Any: ...

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape: the length of each axis; () for a single number."""
        return self.node.shape

    @property
    def ndim(self) -> int:
        """The number of axes; 0 for a single number."""
        return len(self.node.shape)

    @property
    def size(self) -> Size:
        """The number of elements, over all axes.  Called, as PyTorch's users do, it is the shape: ``x.size(0)``."""
        size = Size(self._array.size)
        size.shape = self.shape
        return size

    def numel(self) -> int:
        """The number of elements, over all axes."""
        return int(self._array.size)

    nelement = numel

    def type(self, dtype: Any) -> Any:
        """The numbers in another dtype: see ``astype``."""
        return NAMED["astype"].public(self, coerce.as_dtype(dtype))

    def type_as(self, other: Any) -> Any:
        """The numbers in the dtype of another tensor."""
        return NAMED["astype"].public(self, other.dtype)

    def dim(self) -> int:
        """The number of axes; 0 for a single number."""
        return len(self.node.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements, as float64."""
        return self._array.dtype

    @property
    def name(self) -> str | None:
        """The name that was given, for pictures, formulas and errors.  Without one they use that of the variable."""
        return self.node.name

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            raise errors.bad_name(name)
        self.node.name = name

    @property
    def scope(self) -> str | None:
        """The part of the model in which it was computed, as "net/layer1"; None outside of any.  See ``scope``."""
        return self.node.scope

    @property
    def requires_grad(self) -> bool:
        """Does a gradient flow here?  It does not flow to constants, nor to what was computed from constants alone.

        For a leaf it may be set: ``W.requires_grad = False`` makes it a constant for what is computed from then on.
        """
        return self.node.active

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self.requires_grad_(flag)

    def requires_grad_(self, flag: bool = True) -> Tensor:
        """Make a leaf one to which a gradient flows, or with ``False`` a constant, and return it.

        It counts for what is computed from then on.  Raises RuntimeError for a result.
        """
        if not self.is_leaf and flag != self.requires_grad:
            raise errors.result_requires_grad(self)
        if flag:
            self._array = self.node.result = coerce.require_numeric(np.asarray(self._array), self.name, True)[()]
        from .frozen import set_frozen

        set_frozen(self, not flag)
        return self

    def retain_grad(self) -> None:
        """Keep the gradient of a result too: after ``backward`` it is in ``.grad``, as that of a leaf."""
        if not self.is_leaf and kept_gradient not in self.node.hooks:
            self.node.hooks += (kept_gradient,)

    def cpu(self) -> Tensor:
        """The tensor itself: arrays of NumPy are in memory."""
        return self

    def to(self, *args: Any, **options: Any) -> Tensor:
        """The tensor in another dtype, if one is given.  A device may be "cpu" alone."""
        dtype = options.pop("dtype", None)
        for given in (*args, *options.values()):
            if isinstance(given, (Value, np.ndarray)):
                dtype = given.dtype  # type: ignore[union-attr]
            elif given not in ("cpu", None, True, False):
                dtype = coerce.as_dtype(given)
        return self if dtype in (None, self.dtype) else NAMED["astype"].public(self, dtype)

    @property
    def is_leaf(self) -> bool:
        """Was it made by ``Tensor`` or ``constant``, and not computed by an operation?"""
        return self.node.op is None

    def zero_grad(self) -> None:
        """Clear ``.grad``, so that the next ``backward`` starts from 0 again."""
        self.node.grad = None

    def register_hook(self, hook: Callable[[Any], Any]) -> SimpleNamespace:
        """Call ``hook`` with the gradient of this tensor in each sweep, as an array of its shape.

        What the hook returns replaces the gradient, unless it is None; TypeError if it has another shape.  Returns an
        object whose ``remove()`` takes the hook away.
        """

        def call_hook(g: Any) -> Any:
            changed = hook(coerce.copy_for_user(g))
            if changed is None:
                return g
            if getattr(changed, "shape", None) != node.shape:
                raise errors.wrong_hook_result(node, changed)
            return coerce.copy_for_user(changed)

        node = self.node
        node.hooks += (call_hook,)
        return SimpleNamespace(
            remove=lambda: setattr(node, "hooks", tuple(h for h in node.hooks if h is not call_hook))
        )

    def detach(self) -> Tensor:
        """Make a constant of the same value: no gradient flows through it."""
        with within(frame=get_frame(1)):
            return type(self)(self._array, self.name, requires_grad=False)

    def item(self) -> Any:
        """The value of a tensor with one element, as a Python number.  Raises ValueError if it has more elements."""
        return self._array.item()

    def numpy(self) -> Any:
        """Copy the values into a new array, which one may edit."""
        return np.array(self._array)

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        return self._array.tolist()

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"len() of {text.describe(self.node)}: a single number has no length")
        return self.shape[0]

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self._array)

    def __repr__(self) -> str:
        return text.tensor_repr(self)

    def __format__(self, spec: str) -> str:
        return text.format_values(self._array, spec)

    def __copy__(self) -> Any:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Copy a leaf with its gradient.  A result never changes, so it is its own copy."""
        if not self.is_leaf:
            return self
        from .frozen import is_frozen, set_frozen

        frozen = is_frozen(self)
        active = self.requires_grad or frozen
        copied = type(self)(self._array, self.name, requires_grad=active)
        set_frozen(copied, frozen or not active)
        copied.node.grad = self.node.grad
        memo[id(self)] = copied
        return copied

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in ATTRIBUTES or name in vars(Value)]

    # All that would silently lose the gradient raises an error that says so.

    def __setitem__(self, key: Any, value: Any) -> None:
        if not self.is_leaf or (self.requires_grad and current.get().recording):
            raise errors.assigned_into(self, in_differentiated_function())
        values = value._array if isinstance(value, Value) else value
        edit(self, "data", lambda x: x.__setitem__(key, values))

    def __float__(self) -> float:
        if self.requires_grad and self._array.size == 1:
            from .plain_values import may_become_number

            if not may_become_number(self):
                raise errors.becomes_number(self.node)
        return float(self._array.item())

    def __int__(self) -> int:
        return int(float(self))

    def __round__(self, digits: int | None = None) -> Any:
        return round(float(self), digits) if self.size == 1 else NAMED["round"].public(self, digits or 0)

    def __index__(self) -> int:
        if self.requires_grad:
            raise errors.becomes_number(self.node)
        return operator.index(self._array)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.requires_grad:
            from .plain_values import called_method_of_array, may_become_array

            if not may_become_array(self):
                method = called_method_of_array()
                known = method not in WRITE_INTO_ARGUMENT and composed.find(method) is not None
                raise errors.becomes_array(self.node, method if known else "")
        return np.array(self._array, dtype)

    def __reduce__(self) -> Any:
        raise errors.not_picklable(self.node)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if method == "__call__":
            return dispatch(self, ufunc, ufunc, args, kwargs)
        return dispatch(self, (ufunc, method), getattr(ufunc, method), args, kwargs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return dispatch(self, function, function, args, kwargs)


# PyTorch's names of dtypes are methods: x.double() and x.long().
DTYPES = {
    "half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32", "long": "int64",
    "bool": "bool",
}  # fmt: skip
for _name, _dtype in DTYPES.items():
    setattr(Interface, _name, lambda self, dtype=_dtype: NAMED["astype"].public(self, dtype))
for _name, _instead in ATTRIBUTES.items():
    if _name not in vars(Value):  # no operation has that name
        setattr(Interface, _name, absent(_name, _instead))
for _name, _function in IN_PLACE.items():
    setattr(Interface, _name, leaf_in_place(_function))


# Functions of NumPy that use a shape only, so no gradient is lost; and those that write into their first argument.
READ_NO_VALUES = ("zeros_like", "ones_like", "empty_like", "full_like")
WRITE_INTO_ARGUMENT = ("copyto", "put", "place", "putmask", "put_along_axis", "fill_diagonal")


def numpy_name(key: Any) -> str:
    """The name of a function of NumPy, as "linalg.norm", or of a ufunc's method, as "add.reduce"."""
    ufunc, method = key if isinstance(key, tuple) else (key, "")
    if not isinstance(ufunc, np.ufunc):
        return f"{ufunc.__module__}.{ufunc.__name__}".removeprefix("numpy.")
    # SciPy's ufuncs are those of scipy.special, and some have the name of another function.
    own = "" if getattr(np, ufunc.__name__, None) is ufunc else "special."
    return f"{own}{ufunc.__name__}.{method}".rstrip(".")


def find_route(key: Any, function: Any) -> Route | None:
    """How a call of NumPy's function becomes one of a function here; None if there is none."""
    if key in ROUTES:
        return None  # it was looked for
    name = numpy_name(key)
    module, _, short = name.rpartition(".")
    # Some functions of linalg, as trace, mean something else than NumPy's own.
    same = module == "special" or (module == "linalg" and not hasattr(np, short))
    direct = name in READ_NO_VALUES or name in WRITE_INTO_ARGUMENT
    spelled = None if direct else composed.find(name, *[short] * same)
    ROUTES[key] = route = Route(function, spelled) if spelled is not None else None
    return route


def dispatch(tensor: Tensor, key: Any, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Run the operation for a function of NumPy that was called with a tensor.  The record names the user's line.

    ``key``: the function, or a ufunc and the name of its method.  Raises TypeError if there is no such operation and a
    gradient would be lost.
    """
    if kwargs and kwargs.get("out") is not None:
        raise errors.written_into(numpy_name(key), tensor.node)
    route = ROUTES.get(key) or find_route(key, function)
    if route is None:
        result = without_derivative(tensor, key, function, args, kwargs)
        if isinstance(result, Exception):
            raise result
        return result
    now = current.get()  # what ``within`` does, faster
    token = current.set(Context(now.recording, now.scope, locations.user_frame(get_frame(2)), now.watch))
    try:
        return route.call(args, kwargs)
    except Exception as error:
        raise errors.hide_our_frames(error)
    finally:
        current.reset(token)


def without_derivative(tensor: Tensor, key: Any, function: Any, args: Any, kwargs: Any) -> Any:
    """Call a function of NumPy on the values, if its result is made of truth values or integers, or uses shapes only.

    Otherwise its derivative would be lost, and the error is returned that says so.
    """
    name = numpy_name(key)
    if name in WRITE_INTO_ARGUMENT or name.endswith(".at"):
        return errors.written_into(name, tensor.node)
    if name in READ_NO_VALUES:
        for x in (*args[1:], *kwargs.values()):
            if isinstance(x, Value) and x.node.active:
                return errors.becomes_array(x.node)
    result = function(*map(_values, args), **{k: _values(v) for k, v in kwargs.items()})
    parts = result if isinstance(result, (tuple, list)) else (result,)
    if name not in READ_NO_VALUES and any(
        np.asarray(p).dtype.kind in "fcO" for p in parts if isinstance(p, (float, np.ndarray, np.generic))
    ):
        return errors.unknown_function(name if name.startswith("special.") else f"np.{name}")
    return plain(result)


def _values(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(_values, x))
    return x._array if isinstance(x, Value) else x
