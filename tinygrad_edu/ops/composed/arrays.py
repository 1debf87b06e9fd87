"""NumPy's functions that put arrays together and take them apart."""

from __future__ import annotations
