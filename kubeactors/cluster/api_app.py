"""The HTTPS edge of a cluster's API server. Imported when a cluster is served: an embedded one needs no HTTP."""

import time
import uuid
from typing import TYPE_CHECKING

import msgspec

from kubeactors.actor import ActorSystem, Ref
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apiserver import ApiMessage, Authorizer
from kubeactors.apiserver.audit.policy import DEFAULT_POLICY
from kubeactors.apiserver.audit.trail import WriteLine
from kubeactors.apiserver.health import HEALTHZ, READYZ, looking_at
from kubeactors.apiserver.http.app import ApiApp, HttpSettings
from kubeactors.apiserver.http.audit import AuditSettings
from kubeactors.apiserver.http.health import Health
from kubeactors.apiserver.http.openid import Issuer
from kubeactors.apiserver.tokens import ISSUER, AccountAuthenticator, AccountTokens, objects_of
from kubeactors.cluster.machines import MachinesMessage
from kubeactors.cluster.pod_access import MachinePods
from kubeactors.cluster.spec import ClusterSpec

if TYPE_CHECKING:
    from prometheus_client.registry import Collector


def api_app(  # noqa: PLR0913 -- the parts of a cluster that it stands in front of
    system: ActorSystem,
    spec: ClusterSpec,
    scheme: Scheme,
    *,
    authorizer: Authorizer,
    server: Ref[ApiMessage],
    machines: Ref[MachinesMessage],
    audit: WriteLine | None = None,
) -> ApiApp:
    """The ASGI application of a cluster: `server` handles its requests, `machines` have the pods' logs and ports.

    `audit` writes the lines of the audit log.
    """
    kernel = system.kernel

    def clock() -> int:
        system.refresh()  # the kernel's time stands still while no actor runs
        return kernel.wall + kernel.now

    def collectors() -> "tuple[Collector, ...]":
        from kubeactors.actor.metrics import ActorCollector  # noqa: PLC0415 -- imported at the first scrape

        return (ActorCollector(system),)

    tokens = AccountTokens(spec.account_key) if spec.account_key else None
    settings = HttpSettings(
        tokens=() if tokens is None else (AccountAuthenticator(tokens, objects_of(server), clock),),
        health=Health(looking_at(server), livez=HEALTHZ, readyz=READYZ),
        flags=spec.server.flags(),
        pods=MachinePods(machines),
        collectors=collectors,
        actors=lambda: msgspec.json.encode(system.snapshot()),
        issuer=None if tokens is None else Issuer(name=ISSUER, key=tokens.public_key),
        audit=None if audit is None else _audit(audit, spec),
    )
    return ApiApp(server, scheme, authorizer=authorizer, clock=clock, settings=settings)


def _audit(write: WriteLine, spec: ClusterSpec) -> AuditSettings:
    """The audit of requests from outside, which come in real time."""
    return AuditSettings(
        write=write,
        new_id=lambda: str(uuid.uuid4()),  # noqa: TID251 -- no simulation serves HTTPS
        clock=time.time_ns,  # noqa: TID251 -- the same; and the kernel's clock stands still while no actor runs
        policy=DEFAULT_POLICY if spec.audit is None else spec.audit.policy,
    )
