from __future__ import annotations

from typing import Annotated, Any

import pytest

from jcopsh.card.card import Card
from jcopsh.shell.command import Command, CommandError, Injected, ParameterKind, Registry, command
from jcopsh.shell.session import Session
from jcopsh.shell.types import Address, IntegerType, OutputFile
from tests.shell.samples import REGISTRY, dump, name, read, say, select, write


@pytest.mark.parametrize(
    ("declared", "signature"),
    [
        (read, "read ADDRESS [LENGTH] [--reveal]"),
        (write, "write ADDRESS DATA"),
        (select, "select AID [KEY]"),
        (dump, "dump [FIRST] [--save FILE] [--step NUMBER]"),
        (say, "say WORDS [--tone CHOICE]"),
        (name, "name WORD [--yes]"),
    ],
)
def test_the_signature_is_the_grammar(declared: Command, signature: str) -> None:
    assert declared.signature == signature


def test_what_the_shell_gives_is_no_part_of_the_grammar() -> None:
    @command("both", group="x")
    def both(session: Session, card: Card | None, address: Address) -> None:
        """Both."""

    assert both.injected == {"session": Injected.SESSION, "card": Injected.CARD}
    assert [parameter.name for parameter in both.parameters] == ["address"]


def test_plain_annotations_stand_for_a_type() -> None:
    @command("plain", group="x")
    def plain(
        word: str, number: int, *, limit: Annotated[int, "no type", IntegerType(maximum=4)] | None = None
    ) -> None:
        """Plain."""

    kinds = [type(parameter.type).__name__ for parameter in plain.parameters]
    assert kinds == ["TextType", "IntegerType", "IntegerType"]
    assert plain.parameters[2].kind is ParameterKind.OPTION
    assert plain.parameters[2].type == IntegerType(maximum=4)


def test_only_the_last_positional_parameter_takes_the_rest() -> None:
    assert [parameter.rest for parameter in write.positional] == [False, True]
    assert [parameter.rest for parameter in read.positional] == [False, False]


def test_options_stand_behind_positional_parameters_whatever_their_order() -> None:
    @command("mixed", group="x")
    def mixed(*, save_as: OutputFile, address: Address) -> None:
        """Mixed."""

    assert mixed.signature == "mixed --save-as FILE --address ADDRESS"


def test_the_docstring_is_the_help() -> None:
    assert read.summary == "Read LENGTH bytes at ADDRESS: a number, or a field. Keys show only with --reveal."
    assert read.body.startswith("The second paragraph")


def test_a_command_is_still_a_function() -> None:
    assert say("x", tone="low") == "low: x"


@pytest.mark.parametrize("bad", ["", "Read", "two words", "/x", "x;", "ä"])
def test_a_name_has_to_be_typable(bad: str) -> None:
    with pytest.raises(CommandError):
        command(bad, group="x")


def _unannotated(thing) -> None:  # type: ignore[no-untyped-def]  # the missing annotation is what is tested
    """No annotation."""


def _star(*things: str) -> None:
    """Any number."""


def _flag_that_is_on(*, off: bool = True) -> None:
    """A flag that is set already."""


def _foreign(thing: object) -> None:
    """A type that is none."""


@pytest.mark.parametrize("function", [_unannotated, _star, _flag_that_is_on, _foreign])
def test_a_declaration_that_makes_no_grammar_is_refused(function: Any) -> None:
    with pytest.raises(CommandError, match=r"^bad: "):
        _ = command("bad", group="x")(function).parameters


# --- the registry ----------------------------------------------------------------------------------------------------


def test_a_name_taken_twice_names_both_owners() -> None:
    registry = Registry()
    registry.add(read)
    with pytest.raises(CommandError, match=r"plugin two wants the name rd, which tests\.shell\.samples has"):
        registry.add_lazy("other", "", "x", "plugin two", lambda: read, aliases=("rd",))
    assert [one.name for one in registry] == ["read"]
    assert registry.get("other") is None


def test_names_are_found_in_any_case_and_with_a_slash() -> None:
    for text in ("read", "READ", "/read", "rd"):
        entry = REGISTRY.get(text)
        assert entry is not None
        assert entry.name == "read"
    assert REGISTRY.get("rea") is None


def test_groups_come_in_the_order_of_their_first_command() -> None:
    groups = REGISTRY.groups()
    assert list(groups) == ["memory", "card", "raw", "shell"]
    assert [entry.name for entry in groups["memory"]] == ["read", "write", "dump"]


def test_a_lazy_command_is_loaded_once_when_it_is_needed() -> None:
    registry, loaded = Registry(), []

    def load() -> Command:
        loaded.append(1)
        return read

    registry.add_lazy("read", "Read.", "memory", "plugin", load)
    entry = registry.get("read")
    assert entry is not None
    assert (entry.summary, entry.command, loaded) == ("Read.", None, [])
    assert entry.load() is entry.load() is read
    assert loaded == [1]


def test_a_plugin_that_is_disabled_takes_its_commands_with_it() -> None:
    registry = Registry()
    registry.add(read, owner="plugin")
    registry.add(write)
    before = registry.generation
    registry.remove("plugin")
    assert [one.name for one in registry] == ["write"]
    assert registry.get("rd") is None
    assert registry.generation > before


def test_near_names() -> None:
    assert REGISTRY.near("raed") == "read"
    assert REGISTRY.near("/wirte") == "write"
    assert REGISTRY.near("xyzzy") == ""
    assert REGISTRY.near("rest") == "reset"
    assert REGISTRY.near("road") == "read"
