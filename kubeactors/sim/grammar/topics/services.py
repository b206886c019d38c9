"""Services, and where they lead to."""

from collections.abc import Sequence

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

PORTS = (("80",), ("http",), ("80", "http"), ("http", "81"))
FORMS: tuple[workload.ServiceForm, ...] = ("ClusterIP", "NodePort", "LoadBalancer", "Headless", "ExternalName")


class Services:
    """Draws what is done about them.

    Args:
        source: where choices come from.
        workloads: the names of those that services may lead to.
    """

    def __init__(self, source: Source, workloads: Sequence[str]) -> None:
        self._source = source
        self._workloads = workloads

    def first(self, at: float) -> list[AnyAction]:
        """One."""
        return [self.another(at)]

    def another(self, at: float) -> AnyAction:
        """Another one, or another form of it; or it goes."""
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
