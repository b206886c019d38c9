"""A controller waits until its cache shows its own writes, and doubts the cache if that takes too long."""

from kubeactors.client import Expectations, Standing
from kubeactors.client.workqueue import SECOND

RS = "uid-of-replicaset"


def test_without_expectations_the_cache_is_trusted() -> None:
    assert Expectations().standing(RS, 0) is Standing.MET


def test_creations_are_expected_by_key_and_deletions_by_uid() -> None:
    expectations = Expectations()
    expectations.expect_creation(RS, "default/a", 0)
    expectations.expect_deletion(RS, "uid-b", 0)
    assert expectations.standing(RS, 0) is Standing.AWAITED
    expectations.creation_observed(RS, "default/a")
    assert expectations.standing(RS, 0) is Standing.AWAITED
    assert expectations.awaited_deletions(RS) == ("uid-b",)
    expectations.deletion_observed(RS, "uid-b")
    assert expectations.awaited_deletions(RS) == ()
    assert expectations.standing(RS, 0) is Standing.MET


def test_an_observation_counts_once_however_often_it_is_repeated() -> None:
    expectations = Expectations()
    expectations.expect_creation(RS, "default/a", 0)
    expectations.expect_creation(RS, "default/b", 0)
    expectations.creation_observed(RS, "default/a")
    expectations.creation_observed(RS, "default/a")
    assert expectations.standing(RS, 0) is Standing.AWAITED
    assert expectations.awaited_creations(RS) == 1


def test_a_cache_at_the_revision_of_a_write_shows_it_or_its_undoing() -> None:
    expectations = Expectations()
    expectations.expect_creation(RS, "default/a", 0)
    expectations.expect_deletion(RS, "uid-b", 0)
    assert expectations.standing(RS, 0, seen=100) is Standing.AWAITED
    expectations.creation_acknowledged(RS, "default/a", 7)
    expectations.deletion_acknowledged(RS, "uid-b", 8)
    assert expectations.standing(RS, 0, seen=7) is Standing.AWAITED
    assert expectations.awaited_creations(RS) == 0
    assert expectations.standing(RS, 0, seen=8) is Standing.MET


def test_after_five_minutes_the_cache_is_doubted_not_trusted() -> None:
    expectations = Expectations()
    expectations.expect_creation(RS, "default/a", 0)
    assert expectations.standing(RS, 300 * SECOND - 1) is Standing.AWAITED
    assert expectations.standing(RS, 300 * SECOND) is Standing.DOUBTED


def test_a_write_of_unknown_outcome_is_doubted_at_once() -> None:
    expectations = Expectations()
    expectations.expect_creation(RS, "default/a", 0)
    expectations.doubt(RS, 0)
    assert expectations.standing(RS, 0) is Standing.DOUBTED


def test_a_live_read_ends_the_doubt_and_keeps_what_the_cache_still_has_to_show() -> None:
    expectations = Expectations()
    for name in ("default/there", "default/never-made"):
        expectations.expect_creation(RS, name, 0)
    for uid in ("going", "not-deleted"):
        expectations.expect_deletion(RS, uid, 0)
    expectations.doubt(RS, 0)
    expectations.confirm(RS, existing=["default/there", "default/other"], alive=["not-deleted"], now=SECOND)
    assert expectations.standing(RS, SECOND) is Standing.AWAITED
    assert expectations.awaited_creations(RS) == 1
    expectations.creation_observed(RS, "default/there")
    expectations.deletion_observed(RS, "going")
    assert expectations.standing(RS, SECOND) is Standing.MET


def test_a_cache_behind_a_live_read_is_doubted_until_it_catches_up() -> None:
    expectations = Expectations()
    expectations.doubt(RS, 0)
    expectations.confirm(RS, existing=[], alive=[], now=SECOND, is_behind=True)
    assert expectations.standing(RS, SECOND) is Standing.DOUBTED
    expectations.confirm(RS, existing=[], alive=[], now=SECOND)
    assert expectations.standing(RS, SECOND) is Standing.MET


def test_forgotten_expectations_are_not_awaited() -> None:
    expectations = Expectations()
    expectations.expect_creation(RS, "default/a", 0)
    expectations.forget(RS)
    assert expectations.standing(RS, 0) is Standing.MET


def test_expectations_that_the_cache_skipped_stay_open_until_they_are_checked() -> None:
    expectations = Expectations()
    expectations.expect_creation(RS, "default/a", 0)
    expectations.creation_acknowledged(RS, "default/a", 2)
    assert expectations.is_open(RS)
    assert expectations.standing(RS, 0, seen=3) is Standing.MET
    assert not expectations.is_open(RS)
