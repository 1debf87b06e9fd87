"""What a user reads when something is wrong, and what may come in: every message, and the checks that raise it."""
