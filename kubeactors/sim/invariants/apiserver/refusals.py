"""Why the server refuses what it does: the reason that it gives holds.

Who reckons wrongly who may have what is seen twice: when too much is let in, and here, when somebody is sent away who
would have kept to the bounds.

Source: plugin/pkg/admission/limitranger/admission.go, apiserver/pkg/admission/plugin/resourcequota/controller.go (v1.36).
"""

import re
from collections.abc import Iterator
from typing import ClassVar

from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.apimachinery.quantity import add, compare
from kubeactors.apimachinery.status import Status
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant
from kubeactors.sim.network import Served

FORBIDDEN = "Forbidden"
BOUND = re.compile(r"(maximum|minimum) \S+ usage per \w+ is ([\w.]+), but (?:request|limit) is ([\w.]+)")
SHARE = re.compile(r"exceeded quota: (\S+), requested: (\S+), used: (\S+), limited: (\S+)")


class RefusalsHoldWater(ServerInvariant):
    """Who is told that he asks for too much, or too little, does; and the quota that he is shown is one that there was."""

    name: ClassVar[str] = "refusals-hold-water"

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Reckon again with the numbers that he is told."""
        if not isinstance(answer, Status) or answer.reason != FORBIDDEN:
            return
        for which, bound, amount in BOUND.findall(answer.message):
            if compare(amount, bound) * (1 if which == "maximum" else -1) <= 0:
                yield f"{amount} is refused, and the {which} is {bound}: {answer.message}"
        for name, *shares in SHARE.findall(answer.message):
            requested, used, limited = map(_amounts, shares)
            for what, most in limited.items():
                if compare(add(used[what], requested[what]), most) <= 0:
                    yield f"{requested[what]} is refused, and there is room for it: {answer.message}"
            if not self._was_so(served.request.namespace, name, limited):
                yield f"no quota {name} was ever so: {answer.message}"

    def _was_so(self, namespace: str, name: str, limited: dict[str, str]) -> bool:
        states = self.world.histories(ResourceQuota).get((namespace, name), ())
        quotas = (one.new for one in states if isinstance(one.new, ResourceQuota))
        return any(limited.items() <= one.spec.hard.items() for one in quotas)


def _amounts(text: str) -> dict[str, str]:
    """What is said of each resource.

    >>> _amounts("pods=1,requests.cpu=2")
    {'pods': '1', 'requests.cpu': '2'}
    """
    return dict(part.split("=", maxsplit=1) for part in text.split(","))


INVARIANTS: tuple[type[Invariant], ...] = (RefusalsHoldWater,)
