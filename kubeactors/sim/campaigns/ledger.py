"""The ledger of a campaign in its report directory: how far it has come, so that it can go on later."""

from pathlib import Path

import msgspec

from kubeactors.sim.campaigns.batches import Batch, Found, Job
from kubeactors.sim.campaigns.campaign import summed
from kubeactors.sim.plan import this_version

FILE = "campaign.json"


class LedgerError(ValueError):
    """A campaign cannot be resumed; the message says why."""


class Ledger(msgspec.Struct, kw_only=True):
    """A campaign, and what it has come to so far."""

    job: Job
    """With the first seed, and the kinds; its `count` says nothing."""
    version: str = msgspec.field(default_factory=this_version)
    scenarios: int = 0
    """All seeds from the first on, so many, were run."""
    virtual_seconds: float = 0.0
    seconds: float = 0.0
    """Of real time."""
    faults: dict[str, int] = {}
    """How often each kind fired."""
    actions: dict[str, int] = {}
    """How often each kind of what users do had an effect."""
    in_vain: dict[str, int] = {}
    """How often it had none."""
    found: tuple[Found, ...] = ()

    def add(self, batch: Batch) -> None:
        """Take in the next batch: they come in the order of seeds."""
        assert batch.first == self.next_seed
        self.scenarios += batch.scenarios
        self.virtual_seconds += batch.virtual_seconds
        self.faults = summed(self.faults, batch.faults)
        self.actions = summed(self.actions, batch.actions)
        self.in_vain = summed(self.in_vain, batch.in_vain)
        self.found = (*self.found, *batch.found)

    @property
    def next_seed(self) -> int:
        """The first seed that was not run."""
        return self.job.first + self.scenarios

    def save(self, directory: Path) -> None:
        """Write it, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        directory.mkdir(parents=True, exist_ok=True)
        new = directory / f"{FILE}.new"
        new.write_bytes(msgspec.json.format(msgspec.json.encode(self)))
        new.replace(directory / FILE)


def load(directory: Path, job: Job) -> Ledger:
    """The ledger of a campaign that is to go on.

    Args:
        directory: where it was saved.
        job: what is asked for now.

    Raises:
        LedgerError: there is none, or it is of another campaign or version.
    """
    path = directory / FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Ledger)
    except FileNotFoundError as error:
        raise LedgerError(f"there is no campaign to go on with in {directory}: {FILE} is missing") from error
    except (OSError, msgspec.MsgspecError) as error:
        raise LedgerError(f"{path} cannot be read: {error}") from error
    if found.version != this_version():
        raise LedgerError(f"{path} is of version {found.version}, this is {this_version()}: begin in another directory")
    for field in ("first", "kinds", "invariants", "strategy", "operator", "length", "nodes"):
        before, now = getattr(found.job, field), getattr(job, field)
        if before != now:
            raise LedgerError(f"{path} is of a campaign with other {_word(field)}: {before!r}, now {now!r}")
    return found


def _word(field: str) -> str:
    return {"first": "seeds", "kinds": "faults"}.get(field, field)
