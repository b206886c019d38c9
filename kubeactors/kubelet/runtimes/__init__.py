"""Container runtimes, behind one protocol shaped like CRI.

    runtime.py            the protocol: sandboxes, containers, probes, logs, exec
    streams.py            what goes to and fro with a command in a container
    table.py              sandboxes and containers by id: what both runtimes have in common
    simulated.py          containers that do what their command says, or what was declared
    simulated_container.py  one that is nothing but times           command_container.py  one whose command is run
    behaviour.py          what can be declared of them               curves.py       values that change with time
    missing_images.py     images that cannot be pulled             stress.py       what a well-known command takes
    sessions.py           commands that run besides                  attached.py     somebody who looks
    network_files.py      names that a pod knows
    shell/                the commands
    coroutine.py          containers that are coroutines; the rest is simulated
    coroutine_container.py  one of them                            coroutine_commands.py  commands in it
    programs.py           images that are Python                     container_context.py  what their code sees
    host.py               the actors in which they run               platform.py     what they need of the world
    inquiries.py          what commands have asked their kubelet
    container_log.py      what they write                          published.py    volumes that change all at once
    web.py                asking a coroutine over HTTP

Where a pod is reached: its address (`PodSandbox.ip`, in the API `status.podIP`) is in 127.128.0.0/9 if a coroutine runs
in it, and real sockets listen there; `port_address` says so for one port. Other addresses are nobody's. Connections that
a coroutine makes come from an address of its own choice, so that who wants to know whose they are must give it
`local_host=container.address`.

Who calls it: the pod workers of the kubelet that owns it. It tells the kubelet when a coroutine has changed a
container, and the container host what to run.
"""

from kubeactors.kubelet.runtimes.behaviour import Behaviour
from kubeactors.kubelet.runtimes.container_context import CommandContext, ContainerContext
from kubeactors.kubelet.runtimes.platform import ByteStream
from kubeactors.kubelet.runtimes.programs import Program
from kubeactors.kubelet.runtimes.runtime import (
    ContainerChanged,
    ContainerConfig,
    ContainerRuntime,
    ContainerState,
    ContainerStats,
    ExecConfig,
    FindName,
    HookResult,
    LogLine,
    LogPage,
    Mount,
    NameFound,
    PodSandbox,
    PodSandboxConfig,
    ProbeResult,
    PullFailure,
    Question,
    RuntimeContainer,
    Visit,
    Visited,
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
    "sandbox_config_of",
]
