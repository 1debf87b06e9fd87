"""A derivation made by hand, checked: is it right, where does it go wrong, and why."""
