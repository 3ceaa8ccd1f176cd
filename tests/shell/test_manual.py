from __future__ import annotations

import io
from pathlib import Path

import pytest

from jcopsh.card.interlock import RULES, TERMINATE_INS
from jcopsh.commands import help as help_commands
from jcopsh.commands import history as history_commands
from jcopsh.commands import register_all
from jcopsh.commands import settings as settings_commands
from jcopsh.globalplatform.registry import CARD_LIFE_CYCLE
from jcopsh.plugin.host import PluginHost
from jcopsh.shell.command import Registry, command
from jcopsh.shell.manual import CommandHelp, HelpIndex, first_sentence, index, look_up, of_instruction
from jcopsh.shell.render import Output
from jcopsh.shell.topics import INTERLOCK, TOPICS, Topic, TopicBook
from jcopsh.shell.types import HelpSubjectType, Integer
from tests.shell.samples import CANARY, REGISTRY, SAMPLES, Stage, read, stage

OWN = (*help_commands.COMMANDS, *settings_commands.COMMANDS, *history_commands.COMMANDS)
WANTED = {"unfused cards", "transport key", "memory map", "fuse", "APDU", "status words", "bytes", "interlock",
          "secrets", "words", "the line", "readers", "files", "opensc-explorer", "trace", "settings",
          "GlobalPlatformPro", "GPShell", "JCShell",
          "globalplatform", "secure channel", "CAP files"}


@pytest.fixture
def own(tmp_path: Path) -> Stage:
    """A session with the shell's real commands beside the samples that do not share their names."""
    registry = Registry()
    for one in (*OWN, *SAMPLES):
        if registry.get(one.name) is None:
            registry.add(one)
    return stage(tmp_path, registry=registry)


def drawn(value: object, width: int = 80) -> str:
    stream = io.StringIO()
    Output(stdout=stream, width=width).show(value)
    return stream.getvalue()


def test_all_topics_are_there_and_none_is_long() -> None:
    assert {topic.name for topic in TOPICS} == WANTED
    for topic in TOPICS:
        assert topic.title and topic.text.strip()
        lines = drawn(topic).splitlines()
        # a list, of words or of what is asked about, is looked up, not read
        assert 10 <= len(lines) <= (48 if topic.name in ("words", "interlock") else 34), (topic.name, len(lines))


@pytest.mark.parametrize("asked", ["words", "seed", "SEEDS", "glossary"])
def test_the_words_that_jcopsh_uses_are_found_by_each_of_them(own: Stage, asked: str) -> None:
    assert own.run(f"help {asked}") == 0
    shown = own.shown
    assert shown.startswith("Words that jcopsh uses\n")
    for word in ("seed 000", "seed 004", "XXQEMLQ6.1", "COMBO name", "CLA‖P1‖P2", "KCV", "journal", "consent"):
        assert word in shown


@pytest.mark.parametrize("asked", ["seed 004", "kcv", "Key check value", "boot label", "root applet", "combo", "fused"])
def test_a_word_is_explained_by_itself(own: Stage, asked: str) -> None:
    assert own.run(f"help {asked}") == 0
    title, _, entry, *others = own.shown.splitlines()
    assert title.lower() == asked.lower()
    assert entry.startswith("- ") and asked.lower() in entry.partition(":")[0].lower()
    assert others[-1] == "help words explains the others."
    assert "\n- " not in own.shown.partition("- ")[2]


def test_every_word_of_the_list_has_an_entry() -> None:
    words = next(topic for topic in TOPICS if topic.name == "words")
    whole = {"seed", "seeds", "glossary", "unfused", "fused"}
    assert all(words.entry(alias) for alias in set(words.aliases) - whole)
    assert words.entry("journal").startswith("- journal: ") and words.entry("nothing") == ""


def test_other_names_of_subjects_are_offered_to_who_has_begun_to_type_them(own: Stage) -> None:
    context = own.session.context()
    kind = HelpSubjectType()
    assert "seed 000" not in {one.text for one in kind.complete("", context)}
    assert ("COMBO", "the same as words") in [(one.text, one.meaning) for one in kind.complete("com", context)]


# the states that a card can be set to: none leads back to the first, OP_READY
_CARD_STATES = [name for name in CARD_LIFE_CYCLE.values() if name != "OP_READY"]

