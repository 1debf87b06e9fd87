"""Modules that hold others: one after the other, in a list, or in a dict.

A plain list or dict in an attribute of a module holds modules and parameters as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import messages as errors
from ..tensor import Tensor
from .module import Module


class Listed(Module, list[Any]):  # type: ignore[misc]
    """A module that is a list: it has a length, indices, ``append``, ``extend`` and ``insert``."""

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    def __init__(self, parts: Iterable[Any] = ()) -> None:
        list.__init__(self, map(self.checked, parts))

    def checked(self, x: Any) -> Any:
        """Return x, if it can stand in the list.  Raises TypeError otherwise."""
        return x

    def __getitem__(self, index: Any) -> Any:
        found = list.__getitem__(self, index)
        return type(self)(found) if isinstance(index, slice) else found

    def append(self, x: Any) -> Any:
        """Put x at the end.  Returns self."""
        list.append(self, self.checked(x))
        return self

    def extend(self, parts: Iterable[Any]) -> Any:
        """Put more at the end.  Returns self."""
        list.extend(self, map(self.checked, parts))
        return self


class ModuleList(Listed):
    """A list of modules, which is a module itself: its parameters are those of the modules."""


class ParameterList(Listed):
    """A list of parameters, which is a module itself.  Arrays in it become Tensors."""

    def checked(self, x: Any) -> Any:
        """Return x as a Tensor."""
        return x if isinstance(x, (Tensor, Module)) else Tensor(x)


class Named(Module, dict[str, Any]):
    """A module that is a dict."""

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    def __init__(self, parts: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        dict.__init__(self, parts)


class ModuleDict(Named):
    """A dict of modules, which is a module itself: its parameters are those of the modules."""


class ParameterDict(Named):
    """A dict of parameters, which is a module itself."""


class Sequential(Listed):
    """Layers, each of which is called with the result of the one before: ``Sequential(Linear(2, 8), np.tanh)``.

    A layer is a module, or any function of one argument.  A dict gives names to the layers: they are attributes then.
    """

    def __init__(self, *layers: Any) -> None:
        names: Iterable[str] = ()
        if len(layers) == 1 and isinstance(layers[0], dict):
            names, layers = layers[0].keys(), tuple(layers[0].values())
        elif len(layers) == 1 and isinstance(layers[0], (list, tuple)) and not isinstance(layers[0], Module):
            layers = tuple(layers[0])
        super().__init__(layers)
        for name, layer in zip(names, layers):
            setattr(self, name, layer)

    def checked(self, x: Any) -> Any:
        """Return a layer.  Raises TypeError if it cannot be called, or is the class of a layer."""
        if isinstance(x, type) and issubclass(x, Module):
            raise errors.explained(TypeError(f"{x.__name__} is a class of layers"), f"Write {x.__name__}(...).")
        if not callable(x):
            raise errors.explained(
                TypeError(f"a layer is a module or a function, not {type(x).__name__}"),
                "Write Sequential(Linear(2, 8), np.tanh, Linear(8, 1)).",
            )
        return x

    def add_module(self, name: str, module: Module | None) -> None:
        """Put a layer at the end, and make it an attribute as well."""
        setattr(self, name, module)
        self.append(module)

    def forward(self, x: Any) -> Any:
        """Call each layer with the result of the one before."""
        for number, layer in enumerate(self):
            if isinstance(layer, Module) and layer.name is None:
                layer.name = f"{type(layer).__name__.lower()}{number}"
            x = layer(x)
        return x
