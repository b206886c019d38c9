"""These tests run the type checkers, which come with the extra `dev`; `kubeactors check` runs them as a gate."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("mypy") and find_spec("pyright") else ["test_typing.py"]
