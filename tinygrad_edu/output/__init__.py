"""Writes results: to a terminal, and to files that are written whole or not at all."""
