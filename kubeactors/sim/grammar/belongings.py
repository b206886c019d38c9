"""What users keep besides workloads, in some scenarios: one or two topics of several, and a few actions about each.

Drawn last, so that it changes nothing else in a plan.
"""

from collections.abc import Callable, Sequence

from kubeactors.sim import workload
from kubeactors.sim.grammar.actions import IMAGES, PROPAGATIONS
from kubeactors.sim.grammar.defaults import Defaults
from kubeactors.sim.grammar.extras import LOADS
from kubeactors.sim.grammar.managing import Managing
from kubeactors.sim.grammar.rights import Rights
from kubeactors.sim.grammar.rules import Rules
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

SOON = (0.0, 0.05, 0.5, 2.0, 10.0)
"""How long after one another actions about a topic come, in seconds."""
MOST_ACTIONS = 5
ONE_IN, ONE_IN_OF_RARE, ONE_IN_OF_LONG = 6, 8, 10
"""One scenario of so many has a topic; fewer one that few have, or that takes many minutes."""
PORTS = (("80",), ("http",), ("80", "http"), ("http", "81"))
CLASSES: tuple[tuple[workload.ClaimClass, ...], ...] = (("manual",), ("simulated",), ("late",), ("manual", "late"))
FORMS: tuple[workload.ServiceForm, ...] = ("ClusterIP", "NodePort", "LoadBalancer", "Headless", "ExternalName")

SHARES: tuple[tuple[dict[str, str], tuple[workload.Sort, ...]], ...] = (
    ({"pods": "2", "requests.cpu": "300m"}, ("pod",)),
    ({"pods": "2"}, ("pod",)),
    ({"configmaps": "3", "secrets": "1"}, ("config-map", "secret")),
    ({"services": "2", "services.nodeports": "1"}, ("service",)),
    ({"persistentvolumeclaims": "2", "requests.storage": "4Gi"}, ("claim",)),
    ({"count/widgets.example.org": "1", "count/configmaps": "2"}, ("widget", "config-map")),
)
"""What is bounded, and what is made then; there is a config map at first."""
SCOPES: tuple[workload.Scope, ...] = ("", "BestEffort", "NotBestEffort", "Terminating", "NotTerminating")
LIMITS: tuple[tuple[str, str, str, int], ...] = (
    ("150m", "", "", 0),
    ("", "", "150m", 0),
    ("200m", "150m", "", 2),
    ("", "100m", "1", 2),
    ("", "", "", 1),
    ("", "", "", 0),
)
"""Of single containers and claims: what they get, the least and the most that they may have, and how large a claim is."""
PACES = (
    (), (workload.Pace(amount=1),), (workload.Pace(amount=2, seconds=30), workload.Pace(amount=100, percent=True)),
    (workload.Pace(amount=1, seconds=30), workload.Pace(amount=50, percent=True)),
)  # fmt: skip
EXPOSED = (
    workload.CreateDeployment, workload.CreateStatefulSet, workload.CreateDaemonSet, workload.CreateReplicationController
)  # fmt: skip
"""What creates workloads that services may lead to."""
LEGACY = "legacy"
"""The service that selects nothing."""
ACCOUNTS = ("robot", "default")
NODES = ("node-1", "node-2")
OWNERS = (("a",), ("a",), ("b",), ("a", "b"), ("w1",), ("w1", "a"), ())
DERIVED: tuple[workload.Derived, ...] = ("ReplicaSet", "ReplicaSet", "ControllerRevision", "Endpoints", "EndpointSlice")
ESTABLISHED = (5.0, 0.5, 20.0)
"""How long after something else what controllers make of it is meddled with, in seconds."""
KNOWN = (0.0, 12.0, 12.0)
"""How long after it was set what is bounded is tried: before everybody is certain to know it, and after."""
SIGNERS: tuple[workload.Signer, ...] = ("client", "client", "kubelet", "foreign")
LATE_ONE_IN, LATE_SECONDS = 4, 700.0
"""One scenario in which certificates are asked for takes longer than the shortest of them last."""
Begin = Callable[[float], list[AnyAction]]
Another = Callable[[float], AnyAction]


