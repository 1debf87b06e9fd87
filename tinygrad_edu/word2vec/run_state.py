"""How far a training run has come: what a report shows, and what a checkpoint stores."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Progress:
    """The position of a run: the number of epochs that are done, and of steps of the next one."""

    epoch: int = 0
    step: int = 0
    total: float = 0.0  # the sum of J in this epoch so far
    pairs: int = 0  # the number of pairs in that sum
    share: float = 0.0  # the share of the epoch's steps that are done
    rate: float = 0.0  # words of the corpus per second in this process, including those left out at random

    @property
    def loss(self) -> float:
        """The mean J of this epoch so far."""
        return self.total / max(1, self.pairs)
