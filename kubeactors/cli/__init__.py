"""The commands: parse, call, print. All they do stands in the rooms below.

up.py       a cluster for kubectl           bench.py    how fast is it
demo.py     the tour                        fuzz.py     look for failures; replay one
replay.py   see a failure again             debugger.py     stop in the middle of it
rehearse.py what users do in a plan, done to a cluster that runs
explain.py  why a pod went to a node        top.py      who is busy
check.py    the gates of this project       errors.py   what a user can mend
objects.py  what there is in a replay

main.py     the command itself              loop.py     the event loop of all
server.py   an API server by a kubeconfig   tables.py   objects as `kubectl get` shows them
logs.py     what a command logs
bench_live.py, bench_text.py, fuzz_progress.py, scheduler_config.py: parts of the commands
"""

from kubeactors.cli.main import main

__all__ = ["main"]
