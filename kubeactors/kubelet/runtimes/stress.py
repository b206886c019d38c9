"""The load of `stress`, with which Kubernetes' documentation demonstrates requests and limits. Pure.

Source: github.com/resurrecting-open-source-projects/stress 1.0.7 (image polinux/stress), github.com/vishh/stress
(image vish/stress); kubernetes.io/docs/tasks/configure-pod-container/assign-{cpu,memory}-resource.
"""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.quantity import NANOS, QuantityError
from kubeactors.kubelet.runtimes.behaviour import NO_CPU, NO_MEMORY, Behaviour
from kubeactors.kubelet.runtimes.curves import SECOND, Curve

_RAMP = SECOND // 2
"""How long after its start it reaches its load, in seconds."""
_VM_BYTES = "256M"
_names_it = re.compile(r"(?:^|/)stress(?:-ng)?(?:$|[:@])")
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def stressed(container: Container, behaviour: Behaviour) -> Behaviour:
    """The behaviour with the load of the container's command, unless load is declared.

    A container's CPU usage does not exceed its limit.
    """
    if not _is_stress(container) or (behaviour.cpu, behaviour.memory) != (NO_CPU, NO_MEMORY):
        return behaviour
    options = _options((*container.command, *container.args))
    try:
        cores, size = _cores(options), _memory(options)
        limit = container.resources.limits.get("cpu")
        most = cores if limit is None else min(cores, quantity.parse(limit).nanos)
    except (ValueError, QuantityError):
        return behaviour
    cpu, memory = behaviour.cpu.at(0), behaviour.memory.at(0)
    return replace(
        behaviour,
        cpu=Curve(((0, cpu), (_RAMP, max(most, cpu)))),
        memory=Curve(((0, memory), (_RAMP, max(size, memory)))),
    )


def _is_stress(container: Container) -> bool:
    """Whether its command is `stress`, or its image if it has no command.

    >>> _is_stress(Container(image="polinux/stress", command=("stress",))), _is_stress(Container(image="vish/stress:1"))
    (True, True)
    >>> _is_stress(Container(image="polinux/stress", command=("sh",))), _is_stress(Container(image="stresser"))
    (False, False)
    """
    return _names_it.search(container.command[0] if container.command else container.image) is not None


def _options(words: Iterable[str]) -> dict[str, str]:
    """Options by name, without dashes; a word after an option is its value.

    >>> _options(["stress", "--vm", "1", "-cpus=2"])
    {'vm': '1', 'cpus': '2'}
    """
    found: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("-"):
            name, equals, value = word.lstrip("-").partition("=")
            found[name] = value
            name = "" if equals else name
        elif name:
            found[name], name = word, ""
    return found


def _cores(options: dict[str, str]) -> int:
    """The CPU usage in nanocores: a core for each spinning process."""
    for name in ("cpus", "cpu", "c"):
        if name in options:
            return quantity.parse(options[name]).nanos
    hangs = "vm-hang" in options
    return 0 if hangs or "vm" not in options else int(options["vm"]) * NANOS


def _memory(options: dict[str, str]) -> int:
    """The memory usage in bytes.

    >>> _memory({"vm": "2", "vm-bytes": "150M"}), _memory({"mem-total": "100Mi"}), _memory({"cpu": "1"})
    (314572800, 104857600, 0)
    """
    if "mem-total" in options:
        return quantity.parse(options["mem-total"]).nanos // NANOS
    if "vm" not in options:
        return 0
    size = options.get("vm-bytes", _VM_BYTES).upper()
    factor = _UNITS.get(size[-1:], 1)
    return int(options["vm"]) * int(size.rstrip("BKMG")) * factor
