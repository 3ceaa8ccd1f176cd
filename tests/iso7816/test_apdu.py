"""Command and response APDUs: every case in both forms, and every way to be malformed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816.apdu import CommandAPDU, MalformedAPDU, ResponseAPDU

BYTE = st.integers(0, 255)
COMMANDS = st.builds(
    CommandAPDU, BYTE, BYTE, BYTE, BYTE,
    data=st.one_of(st.binary(max_size=300), st.sampled_from((255, 256, 65535)).map(bytes)),
    le=st.none() | st.integers(1, 65536) | st.sampled_from((255, 256, 257, 65536)),
    extended=st.booleans(),
)

ENCODED = [
    ("case 1", CommandAPDU(0, 0xF0, 0, 0), "00F00000", 1),
    ("case 1, extended or not", CommandAPDU(0, 0xF0, 0, 0, extended=True), "00F00000", 1),
    ("case 2 short", CommandAPDU(0xC0, 0xB0, 3, 5, le=16), "C0B0030510", 2),
    ("case 2 short, 256", CommandAPDU(0xC0, 0xB0, 3, 5, le=256), "C0B0030500", 2),
    ("case 3 short", CommandAPDU(0xC0, 0xD6, 1, 0x23, b"\xda"), "C0D6012301DA", 3),
    ("case 4 short", CommandAPDU(0, 0xA4, 4, 0, b"\xa0\x00", 256), "00A4040002A00000", 4),
    ("case 2 extended", CommandAPDU(0, 0xB0, 0, 0, le=257), "00B00000000101", 2),
    ("case 2 extended, 65536", CommandAPDU(0, 0xB0, 0, 0, le=65536), "00B00000000000", 2),
    ("case 2 extended on request", CommandAPDU(0, 0xB0, 0, 0, le=16, extended=True), "00B00000000010", 2),
    ("case 3 extended on request", CommandAPDU(0, 0xD6, 0, 0, b"\x01", extended=True), "00D6000000000101", 3),
    ("case 4 extended", CommandAPDU(0, 0xA4, 4, 0, b"\xa0", 65536), "00A40400000001A00000", 4),
]


@pytest.mark.parametrize(("command", "encoded", "case"), [row[1:] for row in ENCODED], ids=[row[0] for row in ENCODED])
def test_every_case_encodes_and_parses(command: CommandAPDU, encoded: str, case: int) -> None:
    assert command.encode().hex().upper() == encoded
    assert command.case == case
    assert CommandAPDU.parse(bytes.fromhex(encoded)).encode().hex().upper() == encoded


def test_256_bytes_of_data_need_the_extended_form() -> None:
    command = CommandAPDU(0, 0xD6, 0, 0, bytes(256))
    assert command.is_extended
    assert command.encode()[4:7] == b"\x00\x01\x00"
    assert CommandAPDU.parse(command.encode()).data == bytes(256)


@given(COMMANDS)
def test_what_is_encoded_parses_to_the_same_command(command: CommandAPDU) -> None:
    parsed = CommandAPDU.parse(command.encode())
    assert (parsed.header, parsed.data, parsed.le) == (command.header, command.data, command.le)
    # a command of the header alone has no length field, so the wish for an extended one cannot be seen
    assert parsed.extended == (command.is_extended and command.case > 1)


@given(st.binary(max_size=600))
def test_any_bytes_parse_to_a_command_that_encodes_to_them_or_are_malformed_within(raw: bytes) -> None:
    try:
        command = CommandAPDU.parse(raw)
    except MalformedAPDU as error:
        assert 0 <= error.offset <= len(raw)
    else:
        assert command.encode() == raw


@pytest.mark.parametrize(("raw", "offset"), [
    ("", 0),
    ("00A404", 3),
    ("C0D601230201", 4),            # Lc 2, one byte of data
    ("C0D6012301DA0000", 7),        # two bytes after the data: Le has one
    ("00B000000001", 4),            # 00 and one byte: half an extended field
    ("00D6000000000001", 5),        # an extended Lc of zero
    ("00D60000000002AA", 5),        # extended Lc 2, one byte of data
    ("00D60000000001AA00", 8),      # one byte after the data: an extended Le has two
    ("00D60000000001AA000000", 8),  # three
    ("000000000000", 4),
])
def test_malformed_bytes_say_where(raw: str, offset: int) -> None:
    with pytest.raises(MalformedAPDU) as caught:
        CommandAPDU.parse(bytes.fromhex(raw))
    assert caught.value.offset == offset


@pytest.mark.parametrize("field", ["cla", "ins", "p1", "p2"])
@pytest.mark.parametrize("value", [-1, 256])
def test_a_header_byte_is_a_byte(field: str, value: int) -> None:
    cla, ins, p1, p2 = (value if name == field else 0 for name in ("cla", "ins", "p1", "p2"))
    with pytest.raises(ValueError, match="00 to FF"):
        CommandAPDU(cla, ins, p1, p2)


def test_lengths_beyond_the_extended_form_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 65535"):
        CommandAPDU(0, 0, 0, 0, bytes(65536))
    for le in (0, 65537):
        with pytest.raises(ValueError, match="1 to 65536"):
            CommandAPDU(0, 0, 0, 0, le=le)


def test_le_can_be_replaced() -> None:
    command = CommandAPDU(0x80, 0x50, 0, 0, bytes(8))
    assert command.with_le(256).encode() == command.encode() + b"\x00"
    assert command.with_le(256).with_le(None) == command


def test_no_data_in_any_repr() -> None:
    secret = bytes(range(0x40, 0x50))
    assert repr(CommandAPDU(0xC0, 0xD6, 3, 5, secret)) == "CommandAPDU(C0 D6 03 05, 16 bytes, Le absent)"
    assert repr(ResponseAPDU(secret, 0x9000)) == "ResponseAPDU(16 bytes, SW 9000)"


@given(st.binary(max_size=300), st.integers(0, 0xFFFF))
def test_responses_round_trip(data: bytes, sw: int) -> None:
    response = ResponseAPDU(data, sw)
    assert ResponseAPDU.parse(response.encode()) == response
    assert response.sw1 << 8 | response.sw2 == sw
    assert response.ok == (sw == 0x9000)


@pytest.mark.parametrize("raw", [b"", b"\x90"])
def test_a_response_has_a_status_word(raw: bytes) -> None:
    with pytest.raises(MalformedAPDU) as caught:
        ResponseAPDU.parse(raw)
    assert caught.value.offset == len(raw)


def test_data_on_an_error_status_is_kept() -> None:
    response = ResponseAPDU.parse(bytes.fromhex("0431003300000000 4E5830313143 00 03 39F873 6A82"))
    assert len(response.data) == 19
    assert response.sw == 0x6A82


@pytest.mark.parametrize(("sw", "judged"), [
    (0x9000, {"ok", "done", "accepted"}),
    (0x6110, {"more_waits", "to_be_followed", "accepted"}),
    (0x6283, {"is_warning", "done", "accepted"}),
    (0x63C2, {"is_warning", "done", "accepted"}),
    (0x6C10, {"wrong_le", "to_be_followed"}), (0x6400, set()), (0x6A82, set()),
])
def test_whether_a_command_was_carried_out_and_whether_all_of_the_answer_is_there(sw: int, judged: set[str]) -> None:
    response = ResponseAPDU(b"", sw)
    names = ("ok", "is_warning", "more_waits", "wrong_le", "to_be_followed", "done", "accepted")
    assert {name for name in names if getattr(response, name)} == judged


@pytest.mark.parametrize(("sw", "length"), [(0x6110, 16), (0x6C00, 256), (0x61FF, 255)])
def test_the_length_that_a_status_word_names(sw: int, length: int) -> None:
    assert ResponseAPDU(b"", sw).named_length == length


@pytest.mark.parametrize(("sw", "left"), [(0x63C3, 3), (0x63C0, 0), (0x6983, 0), (0x6300, None), (0x9000, None)])
def test_the_tries_that_a_status_word_tells_of(sw: int, left: int | None) -> None:
    assert ResponseAPDU(b"", sw).tries_left == left
