"""Writes numbers, shapes, tensors and locations in a program as text: one way for each."""
