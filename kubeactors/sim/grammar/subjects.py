"""The workloads of a scenario."""

import msgspec

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source

DEPLOYMENT, STATEFUL_SET, DAEMON_SET, JOB, CRON_JOB = "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"
REPLICATION_CONTROLLER, REPLICA_SET = "ReplicationController", "ReplicaSet"
KEEPERS: dict[str, workload.Keeper] = {REPLICATION_CONTROLLER: "ReplicationController", REPLICA_SET: "ReplicaSet"}
KINDS = (*(DEPLOYMENT,) * 8, *(STATEFUL_SET,) * 6, *(JOB,) * 4, *(DAEMON_SET,) * 2, CRON_JOB, *KEEPERS)
"""The kinds of workloads to choose from, important ones more than once."""
NAMES = {
    DEPLOYMENT: ("web", "api"),
    STATEFUL_SET: ("db", "log"),
    DAEMON_SET: ("agent", "proxy"),
    JOB: ("batch", "sum"),
    CRON_JOB: ("tick", "report"),
    REPLICATION_CONTROLLER: ("old", "shop"),
    REPLICA_SET: ("bare", "spare"),
}
SET_KINDS: dict[str, workload.SetKind] = {
    STATEFUL_SET: "StatefulSet", DAEMON_SET: "DaemonSet", JOB: "Job", CRON_JOB: "CronJob",
    **KEEPERS,
}  # fmt: skip
MOST = 2
"""The maximum number of workloads."""


class Subject(msgspec.Struct, frozen=True):
    """A workload of the scenario."""

    kind: str
    name: str


def subjects(source: Source) -> tuple[Subject, ...]:
    """Draw one workload or a few, perhaps of the same kind."""
    taken: dict[str, int] = {}
    found: list[Subject] = []
    for _ in range(source.integer(1, MOST)):
        kind = source.choice(KINDS)
        found.append(Subject(kind, NAMES[kind][taken.get(kind, 0)]))
        taken[kind] = taken.get(kind, 0) + 1
    return tuple(found)
