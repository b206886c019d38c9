"""Compound commands of the shell: groups, conditions, loops, `case`, `[[ ]]`.

Source: POSIX.1-2024, Shell Command Language, 2.9.4; `[[ ]]` is bash's.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TypeAlias

from kubeactors.kubelet.runtimes.shell.built_ins import Break, Continue
from kubeactors.kubelet.runtimes.shell.conditions import holds
from kubeactors.kubelet.runtimes.shell.expansion import MATCHING, ExpansionFailure, fields_of, pattern_of, text_of
from kubeactors.kubelet.runtimes.shell.expression_parser import BadExpression
from kubeactors.kubelet.runtimes.shell.knowledge import never_ends
from kubeactors.kubelet.runtimes.shell.patterns import matches
from kubeactors.kubelet.runtimes.shell.processes import Run, Sleep, Step
from kubeactors.kubelet.runtimes.shell.redirection import Redirecting
from kubeactors.kubelet.runtimes.shell.regular_expressions import compiled
from kubeactors.kubelet.runtimes.shell.tree import Case, Conditional, For, Group, If, Script, Test, While

Steps: TypeAlias = Generator[Step, None, None]
Compound: TypeAlias = Group | If | While | For | Case | Conditional


class CompoundCommands(Redirecting):
    """The part of a shell that runs compound commands."""

    conditions: int
    loops: int
    status: int

    def execute(self, script: Script) -> Steps:
        """Run a part of a script, which sets `status`."""
        raise NotImplementedError

    def run_subshell(self, script: Script) -> Run:
        """Run a script in a subshell. Returns its exit code."""
        raise NotImplementedError

    @contextmanager
    def as_condition(self, *, applies: bool = True) -> Generator[None]:
        """A block in which failures do not end the script, whatever `set -e` says."""
        self.conditions += applies
        try:
            yield
        finally:
            self.conditions -= applies

    def throttle(self) -> Steps:
        """Wait if too many commands ran in this second."""
        seconds = self.machine.processes.spend()
        if seconds:
            yield Sleep(seconds)

    def compound(self, command: Compound) -> Steps:
        """Run a compound command, whose redirections are done."""
        match command:
            case Group(body, subshell):
                if subshell:
                    self.status = yield from self.run_subshell(body)
                else:
                    yield from self.execute(body)
            case If():
                yield from self._if(command)
            case While():
                yield from self._while(command)
            case For():
                yield from self._for(command)
            case Case():
                yield from self._case(command)
            case Conditional():
                yield from self._conditional(command)

    def _condition(self, script: Script) -> Generator[Step, None, bool]:
        with self.as_condition():
            yield from self.execute(script)
        return self.status == 0

    def _if(self, command: If) -> Steps:
        for condition, body in command.branches:
            if (yield from self._condition(condition)):
                yield from self.execute(body)
                return
        self.status = 0
        yield from self.execute(command.otherwise)

    def _while(self, command: While) -> Steps:
        if not self.options.get("e") and never_ends(command):
            self.machine.runs_forever()
        status = 0
        while (yield from self._condition(command.condition)) != command.until:
            if (yield from self._leaves(command.body)):
                break
            status = self.status
            yield from self.throttle()
        self.status = status

    def _for(self, command: For) -> Steps:
        values = list(self.arguments)
        if command.words is not None:
            values = yield from fields_of(command.words, self)
        self.status = 0
        for value in values:
            self.assign(command.name, value)
            if (yield from self._leaves(command.body)):
                break
            yield from self.throttle()

    def _leaves(self, body: Script) -> Generator[Step, None, bool]:
        """Run the body of a loop. Returns whether it leaves the loop."""
        self.loops += 1
        try:
            yield from self.execute(body)
        except Break as left:
            self.status = 0
            left.leave()
            return not isinstance(left, Continue)
        finally:
            self.loops -= 1
        return False

    def _case(self, command: Case) -> Steps:
        value = yield from text_of(command.word, self)
        self.status = 0
        for patterns, body in command.branches:
            for one in patterns:
                pattern = yield from pattern_of(one, self)
                self.charge(MATCHING * len(value))
                if matches(value, pattern):
                    yield from self.execute(body)
                    return

    def _conditional(self, command: Conditional) -> Steps:
        yield from self.throttle()
        self.status = 1
        for tests in command.either:
            for test in tests:
                if not (yield from self._holds(test)):
                    break
            else:
                self.status = 0
                return

    def _holds(self, test: Test) -> Generator[Step, None, bool]:
        """Evaluate a test of `[[ ]]`."""
        texts = [""] * len(test.words)
        for number, word in enumerate(test.words):
            texts[number] = yield from text_of(word, self)
        match texts:
            case [text, ("=" | "==" | "!="), _]:
                pattern = yield from pattern_of(test.words[2], self)
                self.charge(MATCHING * len(text))
                found = matches(text, pattern) == (texts[1] != "!=")
            case [text, "=~", expression]:
                found = self._finds(text, expression)
            case _:
                found = holds(texts, self.files, self.directory)
        return found != test.negated

    def _finds(self, text: str, expression: str) -> bool:
        """Evaluate `=~`, which sets `BASH_REMATCH`.

        Raises:
            ExpansionFailure: the expression is malformed, or takes too long.
        """
        try:
            found = compiled(expression, extended=True).search(text, self.charge)
        except BadExpression as error:
            raise ExpansionFailure(f"bad regex '{expression}': {error}") from None
        groups = () if found is None else (found[0], *found.groups)
        self.variables.update({f"BASH_REMATCH[{number}]": group for number, group in enumerate(groups)})
        return found is not None