class Belongings:
    """Draws them.

    Args:
        source: where choices come from.
        actions: what else is done.
    """

    def __init__(self, source: Source, actions: Sequence[AnyAction]) -> None:
        self._source = source
        self._times = [one.at for one in actions]
        self._workloads = [one.name for one in actions if isinstance(one, EXPOSED)]
        self._classes = source.choice(CLASSES)
        self._hard, self._sorts = source.choice(SHARES)
        self._shares = not source.integer(0, 1)
        """Whether pods have devices together."""
        self._rules, self._rights = Rules(source), Rights(source)
        self._defaults = Defaults(source)
        self._managing = Managing(source)
        self._scope: workload.Scope = source.choice(SCOPES) if list(self._hard) == ["pods"] else ""

    def some(self) -> list[AnyAction]:
        """A few actions about a topic or two, or none."""
        found: list[AnyAction] = []
        for one_in, begin, another in self._topics():
            if not self._source.integer(0, one_in - 1):
                at = self._source.choice(self._times)
                found += begin(round(at, 3))
                for _ in range(self._source.integer(1, MOST_ACTIONS)):
                    at += self._source.choice(SOON)
                    found.append(another(round(at, 3)))
        return found

    def _topics(self) -> tuple[tuple[int, Begin, Another], ...]:
        """In how many scenarios there is one that has it, what it begins with, and what follows."""
        return (
            (ONE_IN, self._first_service, self._service),
            (ONE_IN, self._storage, self._volume),
            (ONE_IN, self._family, self._kinship),
            (ONE_IN, self._first_token, self._account),
            (ONE_IN, self._share, self._furnish),
            (ONE_IN, self._first_address, self._sharing),
            (ONE_IN_OF_RARE, self._first_device, self._device),
            (ONE_IN_OF_LONG, self._load, self._trouble),
            (ONE_IN, self._first_spoil, self._spoiled),
            (ONE_IN_OF_RARE, self._first_limits, self._limited),
            (ONE_IN_OF_RARE, self._first_request, self._certify),
            (ONE_IN_OF_RARE, self._rules.first, self._rules.another),
            (ONE_IN_OF_RARE, self._rights.first, self._rights.another),
            (ONE_IN_OF_RARE, self._defaults.first, self._defaults.another),
            (ONE_IN_OF_RARE, self._managing.first, self._managing.another),
        )

    # Services.

    def _first_service(self, at: float) -> list[AnyAction]:
        return [self._service(at)]

    def _service(self, at: float) -> AnyAction:
        source = self._source
        name = source.choice(("front", "front", "side"))
        if not source.integer(0, 4):
            return workload.Unexpose(at=at, name=name)
        form = source.choice(FORMS)
        return workload.Expose(
            at=at,
            name=name,
            of=source.choice(self._workloads or ("web",)),
            form=form,
            ports=source.choice((*PORTS, ())) if form == "Headless" else source.choice(PORTS),
            not_ready=not source.integer(0, 2),
            sticky=not source.integer(0, 3) and form != "ExternalName",
            label=source.choice(("", "a", "b")),
        )

    # Volumes.

    def _storage(self, at: float) -> list[AnyAction]:
        """A claim, and what it needs, in any order."""
        first: list[AnyAction] = [self._claim(at, "disk-1")]
        if self._source.integer(0, 3):
            first.append(workload.OfferClass(at=at, name=self._classes[0]))
        if "manual" in self._classes:
            first.append(workload.AddVolume(at=at, name="volume-1", gibibytes=self._source.integer(1, 3)))
        return first

    def _claim(self, at: float, name: str) -> AnyAction:
        size = self._source.integer(1, 3)
        return workload.Claim(at=at, name=name, gibibytes=size, of=self._source.choice(self._classes))

    def _volume(self, at: float) -> AnyAction:
        source = self._source
        claim, size = f"disk-{source.choice((1, 1, 2))}", source.integer(1, 3)
        match source.integer(0, 9):
            case 0 | 1:
                policy: workload.ReclaimPolicy = "Delete" if not source.integer(0, 2) else "Retain"
                return workload.AddVolume(at=at, name=f"volume-{source.integer(1, 2)}", gibibytes=size, policy=policy)
            case 2:
                return workload.DropVolume(at=at, name=f"volume-{source.integer(1, 2)}")
            case 3:
                return workload.OfferClass(at=at, name=source.choice(self._classes))
            case 4 | 5:
                return self._claim(at, claim)
            case 6:
                return workload.GrowClaim(at=at, name=claim, gibibytes=size + 1)
            case 7:
                return workload.UseClaim(at=at, name=claim)
            case 8:
                return workload.DropClaim(at=at, name=claim)
            case _:
                return workload.DeletePod(at=at, name=claim)

    # Owners and what they own.

    def _family(self, at: float) -> list[AnyAction]:
        """An owner, and what it owns; half of them have to do with a kind of the users' own."""
        child = workload.Own(at=at + 0.2, name="b", owners=("a",), held_seconds=self._held())
        first: list[AnyAction] = [workload.Own(at=at, name="a"), child]
        if self._source.integer(0, 1):
            first += [workload.DefineKind(at=at), workload.Own(at=at + 1.0, name="w1", owners=("a",))]
            first.append(workload.Own(at=at + 1.5, name="w2", owners=("w1",), held_seconds=self._held()))
        return first

    def _held(self) -> float:
        return self._source.choice((0.0, 0.0, 5.0, 15.0))

    def _kinship(self, at: float) -> AnyAction:
        source = self._source
        name = source.choice(("a", "a", "b", "c", "d", "w1", "w2"))
        match source.integer(0, 6):
            case 0 | 1 | 2:
                owners = tuple(one for one in source.choice(OWNERS) if one != name)
                return workload.Own(at=at, name=name, owners=owners, held_seconds=self._held())
            case 3:
                return workload.UndefineKind(at=at) if source.integer(0, 1) else workload.DefineKind(at=at)
            case _:
                return workload.DropOwner(at=at, name=name, propagation=source.choice(PROPAGATIONS))

    # Accounts.

    def _first_token(self, at: float) -> list[AnyAction]:
        return [workload.AddToken(at=at, name="token-1", account=self._source.choice(ACCOUNTS))]

    def _account(self, at: float) -> AnyAction:
        source = self._source
        token, account = f"token-{source.choice((1, 1, 2))}", source.choice(ACCOUNTS)
        match source.integer(0, 4):
            case 0:
                return workload.AddToken(at=at, name=token, account=account)
            case 1:
                return workload.DropToken(at=at, name=token)
            case 2 | 3:
                return workload.DropAccount(at=at, name=account)
            case _:
                return workload.SpoilRoot(at=at, namespace="default", delete=not source.integer(0, 1))

    # A share.

    def _share(self, at: float) -> list[AnyAction]:
        first: list[AnyAction] = [self._set_share(at), self._furnish(at + 0.5)]
        return [workload.DefineKind(at=at), *first] if "widget" in self._sorts else first

    def _set_share(self, at: float) -> AnyAction:
        return workload.SetShare(at=at, hard=self._hard if self._source.integer(0, 4) else {}, scope=self._scope)

    def _furnish(self, at: float) -> AnyAction:
        source = self._source
        sort, number = source.choice(self._sorts), source.integer(1, 3)
        match source.integer(0, 6):
            case 0:
                return self._set_share(at)
            case 1:
                return workload.Clear(at=at, sort=sort, number=number)
            case _:
                cpu = source.choice(("100m", "200m", ""))
                return workload.Furnish(at=at, sort=sort, number=number, cpu=cpu, ends=not source.integer(0, 2))

    # Limits.

    def _first_limits(self, at: float) -> list[AnyAction]:
        return [self._set_limits(at), self._fit(at + 0.5)]

    def _set_limits(self, at: float) -> AnyAction:
        number = self._source.choice((1, 1, 2))
        default, smallest, largest, gibibytes = self._source.choice(LIMITS)
        return workload.SetLimits(
            at=at, number=number, default=default, smallest=smallest, largest=largest, gibibytes=gibibytes
        )

    def _limited(self, at: float) -> AnyAction:
        """Mostly when everybody knows the limits: what does not keep them then is not admitted."""
        return self._fit(at + self._source.choice(KNOWN)) if self._source.integer(0, 2) else self._set_limits(at)

    def _fit(self, at: float) -> AnyAction:
        source = self._source
        sort: workload.Sort = source.choice(("pod", "pod", "claim"))
        return workload.Furnish(
            at=round(at, 3), sort=sort, number=source.integer(1, 5), cpu=source.choice(("100m", "200m", "2", ""))
        )

    # Certificates.

    def _first_request(self, at: float) -> list[AnyAction]:
        """In some scenarios one comes so late that the first is of no use any more."""
        late = [] if self._source.integer(0, LATE_ONE_IN - 1) else [self._ask(round(at + LATE_SECONDS, 3))]
        return [self._ask(at), *late]

    def _ask(self, at: float) -> AnyAction:
        source = self._source
        return workload.AskForCertificate(
            at=at,
            name=f"request-{source.choice((1, 1, 2))}",
            signer=source.choice(SIGNERS),
            good=bool(source.integer(0, 3)),
            short=bool(source.integer(0, 1)),
        )

    def _certify(self, at: float) -> AnyAction:
        source = self._source
        name = f"request-{source.choice((1, 1, 2))}"
        match source.integer(0, 5):
            case 0:
                return workload.DropRequest(at=at, name=name)
            case 1 | 2:
                return self._ask(at)
            case _:
                return workload.Decide(at=at, name=name, approve=bool(source.integer(0, 3)))

    # What others are told.

    def _first_address(self, at: float) -> list[AnyAction]:
        return [workload.PublishAddresses(at=at, name=LEGACY, count=self._source.integer(1, 3))]

    def _sharing(self, at: float) -> AnyAction:
        source = self._source
        team = f"team-{source.integer(1, 2)}"
        match source.integer(0, 7):
            case 0 | 1:
                return workload.PublishAddresses(at=at, name=LEGACY, count=source.integer(0, 3))
            case 2 | 3:
                return workload.WithdrawAddresses(at=at, name=LEGACY, service=not source.integer(0, 1))
            case 4:
                return workload.EmptySlices(at=at, name=LEGACY)
            case 5:
                return workload.DeleteSlices(at=at, name=LEGACY)
            case 6:
                return workload.GrantRole(at=at, name=team, verbs=source.choice((("get",), ("get", "list"))))
            case _:
                return workload.RevokeRole(at=at, name=team)

    # What controllers make.

    def _first_spoil(self, at: float) -> list[AnyAction]:
        return [self._spoiled(at + self._source.choice(ESTABLISHED))]

    def _spoiled(self, at: float) -> AnyAction:
        of, number = self._source.choice(DERIVED), self._source.integer(0, 2)
        return workload.Spoil(at=at, of=of, number=number, delete=of != "ReplicaSet" or not self._source.integer(0, 1))

    # Devices.

    def _first_device(self, at: float) -> list[AnyAction]:
        """Too few devices for all who will want one, and the first who does."""
        return [
            workload.OfferDevices(at=at, node=self._source.choice(NODES), count=self._source.integer(1, 2)),
            workload.AskForDevice(at=at, name="gadget-1", shared=self._shares, run_seconds=self._runs()),
        ]

    def _runs(self) -> float:
        return self._source.choice((0.0, 0.0, 3.0, 15.0))

    def _device(self, at: float) -> AnyAction:
        source = self._source
        name = f"gadget-{source.choice((1, 2, 2, 3))}"
        match source.integer(0, 7):
            case 0 | 1 | 2:
                shared = self._shares and bool(source.integer(0, 1))
                return workload.AskForDevice(at=at, name=name, shared=shared, run_seconds=self._runs())
            case 3:
                return workload.OfferDevices(at=at, node=source.choice(NODES), count=source.integer(0, 2))
            case 4 if self._shares:
                return workload.DropDeviceClaim(at=at)
            case _:
                return workload.DeletePod(at=at, name=name, force=not source.integer(0, 5))

    # A load.

    def _load(self, at: float) -> list[AnyAction]:
        """A small deployment whose pods are busy, and its autoscaler."""
        source = self._source
        busy = workload.CreateDeployment(
            at=at,
            name="busy",
            replicas=source.integer(1, 3),
            load=source.choice(LOADS),
            probes=not source.integer(0, 3),
        )
        scaler = workload.Autoscale(
            at=at + source.choice((0.1, 1.0, 10.0)),
            name=busy.name,
            least=source.choice((1, 1, 2)),
            most=source.integer(3, 6),
            percent=source.choice((30, 50)),
            patience_seconds=source.choice((60, 90)),
            paces=source.choice(PACES),
            slowest=not source.integer(0, 1),
        )
        return [busy, scaler]

    def _trouble(self, at: float) -> AnyAction:
        match self._source.integer(0, 2):
            case 0:
                return workload.Roll(at=at, name="busy", image=self._source.choice(IMAGES))
            case 1:
                return workload.DeletePod(at=at, name="busy")
            case _:
                return workload.Expose(at=at, name="front", of="busy")
