"""Container runtimes, behind one protocol shaped like CRI.

    runtime.py      the protocol: sandboxes, containers, probes, logs
    simulated.py    containers that are nothing but times in a table

Who calls it: the pod workers of the kubelet that owns it. It sends nothing.
"""

from kubeactors.kubelet.runtimes.runtime import (
    ContainerConfig,
    ContainerRuntime,
    ContainerState,
    LogLine,
    PodSandbox,
    PodSandboxConfig,
    ProbeResult,
    RuntimeContainer,
)
from kubeactors.kubelet.runtimes.simulated import Behaviour, SimulatedRuntime

__all__ = [
    "Behaviour",
    "ContainerConfig",
    "ContainerRuntime",
    "ContainerState",
    "LogLine",
    "PodSandbox",
    "PodSandboxConfig",
    "ProbeResult",
    "RuntimeContainer",
    "SimulatedRuntime",
]
