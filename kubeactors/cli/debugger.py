"""The debugger of `kubeactors replay --pause-at`: who leaves it ends the run."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pdb import Pdb

ENDED = 130
"""The exit code of a run that was ended: it is not known whether it fails."""


class Left(BaseException):
    """Somebody has left the debugger. No `Exception`: whoever is at work then has not failed, and none may survive it."""


class _Debugger(Pdb):
    """Ends the run on `q`, where Python's would let the actor in hand fail and all others go on."""

    def set_quit(self) -> None:
        """Leave."""
        super().set_quit()
        raise Left


@contextmanager
def debugger() -> Generator[None]:
    """Within, `breakpoint()` opens a debugger in which `q` ends the program; unless PYTHONBREAKPOINT names another one.

    Raises:
        SystemExit: somebody has left it.
    """
    before = sys.breakpointhook
    if not os.environ.get("PYTHONBREAKPOINT"):
        sys.breakpointhook = _stop
    try:
        yield
    except Left:
        print("kubeactors: the run was ended in the debugger; whether it fails is not known", file=sys.stderr)
        sys.exit(ENDED)
    finally:
        sys.breakpointhook = before


def _stop() -> None:
    _Debugger().set_trace(sys._getframe().f_back)  # noqa: SLF001 -- as `pdb.set_trace` finds who has called it
