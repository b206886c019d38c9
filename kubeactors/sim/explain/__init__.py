"""Explains a failure: who told whom what, because of what; and what became of each object.

    recording.py   a run that remembers everything     records.py    what it remembers, as data
    summaries.py   messages in a few words             histories.py  objects, write by write
    why.py         the causes of an object, as text    page.py       one HTML page, without a network
    exports.py     JSON lines, and Chrome's trace format

A recorded run is the same run: it takes longer, and nothing else. Who is not recorded pays nothing.
"""

from kubeactors.sim.explain.recording import recorded
from kubeactors.sim.explain.records import Records

__all__ = ["Records", "recorded"]
