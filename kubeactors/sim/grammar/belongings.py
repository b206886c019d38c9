"""What users keep besides workloads, in some scenarios: one or two topics of several, and a few actions about each.

Drawn last, so that it changes nothing else in a plan.
"""

from collections.abc import Sequence

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

SOON = (0.0, 0.05, 0.5, 2.0, 10.0)
"""How long after one another actions about a topic come, in seconds."""
MOST_ACTIONS = 5
PORTS = (("80",), ("http",), ("80", "http"), ("http", "81"))
FORMS: tuple[workload.ServiceForm, ...] = ("ClusterIP", "NodePort", "LoadBalancer", "Headless", "ExternalName")


class Belongings:
    """Draws them.

    Args:
        source: where choices come from.
        actions: what else is done.
    """

    def __init__(self, source: Source, actions: Sequence[AnyAction]) -> None:
        self._source = source
        self._times = [one.at for one in actions]
        self._workloads = [
            one.name
            for one in actions
            if isinstance(one, workload.CreateDeployment | workload.CreateStatefulSet | workload.CreateDaemonSet)
        ]

    def some(self) -> list[AnyAction]:
        """A few actions about a topic or two, or none."""
        topics = (self._service,)
        found: list[AnyAction] = []
        for topic in topics:
            if not self._source.integer(0, 5):
                at = self._source.choice(self._times)
                for _ in range(self._source.integer(2, MOST_ACTIONS)):
                    found.append(topic(round(at, 3)))
                    at += self._source.choice(SOON)
        return found

    def _service(self, at: float) -> AnyAction:
        source = self._source
        name = source.choice(("front", "front", "side"))
        if not source.integer(0, 4):
            return workload.Unexpose(at=at, name=name)
        form = source.choice(FORMS)
        return workload.Expose(
            at=at,
            name=name,
            of=source.choice(self._workloads or ("web",)),
            form=form,
            ports=source.choice((*PORTS, ())) if form == "Headless" else source.choice(PORTS),
            not_ready=not source.integer(0, 2),
            sticky=not source.integer(0, 3) and form != "ExternalName",
            label=source.choice(("", "a", "b")),
        )
