"""Service accounts and their tokens."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

ACCOUNTS = ("robot", "default")


class Accounts:
    """Draws actions on them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def first(self, at: float) -> list[AnyAction]:
        """Add a token."""
        return [workload.CreateTokenSecret(at=at, name="token-1", account=self._source.choice(ACCOUNTS))]

    def another(self, at: float) -> AnyAction:
        """Add or delete a token, delete an account, or damage the root CA of the namespace."""
        source = self._source
        token, account = f"token-{source.choice((1, 1, 2))}", source.choice(ACCOUNTS)
        match source.integer(0, 4):
            case 0:
                return workload.CreateTokenSecret(at=at, name=token, account=account)
            case 1:
                return workload.DeleteTokenSecret(at=at, name=token)
            case 2 | 3:
                return workload.DeleteServiceAccount(at=at, name=account)
            case _:
                return workload.DamageRootCA(at=at, namespace="default", delete=not source.integer(0, 1))
