"""The pod failure policy and the success policy of a job.

Source: pkg/controller/job/{pod_failure_policy,success_policy}.go (v1.36).
"""

from collections.abc import Iterable

import msgspec

from kubeactors.api.batch.v1 import (
    PodFailurePolicy,
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyRule,
    SuccessPolicy,
)
from kubeactors.api.batch.v1.indexes import Indexes, parse
from kubeactors.api.batch.v1.job import COUNT, FAIL_JOB, IGNORE
from kubeactors.api.core.v1 import ContainerStatus, Pod


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy says about a failed pod: the action, and for `FailJob` the message that says why."""

    action: str = COUNT
    message: str = ""

    @property
    def counts(self) -> bool:
        """Whether the failure counts towards the backoff limits."""
        return self.action != IGNORE


DEFAULT = Verdict()


def judge(policy: PodFailurePolicy | None, pod: Pod) -> Verdict:
    """The verdict of the first matching rule; a failure that no rule matches counts."""
    rules = policy.rules if policy is not None else None
    for index, rule in enumerate(rules or ()):
        why = _match(rule, pod)
        if why:
            message = f"{why} matching {rule.action} rule at index {index}" if rule.action == FAIL_JOB else ""
            return Verdict(action=rule.action, message=message)
    return DEFAULT


def success(policy: SuccessPolicy | None, completions: int, succeeded: Indexes) -> str:
    """The message of the condition that names the rule which the succeeded indexes satisfy; empty if there is none.

    >>> from kubeactors.api.batch.v1 import SuccessPolicyRule
    >>> from kubeactors.api.batch.v1.indexes import of
    >>> success(SuccessPolicy(rules=(SuccessPolicyRule(succeeded_indexes="0-2", succeeded_count=1),)), 5, of([2]))
    'Matched rules at index 0'
    """
    rules = policy.rules if policy is not None else None
    if not succeeded:
        return ""
    for index, rule in enumerate(rules or ()):
        if _is_fulfilled(rule.succeeded_indexes, rule.succeeded_count, completions, succeeded):
            return f"Matched rules at index {index}"
    return ""


def _is_fulfilled(text: str | None, count: int | None, completions: int, succeeded: Indexes) -> bool:
    if text is None:
        return count is not None and succeeded.total >= count
    required = parse(text, completions)
    if not required:
        return False
    found = required.common(succeeded)
    return found == required.total or (count is not None and found >= count)


def _match(rule: PodFailurePolicyRule, pod: Pod) -> str:
    """What in the pod matches the rule, as the start of a message; empty if nothing does."""
    name = f"{pod.metadata.namespace}/{pod.metadata.name}"
    if rule.on_exit_codes is not None:
        found = _ended(pod, rule.on_exit_codes)
        return f"Container {found[0]} for pod {name} failed with exit code {found[1]}" if found else ""
    for condition in pod.status.conditions:
        if any(one.type == condition.type and one.status == condition.status for one in rule.on_pod_conditions):
            return f"Pod {name} has condition {condition.type}"
    return ""


def _ended(pod: Pod, wanted: PodFailurePolicyOnExitCodesRequirement) -> tuple[str, int] | None:
    status = pod.status
    return _first(status.container_statuses, wanted) or _first(status.init_container_statuses, wanted)


def _first(
    containers: Iterable[ContainerStatus], wanted: PodFailurePolicyOnExitCodesRequirement
) -> tuple[str, int] | None:
    for one in containers:
        ended = one.state.terminated
        if ended is None or ended.exit_code == 0 or wanted.container_name not in (None, one.name):
            continue
        if (ended.exit_code in (wanted.values or ())) is (wanted.operator == "In"):
            return one.name, ended.exit_code
    return None
