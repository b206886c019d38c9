"""CEL expressions: compiled once, evaluated on plain dicts and lists.

    program.py   compilation, evaluation, and errors with Kubernetes' messages
    library/     the functions that Kubernetes adds
    syntax.py    syntax trees
    cost.py      the estimated maximum cost of an expression; calls.py, sizes.py and value.py are its parts
    budget.py    the maximum cost on given values
    optionals.py functions that return optional values

The CEL library is imported when the first expression is compiled. Its compilation errors are Kubernetes'; its run-time
errors are translated to Kubernetes' messages here.

Source: apiserver/pkg/cel (v1.36); google/cel-spec.
"""

from kubeactors.apimachinery.cel.program import CelError, Program, compile_program

__all__ = ["CelError", "Program", "compile_program"]