# what `help interlock` says of each rule
NAMED = {
    "_fuse": ("FUSE",), "_protect": ("PROTECT",), "_envelope": ("ENVELOPE",), "_boot": ("BOOT",),
    "_set_status": ("SET STATUS", *_CARD_STATES), "_delete": ("DELETE of keys", "DELETE of applications"),
    "_put_key": ("PUT KEY",), "_install": ("INSTALL that",), "_store_data": ("STORE DATA",), "_put_data": ("PUT DATA",),
    "_terminate": tuple(TERMINATE_INS.values()), "_reset_retry_counter": ("RESET RETRY COUNTER",),
    "_last_try": ("a PIN of which one try is left",), "_write": ("life-cycle byte", "keys and PINs", "no map names"),
    "_unknown_to_root_applet": ("nobody has published",),
}


def test_the_topic_names_all_that_the_interlock_asks_about() -> None:
    assert set(NAMED) == {rule.__name__ for _, rule in RULES}
    text = " ".join(INTERLOCK.text.split())
    irreversible, destructive = text[text.index("Irreversible:") :].split("Destructive:")
    assert all(words in text for said in NAMED.values() for words in said)
    for rule in ("_fuse", "_protect", "_envelope", "_set_status", "_store_data", "_put_data", "_terminate"):
        assert all(words in irreversible for words in NAMED[rule])
    for rule in ("_boot", "_put_key", "_install", "_reset_retry_counter", "_last_try", "_unknown_to_root_applet"):
        assert all(words in destructive for words in NAMED[rule])


def test_what_the_topics_say_of_consent_is_what_holds() -> None:
    fuse = " ".join(next(topic for topic in TOPICS if topic.name == "fuse").text.split())
    assert "The checklist marks that as missing" in fuse
    assert "no pasted text" not in fuse
    assert "no text made before the question" in fuse


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_topics_fit_their_terminal(topic: Topic, width: int) -> None:
    assert all(len(line) <= width and line == line.rstrip() for line in drawn(topic, width).splitlines())


def test_items_and_literal_lines_stay_apart_from_running_text() -> None:
    topic = Topic("x", "X", "\nRunning\ntext.\n\n    literal   line\n    another\n\n- one\n  more of one\n- two\n")
    assert drawn(topic).splitlines() == [
        "X", "", "Running text.", "", "  literal   line", "  another", "", "- one more of one", "- two"]


def test_a_topic_can_be_added() -> None:
    book = TopicBook()
    before = book.generation
    book.add(Topic("simulated card", "What it assumes", "- one: two"))
    assert book.get("SIMULATED card") in book.all()
    assert book.generation > before


@pytest.mark.parametrize(
    ("summary", "first"),
    [("Read X. And Y.", "Read X"), ("Read X: a number", "Read X"), ("Read X; then Y.", "Read X"),
     ("Read a.b now", "Read a.b now")],
)
def test_the_index_has_first_sentences(summary: str, first: str) -> None:
    assert first_sentence(summary) == first


def test_the_index_lists_commands_by_group_and_topics() -> None:
    listed = index(REGISTRY, TopicBook())
    assert [group for group, _ in listed.groups] == ["memory", "card", "raw", "shell"]
    text = drawn(listed)
    for name in [*(one.name for one in REGISTRY), *WANTED]:
        assert f"  {name} " in text
    for width in (40, 80):
        assert all(len(line) <= width for line in drawn(listed, width).splitlines())


def test_help_on_a_command() -> None:
    found = look_up("rd", REGISTRY, TopicBook())
    assert isinstance(found, CommandHelp)
    assert found.signature == "read ADDRESS [LENGTH] [--reveal]"
    usages = [one.usage for one in found.parameters]
    assert usages == ["ADDRESS", "[LENGTH]", "[--reveal]"]
    assert found.parameters[1].meaning.endswith("16 by default")
    assert found.parameters[2].meaning == "show keys and PINs in clear"
    assert found.paragraphs == ("The second paragraph says more.", "Fails where the card refuses.")
    assert found.examples == ("read cm_key1",)
    assert "Also: rd" in drawn(found)


