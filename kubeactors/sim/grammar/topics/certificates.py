"""Certificate signing requests."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

SIGNERS: tuple[workload.Signer, ...] = ("client", "client", "kubelet", "foreign")
LATE_ONE_IN, LATE_SECONDS = 4, 700.0
"""One scenario in so many with certificates takes longer than the shortest of them are valid."""


class Certificates:
    """Draws actions on them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def first(self, at: float) -> list[AnyAction]:
        """A request; in some scenarios another one, after the certificate of the first has expired."""
        late = [] if self._source.integer(0, LATE_ONE_IN - 1) else [self._request(round(at + LATE_SECONDS, 3))]
        return [self._request(at), *late]

    def _request(self, at: float) -> AnyAction:
        source = self._source
        return workload.RequestCertificate(
            at=at,
            name=f"request-{source.choice((1, 1, 2))}",
            signer=source.choice(SIGNERS),
            good=bool(source.integer(0, 3)),
            short=bool(source.integer(0, 1)),
        )

    def another(self, at: float) -> AnyAction:
        """Another request, a decision, or the deletion of a request."""
        source = self._source
        name = f"request-{source.choice((1, 1, 2))}"
        match source.integer(0, 5):
            case 0:
                return workload.DeleteCertificateRequest(at=at, name=name)
            case 1 | 2:
                return self._request(at)
            case _:
                return workload.ReviewCertificateRequest(at=at, name=name, approve=bool(source.integer(0, 3)))
