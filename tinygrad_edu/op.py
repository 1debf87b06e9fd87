"""What an operation is, and how its use is recorded.

An operation is one statement.  The function's body is its forward.  Each differentiable argument
has a *rule*, named after it, that answers: given ``g``, the upstream gradient (of the loss with
respect to the result), what is the gradient with respect to this argument?  That is the argument's
vector-Jacobian product, its vjp.

    @op(r"$x \\, $y", binds=2, x=lambda g, y: g @ y.mT, y=lambda g, x: x.mT @ g)
    def matmul(x, y):
        return x @ y

A rule names what it reads: ``g``, the result ``z``, and any arguments.  What no rule names is not
kept, so a rule's signature is also a statement about memory.  Rules are ordinary Python over
``+ * @`` and NumPy functions: on arrays they give numbers, on Tensors a gradient that can be
differentiated again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .context import current
from .engine import calling, fast_calls, fast_rules
from .engine.attributes import Attributes, variadic_or_family
from .errors import messages as errors
from .errors import operations as explain
from .errors.coerce import array_operand, option_named, plain_operand
from .graph import Value, get_frame, record

OPS: dict[str, op] = {}  # every operation by name; the statements themselves fill it


class op(Attributes):
    """Makes a NumPy function an operation, and is then all that is known of it: the ``.op`` of it.

    notation: LaTeX, with ``$x`` in the place of operand x.
    binds: how strongly the notation holds together: 1 a sum, 2 a product, 3 a power, 9 f(x).
    needs: what the arguments must satisfy, in words, each with a predicate on the arguments that
        it names.  Only after a failure they are asked.
    examples: shapes of the operands, then a dict of options.
    domain: from where an operand of the examples is drawn, if not from (-2, 2).
    variadic: the name of the argument that is a list of operands.
    attributes: what else is true of it, as ``elementwise=True``: all are in engine/attributes.py.
    rules: by the names of their arguments.  Besides ``g``, ``z`` and the arguments they may read
        ``shape``, that of their operand, ``which``, its number, and ``shapes``, those of a list.

    Raises TypeError for a rule that reads what there is not or belongs to no argument, and
    ValueError for a name that an operation of another module has.
    """

    # These are read at every call and at every step of a sweep; all else is in ``__dict__``.
    __slots__ = ("__dict__", "keeps_result", "leaves_out", "pass_back")
    forms: tuple[Any, ...] = ()  # other notations, and where they are true: calling.written
    filled: Any = None  # its value where the notation is 0/0, in words: calling.filled
    otherwise: Any = None  # which calls are meant in another way: calling.otherwise

    def __init__(
        self, notation: str = "", *, binds: int = 9, needs: Mapping[str, Any] = {},
        examples: Any = (), domain: Mapping[str, Any] = {}, variadic: str = "",
        **attributes_and_rules: Any,
    ) -> None:  # fmt: skip
        self.notation, self.binds = errors.check_notation(notation), binds
        self.needs, self.examples, self.domain = needs, examples, domain
        self.variadic_name = variadic_or_family(variadic, attributes_and_rules)
        self.rules = self.set_attributes(attributes_and_rules)
        self.leaves_out = self.selects or self.masks

    def __call__(self, function: Callable[..., Any]) -> Any:
        """Read the function and what its rules name; return the function that a user calls."""
        self.function, self.name = function, function.__name__
        self.names = calling.names(function)  # of the arguments
        self.forward = calling.called_with_tuple(function)
        self.notation = self.notation or calling.notation(self.name, self.rules)
        OPS[self.name] = errors.check_op(self, OPS.get(self.name))
        self.variadic = self.names.index(self.variadic_name) if self.variadic_name else None
        read = {name for rule in self.rules.values() for name in calling.names(rule)}
        self.keeps_result, self.keeps = "z" in read, tuple(name in read for name in self.names)
        self.has_rule = tuple(name in self.rules for name in self.names)
        self.pass_back = None  # written when it is first needed: see sweep.py
        make = fast_calls.recorder(self) or recorded_call
        self.direct = functools.update_wrapper(make(self), function)  # for calls that fit
        self.public, self.as_method = fast_calls.with_words(self)
        public: Any = self.public
        self.register(self.variadic is None and self.has_rule[0] == bool(self.rules))
        return public

    @functools.cached_property
    def arguments(self) -> Callable[..., tuple[Any, ...]]:
        """A function that gives all arguments of a call in their order, as Python assigns them."""
        return calling.arguments(self.function, self.otherwise)

    def with_operands(self, arguments: Sequence[Any], operands: Sequence[Any]) -> Sequence[Any]:
        """These arguments, with these operands in the place of theirs."""
        k = self.variadic
        return operands if k is None else (*arguments[:k], operands, *arguments[k + 1 :])

    @functools.cached_property
    def vjps(self) -> Callable[..., list[Any]]:
        """``vjps(args, g, z, values)`` asks the rules what each operand receives.

        ``args``: the operands' nodes.  ``values``: all arguments; those that no rule reads may be
        None.  For an operand to which no gradient flows the answer is None.
        """
        return fast_rules.vjps(self)

    def vjp(self, k: int, args: Sequence[Any], g: Any, z: Any, values: Any) -> Any:
        """What operand number ``k`` receives, alone."""
        return self.vjps(args, g, z, values, k)[k]


elementwise = functools.partial(op, elementwise=True)


def recorded_call(op: op) -> Callable[..., Any]:
    """The function that the user calls: it runs the forward, and records that for a tensor."""
    forward, k = op.forward, op.variadic
    as_operand = plain_operand if op.elementwise or k is not None else array_operand
    pairs = zip(op.names, op.has_rule)
    coercions = [as_operand if has_rule else option_named(name) for name, has_rule in pairs]

    def apply(*args: Any, **options: Any) -> Any:
        """Run the operation on arrays and tensors."""
        try:
            given: Any = op.arguments(*args, **options)
        except TypeError as misfit:  # the words may be other people's
            return op.call(args, options, misfit)
        if k is None:  # the operands are the arguments
            operands, has_rule, coerced, keeps = given, op.has_rule, coercions, op.keeps
        else:  # they are the list in one of them
            operands = tuple(given[k])
            n, given = len(operands), explain.options_as_arrays(op, given)
            has_rule, coerced, keeps = (True,) * n, [as_operand] * n, (op.keeps[k],) * n
        nodes = [x.node if isinstance(x, Value) else None for x in operands]
        recorded: Any = any(nodes) or None
        values: Any = operands
        try:
            values = [
                x._array if node is not None else coerce(x, recorded)
                for x, node, coerce in zip(operands, nodes, coerced)
            ]
            active = recorded is not None and explain.check_active(op, nodes, has_rule)
            z = forward(*op.with_operands(given, values))
            if recorded is None:  # arrays in, an array out
                return z
            # What nobody computed is kept too: the program may put other numbers in its place.
            kept = [x if keep or node is None or node.op is None else None
                    for x, node, keep in zip(values, nodes, keeps)]  # fmt: skip
            given = op.with_operands(given, kept)
            return record(op, nodes, given, z, active, current.get(), get_frame(1))
        except Exception as error:
            raise explain.operation(error, op, nodes, values, given)

    return apply
