"""Container runtimes behind one protocol that follows CRI.

    runtime.py            the protocol: sandboxes, containers, probes, logs, exec
    streams.py            messages to and from commands in containers
    table.py              sandboxes and containers by ID: the common part of both runtimes
    sandbox.py            a sandbox, and what its containers have to offer
    simulated.py          containers that run simulated commands, or behave as declared
    simulated_container.py  a container with declared behaviour     command_container.py  one whose command is simulated
    behaviour.py          declarations of behaviour                  curves.py       values that change with time
    missing_images.py     images that cannot be pulled             stress.py       the load of the command `stress`
    request_load.py       the load of requests to `hpa-example`
    sessions.py           commands of exec, probes and hooks         attached.py     attaching to a silent container
    network_files.py      /etc/hosts and the like
    shell/                the commands
    coroutine.py          containers that are coroutines; others are simulated
    coroutine_container.py  such a container                       coroutine_commands.py  commands in it
    programs.py           images that are Python                     container_context.py  the view of their code
    host.py               the actors in which they run               platform.py     their environment, per driver
    question.py           questions of commands to the kubelet       inquiries.py    the open ones
    container_log.py      the logs of containers                   published.py    volumes with atomic updates
    web.py                HTTP requests to coroutines                web_pages.py    index pages of simulated servers

The address of a pod (`PodSandbox.ip`, in the API `status.podIP`) is in 127.128.0.0/9 if a coroutine runs in it, and
real sockets listen there; `port_address` returns it for a port. Other addresses are not real. Outgoing connections of a
coroutine have the pod's address only if it sets `local_host=container.address`. A runtime is called by the pod workers
of its kubelet. It notifies the kubelet when a coroutine has changed a container, and sends work to the container host.
"""

from kubeactors.kubelet.runtimes.behaviour import Behaviour
from kubeactors.kubelet.runtimes.container_context import CommandContext, ContainerContext
from kubeactors.kubelet.runtimes.platform import ByteStream
from kubeactors.kubelet.runtimes.programs import Program
from kubeactors.kubelet.runtimes.question import FindName, NameFound, Question, Visit, Visited, WebRequest
from kubeactors.kubelet.runtimes.runtime import (
    ContainerChanged,
    ContainerConfig,
    ContainerRuntime,
    ContainerState,
    ContainerStats,
    ExecConfig,
    HookResult,
    LogLine,
    LogPage,
    Mount,
    PodSandbox,
    PodSandboxConfig,
    ProbeResult,
    PullFailure,
    RuntimeContainer,
    sandbox_config_of,
)
from kubeactors.kubelet.runtimes.simulated import SimulatedRuntime

__all__ = [
    "Behaviour",
    "ByteStream",
    "CommandContext",
    "ContainerChanged",
    "ContainerConfig",
    "ContainerContext",
    "ContainerRuntime",
    "ContainerState",
    "ContainerStats",
    "ExecConfig",
    "FindName",
    "HookResult",
    "LogLine",
    "LogPage",
    "Mount",
    "NameFound",
    "PodSandbox",
    "PodSandboxConfig",
    "ProbeResult",
    "Program",
    "PullFailure",
    "Question",
    "RuntimeContainer",
    "SimulatedRuntime",
    "Visit",
    "Visited",
    "WebRequest",
    "sandbox_config_of",
]