@command("drill", group="x")
def drill(*, deep: bool = False, very_fast: bool = False, yes: bool = False) -> None:
    """Drill, as `bore` does, a life-
    cycle byte: with `--deep`, to its end.

    Lost. Raises CardError, UsageError and
    ReaderError when it is hard; `:`, `,` and `0x` are taken.

    Raises ValueError.
    """


def test_a_flag_says_what_it_does_and_what_is_for_python_is_said_in_words() -> None:
    registry = Registry()
    registry.add(drill)
    found = look_up("drill", registry, TopicBook())
    assert isinstance(found, CommandHelp)
    assert [one.meaning for one in found.parameters] == [
        "with --deep, to its end", "very fast", "answer yes to what is destructive; never to what is irreversible"]
    lines = drawn(found).splitlines()
    assert "`" not in drawn(found) + drawn(index(registry, TopicBook()))
    assert lines[2] == "Drill, as bore does, a life-cycle byte: with --deep, to its end."
    assert lines[-1] == "Lost. Fails when it is hard; ':', ',' and 0x are taken."


def test_flags_of_every_command_are_said_once_in_the_index(own: Stage) -> None:
    assert own.run("help") == 0
    shown = own.shown
    assert shown.count("--json") == shown.count("--yes") == 1
    assert "help words explains" in shown
    assert own.run("help exit; help set; help read") == 0
    assert "--json" not in own.shown


def test_help_on_a_command_that_is_a_topic_too_shows_both(own: Stage) -> None:
    assert own.run("help transport key; fuse ?; ? APDU") == 0
    shown = own.shown
    for title in ("The 16 bytes that open an unfused card", "PROTECT and FUSE: the two last steps", "How a command"):
        assert title in shown


def test_help_at_the_prompt(own: Stage) -> None:
    assert own.run("help; ?; help set; set ?; ? set") == 0
    shown = own.shown
    assert shown.count("List the settings, show one, or change one") == 2 + 3
    assert "  set map j2a040" in shown
    assert own.run("help nothing") == 2
    assert "there is no help on this" in own.errors


def test_help_imports_the_plugin_it_is_about(own: Stage) -> None:
    own.session.registry.add_lazy("late", "Comes late.", "x", "plugin", lambda: read)
    assert own.run("help") == 0
    assert "Comes late" in own.shown
    assert own.run("help late") == 0
    assert "read ADDRESS" in own.shown


def test_settings_are_listed_shown_and_changed(own: Stage) -> None:
    assert own.run("set; set map; set map j2a081; set MAP") == 0
    shown = own.shown
    for name in ("map", "get_response", "color", "theme", "hints"):
        assert f"{name} " in shown
    assert "map = auto\n" in shown
    assert shown.count("map = j2a081\n") == 2


def test_history_shows_the_latest_lines(own: Stage) -> None:
    for number in range(4):
        own.session.history.add(f"say {number}")
    own.session.history.add(f"write cm_key1 {CANARY.hex()}")
    assert own.run("history 3") == 0
    assert own.shown.splitlines() == ["3  say 2", "4  say 3", "5  write cm_key1 ‹16 bytes›"]
    assert own.run("history 0") == 2


def test_run_runs_a_file_and_fails_with_it(own: Stage, tmp_path: Path) -> None:
    script = tmp_path / "a script"
    script.write_text("say one\nread 0xc0030\nsay two\n")
    assert own.run(f'run "{script}"; say three') == 2
    assert own.shown == "low: one\n"
    errors = own.errors
    assert errors.count("does not fit") == 1
    assert "line 2: stopped here" in errors
    assert own.run(f"run {tmp_path / 'nowhere'}") == 2


def test_a_script_that_runs_itself_comes_to_an_end(own: Stage, tmp_path: Path) -> None:
    script = tmp_path / "loop"
    script.write_text(f"run {script}\n")
    assert own.run(f"run {script}") == 2
    assert "nested more than 8 deep" in own.errors.replace("\n  ", " ")
    assert own.session.script_depth == 0


def test_where_a_script_stopped_is_told_once_for_each_place(own: Stage, tmp_path: Path) -> None:
    inner, outer, circle = tmp_path / "inner", tmp_path / "outer", tmp_path / "circle"
    inner.write_text("say one\nread 0xc0030\n")
    outer.write_text(f"# runs the other\nrun {inner}\n")
    circle.write_text(f"run {circle}\n")
    for _ in range(2):
        assert own.run(f"run {outer}") == 2
        told = own.errors.replace("\n", " ")
        assert f"{inner}, line 2: stopped here" in told
        assert f"{outer}, line 2: which ran it" in told
    assert own.run(f"run {circle}") == 2
    assert own.errors.count("stopped here") == 1


