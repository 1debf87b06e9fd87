"""The digits that come with the package."""

import numpy as np
import pytest

from tinygrad_edu.data import digits


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_dtypes_and_ranges(dtype):
    images, labels, test_images, test_labels = digits(dtype, test=97)
    assert (images.shape, labels.shape) == ((1700, 64), (1700,))
    assert (test_images.shape, test_labels.shape) == ((97, 64), (97,))
    assert images.dtype == test_images.dtype == dtype
    assert labels.dtype == test_labels.dtype == np.int64
    assert images.min() == 0 and images.max() == 1
    assert set(labels.tolist()) == set(range(10))


def test_a_seed_gives_the_same_cut_and_every_cut_holds_each_image_once():
    first, again, other = digits(seed=1), digits(seed=1), digits(seed=2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert not np.array_equal(first.test_images, other.test_images)

    def rows(part):
        labelled = np.column_stack(
            [np.vstack([part.images, part.test_images]), np.append(part.labels, part.test_labels)]
        )
        return labelled[np.lexsort(labelled.T)]

    assert np.array_equal(rows(first), rows(other))


def test_each_call_gives_arrays_of_its_own():
    digits().images[:] = 7
    assert digits().images.max() == 1


def test_an_image_looks_like_its_label():
    images, labels, test_images, test_labels = digits()
    means = np.stack([images[labels == k].mean(0) for k in range(10)])
    nearest = ((test_images[:, None] - means) ** 2).sum(-1).argmin(-1)
    assert (nearest == test_labels).mean() > 0.85


def test_none_may_be_kept_for_testing():
    assert len(digits(test=0).images) == 1797 and len(digits(test=0).test_images) == 0


@pytest.mark.parametrize("test", [-1, 1797])
def test_a_cut_that_leaves_nothing_to_train_on(test):
    with pytest.raises(ValueError, match=f"test is the number of images kept for testing, from 0 to 1796, not {test}"):
        digits(test=test)


def test_a_dtype_that_cannot_hold_fractions():
    with pytest.raises(ValueError, match="images from 0 to 1 need a floating dtype, not int64"):
        digits(np.int64)


def test_they_are_those_of_scikit_learn():
    images, labels, *_ = digits(test=0)
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    ink = [np.rint(16 * images[labels == k]).sum() for k in range(10)]
    assert np.bincount(labels).tolist() == counts
    assert ink == [56415, 57007, 55566, 56151, 56239, 55915, 56336, 54289, 57408, 56392]
