"""What breaks: how many faults, which kinds, when, about what; and each family of them in a file, as in `chaos/faults/`.

faults.py     how many, which kinds, and when        aim.py      what they are about
draw.py       how one kind is drawn                  spans.py    how long they last

machines.py    crashes.py    timing.py    watches.py    writes.py    links.py    containers.py    objects.py    store.py
"""

from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.faults import Faults

__all__ = ["Aim", "Faults"]
