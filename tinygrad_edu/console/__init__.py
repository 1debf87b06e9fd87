"""Step-through debugging of derivatives in a terminal or a notebook: the shell that reads commands, and what it prints.

``stepper`` and ``step_here`` are imported from their files, because the shell takes long to load.
"""
