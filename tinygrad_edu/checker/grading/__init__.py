"""The command ``tinygrad-edu check``: one hand-in or a class of them, in words, tables and files."""
