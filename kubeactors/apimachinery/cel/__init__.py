"""Expressions in CEL: compiled once, evaluated on plain dicts and lists.

    program.py   compile, evaluate, and what goes wrong in the words of Kubernetes
    library/     the functions that Kubernetes adds
    syntax.py    expressions as trees
    cost.py      what an expression may cost at most; calls.py, sizes.py and value.py are its parts
    budget.py    what it may cost on given values
    optionals.py functions with an optional value

The library is loaded when the first expression is compiled. Its errors at compile time are those of the original; those
at run time are told in the original's words here.

Source: apiserver/pkg/cel (v1.36); google/cel-spec.
"""

from kubeactors.apimachinery.cel.program import CelError, Program, compile_program

__all__ = ["CelError", "Program", "compile_program"]
