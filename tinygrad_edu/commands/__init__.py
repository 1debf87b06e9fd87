"""The commands of ``tinygrad-edu``, a file for each."""
