"""Probes of the users' containers, and their declared answers."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, Probe, TCPSocketAction
from kubeactors.kubelet.runtimes.behaviour import DOMAIN
from kubeactors.sim.workload import CreateDeployment, CreateReplicationController, CreateStatefulSet, Probing

PROBED = ("startup", "readiness", "liveness")
FLAPPING = {f"{DOMAIN}readiness": "ok 5:fail 9:ok 12:fail 20:ok"}
USUAL = Probing()

Probed = CreateDeployment | CreateStatefulSet | CreateReplicationController


def probed(container: Container, action: Probed) -> Container:
    """The same container with all three probes, if the action wants probes."""
    if not action.probes:
        return container
    wanted = action.probing or USUAL
    plain = Probe(
        tcp_socket=TCPSocketAction(port=80),
        initial_delay_seconds=wanted.delay_seconds,
        period_seconds=wanted.period_seconds,
    )
    return replace(
        container,
        startup_probe=replace(plain, failure_threshold=wanted.patience),
        readiness_probe=replace(plain, failure_threshold=wanted.failures, success_threshold=wanted.successes),
        liveness_probe=replace(plain, failure_threshold=wanted.failures_to_die),
    )


def answers(action: Probed) -> dict[str, str]:
    """The declared answers of its containers, as annotations."""
    if action.probes and action.probing is not None:
        said = {name: str(getattr(action.probing, name)) for name in PROBED}
        return {f"{DOMAIN}{name}": curve for name, curve in said.items() if curve != "ok"}
    return dict(FLAPPING) if isinstance(action, CreateDeployment) and action.flaps else {}
