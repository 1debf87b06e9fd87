"""Handwritten digits, as small images with their labels."""

from __future__ import annotations

from importlib import resources
from typing import Any, NamedTuple

import numpy as np

# digits.npz holds 1,797 images (n, 64) from 0 to 16 and their labels (n,), as bytes.  It was made, once, by
#   d = sklearn.datasets.load_digits()
#   np.savez_compressed("digits.npz", images=d.data.astype("u1"), labels=d.target.astype("u1"))


class Digits(NamedTuple):
    """Images as rows of 64 numbers in [0, 1], with the digit that each shows: to train on, and to test with."""

    images: Any
    labels: Any
    test_images: Any
    test_labels: Any


def digits(dtype: Any = np.float64, test: int = 360, seed: int = 0) -> Digits:
    """Load handwritten digits, 1,797 grey images of 8 by 8, shuffled and divided for training and testing.

    ``images`` is (1797 - test, 64) and ``test_images`` (test, 64), of the floating ``dtype``; a row holds the rows of
    its image, from 0 for paper to 1 for ink.  The labels are int64 from 0 to 9.  The same ``seed`` gives the same cut;
    the same 13 people wrote both parts.  Raises ValueError for a ``dtype`` that is not floating and for a ``test`` that
    leaves nothing to train on.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998,
    CC BY 4.0.  The copy is the one that scikit-learn ships, which is UCI's test set.

    >>> images, labels, test_images, test_labels = digits()
    >>> images.shape, labels.shape, test_images.shape, test_labels.shape
    ((1437, 64), (1437,), (360, 64), (360,))
    """
    if np.dtype(dtype).kind != "f":
        raise ValueError(f"images from 0 to 1 need a floating dtype, not {np.dtype(dtype)}")
    with (resources.files(__package__) / "digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
        images, labels = stored["images"], stored["labels"]
    if not 0 <= test < len(labels):
        raise ValueError(f"test is the number of images kept for testing, from 0 to {len(labels) - 1}, not {test}")
    order = np.random.default_rng(seed).permutation(len(labels))
    images, labels = images[order].astype(dtype) / 16, labels[order].astype(np.int64)
    return Digits(images[test:], labels[test:], images[:test], labels[:test])
