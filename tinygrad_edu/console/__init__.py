"""Step-through debugging of derivatives: the console, and what it shows."""

from .step_here import step_here as step_here
