"""The script for fish, 3.0 or later."""

from __future__ import annotations

from collections.abc import Sequence

from jcopsh.shell_completion.program import ARGUMENT, Choices, Kind, Option, Program, plain, variants

_HEAD = r"""# Completion of jcopsh in fish. Made by `jcopsh completion fish`; do not change it by hand.

# NAME...: whether one of these options stands on the command line
function __jcopsh_given
    set -l tokens (commandline -opc)
    set -e tokens[1]
    for token in $tokens
        contains -- (string split -m 1 = -- $token)[1] $argv
        and return 0
    end
    return 1
end

# NAME...: whether one of these options stands there with its value; not while its value is to come
function __jcopsh_used
    not __jcopsh_awaits_value $argv
    and __jcopsh_given $argv
end

# OPTION...: what stands on the command line that is no option, nor the value of one of these
function __jcopsh_arguments
    set -l value no
    set -l tokens (commandline -opc)
    set -e tokens[1]
    for token in $tokens
        if test $value = yes
            set value no
        else if contains -- $token $argv
            set value yes
        else if not string match -q -- '-?*' $token
            echo -- $token
        end
    end
end

# OPTION...: whether an argument without a name can stand at the cursor: no option, nor the value of one of these
function __jcopsh_at_argument
    not string match -q -- '-*' (commandline -ct)
    and not __jcopsh_awaits_value $argv
end

# OPTION...: whether the value of one of these is to come
function __jcopsh_awaits_value
    set -l tokens (commandline -opc)
    contains -- $tokens[-1] $argv
end

# NAME\tMEANING...: these, when a comma is typed
function __jcopsh_behind_a_comma
    string match -q -- '*,*' (commandline -ct)
    and printf '%s\n' $argv
end

# NAME\tMEANING...: the commands that the line at the cursor goes on with, behind what is typed before them
function __jcopsh_commands
    set -l typed (commandline -ct | string replace -r -- '^[\'"]' '' | string collect)
    set -l before (string match -r -- '^(?:.*;)? *' "$typed")
    for command in $argv
        printf '%s%s\n' "$before" $command
    end
end
"""


def script(programs: Sequence[Program]) -> str:
    """The whole script."""
    return "\n".join([_HEAD, *(_program(program) for program in programs)])


def _program(program: Program) -> str:
    return "\n".join([
        f"complete -c {program.name} -f",
        *(_option(program, option) for option in program.options),
        *_argument(program),
        "",
    ])


def _option(program: Program, option: Option) -> str:
    words = ["complete", "-c", program.name]
    conditions = _conditions(program, option)
    if conditions:
        words += ["-n", _quoted("; and ".join(conditions))]
    for name in option.names:
        words += ["-l", name[2:]] if name.startswith("--") else ["-s", name[1:]]
    if option.kind is Kind.FILE:
        words += ["-r", "-F"]
    elif option.kind is not Kind.NONE:
        words.append("-x")
    if option.kind is Kind.CHOICE:
        words += ["-a", _quoted(_values(option.choices))]
    elif option.kind is Kind.LINES:
        words += ["-a", _quoted(f"(__jcopsh_commands {_listed(program.commands)})")]
    return " ".join([*words, "-d", _quoted(option.meaning)])


def _conditions(program: Program, option: Option) -> list[str]:
    own = [name for name in option.unless if name in option.names]
    others = [name for name in option.unless if name not in own and name != ARGUMENT]
    conditions = [f"not __jcopsh_given {' '.join(others)}"] if others else []
    if own:
        conditions.append(f"not {'__jcopsh_given' if option.kind is Kind.NONE else '__jcopsh_used'} {' '.join(own)}")
    if option.names and ARGUMENT in option.unless:
        conditions.append(f"test (count ({_arguments(program)})) -eq 0")
    return conditions


def _argument(program: Program) -> list[str]:
    """The argument without a name: a file, or one of a few words, and what may stand behind such a word."""
    argument = program.argument
    if argument is None:
        return []
    count = f"test (count ({_arguments(program)}))"
    conditions = [*_conditions(program, argument), f"__jcopsh_at_argument {_taking(program)}", f"{count} -eq 0"]
    condition = _quoted("; and ".join(conditions))
    if argument.kind is Kind.CHOICE:
        return [f"complete -c {program.name} -n {condition} -a {_quoted(_values(argument.choices))}"]
    words = " ".join(map(_quoted, program.first_words))
    lines = [f"complete -c {program.name} -n {condition} -F" + (f" -a {_quoted(words)}" if words else "")]
    for word, choices in program.first_words.items():
        behind = _quoted(f"{count} -eq 1; and contains -- {word} ({_arguments(program)})")
        lines.append(f"complete -c {program.name} -n {behind} -a {_quoted(_listed(choices))}")
    return lines


def _arguments(program: Program) -> str:
    return f"__jcopsh_arguments {_taking(program)}"


def _taking(program: Program) -> str:
    """The options that take a value."""
    return " ".join(name for option in program.options if option.kind is not Kind.NONE for name in option.names)


def _listed(choices: Choices) -> str:
    """The choices, each with its meaning behind a tab, as fish reads them once more when they are needed."""
    return " ".join(f"{_quoted(name)}\\t{_quoted(meaning)}" if meaning else _quoted(name)
                    for name, meaning in choices.items())


def _values(choices: Choices) -> str:
    """The values of an option, those that go on behind a comma when that is typed."""
    found = variants(choices)
    return _listed(plain(choices)) + (f" (__jcopsh_behind_a_comma {_listed(found)})" if found else "")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
