"""Checks the hand-ins of a class, and reports the results in words, tables, files and pages."""
