"""The interpreter of shell scripts.

Source: POSIX.1-2024, Shell Command Language; error messages are those of busybox's ash.
"""

import re
from collections.abc import Generator, Mapping
from functools import partial

from kubeactors.kubelet.runtimes.behaviour import TASK_SECONDS
from kubeactors.kubelet.runtimes.shell.built_ins import BUILT_INS, SPECIAL, Exit, Return
from kubeactors.kubelet.runtimes.shell.catalogue import exists, find
from kubeactors.kubelet.runtimes.shell.compound_commands import CompoundCommands, Steps
from kubeactors.kubelet.runtimes.shell.executables import file_of, interpreter_of, is_executable
from kubeactors.kubelet.runtimes.shell.expansion import ExpansionFailure, fields_of, text_of
from kubeactors.kubelet.runtimes.shell.expression_parser import BadExpression
from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.knowledge import is_known_script, shell_arguments
from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.parser import DECLARING, parse
from kubeactors.kubelet.runtimes.shell.pipes import BrokenPipe, Collected, Ends, Pipe, Streams
from kubeactors.kubelet.runtimes.shell.processes import Interrupted, Process, Run, Sleep, Step, Until
from kubeactors.kubelet.runtimes.shell.prompt import read_command
from kubeactors.kubelet.runtimes.shell.quoting import quoted_if_needed
from kubeactors.kubelet.runtimes.shell.tree import (
    AndOr,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Script,
    Simple,
    Text,
    While,
    Word,
)
from kubeactors.kubelet.runtimes.shell.words import ShellSyntaxError

NOT_FOUND, NOT_EXECUTABLE, BROKEN_PIPE, SYNTAX_ERROR, INTERRUPTED = 127, 126, 141, 2, 130
MAX_CHILDREN = 100
"""How many background processes a shell remembers."""
MAX_CALLS = 30
"""The maximum nesting of functions and of shells."""
_assignment = re.compile(r"[A-Za-z_]\w*=")


