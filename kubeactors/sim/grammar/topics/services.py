"""Services and their workloads."""

from collections.abc import Sequence

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

PORTS = (("80",), ("http",), ("80", "http"), ("http", "81"))
FORMS: tuple[workload.ServiceForm, ...] = ("ClusterIP", "NodePort", "LoadBalancer", "Headless", "ExternalName")


class Services:
    """Draws actions on them.

    Args:
        source: makes the choices.
        workloads: the names of workloads that Services may select.
    """

    def __init__(self, source: Source, workloads: Sequence[str]) -> None:
        self._source = source
        self._workloads = workloads

    def first(self, at: float) -> list[AnyAction]:
        """Create one, mostly."""
        return [self.another(at)]

    def another(self, at: float) -> AnyAction:
        """Create, change or delete one."""
        source = self._source
        name = source.choice(("front", "front", "side"))
        if not source.integer(0, 4):
            return workload.DeleteService(at=at, name=name)
        form = source.choice(FORMS)
        return workload.CreateService(
            at=at,
            name=name,
            of=source.choice(self._workloads or ("web",)),
            form=form,
            ports=source.choice((*PORTS, ())) if form == "Headless" else source.choice(PORTS),
            not_ready=not source.integer(0, 2),
            sticky=not source.integer(0, 3) and form != "ExternalName",
            label=source.choice(("", "a", "b")),
        )
