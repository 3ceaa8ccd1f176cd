"""The trace: what goes over the link, as it goes, without its secrets, and so that it can be played again."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

import jcopsh.api as jcopsh
from jcopsh.card.answer import answer_after
from jcopsh.card.exchange import Exchange
from jcopsh.card.link import ResetKind
from jcopsh.card.recording import PowerUp, Step, read_recording
from jcopsh.commands.trace import trace
from jcopsh.errors import CardWasReset, ReaderError
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.jcop import root_applet
from jcopsh.operations.identification import identify
from jcopsh.operations.memory import read_memory
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.secrets.segments import Hidden, Segments
from jcopsh.shell.apdu_lexer import TraceLexer, colored_trace
from jcopsh.shell.command import command
from jcopsh.shell.render import Output
from jcopsh.shell.session import Session
from jcopsh.shell.theme import ThemeName
from jcopsh.shell.trace import brief_lines, full_lines
from jcopsh.state import CardState
from tests.shell.samples import ATR, CANARY, IDENTIFY, UNFUSED, Stage, sample_registry, stage

GP_LOG = Path(__file__).parents[1] / "vectors" / "traces" / "gp-list-scp03.log"
KCV = Secret(CANARY).kcv


@command("ask", group="x")
def ask(session: Session) -> str:
    """IDENTIFY."""
    return f"{session.card.send(CommandAPDU.parse(bytes.fromhex(IDENTIFY))).sw:04X}"


@command("fetch", group="x")
def fetch(session: Session) -> str:
    """Send what is answered in pieces."""
    return session.card.send(CommandAPDU(0x80, 0xCA, 0x9F, 0x7F, le=256)).data.hex()


def traced(folder: Path, level: str, answers: dict[str, str] | None = None) -> Stage:
    registry = sample_registry()
    for one in (trace, ask, fetch):
        registry.add(one)
    scene = stage(folder, {IDENTIFY: UNFUSED} | (answers or {}), registry=registry)
    assert scene.run(f"trace {level}") == 0
    _ = scene.shown
    return scene


def exchange(
    command: CommandAPDU, response: ResponseAPDU, *, shown: Segments | None = None, answer: Segments | None = None,
    protocol: str = "T=1", wire: bytes | None = None, duration_s: float = 0.0612,
) -> Exchange:
    return Exchange(
        command, response, Segments((wire or command.encode(),)), Segments((response.encode(),)), duration_s,
        CardState(ATR, protocol),
        shown or Segments((command.encode(),)), answer or Segments((response.encode(),)),
        answer_after(None, command, response),
    )


# --- GlobalPlatformPro's form ----------------------------------------------------------------------------------------


def test_it_writes_what_gp_wrote() -> None:
    """The very lines of a log of GlobalPlatformPro, from the bytes that they are about."""
    log = [line for line in GP_LOG.read_text().splitlines() if line.startswith(("A>>", "A<<"))]
    steps = [event for event in read_recording(GP_LOG).events if isinstance(event, Step)]
    written: list[str] = []
    for step in steps:
        assert step.command.known is not None and step.response is not None and step.response.known is not None
        one = exchange(CommandAPDU.parse(step.command.known), ResponseAPDU.parse(step.response.known))
        written += brief_lines(replace(one, duration_s=0.001))
    assert written == [re.sub(r"\(\d+ms\)", "(1ms)", line) for line in log]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("00F00000", "A>> T=1 (4+0000) 00F00000"),
        ("00B0000010", "A>> T=1 (4+0000) 00B00000 10"),
        ("00D6000002AABB", "A>> T=1 (4+0002) 00D60000 02 AABB"),
        ("00A40400023F0000", "A>> T=1 (4+0002) 00A40400 02 3F00 00"),
        ("00B00000000100", "A>> T=1 (4+0000) 00B00000 000100"),
        ("00D60000000002AABB0100", "A>> T=1 (4+0002) 00D60000 000002 AABB 0100"),
    ],
)
def test_every_case_of_a_command(command: str, line: str) -> None:
    one = exchange(CommandAPDU.parse(bytes.fromhex(command)), ResponseAPDU(b"", 0x9000))
    assert brief_lines(one) == (line, "A<< (0000+2) (61ms) 9000")


@pytest.mark.parametrize(("duration_s", "shown"), [(0.0, "0ms"), (0.9994, "999ms"), (1.0, "1000ms"), (2.031, "2s31ms")])
def test_the_time_on_the_link(duration_s: float, shown: str) -> None:
    one = exchange(root_applet.BOOT, ResponseAPDU(b"", 0x9000), duration_s=duration_s)
    assert brief_lines(one)[1] == f"A<< (0000+2) ({shown}) 9000"


def test_what_is_for_the_reader_says_so() -> None:
    one = exchange(CommandAPDU(0xFF, 0xCA, 0, 0, le=256), ResponseAPDU(b"\1\2", 0x9000))
    assert brief_lines(one) == ("R>> T=1 (4+0000) FFCA0000 00", "R<< (0002+2) (61ms) 0102 9000")


def test_a_hidden_part_stays_whole_wherever_it_begins() -> None:
    command = CommandAPDU(0x00, 0xA4, 0x04, 0x00, CANARY, le=256)
    for shown in (
        Segments((command.encode()[:5], Hidden("transport_key", Secret(CANARY)), b"\0")),
        # a key that begins with the length byte
        Segments((command.encode()[:4], Hidden("odd", Secret(b"\x10" + CANARY[:-1])), CANARY[-1:] + b"\0")),
    ):
        text = "\n".join([*brief_lines(exchange(command, ResponseAPDU(CANARY, 0x9000), shown=shown, answer=Segments(
            (Hidden("cm_key1", Secret(CANARY)), b"\x90\0")))), ])
        assert text.count("<") == 2 + len("<<")
        assert CANARY.hex().upper()[:8] not in text
        assert text.endswith(f"<cm_key1:16:{KCV}> 9000")


# --- full ------------------------------------------------------------------------------------------------------------


def test_full_says_which_byte_is_what() -> None:
    command = CommandAPDU.parse(bytes.fromhex(IDENTIFY))
    one = exchange(command, ResponseAPDU.parse(bytes.fromhex(UNFUSED)))
    lines = full_lines(one, 80)
    assert lines[0] == "A>> T=1 (4+0009) 00A40400 09 A000000167413000FF 00"
    text = "\n".join(lines)
    for said in ("CLA 00", "INS A4  SELECT", "P1  04", "P2  00", "Lc  09  9 bytes of data", "Le  00  up to 256 bytes",
                 "0000  A0 00 00 01 67 41 30 00 FF                       ....gA0..", "SW 6A82: ", "61.20 ms",
                 f"boot {one.boot}", "before: nothing known",
                 "0000  04 31 00 33 00 00 00 00 4E 58 30 31 31 43 00 03  .1.3....NX011C.."):
        assert said in text
    # all but the two lines of the brief form are comments
    assert [line for line in lines if not line.startswith("#")] == list(brief_lines(one))


@pytest.mark.parametrize(("header", "sw", "said"), [
    ("00A40000", 0x6A82, "SW 6A82: there is no such file"),
    ("00A40400", 0x6A82, "SW 6A82: no application with this AID can be selected"),
    ("FFCA0000", 0x6300, "SW 6300: no information, or it failed"),
    ("FFCA0000", 0x6A81, "SW 6A81: the reader or the card does not know this function"),
    ("FFCA0000", 0x9210, "SW 9210: not in PC/SC part 3"),
])
def test_full_says_what_the_status_word_means_here(header: str, sw: int, said: str) -> None:
    one = exchange(CommandAPDU.parse(bytes.fromhex(header)), ResponseAPDU(b"", sw))
    assert f"#   {said}" in full_lines(one, 100)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_its_rows_fit_the_terminal(width: int) -> None:
    command = CommandAPDU(0x80, 0xE2, 0, 0, bytes(range(0x20, 0x50)))
    lines = full_lines(exchange(command, ResponseAPDU(bytes(40), 0x9000)), width)
    rows = [line for line in lines if re.match(r"#   [0-9A-F]{4}  ", line)]
    assert len(rows) >= 6
    # the two lines that are to be read again stay whole
    assert max(len(line) for line in lines if line.startswith("#")) <= width


def test_what_differs_on_the_wire_is_said_without_its_bytes() -> None:
    command = CommandAPDU(0x00, 0xA4, 0x04, 0x00, b"\x3f\x00", le=256)
    on_t0 = exchange(command, ResponseAPDU(b"", 0x9000), protocol="T=0", wire=command.with_le(None).encode())
    assert any("sent without its Le" in line for line in full_lines(on_t0, 80))
    wrapped = exchange(command, ResponseAPDU(b"", 0x9000), wire=bytes.fromhex("04A404000A") + CANARY[:10])
    text = "\n".join(full_lines(wrapped, 80))
    assert "sent as 04A40400 and 11 bytes more" in text
    assert CANARY.hex().upper()[:8] not in text
    assert "sent" not in "\n".join(full_lines(exchange(command, ResponseAPDU(b"", 0x9000)), 80))


# --- in a session -----------------------------------------------------------------------------------------------------


def test_a_trace_goes_to_standard_error_and_results_stay_clean(tmp_path: Path) -> None:
    scene = traced(tmp_path, "brief")
    assert scene.run("ask --json") == 0
    assert scene.shown == '{"type": "Message", "text": "6A82"}\n'
    first, command, answer = scene.errors.splitlines()
    assert first == f'# SCardConnect("known answers") -> T=1, {ATR.hex().upper()}'
    assert command == "A>> T=1 (4+0009) 00A40400 09 A000000167413000FF 00"
    assert re.fullmatch(r"A<< \(0019\+2\) \(\d+ms\) 04310033000000004E5830313143000339F873 6A82", answer)
    assert scene.run("trace off; ask") == 0
    assert scene.errors == ""


def test_what_is_followed_is_shown_piece_by_piece(tmp_path: Path) -> None:
    scene = traced(tmp_path, "brief", {"80CA9F7F00": "6C03", "80CA9F7F03": "AA6102", "00C0000002": "BBCC9000"})
    assert scene.run("fetch") == 0
    assert [re.sub(r"\(\d+ms\) ", "", line) for line in scene.errors.splitlines()[1:]] == [
        "A>> T=1 (4+0000) 80CA9F7F 00", "A<< (0000+2) 6C03",
        "A>> T=1 (4+0000) 80CA9F7F 03", "A<< (0001+2) AA 6102",
        "A>> T=1 (4+0000) 00C00000 02", "A<< (0002+2) BBCC 9000",
    ]


def test_each_power_up_is_shown_once_however_often_the_level_changes(tmp_path: Path) -> None:
    scene = traced(tmp_path, "brief")
    assert scene.run("ask; trace full; ask; trace off; ask; trace brief; ask; set hints off; ask") == 0
    errors = scene.errors
    assert errors.count("SCardConnect") == 1
    assert errors.count("A>>") == 4
    scene.session.card.reset(ResetKind.COLD)
    assert scene.run("ask") == 0
    assert scene.errors.count("SCardConnect") == 1
    # a new connection has one tracer, like the old one
    scene.session.connect()
    assert scene.run("ask") == 0
    assert scene.errors.count("A>>") == 1


def test_trace_alone_says_how_it_is(tmp_path: Path) -> None:
    scene = traced(tmp_path, "full")
    assert scene.run("trace") == 0
    assert "trace = full" in scene.shown
    assert scene.session.settings.trace == "full"


def test_a_name_from_outside_does_not_steer_the_terminal(tmp_path: Path) -> None:
    scene = traced(tmp_path, "brief")
    scene.link.name = "\x1b]0;evil\x07"
    assert scene.run("ask") == 0
    assert "\x1b" not in scene.errors


@pytest.mark.parametrize("level", ["brief", "full"])
@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ReaderError("r: the card gave no answer", card_lost=True), "no answer (0ms): r: the card gave no answer"),
        (CardWasReset("r: another program reset the card"), "not sent (0ms): r: another program reset the card"),
        (OSError(5, "Input/output error"), "no answer (0ms): the way to the card failed: Input/output error"),
    ],
)
def test_a_command_without_an_answer_is_told_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str, error: Exception, why: str
) -> None:
    scene = traced(tmp_path, level)
    _ = scene.session.card

    def fail(_command: bytes) -> bytes:
        raise error

    monkeypatch.setattr(scene.link, "transmit", fail)
    assert scene.run("ask") == 1
    lines = scene.errors.splitlines()
    assert lines[1] == "A>> T=1 (4+0009) 00A40400 09 A000000167413000FF 00"
    assert f"# {why}" in lines
    assert any("INS A4" in line for line in lines) is (level == "full")
    assert any("before: nothing known" in line for line in lines) is (level == "full")
    assert scene.run("trace off") == 0
    assert scene.run("ask") == 1
    assert "A>>" not in scene.errors


@pytest.mark.parametrize("level", ["brief", "full"])
def test_a_captured_trace_can_be_played_again(tmp_path: Path, level: str) -> None:
    """What a session with keys in it traced, replayed: the same commands, the same answers, and no key in the trace."""
    captured = io.StringIO()
    with jcopsh.open(profile="j2a040-unfused") as card:
        from jcopsh.shell.trace import Tracer

        tracer = Tracer(Output(stderr=captured, width=80), card)
        tracer.level = level
        card.observers.append(tracer)
        sent: list[Exchange] = []
        card.observers.append(sent.append)
        key = b"JCOPSIMULATEDTK0"
        identify(card)
        assert card.send(CommandAPDU(0x00, 0xA4, 0x04, 0x00, key)).ok
        from jcopsh.card.card import answering_yes

        with answering_yes(card):
            card.send(root_applet.BOOT)
        block = read_memory(card, 0xC00300, 40, memory_map=card.memory_map)
        card.reset(ResetKind.COLD)
        identify(card)
    text = captured.getvalue()
    secrets = [span.content.reveal() for span in block.spans if isinstance(span.content, Secret)]
    assert len(secrets) >= 2
    squeezed = re.sub(r"\s", "", text).upper()
    for secret in (key, *secrets):
        assert secret.hex().upper() not in squeezed
    file = tmp_path / "trace.txt"
    file.write_text(text)
    recording = read_recording(file)
    assert recording.simulated
    assert [type(event) for event in recording.events].count(PowerUp) == 2
    steps = [event for event in recording.events if isinstance(event, Step)]
    assert len(steps) == len(sent)
    for step, one in zip(steps, sent, strict=True):
        assert step.command.matches(one.wire_command.reveal())
        assert step.response is not None and step.response.matches(one.wire_response.reveal())
    with jcopsh.open(replay=file) as replayed:
        assert identify(replayed).identity.raw.hex().upper() == UNFUSED[:-4]
        assert replayed.state.atr == ATR


# --- colours ----------------------------------------------------------------------------------------------------------


def kinds(text: str) -> list[tuple[str, str]]:
    return [(str(kind).rpartition(".")[2], part) for _, kind, part in TraceLexer().get_tokens_unprocessed(text)
            if part.strip()]


def test_each_part_of_a_trace_has_its_kind() -> None:
    assert kinds("A>> T=1 (4+0001) 00A40400 01 AA 00") == [
        ("Mark", "A>> T=1 (4+0001) "), ("Cla", "00"), ("Ins", "A4"), ("P1P2", "04"), ("P1P2", "00"), ("Lc", "01"),
        ("Data", "AA"), ("Le", "00"),
    ]
    assert kinds(f"A<< (0017+2) (1ms) AA<key:16:{KCV}> 9000") == [
        ("Mark", "A<< (0017+2) (1ms) "), ("Data", "AA"), ("Hidden", f"<key:16:{KCV}>"), ("Well", "90"), ("Well", "00")]
    for status, kind in (("6110", "Warning"), ("6A82", "Failed"), ("9000", "Well")):
        assert kinds(f"R<< (0000+2) (1ms) {status}")[1][0] == kind
    pin = Secret(b"1234", SecretKind.PIN).label
    assert kinds(f"#   CLA 00\n#   0000  cm_key1: {Secret(CANARY).label}\n#   0000  pin: {pin}\n#   0000  41 42  A:")
    assert [kind for kind, _ in kinds(f"# x\n#   0000  k: {pin}\n#   0000  41 3A  A: 3")] == ["Note", "Hidden", "Note"]


def test_every_character_is_given_back() -> None:
    text = GP_LOG.read_text() + "\nA>> \nA<< (0000+2) 90\n<x:1:>\n"
    assert "".join(part for _, _, part in TraceLexer().get_tokens_unprocessed(text)) == text


@pytest.mark.parametrize("name", list(ThemeName))
def test_colours_come_from_the_theme_and_only_when_wanted(
    name: ThemeName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "A>> T=1 (4+0000) 00F00000\nA<< (0000+2) (1ms) 6A82"
    colored = colored_trace(line, name)
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == line
    assert "\x1b[" in colored
    monkeypatch.setenv("NO_COLOR", "1")
    scene = traced(tmp_path, "brief")
    assert scene.run("ask") == 0
    assert "\x1b" not in scene.errors
    scene.session.settings.set("color", "always")
    scene.session.settings.set("theme", name.value)
    assert scene.run("ask") == 0
    assert "\x1b[" in scene.errors


