"""The kubelet's streaming requests: exec, attach and port-forward.

Source: pkg/kubelet/kubelet_pods.go GetExec, GetAttach, GetPortForward; pkg/kubelet/server/server.go (v1.36).
"""

from typing import TypeAlias

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.status import BadRequest, NotFound, Status, StatusDetails
from kubeactors.kubelet.container_record import ContainerRecord
from kubeactors.kubelet.pod_worker import PodWorker
from kubeactors.kubelet.runtimes import ContainerRuntime, ExecConfig, Visited
from kubeactors.kubelet.runtimes.streams import Input, Output
from kubeactors.message import Message, Recipient, Request


class Session(Message, frozen=True):
    """A running session; `input` receives what the user types."""

    input: Recipient[Input]


class PortAddress(Message, frozen=True):
    """The address of a pod's port on this machine; None if the pod runs no real code.

    In that case `answer` is the response of a simulated server to HTTP requests; None if nothing listens.
    """

    address: tuple[str, int] | None
    answer: str | None = None


SessionReply: TypeAlias = Session | Status
PortReply: TypeAlias = PortAddress | Status


class Exec(Request[SessionReply], frozen=True, kw_only=True):
    """Run a command in a container of a pod. Its output and its exit are sent to `output`."""

    namespace: str
    pod: str
    container: str
    command: tuple[str, ...]
    tty: bool
    output: Recipient[Output]


class Attach(Request[SessionReply], frozen=True, kw_only=True):
    """Send what a container writes from now on, and its exit, to `output`."""

    namespace: str
    pod: str
    container: str
    output: Recipient[Output]


class FindPort(Request[PortReply], frozen=True, kw_only=True):
    """Find the address of a pod's port."""

    namespace: str
    pod: str
    port: int


def exec_in(worker: PodWorker | None, runtime: ContainerRuntime, request: Exec, now: int) -> SessionReply:
    """The reply to an `Exec` of this pod, which may be unknown."""
    id_ = _running(worker, request.container)
    if worker is None or id_ is None:
        return NotFound.saying(f'container not found ("{request.container}")', StatusDetails()).status
    surroundings = worker.containers.surroundings(request.container)
    config = ExecConfig(command=request.command, env=surroundings.env, mounts=surroundings.mounts, tty=request.tty)
    return Session(runtime.exec(id_, config, request.output, now))


def attach_to(worker: PodWorker | None, runtime: ContainerRuntime, request: Attach, now: int) -> SessionReply:
    """The reply to an `Attach` to this pod, which may be unknown."""
    id_ = _running(worker, request.container)
    if id_ is None:
        missing = f"container {request.container} not found in pod {request.pod}_{request.namespace}"
        return NotFound.saying(missing, StatusDetails()).status
    return Session(runtime.attach(id_, request.output, now))


def find_port(worker: PodWorker | None, runtime: ContainerRuntime, request: FindPort) -> PortReply:
    """The reply to a `FindPort` of this pod, which may be unknown."""
    if worker is None or worker.sandbox is None:
        return NotFound.saying(f'pod not found ("{request.pod}_{request.namespace}")', StatusDetails()).status
    if not worker.containers.is_running:
        return BadRequest.saying(
            f"unable to forward port because pod is not running. Current status={_phase(worker.pod)}"
        ).status
    address = runtime.port_address(worker.sandbox.id, request.port)
    said: list[Visited] = []
    if address is None:
        runtime.answer(worker.pod, request.port, "/", said.append)
    return PortAddress(address, said[0].body if said and said[0].status else None)


def _running(worker: PodWorker | None, container: str) -> str | None:
    """The runtime's ID of a running container; None if it is not running."""
    record: ContainerRecord | None = None
    if worker is not None:
        record = next((one for one in worker.records if one.spec.name == container), None)
    if record is None or record.current is None or not record.is_running:
        return None
    return record.current.id


def _phase(pod: Pod) -> str:
    return pod.status.phase or "Pending"