def test_exit(own: Stage) -> None:
    assert own.run("exit; say no") == 0
    assert own.session.exit_requested
    assert own.shown == ""


def test_help_has_a_json_form(own: Stage) -> None:
    import json

    assert own.run("help --json") == 0
    assert json.loads(own.shown)["type"] == HelpIndex.__name__


@pytest.mark.parametrize("asked", ["6A82", "sw 6a82", "0x6A82", "SW6A82"])
def test_a_status_word_is_explained_for_the_commands_that_give_it(own: Stage, asked: str) -> None:
    assert own.run(f"help {asked}; ? 9000") == 0
    shown = own.shown
    assert shown.startswith("6A82  file or application not found\nISO/IEC 7816-4, table 6\n")
    assert "SELECT no application with this AID can be selected" in " ".join(shown.split())
    assert "9000  done" in shown


def test_an_instruction_is_explained_for_each_family_that_has_it(own: Stage) -> None:
    assert own.run("help a4") == 0
    select = own.shown
    assert select.startswith("A4  SELECT  interindustry\n")
    assert "  04  by DF name (AID)" in select
    assert "00 A4 P1 P2 Lc data Le" in select
    assert own.run("INS E2 ?") == 0
    both = own.shown
    assert both.index("APPEND RECORD") < both.index("STORE DATA")
    assert own.run("? D6") == 0
    assert "WRITE  unfused JCOP" in own.shown


def test_bytes_that_are_neither_are_no_subject(own: Stage) -> None:
    for asked in ("help FE", "help 5A82", "help 6A8", "help 6A82 00"):
        assert own.run(asked) == 2
        assert "there is no help on this" in own.errors


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("ins", range(256))
def test_every_instruction_fits_its_terminal(ins: int, width: int) -> None:
    found = of_instruction(ins)
    assert found is None or all(len(line) <= width for line in drawn(found, width).splitlines())


def test_every_topic_that_another_one_sends_to_is_there() -> None:
    book = TopicBook()
    for asked in ("keys", "T=1", "records", "replay", "config.toml", "GP_READER"):
        assert book.get(asked) is not None, asked


@command("sieve", group="test")
def sieve(*, mesh: Integer = 4, fine: bool = False) -> None:
    """Sieve what is there. With `--fine` it takes long.

    Options:
        --mesh: how wide the holes are
        --fine: twice: the second time by hand

    Examples:
        sieve --fine
    """


def test_what_is_said_of_options_stands_once_and_is_no_paragraph() -> None:
    registry = Registry()
    registry.add(sieve)
    found = look_up("sieve", registry, TopicBook())
    assert isinstance(found, CommandHelp)
    assert [one.meaning for one in found.parameters] == [
        "how wide the holes are; 4 by default", "twice: the second time by hand"]
    assert (found.paragraphs, found.examples) == ((), ("sieve --fine",))


def test_no_command_says_of_an_option_what_its_text_says_again() -> None:
    registry = Registry()
    register_all(registry, PluginHost())
    for group in registry.groups().values():
        for entry in group:
            shown = look_up(entry.name, registry, TopicBook())
            assert isinstance(shown, CommandHelp)
            said = " ".join(" ".join((shown.summary, *shown.paragraphs)).split()).replace("`", "")
            for one in shown.parameters:
                assert len(one.meaning) < 15 or one.meaning not in said, (entry.name, one.usage)


@pytest.mark.parametrize(("asked", "title"), [
    ("61xx", "What 6A82, 6985"), ("63Cx", "What 6A82, 6985"), ("6a 82", "6A82"), ("00A4", "A4  SELECT"),
    ("80 e6", "E6  INSTALL"), ("pin", "Files, records"), ("GPShell", "What its commands"), ("gp", "What its commands"),
    ("jcshell", "What its commands"),
])
def test_what_people_ask_for(own: Stage, asked: str, title: str) -> None:
    assert own.run(f"help {asked}") == 0
    assert own.shown.startswith(title)
