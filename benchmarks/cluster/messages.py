"""How many messages does a pod cost, by actor? The table goes to standard error."""

import sys

from benchmarks.cluster.question import Figure, Figures, Question, pool_for, ready_cluster, start_pods
from kubeactors.actor import counted

NODES, PODS = 1_000, 5_000


async def answer(scale: float) -> Figures:
    """Count at full speed, with messages in batches; `tests/cluster/test_messages.py` bounds them at a low rate."""
    nodes, pods = max(int(NODES * min(scale, 1.0)), 1), max(int(PODS * scale), 1)
    async with ready_cluster(pool_for(nodes, pods)) as cluster:
        with counted(cluster.system.kernel) as census:
            await start_pods(cluster, pods)
    print(census.table(pods), file=sys.stderr)
    writes = sum(one.count for one in census.counts() if (one.actor, one.message) == ("Store", "Txn"))
    return (
        Figure(name="messages a pod", value=census.total / pods, unit=""),
        Figure(name="writes a pod", value=writes / pods, unit=""),
    )


QUESTIONS = (Question(name="messages", text="messages of a pod from creation to Running", answer=answer),)
