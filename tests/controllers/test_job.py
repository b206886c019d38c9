"""A job runs pods until enough of them have succeeded, and counts each of them once."""

from functools import partial

import pytest
from msgspec.structs import replace

from kubeactors.api.batch.v1 import (
    Job,
    PodFailurePolicy,
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyRule,
    SuccessPolicy,
    SuccessPolicyRule,
)
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import DeleteOptions, OwnerReference
from tests.controllers.jobs import TRACKED, active, conditions, end, ended, job, template
from tests.controllers.plane import Plane, meta

INDEX = "batch.kubernetes.io/job-completion-index"
COMPLETE = [("SuccessCriteriaMet", "True", "CompletionsReached"), ("Complete", "True", "CompletionsReached")]


def failed(reason: str) -> list[tuple[str, str, str]]:
    return [("FailureTarget", "True", reason), ("Failed", "True", reason)]


def counts(plane: Plane, name: str = "pi") -> tuple[int, int, int]:
    status = plane.get(Job, name).status
    return status.active, status.succeeded, status.failed


def indexes(plane: Plane) -> list[int]:
    return sorted(int(pod.metadata.annotations[INDEX]) for pod in active(plane))


def test_a_pod_is_created_from_the_template_owned_and_tracked(control_plane: Plane) -> None:
    made = control_plane.create(job())
    control_plane.sim.run(1.0)
    (pod,) = active(control_plane)
    uid = made.metadata.uid
    assert pod.metadata.owner_references == (
        OwnerReference(
            api_version="batch/v1", kind="Job", name="pi", uid=uid, controller=True, block_owner_deletion=True
        ),
    )
    assert pod.metadata.finalizers == TRACKED
    assert pod.metadata.labels == {
        "job-name": "pi", "batch.kubernetes.io/job-name": "pi",
        "controller-uid": uid, "batch.kubernetes.io/controller-uid": uid,
    }  # fmt: skip
    assert pod.metadata.generate_name == "pi-"
    assert counts(control_plane) == (1, 0, 0)


def test_active_pods_are_bounded_by_parallelism_and_remaining_completions(control_plane: Plane) -> None:
    control_plane.create(job(completions=5, parallelism=3))
    control_plane.sim.run(1.0)
    waves: list[int] = []
    while wave := end(control_plane):
        waves.append(wave)
    assert waves == [3, 2]
    assert conditions(control_plane) == COMPLETE
    assert counts(control_plane) == (0, 5, 0)
    assert all(pod.metadata.finalizers == () for pod in control_plane.list(Pod))


def test_events_are_recorded(control_plane: Plane) -> None:
    control_plane.create(job())
    control_plane.sim.run(1.0)
    (pod,) = active(control_plane)
    end(control_plane)
    created = ("SuccessfulCreate", f"Created pod: {pod.metadata.name}")
    assert control_plane.events("pi") == [created, ("Completed", "Job completed")]


def test_a_job_without_completions_is_complete_after_one_success_once_all_pods_have_finished(
    control_plane: Plane,
) -> None:
    control_plane.create(job(parallelism=3))
    control_plane.sim.run(1.0)
    first = active(control_plane)[0].metadata.name
    end(control_plane, pick=lambda pod: pod.metadata.name == first)
    assert len(active(control_plane)) == 2
    assert conditions(control_plane) == []
    end(control_plane)
    assert conditions(control_plane) == COMPLETE


def test_a_failed_pod_is_replaced_after_the_backoff(control_plane: Plane) -> None:
    control_plane.create(job())
    control_plane.sim.run(1.0)
    now = control_plane.sim.now
    time = control_plane.get(Job, "pi").status.start_time
    assert time is not None
    control_plane.change(active(control_plane)[0], partial(ended, code=1, time=time), "status")
    control_plane.until(lambda: bool(active(control_plane)))
    assert 8 <= (control_plane.sim.now - now) / 1e9 <= 11
    assert counts(control_plane) == (1, 0, 1)


