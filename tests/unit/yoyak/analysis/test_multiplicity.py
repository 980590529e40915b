from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.analysis.multiplicity import holm, ranking


def test_holm_worked_by_hand() -> None:
    # sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 = 0.02, 0.03, 0.06, 0.04; never falling.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_one_comparison_needs_no_correction() -> None:
    assert holm([0.03]) == (0.03,)
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_lies_between_no_correction_and_bonferroni(p: list[float]) -> None:
    for raw, adjusted in zip(p, holm(p), strict=True):
        assert raw <= adjusted <= min(1.0, raw * len(p)) + 1e-12


def logs(*centres: float) -> list[np.ndarray]:
    noise = np.array([-0.01, 0.0, 0.01, 0.005, -0.005])
    return [np.log(centre) + noise for centre in centres]


def test_clearly_different_hosts_are_ranked_one_by_one() -> None:
    assert ranking(logs(1.0, 3.0, 2.0)) == ((1,), (2,), (0,))


def test_hosts_that_cannot_be_told_apart_share_a_place() -> None:
    assert ranking(logs(1.0, 2.0, 2.001)) == ((2, 1), (0,))


def test_a_chain_of_small_steps_is_one_group() -> None:
    # The ends differ, but no cut can be drawn: each neighbour is like the next.
    assert ranking(logs(1.0, 1.01, 1.02, 1.03)) == ((3, 2, 1, 0),)


def test_a_single_repetition_cannot_be_told_from_others() -> None:
    assert ranking([np.log([1.0, 1.01]), np.log([5.0])]) == ((1, 0),)


@given(st.lists(st.floats(0.5, 5), min_size=1, max_size=8))
def test_every_subject_has_exactly_one_place(centres: list[float]) -> None:
    groups = ranking(logs(*centres))
    assert sorted(chain.from_iterable(groups)) == list(range(len(centres)))
