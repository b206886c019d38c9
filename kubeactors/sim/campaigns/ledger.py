"""The ledger of a campaign: its state, saved in the report directory so that it can be resumed."""

from pathlib import Path

import msgspec

from kubeactors.sim.campaigns.batches import Batch, Found, Job
from kubeactors.sim.campaigns.campaign import summed
from kubeactors.sim.plan import this_version

FILE = "campaign.json"


class LedgerError(ValueError):
    """A campaign cannot be resumed; the message says why."""


class Ledger(msgspec.Struct, kw_only=True):
    """A campaign and its result so far."""

    job: Job
    """The first seed and the options; its `count` is not used."""
    version: str = msgspec.field(default_factory=this_version)
    scenarios: int = 0
    """How many seeds, from the first on, were run."""
    virtual_seconds: float = 0.0
    seconds: float = 0.0
    """Of real time."""
    faults: dict[str, int] = {}
    """How often each kind took effect."""
    actions: dict[str, int] = {}
    """How often each kind of user action had an effect."""
    in_vain: dict[str, int] = {}
    """How often each kind had none."""
    found: tuple[Found, ...] = ()

    def add(self, batch: Batch) -> None:
        """Add the next batch, in the order of seeds."""
        assert batch.first == self.next_seed
        self.scenarios += batch.scenarios
        self.virtual_seconds += batch.virtual_seconds
        self.faults = summed(self.faults, batch.faults)
        self.actions = summed(self.actions, batch.actions)
        self.in_vain = summed(self.in_vain, batch.in_vain)
        self.found = (*self.found, *batch.found)

    @property
    def next_seed(self) -> int:
        """The first seed that has not been run."""
        return self.job.first + self.scenarios

    def save(self, directory: Path) -> None:
        """Write the ledger atomically.

        Raises:
            OSError: it cannot be written.
        """
        directory.mkdir(parents=True, exist_ok=True)
        new = directory / f"{FILE}.new"
        new.write_bytes(msgspec.json.format(msgspec.json.encode(self)))
        new.replace(directory / FILE)


def load(directory: Path, job: Job) -> Ledger:
    """Load the ledger of a campaign to resume.

    Args:
        directory: where it was saved.
        job: the options of the resumed campaign, which must be the same.

    Raises:
        LedgerError: there is none, or it is of another campaign or version.
    """
    path = directory / FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Ledger)
    except FileNotFoundError as error:
        raise LedgerError(f"there is no campaign to resume in {directory}: {FILE} is missing") from error
    except (OSError, msgspec.MsgspecError) as error:
        raise LedgerError(f"{path} cannot be read: {error}") from error
    if found.version != this_version():
        raise LedgerError(f"{path} is of version {found.version}, this is {this_version()}: use another directory")
    for field in ("first", "kinds", "invariants", "strategy", "operator", "length", "nodes"):
        before, now = getattr(found.job, field), getattr(job, field)
        if before != now:
            raise LedgerError(f"{path} is of a campaign with different {_word(field)}: {before!r}, now {now!r}")
    return found


def _word(field: str) -> str:
    return {"first": "seeds", "kinds": "faults"}.get(field, field)
