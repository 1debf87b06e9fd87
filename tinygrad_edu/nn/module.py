"""A module: a part of a model, with its parameters, its state in files, and its two modes, training and evaluation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..context import Context, current, inner
from ..engine.frozen import is_frozen
from ..errors import messages as errors
from ..format import locations, text
from ..output.atomic_write import whole
from ..tensor import Tensor, constant
from . import summary
from .constructors import Spelling, misfits, with_other_words
from .parts import Part, held_by, walk

# What to do where other libraries have a method.
ANSWERS = {
    "cuda": "NumPy computes on the processor: leave .cuda() out.",
    "mps": "NumPy computes on the processor: leave .mps() out.",
    "compile": "The program is run as it is: leave .compile() out.",
    "register_forward_hook": "Write what should happen in forward itself, or call t.register_hook(f) for a gradient.",
    "register_full_backward_hook": "t.register_hook(f) is called with the gradient of a tensor t.",
    "weight": "Its tensors are its attributes: print(module) shows their names.",
    "bias": "Its tensors are its attributes: print(module) shows their names.",
}


class OtherName(property):
    """Another name of an attribute, as ``weight`` for ``W``; to assign an array changes the values of the parameter."""

    def __init__(self, of: str) -> None:
        self.of = of
        super().__init__(lambda module: getattr(module, of), self.assign)

    def assign(self, module: Any, x: Any) -> None:
        """Assign a Tensor in the place of the parameter, or an array to its values."""
        old = getattr(module, self.of)
        if isinstance(x, Tensor) or x is None or old is None:
            setattr(module, self.of, x)
        else:
            old.data = x


class Module(Part):
    """A part of a model with parameters: leaf Tensors in its attributes, or in modules, lists and dicts in them.

    A subclass makes its tensors and modules in ``__init__``, and computes its result in ``forward``.  What is recorded
    there has the name of the module as its scope.
    """

    name: str | None = None
    training: bool = True  # Dropout and BatchNorm compute something else in evaluation: see ``train`` and ``eval``
    _words: Mapping[str, str] = {}
    _advice: Mapping[str, str] = {}
    _buffers: tuple[str, ...] = ()  # the attributes that are saved and not trained
    _ours: bool = False  # is its forward in this package?

    def __init_subclass__(cls, words: Mapping[str, str] = {}, advice: Mapping[str, str] = {}, **options: Any) -> None:
        """Let a layer be made and called with other people's ``words``, and say what to write by its ``advice``.

        Both are as in engine/spelling.py.  They are those of the subclasses too.
        """
        super().__init_subclass__(**options)
        code = getattr(cls.forward, "__code__", None)
        cls._ours = code is not None and code.co_filename.startswith(locations.LAYERS)
        cls._words, cls._advice = {**cls._words, **words}, {**cls._advice, **advice}
        if "__init__" in vars(cls) and cls._words:
            cls.__init__ = with_other_words(cls, cls._words, cls._advice)  # type: ignore[method-assign]

    def forward(self, *args: Any, **options: Any) -> Any:
        """Compute the result of the module.  A subclass defines it; call it through the module itself, ``net(x)``."""
        near = text.suggest("forward", [name for name in dir(type(self)) if name not in dir(Module)])
        raise NotImplementedError(f"{type(self).__name__} has no forward(...): define it in the class{near}")

    @errors.with_short_traceback
    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call ``forward``; what it records belongs to this module.  Errors name the layer."""
        now, scope = current.get(), inner(self.name or type(self).__name__.lower())
        outer, ours = now.scope, self._ours
        if ours:
            # Errors and pictures show the user's line that calls one of our layers, and not a line of its file.
            scope = locations.Call.from_stack(scope)
        token = current.set(Context(now.recording, scope, now.frame, now.watch))  # what ``within`` does, faster
        try:
            found = self.forward(*args, **options)
        except TypeError as error:
            if not (ours and misfits(error)):
                raise
            spelling = Spelling(type(self).__name__, type(self).forward, self._words, self._advice)
            found = spelling.call_of(self, args, options, error)
        except ValueError as error:
            if ours and not getattr(error, "_in_module", False):
                place = f", in {scope}" if scope != type(self).__name__.lower() else ""
                error.add_note(f"The layer is {summary.title(self)}{place}.")
            error._in_module = True  # type: ignore[attr-defined]
            raise
        finally:
            current.reset(token)
        if isinstance(scope, locations.Call) and isinstance(found, Tensor) and not isinstance(outer, locations.Call):
            # The user's line has the name of what the outer layer returns, and not of what layers in it return to it.
            scope.returns(found.node)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute.  Raises TypeError if it is a parameter and the value is none: it would not be trained."""
        old = vars(self).get(name)
        if isinstance(old, Tensor) and old.is_leaf and old.requires_grad and value is not None:
            if not (isinstance(value, Tensor) and value.requires_grad):
                raise errors.parameter_replaced(self, name, value)
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        """Say what to do where other libraries have an attribute."""
        error = AttributeError(f"{type(self).__name__} has no attribute {name}", name=name, obj=self)
        if name in ANSWERS:
            raise errors.explained(error, ANSWERS[name])
        raise error

    # What is in it.

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Yield each parameter with its path, such as ``layers.0.W``; a shared parameter comes once."""
        for path, x in walk(self):
            if isinstance(x, Tensor) and x.is_leaf and x.requires_grad:
                yield path, x

    def parameters(self) -> list[Tensor]:
        """All parameters, in the order of the attributes; a shared parameter comes once."""
        return [p for _, p in self.named_parameters()]

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """Yield each buffer with its path: what is saved with the module and is not trained (``register_buffer``)."""
        for path, module in self.named_modules():
            for name in module._buffers:
                if isinstance(vars(module).get(name), Tensor):
                    yield f"{path}.{name}" if path else name, vars(module)[name]

    def buffers(self) -> list[Tensor]:
        """All buffers: see ``register_buffer``."""
        return [x for _, x in self.named_buffers()]

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """Yield this module, with the path "", and each module in it with its path, such as ``layers.0``."""
        for path, x in walk(self):
            if isinstance(x, Module):
                yield path, x

    def modules(self) -> Iterator[Module]:
        """Yield this module and each module in it."""
        for _, module in Module.named_modules(self):
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the modules that are directly in this one, with their paths."""
        for path, x in held_by(self):
            if isinstance(x, Module):
                yield path, x

    def children(self) -> Iterator[Module]:
        """Yield the modules that are directly in this one, or in a list or dict in it."""
        for _, module in Module.named_children(self):
            yield module

    def count(self) -> int:
        """The number of parameters: how many numbers are trained."""
        return summary.total(self)

    def apply(self, change: Callable[[Module], object]) -> Any:
        """Call a function with each module in this one, then with this one, as to initialise them.  Returns self."""
        for module in reversed([*Module.modules(self)]):
            change(module)
        return self

    # What is put into it.

    def register_buffer(self, name: str, data: Any, persistent: bool = True) -> None:
        """Make an attribute that is saved with the parameters and is not trained, as a running mean.

        ``data``: an array, which becomes a constant, or None.  ``persistent=False``: it is not saved.
        """
        x = data if data is None or isinstance(data, Tensor) else constant(data, name)
        setattr(self, name, x)
        if persistent and name not in self._buffers:
            self._buffers = (*self._buffers, name)

    def register_parameter(self, name: str, parameter: Tensor | None) -> None:
        """Set an attribute to a parameter: the same as ``module.name = parameter``."""
        setattr(self, name, parameter)

    def add_module(self, name: str, module: Module | None) -> None:
        """Set an attribute to a module: the same as ``net.name = module``."""
        setattr(self, name, module)

    register_module = add_module

    # Training.

    def train(self, mode: bool = True) -> Any:
        """Set this module, and all modules in it, to training: Dropout drops, BatchNorm takes means over the batch.

        ``mode=False``: to evaluation.  Returns self.
        """
        for module in Module.modules(self):
            module.training = bool(mode)
        return self

    def eval(self) -> Any:
        """Set this module, and all modules in it, to evaluation: see ``train``.  Returns self."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear ``.grad`` of all parameters: ``backward`` adds to the gradient that is there.

        ``set_to_none=False``: set the gradients that are there to 0.
        """
        for _, p in Module.named_parameters(self):
            if set_to_none:
                p.zero_grad()
            elif p.node.grad is not None:
                p.grad = np.zeros(p.shape, p.dtype)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """With False: freeze all parameters, so that they take no gradient.  With True: let them take one again.

        A frozen parameter is saved as before, and is none of the ``parameters()``, so no optimiser changes it.
        Returns self.
        """
        for _, x in walk(self):
            if isinstance(x, Tensor) and x.is_leaf and (x.requires_grad or is_frozen(x)):
                x.requires_grad_(requires_grad)
        return self

    # Kinds of numbers.

    def to(self, *args: Any, **options: Any) -> Any:
        """Give the parameters and buffers another dtype, as in ``net.to(np.float32)``.  Returns self.

        ``"cpu"`` changes nothing.  Raises TypeError for any other device, since NumPy computes on the processor.
        """
        for kind in (*args, *options.values()):
            if kind is None or isinstance(kind, bool) or str(kind) == "cpu":
                continue
            try:
                dtype = np.dtype(kind)
            except TypeError:
                dtype = np.dtype(object)
            if dtype.kind != "f":
                words = f"{type(self).__name__}.to takes a floating dtype, not {text.shorten(repr(kind))}"
                remedy = "NumPy computes on the processor: leave .to(device) out, or write net.to(np.float32)."
                raise errors.explained(TypeError(words), remedy)
            for x in self._state().values():
                if x.dtype.kind == "f":
                    x._array = x.node.result = x._array.astype(dtype)
                    x.node.grad = None
        return self

    def float(self) -> Any:
        """Make all numbers of this module float32.  Returns self."""
        return self.to(np.float32)

    def double(self) -> Any:
        """Make all numbers of this module float64.  Returns self."""
        return self.to(np.float64)

    def cpu(self) -> Any:
        """Return self: NumPy computes on the processor."""
        return self

    # State.

    def _state(self) -> dict[str, Tensor]:
        """All that is saved, by its paths: the parameters, also frozen ones, then the buffers."""
        found = {
            path: x
            for path, x in walk(self)
            if isinstance(x, Tensor) and x.is_leaf and (x.requires_grad or is_frozen(x))
        }
        return found | dict(Module.named_buffers(self))

    def state_dict(self) -> dict[str, Any]:
        """Copies of all parameters and buffers, as arrays by their paths, such as ``layers.0.W``."""
        return {path: x.numpy() for path, x in self._state().items()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> None:
        """Set parameters and buffers to the arrays of a ``state_dict``, all or none.

        Other names of the tensors are known too, as ``0.weight`` for ``0.W``.  ``strict=False``: what is missing or
        unknown is left out.  Raises ValueError if names or shapes are not those of this module.
        """
        self._set_state("the dict", state, strict)

    def _set_state(self, source: Any, state: Mapping[str, Any], strict: bool = True) -> None:
        """Set parameters and buffers.  ``source``: what held them, for errors."""
        expected = self._state()
        found = {self._path_here(path, expected): np.asarray(getattr(x, "_array", x)) for path, x in state.items()}
        if not strict:
            expected = {path: x for path, x in expected.items() if path in found}
            found = {path: x for path, x in found.items() if path in expected}
        if wrong := errors.list_mismatches(expected, found):
            unsaved = [path for path, _ in Module.named_buffers(self) if path in expected and path not in found]
            raise errors.other_parameters(source, wrong, unsaved)
        for path, x in expected.items():
            x.data = found[path]

    def _path_here(self, path: str, expected: Mapping[str, Tensor]) -> str:
        """The path here of a tensor that may be stored by another of its names."""
        if path in expected:
            return path
        owner, _, name = path.rpartition(".")
        module = dict(Module.named_modules(self)).get(owner)
        ours = getattr(getattr(type(module), name, None), "of", name)
        return f"{owner}.{ours}" if owner else ours

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write all parameters and buffers to an .npz file, whole or not at all: an older file stays until then."""
        with whole(file) as stream:
            np.savez(stream, **self.state_dict())

    def load(self, file: str | os.PathLike[str]) -> None:
        """Read parameters and buffers that ``save`` wrote, all or none.

        Raises ValueError if the file is not such a file, or if its names or shapes are not those of this module, and
        FileNotFoundError if there is no file.  Then no parameter has changed.
        """
        try:
            with np.load(file, allow_pickle=False) as stored:
                found = {path: stored[path] for path in stored.files}
        except FileNotFoundError:
            raise
        except Exception as error:
            raise errors.unreadable_file(file, error) from None
        self._set_state(file, found)

    # What it looks like.

    def __repr__(self) -> str:
        return summary.as_text(self)

    def _repr_html_(self) -> str:
        """The module as a table, for a notebook."""
        return summary.as_html(self)


def named(name: str, z: Any) -> Any:
    """Give a name to a result, for formulas and pictures, and return it."""
    z.name = name
    return z
