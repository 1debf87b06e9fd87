"""Mathematics as it is written by hand, as a tree: read from text or LaTeX, computed, and written again."""
