"""What a job needs is decided, and what has ended is counted, by what is seen alone."""

import pytest
from msgspec.structs import replace

from kubeactors.api.batch.v1 import Job, JobSpec, JobStatus, UncountedTerminatedPods
from kubeactors.api.batch.v1.defaults import default_job
from kubeactors.api.batch.v1.indexes import Indexes, IndexesError, check, of, parse
from kubeactors.api.core.v1 import Container, ContainerState, ContainerStateTerminated, ContainerStatus, Pod, PodStatus
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.time import format_time
from kubeactors.controllers.job.backoff import NO_FAILURES, Record
from kubeactors.controllers.job.plan import Conclusion, Outcome, Plan, conclude, plan
from kubeactors.controllers.job.survey import View, survey
from kubeactors.controllers.job.tracking import counted, track
from tests.controllers.jobs import TRACKED, ended, template

NOW = 1_767_225_600 * 10**9
"""2026-01-01T00:00:00Z."""
EMPTY = JobStatus()
INDEX = "batch.kubernetes.io/job-completion-index"


def job(status: JobStatus = EMPTY, /, **fields: object) -> Job:
    made = default_job(Job(spec=replace(JobSpec(template=template()), **fields)))
    return replace(made, metadata=ObjectMeta(name="pi", uid="job"), status=status)


def pod(uid: str, *, tracked: bool = True, index: int | None = None) -> Pod:
    annotations = {} if index is None else {INDEX: str(index)}
    return Pod(metadata=ObjectMeta(name=uid, uid=uid, finalizers=TRACKED if tracked else (), annotations=annotations))


def planned(view: View, backoff: Record = NO_FAILURES) -> Plan:
    return plan(view, survey(view), backoff)


def named(succeeded: tuple[str, ...] = (), failed: tuple[str, ...] = ()) -> UncountedTerminatedPods:
    return UncountedTerminatedPods(succeeded=succeeded, failed=failed)


@pytest.mark.parametrize(
    ("fields", "pods", "created"),
    [
        ({"completions": 5, "parallelism": 3}, (), 3),
        ({"completions": 5, "parallelism": 3}, (pod("a"),), 2),
        ({"completions": 2, "parallelism": 3}, (ended(pod("a")),), 1),
        ({"parallelism": 2}, (pod("a"), ended(pod("b"))), 0),
        ({"completions": 2000, "parallelism": 2000}, (), 500),
        ({"completions": 1, "suspend": True}, (), 0),
    ],
)
def test_the_missing_pods_are_created(fields: dict[str, object], pods: tuple[Pod, ...], created: int) -> None:
    assert len(planned(View(job=job(**fields), pods=pods, now=NOW)).create) == created


def test_nothing_is_created_while_expectations_are_open_or_a_failure_backs_off() -> None:
    view = View(job=job(), now=NOW)
    assert planned(replace(view, awaited=True)) == Plan()
    waiting = planned(view, Record(failures=2, last=NOW))
    assert (waiting.create, waiting.wait_seconds) == ((), 20.0)


def test_duplicate_pods_of_an_index_are_removed() -> None:
    view = View(
        job=job(completions=2, parallelism=2, completion_mode="Indexed"),
        pods=(pod("a", index=0), pod("b", index=0), pod("c", index=7), pod("d")),
        now=NOW,
    )
    kept = {"a", "b", "c", "d"} - {one.metadata.uid for one in planned(view).discard}
    assert kept in ({"a"}, {"b"})


def test_an_index_is_either_failed_or_completed() -> None:
    failed, succeeded = replace(ended(pod("a", index=0)), status=PodStatus(phase="Failed")), ended(pod("b", index=0))
    fields = {"completions": 2, "parallelism": 2, "completion_mode": "Indexed", "backoff_limit_per_index": 0}
    at_once = survey(View(job=job(**fields), pods=(failed, succeeded), now=NOW))
    assert (str(at_once.completed), str(at_once.failed_indexes)) == ("0", "")
    given_up = survey(View(job=job(JobStatus(failed_indexes="0"), **fields), pods=(succeeded,), now=NOW))
    assert (str(given_up.completed), str(given_up.failed_indexes)) == ("", "0")


def test_a_pod_whose_deletion_was_interrupted_is_removed_first() -> None:
    pods = (pod("a"), pod("b", tracked=False))
    view = View(job=job(completions=2, parallelism=2), pods=pods, now=NOW)
    assert [one.metadata.uid for one in planned(view).discard] == ["b"]


def tracked(view: View) -> JobStatus:
    found = survey(view)
    outcome = Outcome(active=len(found.active), ready=found.ready, terminating=found.terminating)
    return track(view, found, conclude(view, found, plan(view, found, NO_FAILURES), outcome)).status


