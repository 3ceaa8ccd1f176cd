"""The script for bash, 4.0 or later; it does not need the package bash-completion."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from jcopsh.shell_completion.program import ARGUMENT, Choices, Kind, Option, Program

_HEAD = r"""# Completion of jcopsh in bash. Made by `jcopsh completion bash`; do not change it by hand.

# Put the words before the cursor together again that readline parts at = and :, and set `cur`, `option` and `value`.
__jcopsh_read_words() {
    local i last=0
    words=("${COMP_WORDS[0]}")
    for ((i = 1; i <= COMP_CWORD; i++)); do
        if ((last > 0)) && [[ ${COMP_WORDS[i]} == [=:]* || ${words[last]} == *[=:] ]]; then
            words[last]+=${COMP_WORDS[i]}
        else
            words[++last]=${COMP_WORDS[i]}
        fi
    done
    cur=${words[last]} option='' value=$cur
    ((last > 1)) && option=${words[last - 1]}
    if [[ $cur == --*=* ]]; then
        option=${cur%%=*} value=${cur#*=}
    fi
    unset "words[last]" "words[0]"
}

# TEXT MEANING: offer TEXT if it goes on from what is typed.
__jcopsh_offer() {
    [[ $1 == "$cur"* ]] || return 0
    COMPREPLY+=("$1")
    meanings+=("$2")
}

# OPTION MEANING OTHER...: offer OPTION, unless one of the others was given.
__jcopsh_option() {
    local other
    for other in "${@:3}"; do
        [[ $given == *" $other "* ]] && return
    done
    __jcopsh_offer "$1" "$2"
}

# CHOICE MEANING...: offer the values of an option; one that goes on behind a comma when that is typed.
__jcopsh_choices() {
    local before=${cur%"$value"}
    while (($# > 1)); do
        [[ $1 == *,* && $value != *,* ]] || __jcopsh_offer "$before$1" "$2"
        shift 2
    done
    __jcopsh_end
}

# Offer the commands that the line after -c can go on with, in quotes or not.
__jcopsh_commands() {
    local text=${value#[\'\"]} command before
    before=${text%"${text##*;}"}
    text=${text##*;}
    before+=${text%%[! ]*}
    text=${text#"${text%%[! ]*}"}
    compopt -o nospace
    for command in "$@"; do
        [[ $command == "$text"* ]] && COMPREPLY+=("$before$command")
    done
}

# Leave out what readline takes for words of their own; show meanings where entries are only listed (COMP_TYPE 63 is ?).
__jcopsh_end() {
    local i breaks='' before width=0
    [[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
    [[ $COMP_WORDBREAKS == *:* ]] && breaks+=':'
    if [[ -n $breaks && $cur == *[$breaks]* ]]; then
        before=${cur%"${cur##*[$breaks]}"}
        COMPREPLY=("${COMPREPLY[@]#"$before"}")
    fi
    ((COMP_TYPE == 63 && ${#COMPREPLY[@]} > 1)) || return 0
    for i in "${!COMPREPLY[@]}"; do
        ((${#COMPREPLY[i]} > width)) && width=${#COMPREPLY[i]}
    done
    for i in "${!COMPREPLY[@]}"; do
        [[ -n ${meanings[i]} ]] && printf -v "COMPREPLY[i]" "%-${width}s  %s" "${COMPREPLY[i]}" "${meanings[i]}"
        COMPREPLY[i]=${COMPREPLY[i]:0:$((${COLUMNS:-80} - 1))}
    done
}
"""


def script(programs: Sequence[Program]) -> str:
    """The whole script."""
    return "\n".join([_HEAD, *(_function(program) for program in programs)])


def _function(program: Program) -> str:
    lines = [
        f"_{program.function}() {{",
        "    local cur option value given=' ' word i",
        "    local -a words meanings=()",
        "    COMPREPLY=()",
        "    __jcopsh_read_words",
        "    case $option in",
        *_values(program),
        "    esac",
        *_given(program),
        *_first_words(program),
        "    if [[ $cur == -* ]]; then",
        *(f"        {_offered(option)}" for option in program.options),
        "        __jcopsh_end",
        "        return",
        "    fi",
        *_argument(program),
        "}",
        f"complete -o default -F _{program.function} {program.name}",
        "",
    ]
    return "\n".join(lines)


def _values(program: Program) -> list[str]:
    """What to do where the value of an option is to come. Names of files are left to readline, which can quote them."""
    lines = []
    for option in program.options:
        if option.kind is Kind.NONE:
            continue
        if option.kind is Kind.FILE:
            action = "return"
        elif option.kind is Kind.CHOICE:
            action = f"compopt +o default; __jcopsh_choices {_pairs(option.choices)}; return"
        elif option.kind is Kind.LINES:
            names = " ".join(shlex.quote(name) for name in program.commands)
            action = f"compopt +o default; __jcopsh_commands {names}; return"
        else:
            action = "compopt +o default; return"
        lines.append(f"        {' | '.join(option.names)}) {action} ;;")
    return lines


def _given(program: Program) -> list[str]:
    """Note which options stand there already, and whether the argument does."""
    taking = " | ".join(name for option in program.options if option.kind is not Kind.NONE for name in option.names)
    return [
        "    set -- \"${words[@]}\"",
        "    while (($#)); do",
        "        case $1 in",
        f"            {taking}) given+=\"$1 \"; shift ;;",
        "            -?*) given+=\"${1%%=*} \" ;;",
        f"            *) given+='{ARGUMENT} ' ;;",
        "        esac",
        "        (($#)) && shift",
        "    done",
    ]


def _first_words(program: Program) -> list[str]:
    lines = []
    for word, choices in program.first_words.items():
        lines += [
            f"    if [[ ${{#words[@]}} == 1 && ${{words[1]}} == {word} ]]; then",
            f"        compopt +o default; __jcopsh_choices {_pairs(choices)}; return",
            "    fi",
            # readline's own completion of files comes only where nothing is offered
            f"    [[ ${{#words[@]}} == 0 && -n $cur && -z $(compgen -f -- \"$cur\") ]] && __jcopsh_offer {word} ''",
        ]
    return lines


def _argument(program: Program) -> list[str]:
    """The argument without a name. Where it was given, or does not go with an option, nothing is offered."""
    argument = program.argument
    if argument is None:
        return ["    compopt +o default"]
    test = " || ".join(f"$given == *' {name} '*" for name in argument.unless)
    lines = [f"    if [[ {test} ]]; then", "        compopt +o default; return", "    fi"]
    if argument.kind is Kind.CHOICE:
        return [*lines, f"    compopt +o default; __jcopsh_choices {_pairs(argument.choices)}"]
    return lines


def _offered(option: Option) -> str:
    return "; ".join(
        " ".join(["__jcopsh_option", name, shlex.quote(option.meaning), *option.unless]) for name in option.names
    )


def _pairs(choices: Choices) -> str:
    return " ".join(f"{shlex.quote(name)} {shlex.quote(meaning)}" for name, meaning in choices.items())
