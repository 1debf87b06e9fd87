"""The read-only arrays that ``.data`` and ``.grad`` return: an edit in place fails on the line that edits."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import messages as errors


class ReadOnly(np.ndarray[Any, Any]):
    """A view that cannot be written to and whose error explains why; what is computed from it is an ordinary array."""

    _why: tuple[Any, str] | None = None

    def __array_finalize__(self, source: Any) -> None:
        self._why = getattr(source, "_why", None)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        array = array.view(np.ndarray)
        return array[()] if return_scalar else array

    def __repr__(self) -> str:
        return repr(self.view(np.ndarray))

    def __reduce__(self) -> Any:
        return self.view(np.ndarray).__reduce__()


def _refusing(name: str) -> Any:
    """A method of arrays that writes: it raises an error that teaches, where NumPy's would only say "read-only"."""
    method_of_arrays = getattr(np.ndarray, name)

    def method(self: ReadOnly, *args: Any, **options: Any) -> Any:
        if self._why is not None and not self.flags.writeable:
            raise errors.edited_in_place(*self._why)
        return method_of_arrays(self, *args, **options)

    return method


for _name in "setitem iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor".split():
    setattr(ReadOnly, f"__{_name}__", _refusing(f"__{_name}__"))
for _name in ("fill", "sort", "put", "partition", "resize"):
    setattr(ReadOnly, _name, _refusing(_name))


def read_only_view(array: Any, tensor: Any, attribute: str) -> Any:
    """The array as the user sees it, in ``tensor.data`` or ``tensor.grad``; a single number is returned as it is."""
    if not array.shape:
        return array[()]
    view = array.view(ReadOnly)
    view.flags.writeable = False
    view._why = (tensor, attribute)
    return view