class Shell(CompoundCommands):
    """A shell that runs scripts."""

    arguments: list[str]
    children: list[Process]
    conditions: int
    depth: int
    has_substituted: bool
    loops: int
    status: int
    streams: Streams

    def substitute(self, script: Script) -> Generator[Step, None, str]:
        """See `Scope`."""
        collected = Collected()
        streams = self.streams.copy()
        streams.output = collected
        shell = self.fork(streams)
        shell.conditions, shell.options["e"] = 0, False
        self.status = yield from shell.run(script)
        self.has_substituted = True
        return collected.data.decode(errors="surrogateescape").rstrip("\n")

    # Scripts.

    def fork(self, streams: Streams | None = None) -> "Shell":
        """A subshell with a copy of the present state."""
        shell = Shell(self.machine, {}, streams or self.streams.copy(), tuple(self.arguments), self.depth)
        shell.variables, shell.exported = dict(self.variables), dict(self.exported)
        shell.read_only, shell.functions = dict(self.read_only), dict(self.functions)
        shell.options, shell.directory, shell.status = dict(self.options), self.directory, self.status
        shell.name, shell.umask, shell.children = self.name, self.umask, list(self.children)
        shell.locals, shell.conditions = [dict(one) for one in self.locals], self.conditions
        return shell

    def run(self, script: Script) -> Run:
        """Run a script. Returns its exit code."""
        code = yield from self._guarded(script)
        on_exit = self.traps.pop("EXIT", None)
        if on_exit is not None:
            self.status = code
            try:
                yield from self.execute(parse(on_exit))
            except Exit as left:
                return left.code
            except (ExpansionFailure, BrokenPipe):
                return code
        return code

    def run_text(self, text: str) -> Run:
        """Parse and run a script."""
        try:
            script = parse(text)
        except ShellSyntaxError as error:
            self.complain(f"syntax error: {error}")
            return SYNTAX_ERROR
        return (yield from self.run(script))

    def run_input(self) -> Run:
        """Run input command by command, with prompts at a terminal. Ctrl-C aborts a command."""
        while True:
            try:
                script = yield from read_command(self.streams)
                if script is None:
                    return self.status
                yield from self.execute(script)
            except Exit as left:
                return left.code
            except (ExpansionFailure, ShellSyntaxError) as error:
                self.complain(str(error))
                self.status = SYNTAX_ERROR
            except Interrupted:
                self.status = INTERRUPTED

    def _guarded(self, script: Script) -> Run:
        try:
            yield from self.execute(script)
        except Exit as left:
            return left.code
        except ExpansionFailure as error:
            self.complain(str(error))
            return SYNTAX_ERROR
        except BrokenPipe:
            return BROKEN_PIPE
        return self.status

    def execute(self, script: Script) -> Steps:
        """Run a part of a script, which sets `status`."""
        for item in script:
            yield from self._item(item)
            while self.pending:
                yield from self.run_trap(self.pending.pop(0))

    def run_trap(self, signal: str) -> Steps:
        """Run the trap of a signal; `$?` is preserved."""
        status = self.status
        yield from self.execute(parse(self.traps.get(signal, "")))
        self.status = status

    def run_subshell(self, script: Script) -> Run:
        """See `CompoundCommands`."""
        return (yield from self.fork().run(script))

    # Lists and pipelines.

    def _item(self, item: AndOr) -> Steps:
        if item.background:
            shell = self.fork()
            shell.streams.input = Pipe(closed=True)
            script = (AndOr(item.first, item.rest),)
            self.children = self.children[-MAX_CHILDREN:]
            self.children.append(self.start(shell.run(script)))
            self.status = 0
            return
        last = item.rest[-1][1] if item.rest else item.first
        ran = item.first
        with self.as_condition(applies=bool(item.rest)):
            yield from self._pipeline(item.first)
            for link, pipeline in item.rest:
                if (link == "&&") == (self.status == 0):
                    ran = pipeline
                    if pipeline is not last:
                        yield from self._pipeline(pipeline)
        if item.rest and ran is last:
            yield from self._pipeline(last)
        if self.status and ran is last and self.options.get("e") and not self.conditions and _may_fail(last):
            raise Exit(self.status)

    def _pipeline(self, pipeline: Pipeline) -> Steps:
        if len(pipeline.commands) == 1:
            with self.as_condition(applies=pipeline.negated):
                yield from self._command(pipeline.commands[0])
        else:
            yield from self._connected(pipeline.commands)
        if pipeline.negated:
            self.status = int(not self.status)

    def _connected(self, commands: tuple[Command, ...]) -> Steps:
        """Run the commands of a pipeline concurrently."""
        processes: list[Process] = []
        source = self.streams.input
        for number, command in enumerate(commands):
            shell, reads = self.fork(), source
            shell.streams.input = source
            source = Pipe()
            if number < len(commands) - 1:
                shell.streams.output = source
            process = self.start(shell.run_command(command))
            process.on_end = Ends(reads if number else None, source)
            processes.append(process)
        try:
            yield Until(lambda: all(one.is_over for one in processes))
        finally:
            for one in processes:
                one.end(INTERRUPTED)
        codes = [one.exit_code or 0 for one in processes]
        failed = [one for one in codes if one] if self.options.get("pipefail") else codes
        self.status = failed[-1] if failed else 0

    def start(self, run: Run) -> Process:
        """Start a background process.

        Raises:
            ExpansionFailure: there are too many.
        """
        if self.machine.processes.are_too_many:
            raise ExpansionFailure("can't fork: Resource temporarily unavailable")
        return self.machine.processes.spawn(run, self.machine)

    def run_command(self, command: Command) -> Run:
        """Run a command as a process of its own."""
        return (yield from self.run((AndOr(Pipeline((command,))),)))

    # Commands.

    def _command(self, command: Command) -> Steps:
        if isinstance(command, Simple):
            yield from self._simple(command)
            return
        if isinstance(command, Function):
            self.functions[command.name] = command.body
            self.status = 0
            return
        streams = yield from self.redirected(command.redirections)
        if streams is None:
            return
        before, self.streams = self.streams, streams
        try:
            yield from self.compound(command)
        finally:
            self.streams = before

    # Simple commands.

    def _simple(self, command: Simple) -> Steps:
        yield from self.throttle()
        self.has_substituted = False
        words = yield from self._arguments(command.words)
        assignments: dict[str, str] = {}
        for name, word in command.assignments:
            assignments[name] = yield from text_of(word, self)
            if not words:
                self.assign(name, assignments[name])
        for name, elements in command.arrays:
            values = yield from fields_of(elements, self)
            self.assign_array(name, values)
        if self.options.get("x"):
            self._trace(words, assignments)
        streams = yield from self.redirected(command.redirections)
        if streams is None:
            if words and words[0] in SPECIAL:
                raise Exit(self.status)
            return
        if not words:
            if not self.has_substituted:
                self.status = 0
            return
        try:
            yield from self._dispatch(words, assignments, streams)
        except FileError as error:
            streams.error.write(f"{words[0]}: {error}\n".encode())
            self.status = 1

    def _arguments(self, words: tuple[Word, ...]) -> Generator[Step, None, list[str]]:
        """Expand the words of a command; the assignments of `export` and the like are not split."""
        if not words or words[0].literal not in DECLARING:
            return (yield from fields_of(words, self))
        arguments: list[str] = []
        for word in words:
            first = word.pieces[0] if word.pieces else None
            if isinstance(first, Text) and not first.quoted and _assignment.match(first.text):
                text = yield from text_of(word, self)
                arguments.append(text)
            else:
                arguments += yield from fields_of((word,), self)
        return arguments

    def _trace(self, words: list[str], assignments: dict[str, str]) -> None:
        """Print a command before it runs (`set -x`)."""
        shown = [f"{name}={quoted_if_needed(value)}" for name, value in assignments.items()]
        shown += map(quoted_if_needed, words)
        if shown:
            prompt = self.variables.get("PS4", "+ ")
            self.streams.error.write(f"{prompt}{' '.join(shown)}\n".encode(errors="surrogateescape"))

    def _dispatch(self, words: list[str], assignments: dict[str, str], streams: Streams) -> Steps:
        name = words[0]
        if name in self.functions:
            yield from self._call(self.functions[name], words, streams, assignments)
        elif name in BUILT_INS:
            yield from self._built_in(words, assignments, streams)
        else:
            for key in assignments:
                if key in self.read_only:
                    raise ExpansionFailure(f"{key}: is read only")
            self.status = yield from self.call(words, self.environment | assignments, streams)

    def _built_in(self, words: list[str], assignments: dict[str, str], streams: Streams) -> Steps:
        name = words[0]
        hidden = {key: (self.variables.get(key), key in self.exported) for key in assignments}
        for key, value in assignments.items():
            self.assign(key, value)
        before, self.streams = self.streams, streams
        try:
            self.status = yield from BUILT_INS[name](self, words[1:])
        finally:
            if name != "exec":
                self.streams = before
            if name not in SPECIAL:
                self.restore(hidden)

    def call(self, words: list[str], env: Mapping[str, str], streams: Streams) -> Run:
        """Run a command that is not built in."""
        if not exists(words[0]):
            file = file_of(self, words[0])
            if file is None and self.machine.skips_unknown:
                yield Sleep(TASK_SECONDS)
                return 0
            if file is None or not is_executable(self, file):
                self._complain_of(words[0], streams, is_file=file is not None)
                return NOT_FOUND if file is None else NOT_EXECUTABLE
            words = [*interpreter_of(self, file), file, *words[1:]]
        if self.depth > MAX_CALLS:
            raise ExpansionFailure("can't fork: Resource temporarily unavailable")
        call = Call(words, {**env, "PWD": self.directory}, self.directory, streams, self.machine)
        return (yield from run_command(call, self.depth + 1))

    def _complain_of(self, name: str, streams: Streams, *, is_file: bool) -> None:
        reason = "Permission denied" if is_file else "not found"
        streams.error.write(f"{self.name}: {name}: {reason}\n".encode(errors="surrogateescape"))

    def _call(self, body: Command, words: list[str], streams: Streams, assignments: dict[str, str]) -> Steps:
        """Call a function; assignments before its name are local to it, and exported."""
        if self.depth > MAX_CALLS:
            raise ExpansionFailure("function nesting too deep")
        arguments, before = self.arguments, self.streams
        self.arguments, self.streams = words[1:], streams
        self.depth += 1
        self.locals.append({})
        try:
            for name, value in assignments.items():
                self.declare_local(name)
                self.assign(name, value)
                self.exported[name] = None
            yield from self._command(body)
        except Return as left:
            self.status = left.code
        finally:
            self.depth -= 1
            self.restore(self.locals.pop())
            self.arguments, self.streams = arguments, before


