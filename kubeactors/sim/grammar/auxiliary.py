"""Topics besides workloads, in some scenarios: one or two of several, with a few actions about each.

Drawn late, so that they do not shift the other choices of a plan.
"""

from collections.abc import Sequence

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.grammar.topics.accounts import Accounts
from kubeactors.sim.grammar.topics.autoscaling import Autoscaling
from kubeactors.sim.grammar.topics.certificates import Certificates
from kubeactors.sim.grammar.topics.defaults import Defaults
from kubeactors.sim.grammar.topics.derived import DerivedThings
from kubeactors.sim.grammar.topics.devices import Devices
from kubeactors.sim.grammar.topics.field_managers import FieldManagers
from kubeactors.sim.grammar.topics.limits import Limits
from kubeactors.sim.grammar.topics.owners import Owners
from kubeactors.sim.grammar.topics.quotas import QUOTAS, Quotas
from kubeactors.sim.grammar.topics.rbac import Rbac
from kubeactors.sim.grammar.topics.rules import Rules
from kubeactors.sim.grammar.topics.services import Services
from kubeactors.sim.grammar.topics.sharing import Sharing
from kubeactors.sim.grammar.topics.topic import Topic
from kubeactors.sim.grammar.topics.volumes import Volumes
from kubeactors.sim.workload import AnyAction

SOON = (0.0, 0.05, 0.5, 2.0, 10.0)
"""The delay between actions about a topic, in seconds."""
MOST_ACTIONS = 5
ONE_IN, ONE_IN_OF_RARE, ONE_IN_OF_LONG = 6, 8, 10
"""One scenario in so many has a topic; rarer are topics that few clusters have, or that take many minutes."""
EXPOSED = (
    workload.CreateDeployment, workload.CreateStatefulSet, workload.CreateDaemonSet, workload.CreateReplicationController
)  # fmt: skip
"""Creations of workloads that Services may select."""


class AuxiliaryTopics:
    """Draws these topics.

    Args:
        source: makes the choices.
        actions: the other actions of the plan.
    """

    def __init__(self, source: Source, actions: Sequence[AnyAction]) -> None:
        self._source = source
        self._times = [one.at for one in actions]
        workloads = [one.name for one in actions if isinstance(one, EXPOSED)]
        volumes, share = Volumes(source), source.choice(QUOTAS)  # topics draw in this order, for plans to stay the same
        devices, rules, rights = Devices(source), Rules(source), Rbac(source)
        defaults, field_managers, quotas = Defaults(source), FieldManagers(source), Quotas(source, share)
        self._topics: tuple[tuple[int, Topic], ...] = (
            (ONE_IN, Services(source, workloads)),
            (ONE_IN, volumes),
            (ONE_IN, Owners(source)),
            (ONE_IN, Accounts(source)),
            (ONE_IN, quotas),
            (ONE_IN, Sharing(source)),
            (ONE_IN_OF_RARE, devices),
            (ONE_IN_OF_LONG, Autoscaling(source)),
            (ONE_IN, DerivedThings(source)),
            (ONE_IN_OF_RARE, Limits(source)),
            (ONE_IN_OF_RARE, Certificates(source)),
            (ONE_IN_OF_RARE, rules),
            (ONE_IN_OF_RARE, rights),
            (ONE_IN_OF_RARE, defaults),
            (ONE_IN_OF_RARE, field_managers),
        )
        """Each topic, with how rare it is: one scenario in so many."""

    def some(self) -> list[AnyAction]:
        """A few actions about a topic or two, or none."""
        found: list[AnyAction] = []
        for one_in, topic in self._topics:
            if not self._source.integer(0, one_in - 1):
                at = self._source.choice(self._times)
                found += topic.first(round(at, 3))
                for _ in range(self._source.integer(1, MOST_ACTIONS)):
                    at += self._source.choice(SOON)
                    found.append(topic.another(round(at, 3)))
        return found
