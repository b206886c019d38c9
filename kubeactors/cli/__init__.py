"""The commands: parse, call, print. All they do stands in the rooms below.

up.py       a cluster for kubectl           bench.py    how fast is it
demo.py     the tour                        fuzz.py     look for failures; replay one
replay.py   see a failure again             debugger.py     stop in the middle of it
check.py    the gates of this project       errors.py   what a user can mend
"""

from kubeactors.cli.main import main

__all__ = ["main"]
