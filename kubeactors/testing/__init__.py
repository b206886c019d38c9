"""The test kit, for this project and for other people's components.

    builders.py     valid objects in one line: `make_pod`, `make_deployment`, ...
    probe.py        an actor that keeps what it is told
    actors.py       time by hand, and an actor alone

Who sends to it: components under test. What it sends: what a test says.
"""

from kubeactors.testing.actors import Alone, ManualTime
from kubeactors.testing.builders import (
    make_deployment,
    make_namespace,
    make_node,
    make_pod,
    make_pod_spec,
    make_replica_set,
    make_service,
    make_template,
)
from kubeactors.testing.probe import Probe

__all__ = [
    "Alone",
    "ManualTime",
    "Probe",
    "make_deployment",
    "make_namespace",
    "make_node",
    "make_pod",
    "make_pod_spec",
    "make_replica_set",
    "make_service",
    "make_template",
]
