import numpy as np
import pytest
from scipy import stats

from pwlib import intervals


def test_interval_is_that_of_the_t_test():
    values = [0.3, 0.35, 0.42]
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert intervals.interval(values) == pytest.approx(tuple(expected))
    assert intervals.interval([0.3]) == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([0.50, 0.51, 0.52], [0.40, 0.41, 0.41], True),
        ([0.50, 0.51, 0.52], [0.49, 0.505, 0.51], False),  # below the margin
        ([0.90, 0.41, 0.41], [0.40, 0.40, 0.40], False),  # one seed alone
        ([0.40, 0.41, 0.41], [0.50, 0.51, 0.52], False),
        ([0.5], [0.4], True),
        ([0.5], [0.495], False),
    ],
)
def test_above_asks_for_a_margin_and_for_agreement_of_the_seeds(a, b, expected):
    assert intervals.above(a, b, margin=0.01) is expected


def test_above_asks_for_the_whole_interval_beyond_the_margin():
    values = np.array([2.0, 3.0, 4.0])  # mean 3, its 95% interval from 0.52 to 5.48
    assert intervals.above(values, np.zeros(3), 0.5)
    assert not intervals.above(values, np.zeros(3), 0.6)


def test_equivalence_is_two_one_sided_tests():
    a = np.array([0.3, -0.2, 0.1, 0.4, -0.1])
    for margin in np.linspace(0.05, 1, 20):
        tests = (
            stats.ttest_1samp(a, -margin, alternative="greater").pvalue,
            stats.ttest_1samp(a, margin, alternative="less").pvalue,
        )
        assert intervals.equivalent(a, np.zeros(5), margin) is (max(tests) < 0.05)
    assert not intervals.equivalent([0.1], [0.1], 1.0)  # one seed has no interval


def test_the_p_value_is_five_per_cent_where_the_interval_of_ninety_ends():
    a = np.array([0.3, -0.2, 0.1, 0.4, -0.1])
    low, high = intervals.interval(a, 0.9)
    assert intervals.p_above(a, low) == pytest.approx(0.05)
    assert intervals.p_above(a, high) == pytest.approx(0.95)


def test_values_of_different_number_are_no_pairs():
    for compared in (intervals.above, intervals.equivalent):
        with pytest.raises(ValueError, match=r"^b: got shape \(1,\), accepts \(values\)"):
            compared([1, 2], [1], 0.5)
    with pytest.raises(ValueError, match="^a, b: got 2 and 1 values, accepts pairs$"):
        intervals._difference([1, 2], [1])  # as within the package, where no call is checked


def test_holm_stops_at_the_first_that_is_too_large():
    # Holm (1979): 0.01 < 0.05/4, 0.015 < 0.05/3, 0.03 > 0.05/2, and so 0.04 is kept too.
    p = {"c": 0.03, "a": 0.01, "d": 0.04, "b": 0.015}
    assert intervals.holm(p) == {"a": True, "b": True, "c": False, "d": False}


def test_two_values_have_an_interval():
    expected = stats.ttest_1samp([1.0, 2.0], 0).confidence_interval(0.95)
    assert intervals.interval([1.0, 2.0]) == pytest.approx(tuple(expected))
    assert intervals.at_least([1.0, 2.0]) == pytest.approx(expected.low)
    assert intervals.with_interval([1.0, 2.0]) == f"1.5 ({expected.low:.1f} to {expected.high:.1f})"


def test_a_difference_that_is_just_the_margin_is_neither_above_nor_equivalent():
    a, b = [3.0, 4.0], [2.0, 3.0]  # without spread, so that the interval is a point
    assert not intervals.above(a, b, 1)
    assert intervals.above(a, b, 0.999)
    for first, second in ((a, b), (b, a)):
        assert not intervals.equivalent(first, second, 1)
        assert intervals.equivalent(first, second, 1.001)


def test_holm_rejects_at_the_level_itself():
    assert intervals.holm({"a": 0.05}) == {"a": True}
    assert intervals.holm({"a": 0.025, "b": 0.05}) == {"a": True, "b": True}
    assert intervals.holm({"a": 0.0251, "b": 0.03}) == {"a": False, "b": False}


def test_a_mean_is_shown_with_its_interval():
    values = [0.4, 4.8, 9.2]  # mean 4.8, standard error 4.4/√3, and t is 4.303 for two degrees
    assert intervals.with_interval(values) == "4.8 (-6.1 to 15.7)"
    assert intervals.with_interval([4.8]) == "4.8"
    assert intervals.with_interval([-0.04]) == intervals.with_interval([0.04]) == "0.0"
    assert intervals.shown(-0.01, -0.1, 0.0) == "0.0 (-0.1 to 0.0)"


def test_an_interval_has_signs_where_asked_for():
    values = [1.0, 0.5, 2.0]
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    text = f"+1.17 ({expected.low:+.2f} to {expected.high:+.2f})"
    assert intervals.with_interval(values, "+.2f") == text


def test_the_lower_end_of_an_interval_is_that_of_the_t_test_and_of_one_value_the_value():
    values = [0.3, 0.35, 0.42]
    low = stats.ttest_1samp(values, 0).confidence_interval(0.95).low
    assert intervals.at_least(values) == pytest.approx(low)
    assert intervals.at_least([0.3]) == 0.3


def test_mean_with_error_of_known_draws():
    mean, error = intervals.mean_with_error([1.0, 3.0, 5.0, 7.0])
    assert (mean, error) == pytest.approx((4, np.sqrt(20 / 3) / 2))


@pytest.mark.parametrize("bad", [[1.0], [[1.0, 2.0]]])
def test_a_standard_error_needs_two_draws(bad):
    with pytest.raises(ValueError, match=r"^values: got shape"):
        intervals.mean_with_error(bad)


@pytest.mark.parametrize("bad", [[], 0.5, [[1.0, 2.0], [3.0, 4.0]]])
def test_values_that_are_no_list_of_numbers_are_refused(bad):
    for function in (intervals.interval, intervals.with_interval):
        with pytest.raises(ValueError, match=r"^values: got shape"):
            function(bad)


def test_three_seeds_are_not_compared_with_one():
    with pytest.raises(ValueError, match="^b: got shape .*values = 3"):
        intervals.above([0.98, 0.97, 0.99], [0.9], 0.01)