def test_a_pod_is_listed_as_uncounted_before_it_is_counted() -> None:
    view = View(job=job(completions=2, parallelism=2), pods=(ended(pod("a")), ended(pod("b"), 1), pod("c")), now=NOW)
    status = tracked(view)
    assert status.uncounted_terminated_pods == named(("a",), ("b",))
    assert (status.succeeded, status.failed) == (0, 0)
    after = counted(status, {})
    assert after.uncounted_terminated_pods == named()
    assert (after.succeeded, after.failed) == (1, 1)


@pytest.mark.parametrize("cut", ["before the finalizer has gone", "after it has gone", "but the cache is behind"])
def test_a_listed_pod_is_counted_once_wherever_the_sync_was_interrupted(cut: str) -> None:
    status = JobStatus(uncounted_terminated_pods=named(("a",)))
    left = ended(pod("a", tracked=cut != "after it has gone"))
    released = {"a": None} if cut == "but the cache is behind" else {}
    view = View(job=job(status, completions=2, parallelism=0), pods=(left,), released=released, now=NOW)
    found = survey(view)
    assert found.succeeded == 1
    assert counted(tracked(view), {}).succeeded == 1


@pytest.mark.parametrize(
    ("completions", "pods", "start"), [(1, (ended(pod("a")),), format_time(NOW)), (2, (pod("a"),), None), (0, (), None)]
)
def test_a_job_that_ends_has_a_start_time_even_if_it_was_suspended_at_once(
    completions: int, pods: tuple[Pod, ...], start: str | None
) -> None:
    status = tracked(View(job=job(completions=completions, suspend=True), pods=pods, now=NOW))
    assert status.start_time == start


def test_at_most_five_hundred_pods_are_listed_as_uncounted() -> None:
    pods = tuple(ended(pod(str(i))) for i in range(700))
    view = View(job=job(completions=1000, parallelism=0), pods=pods, now=NOW)
    found = survey(view)
    tracking = track(view, found, Conclusion(status=view.job.status))
    assert (len(tracking.release), tracking.more) == (500, True)


def test_the_backoff_doubles_with_each_failure_since_the_last_success() -> None:
    one, two = ended(pod("a"), 1, "2026-01-01T00:00:00Z"), ended(pod("b"), 1, "2026-01-01T00:00:10Z")
    success = ended(pod("c"), 0, "2026-01-01T00:00:05Z")
    assert NO_FAILURES.after((), (one, two)).remaining_seconds(NOW + 10 * 10**9) == 20.0
    assert NO_FAILURES.after((success,), (one, two)).remaining_seconds(NOW + 10 * 10**9) == 10.0
    assert Record(failures=5, last=NOW).after((success,), ()) == NO_FAILURES


def test_the_backoff_starts_when_the_last_sidecar_has_terminated() -> None:
    failed = ended(pod("a"), 1, "2026-01-01T00:00:00Z")
    (main,) = failed.status.container_statuses
    over = replace(main.state.terminated or ContainerStateTerminated(), finished_at="2026-01-01T00:00:04Z")
    beside = ContainerStatus(name="proxy", state=ContainerState(terminated=over))
    earlier = ContainerStatus(
        name="init", state=ContainerState(terminated=replace(over, finished_at="2026-01-01T00:00:09Z"))
    )
    init = (Container(name="proxy", restart_policy="Always"), Container(name="init"))
    both = replace(
        failed,
        spec=replace(failed.spec, init_containers=init),
        status=replace(failed.status, init_container_statuses=(beside, earlier)),
    )
    assert NO_FAILURES.after((), (both,)).remaining_seconds(NOW + 10 * 10**9) == 4.0


def test_indexes_are_written_as_intervals() -> None:
    assert str(of([7, 1, 2, 3, 5])) == "1-3,5,7"
    assert str(of([0, 1])) == "0,1"
    assert parse("1-3,9", 5) == Indexes(((1, 3),))
    assert 2 in of([1, 2])
    assert 3 not in of([1, 2])
    assert list(of([0, 2]).missing(5)) == [1, 3, 4]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("5-1", 'too large index: "5"'),
        ("2,1", "non-increasing order, previous: 2, current: 1"),
        ("a", 'cannot convert string to integer for index: "a"'),
        ("1-2-3", ('the fragment "1-2-3" violates the requirement that an index interval can have at most two parts '
                  "separated by '-'")),
    ],
)  # fmt: skip
def test_a_malformed_index_list_is_rejected(text: str, why: str) -> None:
    with pytest.raises(IndexesError) as caught:
        check(text, 5)
    assert str(caught.value) == why
