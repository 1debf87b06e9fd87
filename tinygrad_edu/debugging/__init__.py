"""Step-through debugging of derivatives: the console, and what it shows."""

from .program import step_here as step_here
