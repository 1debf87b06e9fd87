"""How numbers, shapes, tensors and places in a program are written as text: one way for each."""
