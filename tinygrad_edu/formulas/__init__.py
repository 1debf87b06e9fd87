"""The record as mathematics: names, and what was computed from them."""
