"""Faults of whole connections to the API server."""

from typing import Literal

from kubeactors.sim.steps import Lasting

Direction = Literal["both", "to-server", "from-server"]
Refusal = Literal["unavailable", "throttled"]


class Unavailable(Lasting, frozen=True, kw_only=True, tag="unavailable"):
    """The API server refuses connections of a component."""

    component: str


class Throttled(Lasting, frozen=True, kw_only=True, tag="throttled"):
    """The API server rejects requests of a component with 429: too many requests."""

    component: str


class Overload(Lasting, frozen=True, kw_only=True, tag="overload"):
    """The API server rejects the requests of all components with 503 or 429."""

    answer: Refusal


class Partition(Lasting, frozen=True, kw_only=True, tag="partition"):
    """Messages between a component and the API server are lost, in one direction or in both."""

    component: str
    direction: Direction = "both"


LinkFault = Unavailable | Throttled | Overload | Partition
