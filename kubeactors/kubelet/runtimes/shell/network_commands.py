"""Commands that look up names and check ports of Services.

Nothing uses the network: the kubelet resolves the names.

Source: busybox 1.36, nslookup and nc.
"""

from collections.abc import Generator

from kubeactors.kubelet.runtimes.network_files import DNS_SERVER
from kubeactors.kubelet.runtimes.question import NameFound
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.processes import Run, Sleep, Step, Until
from kubeactors.kubelet.runtimes.shell.system_commands import Command


def _find(call: Call, name: str) -> Generator[Step, None, NameFound]:
    found: list[NameFound] = []
    call.machine.processes.find_name(name, found.append)
    yield Until(lambda: bool(found))
    return found[0]


def _nslookup(call: Call) -> Run:
    """`nslookup NAME`; names without a domain are searched in the cluster's domain, too."""
    _, names = call.options("t")
    if not names:
        return call.complain("missing operand")
    found = yield from _find(call, names[0])
    call.say(f"Server:\t\t{DNS_SERVER}\nAddress:\t{DNS_SERVER}:53\n\n")
    if not found.addresses:
        call.say(f"** server can't find {names[0]}: NXDOMAIN\n\n")
        return 1
    for address in found.addresses:
        call.say(f"Name:\t{found.name}\nAddress: {address}\n\n")
    return 0


def _nc(call: Call) -> Run:
    """`nc -z HOST PORT`: succeeds if a Service has the port and an endpoint. Without `-z` it never ends."""
    options, words = call.options("zvnw")
    if len(words) > 2:
        words = words[-2:]  # drop the value of -w
    if len(words) < 2:
        return call.complain("missing operand")
    found = yield from _find(call, words[0])
    if not found.addresses:
        return call.complain(f"bad address '{words[0]}'")
    if not words[1].isdecimal() or int(words[1]) not in found.ports:
        return call.complain(f"{words[0]} ({found.addresses[0]}:{words[1]}): Connection refused")
    if "v" in options:
        call.complain(f"{words[0]} ({found.addresses[0]}:{words[1]}) open".removeprefix("nc: "))
    if "z" not in options:
        yield Sleep(None)
    return 0


NETWORK_COMMANDS: dict[str, Command] = {"nc": _nc, "nslookup": _nslookup}
