"""Explains failures: every message with its cause, and the history of every object.

    recording.py   records a run                       records.py    the recorded data
    summaries.py   messages in a few words             histories.py  objects, write by write
    why.py         the causes of writes, as text       page.py       a self-contained HTML page
    exports.py     JSON lines, and Chrome's trace format

Recording does not change a run, except that it takes longer. Runs that are not recorded pay nothing.
"""

from kubeactors.sim.explain.recording import recorded
from kubeactors.sim.explain.records import Records

__all__ = ["Records", "recorded"]
