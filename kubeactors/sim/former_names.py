"""Names that have changed: replays and command lines that still use the former ones work.

A former name is never given to anything else.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

FORMER_ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "act": "act-as",
        "add-pod": "create-pod",
        "add-token": "create-token-secret",
        "add-volume": "create-volume",
        "ask-for-certificate": "request-certificate",
        "ask-for-device": "create-device-pod",
        "claim": "create-claim",
        "claim-foreign-owner": "create-with-foreign-owner",
        "claim-unknown-owner": "create-with-unknown-owner",
        "claim-volume": "create-bound-volume",
        "clear": "delete-tenant-object",
        "decide": "review-certificate-request",
        "define-kind": "create-definition",
        "delete-set": "delete-workload",
        "disentitle": "revoke-tenant-role",
        "drop-account": "delete-service-account",
        "drop-claim": "delete-claim",
        "drop-class": "delete-class",
        "drop-device-claim": "delete-device-claim",
        "drop-owner": "delete-owner",
        "drop-request": "delete-certificate-request",
        "drop-token": "delete-token-secret",
        "drop-volume": "delete-volume",
        "entitle": "grant-tenant-role",
        "expose": "create-service",
        "furnish": "create-tenant-object",
        "grow-claim": "expand-claim",
        "lend": "delegate-role",
        "look": "read-objects",
        "manage": "write-as-manager",
        "meddle": "interfere",
        "name-none": "create-without-class",
        "offer-class": "create-storage-class",
        "offer-devices": "publish-devices",
        "own-by": "create-owned-object",
        "publish-addresses": "set-endpoints",
        "roll-set": "roll-workload",
        "set-default": "set-default-class",
        "set-limits": "set-limit-range",
        "set-rule": "set-admission-rule",
        "set-share": "set-tenant-quota",
        "spoil": "damage-object",
        "spoil-root": "damage-root-ca",
        "touch": "label-tenant-object",
        "undefine-kind": "delete-definition",
        "unexpose": "delete-service",
        "unmanage": "delete-managed-object",
        "use-claim": "mount-claim",
        "visit": "add-foreign-nodes",
        "withdraw-addresses": "delete-endpoints",
    }
)
"""The present name of a kind of user action by its former one."""

FORMER_FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "bad-starts": "failing-containers",
        "denied": "admission-failure",
        "fail-over": "stale-restart",
        "field-spoilt": "field-corrupted",
        "late-write": "delayed-write",
        "status-lost": "status-cleared",
        "unseen": "missed-delete",
    }
)
"""The present name of a kind of fault by its former one."""

FORMER_INVARIANTS: Mapping[str, str] = MappingProxyType(
    {
        "addresses-are-given-back": "released-cluster-ips-are-reusable",
        "addresses-are-unique": "pod-ips-are-unique",
        "at-most-one-of-an-identity": "at-most-one-pod-per-identity",
        "autoscalers-take-their-time": "autoscaling-behavior-is-respected",
        "blockers-go-first": "foreground-deletion-is-ordered",
        "books-are-right": "scheduler-accounting-is-correct",
        "bound-once": "pods-are-bound-once",
        "certificates-are-deserved": "csrs-are-signed-correctly",
        "choices-are-left-to-people": "static-ranges-are-left-to-users",
        "claimed-volumes-stay": "claimed-volumes-are-kept",
        "containers-are-told-what-they-ask": "container-environments-are-correct",
        "containers-go-on": "container-states-advance",
        "converged": "cluster-converges",
        "cordons-show": "cordoned-nodes-are-tainted",
        "cron-jobs-run-in-time": "cron-jobs-run-on-schedule",
        "dark-nodes-are-noticed": "unreachable-nodes-are-detected",
        "defaults-are-chosen": "default-classes-are-assigned",
        "deletion-goes-on": "deletion-is-irreversible",
        "deletions-are-of-this-one": "deletions-have-preconditions",
        "devices-are-accounted-for": "device-claims-match-pods",
        "devices-are-in-reach": "allocated-devices-are-reachable",
        "devices-have-one-claim": "one-claim-per-device",
        "ended-jobs-go-in-time": "finished-jobs-expire",
        "ended-pods-are-kept": "finished-pods-are-kept",
        "ended-pods-stay-down": "finished-pods-are-not-restarted",
        "events-are-told": "events-are-recorded",
        "events-are-true": "events-are-accurate",
        "exposed-pods-go": "tainted-nodes-are-vacated",
        "failures-are-forgotten": "back-off-is-reset",
        "generations-count": "generation-counts-spec-changes",
        "growth-has-a-load": "scale-ups-need-load",
        "identities-have-claims": "pod-claims-exist",
        "identities-keep-their-data": "stateful-claims-are-retained",
        "identity-stays": "object-identity-is-immutable",
        "indexes-are-tried": "job-indexes-are-accounted-for",
        "informers-equal-store": "informer-caches-equal-store",
        "informers-watch": "informers-keep-watching",
        "jobs-are-exact": "job-counts-are-exact",
        "jobs-keep-their-deadlines": "job-deadlines-are-enforced",
        "jobs-run-no-more-than-they-may": "job-parallelism-is-enforced",
        "least-missed-go-first": "scale-down-follows-ranking",
        "limits-hold": "limit-ranges-are-enforced",
        "lists-are-true": "lists-are-consistent",
        "living-nodes-stay": "healthy-nodes-are-not-tainted",
        "members-come-back": "stateful-pods-are-recreated",
        "memories-are-true": "no-stale-component-state",
        "mirrors-are-true": "mirrored-endpoints-match",
        "mirrors-follow-static-pods": "mirror-pods-match-static-pods",
        "namespaces-are-furnished": "namespaces-are-initialized",
        "namespaces-exist": "no-objects-in-missing-namespaces",
        "nobody-is-crowded": "replicas-are-spread",
        "nobody-is-driven-off-without-reason": "evictions-need-a-taint",
        "nobody-runs-in-circles": "no-livelock",
        "nobody-wavers": "no-oscillation",
        "node-ports-stay": "node-ports-are-stable",
        "nodes-have-room": "nodes-are-not-overcommitted",
        "nodes-show-what-is-true": "node-statuses-match-kubelets",
        "nothing-free-is-deleted": "unowned-objects-are-kept",
        "nothing-left-undone": "restarts-change-nothing",
        "numbers-add-up": "status-counts-add-up",
        "old-starts-are-forgotten": "dead-containers-are-collected",
        "one-daemon-per-node": "one-daemon-pod-per-node",
        "one-leader": "at-most-one-leader",
        "only-too-many-go": "only-surplus-pods-are-deleted",
        "own-writes-are-known": "no-conflicts-with-own-writes",
        "own-writes-are-not-for-ever": "no-stale-own-writes",
        "owners-are-known": "field-ownership-is-tracked",
        "owners-exist": "dependents-are-garbage-collected",
        "owners-keep-theirs": "owned-replica-sets-are-kept",
        "owners-select-theirs": "adoption-matches-the-selector",
        "paused-replicas-add-up": "paused-rollouts-add-up",
        "pod-statuses-add-up": "pod-statuses-are-consistent",
        "pods-are-asked-to-go": "only-kubelets-confirm-deletion",
        "pods-are-on-nodes": "no-pods-on-missing-nodes",
        "pods-go-gracefully": "pods-terminate-gracefully",
        "pods-go-in-time": "pods-terminate-in-time",
        "pods-of-living-nodes-stay": "pods-of-existing-nodes-are-kept",
        "pods-run": "bound-pods-run",
        "preemption-ends": "preemption-terminates",
        "probes-are-heeded": "probes-are-respected",
        "quotas-hold": "quotas-are-enforced",
        "ranges-have-one-node": "pod-cidrs-are-unique",
        "reads-are-true": "reads-are-consistent",
        "reconcile-raises": "reconcile-does-not-raise",
        "refusals-hold-water": "resource-rejections-are-justified",
        "refusals-say-of-what": "rejections-name-the-object",
        "requests-are-valid": "components-send-valid-requests",
        "restarts-keep-their-time": "container-restarts-back-off",
        "revisions-grow": "revisions-are-contiguous",
        "rights-hold": "rbac-is-enforced",
        "roles-add-up": "cluster-roles-are-aggregated",
        "rollouts-tell-of-their-progress": "rollout-progress-is-reported",
        "rules-hold": "admission-policies-are-enforced",
        "scaling-adds-up": "proportional-scaling-adds-up",
        "schedulable-is-scheduled": "schedulable-pods-are-scheduled",
        "schedulers-know-what-there-is": "scheduler-cache-equals-store",
        "service-addresses-are-recorded": "ip-addresses-match-services",
        "service-addresses-stay": "cluster-ips-are-stable",
        "services-have-what-they-need": "services-have-addresses-and-ports",
        "silent": "cluster-quiesces",
        "specs-are-seen-in-order": "observed-generation-is-monotonic",
        "statuses-are-true": "statuses-are-accurate",
        "store-is-consistent": "store-is-linearizable",
        "targets-go": "stale-disruption-targets-are-cleared",
        "terminal-is-final": "terminal-phases-are-final",
        "the-best-node-is-chosen": "best-scoring-node-is-chosen",
        "tokens-have-accounts": "tokens-have-service-accounts",
        "transitions-are-dated": "condition-transitions-are-timestamped",
        "used-claims-stay": "used-claims-are-kept",
        "used-devices-stay": "used-device-claims-are-kept",
        "users-words-stay": "user-intent-is-preserved",
        "volumes-have-one-claim": "one-claim-per-volume",
        "volumes-say-whose-they-are": "volume-statuses-are-accurate",
        "watches-are-complete": "watches-are-gap-free",
        "what-is-bound-is-admitted": "scheduled-pods-are-admitted",
        "what-is-deleted-goes": "deletions-are-completed",
        "what-is-given-back-is-free": "allocators-match-services",
        "what-is-wanted-is-done-soon": "specs-are-acted-on-promptly",
        "what-runs-is-wanted": "running-containers-match-the-api",
        "who-asks-rightly-is-heard": "valid-requests-are-accepted",
        "who-asks-wants-the-newest": "live-reads-are-fresh",
        "who-destroys-has-looked": "destruction-needs-a-live-read",
        "who-disrupts-says-so": "disruption-target-is-set",
        "who-fits-is-tried": "fitting-pods-are-requeued",
        "who-is-refused-waits": "retries-back-off",
        "wishes-are-heeded": "scheduling-constraints-are-respected",
        "writes-are-done": "acknowledged-writes-are-applied",
        "writes-are-news": "no-redundant-writes",
        "writes-are-of-this-one": "writes-have-preconditions",
    }
)
"""The present name of an invariant by its former one."""


def current_fault(kind: str) -> str:
    """The present name of a kind of fault.

    >>> current_fault("fail-over"), current_fault("watch-lag")
    ('stale-restart', 'watch-lag')
    """
    return FORMER_FAULTS.get(kind, kind)


def current_kind(kind: str) -> str:
    """The present name of a kind of step.

    >>> current_kind("meddle"), current_kind("fail-over"), current_kind("scale")
    ('interfere', 'stale-restart', 'scale')
    """
    return FORMER_ACTIONS.get(kind, current_fault(kind))


def current_invariant(name: str) -> str:
    """The present name of an invariant.

    >>> current_invariant("one-leader"), current_invariant("surge-bound")
    ('at-most-one-leader', 'surge-bound')
    """
    return FORMER_INVARIANTS.get(name, name)


def with_current_kind(line: str) -> str:
    """A line of a replay file; if its step has a former name, with the present one.

    >>> with_current_kind('{"kind":"unseen","at":1.5,"component":"scheduler","seconds":3.0}')
    '{"kind":"missed-delete","at":1.5,"component":"scheduler","seconds":3.0}'
    """
    try:
        step = msgspec.json.decode(line, type=dict[str, object])
    except msgspec.DecodeError:
        return line  # rejected, with the reason, when it is decoded as a step
    former = str(step.get("kind"))
    current = current_kind(former)
    return line if current == former else msgspec.json.encode({**step, "kind": current}).decode()
