"""Mathematics as it is written by hand, as a tree: read from text or LaTeX, computed, and written again."""

from ..ops.composed import read_all

read_all()  # a text may name any operation
