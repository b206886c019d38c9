"""`kubeactors replay FILE --kubeconfig K`: the user actions of a plan against a real cluster, over HTTPS, in real time.

No faults are injected and no invariants are checked: it shows whether another API server accepts the same requests.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import httpx2
import msgspec

from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.apimachinery.requests import ADMIN
from kubeactors.apimachinery.status import NotFound, StatusError
from kubeactors.cli.errors import UsageError
from kubeactors.cli.server import TIMEOUT_SECONDS, Server
from kubeactors.client import Client
from kubeactors.cluster.remote import RemoteTransport
from kubeactors.sim.operators.fuzzing import Fuzz
from kubeactors.sim.operators.operator import scheme_with
from kubeactors.sim.operators.simulation import act
from kubeactors.sim.plan import Plan, described
from kubeactors.sim.recordings.manifests import definitions_in
from kubeactors.sim.steps import Fault
from kubeactors.sim.user import Doer, nothing_declared
from kubeactors.sim.workload import OwnAction, UserAction
from kubeactors.sim.world import World


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True):
    """An action, and the error with which it was rejected; empty if it was accepted.

    A missing object (`lost`) does not count as a failure: without faults, and with other names, it may not exist.
    """

    action: str
    refused: str = ""
    lost: bool = False


def rehearse(
    plan: Plan, kubeconfig: Path, campaign: Fuzz | None, until: float | None, show: Callable[[Rehearsed], object]
) -> list[Rehearsed]:
    """Perform the actions of a plan at their times.

    Args:
        plan: its faults are ignored.
        kubeconfig: names the cluster and the user.
        campaign: of the operator whose actions are in the plan.
        until: leave out later actions, in seconds.
        show: called with each action when it is done.

    Raises:
        UsageError: the kubeconfig is not usable, no server answers, or the operator's custom kinds are not defined.
    """
    server = Server(kubeconfig)
    server.get("/version")
    return anyio.run(partial(_rehearse, plan, server, campaign, until, show))


async def _rehearse(
    plan: Plan, server: Server, campaign: Fuzz | None, until: float | None, show: Callable[[Rehearsed], object]
) -> list[Rehearsed]:
    done: list[Rehearsed] = []
    began = anyio.current_time()
    scheme = scheme_with(definitions_in(plan.steps)) if campaign is None else campaign.operator.scheme
    web = httpx2.AsyncClient(
        base_url=server.url, verify=server.context, headers=server.headers, timeout=TIMEOUT_SECONDS
    )
    async with web:
        client = Client(RemoteTransport(web, scheme), ADMIN, scheme=scheme)
        await _check_defined(client, campaign)
        own = nothing_declared if campaign is None else partial(_own, campaign, client)
        doer = Doer(client, World(), own, anyio.sleep)

        async def perform(action: UserAction) -> None:
            await anyio.sleep_until(began + action.at)
            found = _told(action, await doer.perform(action))
            done.append(found)
            show(found)

        async with anyio.create_task_group() as group:
            for step in plan.steps:
                if not isinstance(step, Fault) and (until is None or step.at <= until):
                    group.start_soon(perform, step)
    return done


async def _check_defined(client: Client, campaign: Fuzz | None) -> None:
    wanted = [one.metadata.name for one in campaign.operator.definitions] if campaign is not None else []
    missing = [one for one in wanted if await client.find(CustomResourceDefinition, one) is None]
    if missing:
        raise UsageError(f"the cluster does not define {', '.join(missing)}; apply the manifests of `crds` to it first")


async def _own(campaign: Fuzz, client: Client, action: OwnAction) -> None:
    await act(campaign.operator, action, client)


def _told(action: UserAction, error: StatusError | None) -> Rehearsed:
    return Rehearsed(
        action=described(action), refused=str(error) if error is not None else "", lost=isinstance(error, NotFound)
    )
