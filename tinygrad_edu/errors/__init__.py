"""Every error message, and the checks of what a user hands in."""
