"""The zone: all records of the cluster, by name."""

from collections.abc import Iterable, Iterator

from kubeactors.network.dns.records import CLUSTER_DOMAIN, Record, own_records

REVERSE_DOMAINS = ("in-addr.arpa", "ip6.arpa")


class Zone:
    """Records, each with one or more owners; one that no owner has any more is removed.

    >>> zone = Zone()
    >>> zone.replace("web", (Record("web.shop.svc.cluster.local", "A", "10.96.0.7"),))
    >>> zone.find("WEB.shop.svc.cluster.local"), zone.find("svc.cluster.local"), zone.find("web.svc.cluster.local")
    ((Record(name='web.shop.svc.cluster.local', type='A', data='10.96.0.7'),), (), None)
    """

    def __init__(self) -> None:
        self._owned: dict[str, tuple[Record, ...]] = {}
        self._records: dict[str, dict[Record, int]] = {}
        """The records of each name, with the number of their owners."""
        self._below: dict[str, int] = {}
        """How many names with records are at or below a name; if there are any, the name exists."""
        self.replace("", own_records())

    def replace(self, owner: str, records: tuple[Record, ...]) -> None:
        """Replace the records of an owner; they must not have duplicates. The cost depends on the owner's records alone."""
        before = self._owned.pop(owner, ())
        if records:
            self._owned[owner] = records
        for record in records:
            self._hold(record)
        for record in before:
            self._release(record)

    def find(self, name: str) -> tuple[Record, ...] | None:
        """The records of a name, in any case; empty if there are only names below it, None if the name does not exist."""
        name = name.lower()
        if name not in self._below:
            return None
        return tuple(self._records.get(name, ()))

    def _hold(self, record: Record) -> None:
        held = self._records.get(record.name)
        if held is None:
            held = self._records[record.name] = {}
            for name in _at_and_above(record.name):
                self._below[name] = self._below.get(name, 0) + 1
        held[record] = held.get(record, 0) + 1

    def _release(self, record: Record) -> None:
        held = self._records[record.name]
        held[record] -= 1
        if held[record]:
            return
        del held[record]
        if held:
            return
        del self._records[record.name]
        for name in _at_and_above(record.name):
            self._below[name] -= 1
            if not self._below[name]:
                del self._below[name]


def apex_of(name: str) -> str | None:
    """The domain that this server answers for and that the name is in; None if there is none.

    >>> apex_of("web.Cluster.Local"), apex_of("7.0.96.10.in-addr.arpa"), apex_of("example.com")
    ('cluster.local', 'in-addr.arpa', None)
    """
    name = name.lower()
    domains: Iterable[str] = (CLUSTER_DOMAIN, *REVERSE_DOMAINS)
    return next((one for one in domains if name == one or name.endswith(f".{one}")), None)


def _at_and_above(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.partition(".")[2]