def test_a_job_fails_beyond_its_backoff_limit_and_its_other_pods_are_deleted(control_plane: Plane) -> None:
    control_plane.create(job(completions=2, parallelism=2, backoff_limit=0))
    control_plane.sim.run(1.0)
    first = active(control_plane)[0].metadata.name
    end(control_plane, code=1, pick=lambda pod: pod.metadata.name == first)
    assert conditions(control_plane) == failed("BackoffLimitExceeded")
    assert active(control_plane) == []
    assert counts(control_plane) == (0, 0, 2)
    assert control_plane.events("pi")[-1] == (
        "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    )  # fmt: skip


def test_each_pod_of_an_indexed_job_knows_its_index(control_plane: Plane) -> None:
    control_plane.create(job(completions=3, parallelism=3, completion_mode="Indexed"))
    control_plane.sim.run(1.0)
    assert indexes(control_plane) == [0, 1, 2]
    pod = active(control_plane)[1]
    assert pod.spec.hostname == "pi-1"
    assert pod.metadata.labels[INDEX] == "1"
    assert pod.metadata.name.startswith("pi-1-")
    variable = pod.spec.containers[0].env[0]
    assert variable.name == "JOB_COMPLETION_INDEX"
    assert variable.value_from is not None
    assert variable.value_from.field_ref is not None
    assert variable.value_from.field_ref.field_path == f"metadata.labels['{INDEX}']"


def test_a_failed_index_is_retried_and_all_must_succeed(control_plane: Plane) -> None:
    control_plane.create(job(completions=3, parallelism=3, completion_mode="Indexed"))
    control_plane.sim.run(1.0)
    end(control_plane, code=1, pick=lambda pod: pod.metadata.annotations[INDEX] == "1")
    end(control_plane, pick=lambda pod: pod.metadata.annotations[INDEX] != "1")
    assert control_plane.get(Job, "pi").status.completed_indexes == "0,2"
    control_plane.until(lambda: indexes(control_plane) == [1])
    end(control_plane)
    status = control_plane.get(Job, "pi").status
    assert (status.completed_indexes, status.succeeded, status.failed) == ("0-2", 3, 1)
    assert conditions(control_plane) == COMPLETE


def test_an_index_fails_beyond_its_backoff_limit_and_the_others_continue(control_plane: Plane) -> None:
    control_plane.create(job(completions=2, parallelism=2, completion_mode="Indexed", backoff_limit_per_index=1))
    control_plane.sim.run(1.0)
    end(control_plane, code=1, pick=lambda pod: pod.metadata.annotations[INDEX] == "0")
    control_plane.until(lambda: indexes(control_plane) == [0, 1])
    again = active(control_plane)[0]
    assert again.metadata.annotations["batch.kubernetes.io/job-index-failure-count"] == "1"
    end(control_plane, code=1, pick=lambda pod: pod.metadata.annotations[INDEX] == "0")
    assert control_plane.get(Job, "pi").status.failed_indexes == "0"
    assert indexes(control_plane) == [1]
    end(control_plane)
    assert conditions(control_plane) == failed("FailedIndexes")
    status = control_plane.get(Job, "pi").status
    assert (status.completed_indexes, status.failed_indexes, status.failed) == ("1", "0", 2)


def on_exit(code: int, action: str) -> PodFailurePolicy:
    codes = PodFailurePolicyOnExitCodesRequirement(operator="In", values=(code,))
    return PodFailurePolicy(rules=(PodFailurePolicyRule(action=action, on_exit_codes=codes),))


def test_a_policy_can_fail_the_job_at_once(control_plane: Plane) -> None:
    control_plane.create(job(pod_failure_policy=on_exit(42, "FailJob")))
    control_plane.sim.run(1.0)
    (pod,) = active(control_plane)
    end(control_plane, code=42)
    assert conditions(control_plane) == failed("PodFailurePolicy")
    assert control_plane.get(Job, "pi").status.conditions[-1].message == (
        f"Container c for pod default/{pod.metadata.name} failed with exit code 42 matching FailJob rule at index 0"
    )


def test_a_policy_can_ignore_a_failure(control_plane: Plane) -> None:
    control_plane.create(job(backoff_limit=0, pod_failure_policy=on_exit(42, "Ignore")))
    control_plane.sim.run(1.0)
    end(control_plane, code=42)
    control_plane.until(lambda: bool(active(control_plane)))
    assert counts(control_plane) == (1, 0, 0)
    end(control_plane)
    assert conditions(control_plane) == COMPLETE


def test_a_success_policy_ends_the_job(control_plane: Plane) -> None:
    policy = SuccessPolicy(rules=(SuccessPolicyRule(succeeded_indexes="1-2", succeeded_count=1),))
    control_plane.create(job(completions=3, parallelism=3, completion_mode="Indexed", success_policy=policy))
    control_plane.sim.run(1.0)
    end(control_plane, pick=lambda pod: pod.metadata.annotations[INDEX] == "2")
    assert active(control_plane) == []
    assert conditions(control_plane) == [
        ("SuccessCriteriaMet", "True", "SuccessPolicy"), ("Complete", "True", "SuccessPolicy")
    ]  # fmt: skip
    assert counts(control_plane) == (0, 1, 0)


def test_a_suspended_job_has_no_pods_until_it_is_resumed(control_plane: Plane) -> None:
    made = control_plane.create(job(completions=4, parallelism=2))
    control_plane.sim.run(1.0)
    end(control_plane)
    control_plane.change(made, lambda one: replace(one, spec=replace(one.spec, suspend=True)))
    control_plane.sim.run(1.0)
    assert active(control_plane) == []
    assert conditions(control_plane) == [("Suspended", "True", "JobSuspended")]
    assert counts(control_plane) == (0, 2, 0)
    control_plane.change(made, lambda one: replace(one, spec=replace(one.spec, suspend=False)))
    control_plane.sim.run(1.0)
    assert end(control_plane) == 2
    assert conditions(control_plane) == [("Suspended", "False", "JobResumed"), *COMPLETE]
    assert counts(control_plane) == (0, 4, 0)


def test_a_job_fails_at_its_active_deadline(control_plane: Plane) -> None:
    control_plane.create(job(active_deadline_seconds=30))
    control_plane.sim.run(20.0)
    assert conditions(control_plane) == []
    control_plane.sim.run(15.0)
    assert conditions(control_plane) == failed("DeadlineExceeded")
    assert active(control_plane) == []


def test_a_terminating_pod_is_replaced_once_it_has_failed_if_the_policy_says_so(control_plane: Plane) -> None:
    control_plane.create(job(pod_replacement_policy="Failed"))
    control_plane.sim.run(1.0)
    (pod,) = active(control_plane)
    control_plane.do(lambda: control_plane.client.bind(pod, "node-1"))
    control_plane.change(pod, lambda one: replace(one, status=replace(one.status, phase="Running")), "status")
    control_plane.delete(pod)
    control_plane.sim.run(30.0)
    status = control_plane.get(Job, "pi").status
    assert (status.active, status.terminating, status.failed) == (0, 1, 0)
    control_plane.change(pod, partial(ended, code=143), "status")
    control_plane.until(lambda: bool(active(control_plane)))


def test_a_job_of_another_manager_is_left_alone(control_plane: Plane) -> None:
    control_plane.create(job(managed_by="example.com/other"))
    control_plane.sim.run(2.0)
    assert active(control_plane) == []


def test_the_finalizers_of_a_deleted_jobs_pods_are_removed(control_plane: Plane) -> None:
    made = control_plane.create(job())
    control_plane.sim.run(1.0)
    control_plane.remove(made, "Background")
    control_plane.tick(2)
    assert control_plane.list(Pod) == ()


def test_a_matching_orphan_is_adopted_and_counted(control_plane: Plane) -> None:
    made = control_plane.create(job())
    control_plane.sim.run(1.0)
    (own,) = active(control_plane)
    labels = made.spec.template.metadata.labels
    orphan = control_plane.create(Pod(metadata=meta("orphan", **labels), spec=template().spec))
    control_plane.sim.run(0.5)
    (left,) = active(control_plane)
    assert left.metadata.finalizers == TRACKED
    assert left.metadata.name in {own.metadata.name, orphan.metadata.name}
    end(control_plane)
    assert counts(control_plane) == (0, 1, 0)


def test_a_finished_job_is_deleted_after_its_ttl(control_plane: Plane) -> None:
    control_plane.create(job(ttl_seconds_after_finished=60))
    control_plane.sim.run(1.0)
    end(control_plane)
    control_plane.sim.run(50.0)
    assert control_plane.find(Job, "pi") is not None
    control_plane.sim.run(20.0)
    assert control_plane.find(Job, "pi") is None
    control_plane.sim.run(2.0)
    assert control_plane.list(Pod) == ()


@pytest.mark.parametrize("cut", [0.001, 0.005, 0.02, 0.03, 0.05])
def test_completions_are_exact_whenever_the_controller_restarts(control_plane: Plane, cut: float) -> None:
    control_plane.create(job(completions=6, parallelism=3))
    for _ in range(20):
        control_plane.sim.run(cut)
        control_plane.sim.crash(control_plane.child("controllers/job"), RuntimeError("cut off"))
        control_plane.sim.run(1.0)
        assert len(active(control_plane)) <= 3
        pods = active(control_plane)
        for pod in pods[:2]:
            control_plane.change(pod, ended, "status")
    control_plane.sim.run(5.0)
    assert conditions(control_plane) == COMPLETE
    assert counts(control_plane) == (0, 6, 0)
    assert len(control_plane.list(Pod)) == 6


def test_a_pod_deleted_while_running_counts_as_one_failure(control_plane: Plane) -> None:
    control_plane.create(job())
    control_plane.sim.run(1.0)
    (pod,) = active(control_plane)
    options = DeleteOptions(grace_period_seconds=0)
    control_plane.do(lambda: control_plane.client.delete(Pod, pod.metadata.name, "default", options=options))
    control_plane.until(lambda: bool(active(control_plane)))
    assert counts(control_plane) == (1, 0, 1)
    assert active(control_plane)[0].metadata.name != pod.metadata.name
