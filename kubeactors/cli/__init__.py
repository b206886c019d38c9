"""The commands: they parse arguments, call the rooms below, and print results.

up.py       a cluster for kubectl           bench.py    benchmarks
demo.py     the tour                        fuzz.py     fuzzing campaigns
replay.py   replays of failures             debugger.py the debugger inside a replay
rehearse.py the user actions of a plan against a real cluster
explain.py  why a pod went to a node        top.py      the busiest actors
check.py    the gates of this project       errors.py   usage errors
objects.py  the objects of a replay

main.py     the command `kubeactors`        loop.py     the event loop of all commands
server.py   an API server by a kubeconfig   tables.py   objects as `kubectl get` shows them
logs.py     the log of a command
audit.py, bench_live.py, bench_text.py, fuzz_progress.py, scheduler_config.py: parts of the commands
"""

from kubeactors.cli.main import main

__all__ = ["main"]