def _may_fail(pipeline: Pipeline) -> bool:
    """Whether `set -e` ends the script if this fails; a compound command only passes on an ignored failure."""
    if pipeline.negated or len(pipeline.commands) > 1:
        return not pipeline.negated
    command = next(iter(pipeline.commands))
    return command.subshell if isinstance(command, Group) else not isinstance(command, If | While | For | Case)


def run_command(call: Call, depth: int = 0) -> Run:
    """Run an existing command. Returns its exit code, whatever its arguments are."""
    command = find(call.words[0])
    try:
        if command is None:
            return (yield from _start_shell(call, depth))
        call.runner = partial(_run_for, depth=depth + 1)
        result = command(call)
        return result if isinstance(result, int) else (yield from result)
    except FileError as error:
        return call.complain(str(error))
    except UsageError as error:
        call.complain(str(error))
        return error.code
    except BadExpression as error:
        call.complain(f"bad regex: {error}")
        return SYNTAX_ERROR
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        call.complain("wrong usage")  # or an unsupported one
        return SYNTAX_ERROR


def _run_for(call: Call, depth: int) -> Run:
    """Run a command on behalf of another one."""
    shell = Shell(call.machine, call.env, call.streams, (), depth)
    yield from shell.throttle()
    if exists(call.words[0]):
        return (yield from run_command(call, depth))
    return (yield from shell.call(call.words, call.env, call.streams))


def _start_shell(call: Call, depth: int) -> Run:
    """The command `sh`: runs the script of `-c`, a file, or its standard input."""
    options, script, rest = shell_arguments(call.arguments)
    shell = Shell(call.machine, call.env, call.streams, tuple(rest[1:]), depth)
    shell.options.update(dict.fromkeys(options, True))
    shell.variables.pop("OPTIND", None)
    if call.machine.runs_main and call.machine.on_signal is None:
        call.machine.on_signal = shell.take_signal
    if script is None and (not rest or "s" in options):
        shell.arguments = rest
        return (yield from shell.run_input())
    if script is None:
        try:
            script = call.files.read(call.path(rest[0])).decode(errors="surrogateescape")
        except FileError as error:
            call.complain(f"can't open '{rest[0]}': {error}")
            return SYNTAX_ERROR
        if call.machine.runs_main and not call.machine.skips_unknown and not is_known_script(script):
            call.machine.runs_forever()
            yield Sleep(None)
    if rest:
        shell.name = rest[0]
    return (yield from shell.run_text(script))
