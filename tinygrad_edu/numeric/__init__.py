"""Derivatives by differences of values, and what a wrong derivative looks like beside them."""
