"""The interlock's judgement: a table, and what holds for all bytes and states."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jcopsh.card.interlock import Severity, judge
from jcopsh.globalplatform.channel import ChannelProtocol, SecureChannelState, SecurityLevel
from jcopsh.iso7816 import tlv
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.jcop.memory_map import all_maps, load_map
from jcopsh.state import CardState, Fuse, SelectedKind

FREE, DESTRUCTIVE, IRREVERSIBLE = Severity.FREE, Severity.DESTRUCTIVE, Severity.IRREVERSIBLE
MAPS = all_maps()
SIMULATED = (load_map("simulated-j2a040"),)
UNKNOWN = CardState()
FUSED = CardState(fuse=Fuse.FUSED)
ROOT = CardState(fuse=Fuse.UNFUSED, selected=SelectedKind.ROOT, booted=True)
APPLICATION = CardState(fuse=Fuse.UNFUSED, selected=SelectedKind.APPLICATION, aid=bytes.fromhex("A000000003000000"))
NOT_FUSED = (UNKNOWN, ROOT, APPLICATION, replace(ROOT, protected=True), replace(UNKNOWN, unfinished=True))

# what may follow CLA INS P1 P2: the four cases, short and extended, and lengths that fit nothing
BODIES = tuple(
    bytes.fromhex(body)
    for body in (
        "",
        "00",
        "10",
        "FF",
        "0100",
        "01AA",
        "01AA00",
        "04 00000000",
        "04 00000000 00",
        "000000",
        "0001FF",
        "000001AA",
        "000001AA0000",
        "000004 00000000",
        "05AA",
        "0000",
        "02AAAAAAAA",
        "000005AA",
        "00000000",
    )
)


def severity(command: str | bytes, state: CardState = UNKNOWN) -> Severity:
    raw = bytes.fromhex(command) if isinstance(command, str) else command
    return judge(raw, state, MAPS).severity


def test_set_status_on_a_secure_channel_is_no_boot() -> None:
    channel = SecureChannelState(ChannelProtocol.SCP02, 0x15, SecurityLevel.C_MAC, 0xFF)
    authenticated = replace(APPLICATION, secure_channel=channel)
    lock, secure = "80F0408006000000000011", "80F0800F"
    assert judge(bytes.fromhex(lock), authenticated, MAPS, shared=True).severity is DESTRUCTIVE
    assert (severity(lock, APPLICATION), severity(lock, authenticated)) == (DESTRUCTIVE, FREE)
    assert severity(secure, authenticated) is IRREVERSIBLE
    assert severity("00F00000", APPLICATION) is DESTRUCTIVE
    # as soon as a security domain is known to be selected, what the card says of its state is the security domain's
    domain = replace(APPLICATION, security_domain=True)
    assert (severity(lock, domain), severity("00F00000", domain)) == (FREE, DESTRUCTIVE)
    assert severity(lock, replace(domain, selected=SelectedKind.ROOT)) is DESTRUCTIVE


@pytest.mark.parametrize(("command", "expected"), [
    *((f"80F0{p1}07 05 F001020304", FREE) for p1 in ("20", "40", "60")), ("80F04080 05 F001020304", FREE),
    ("80F0400705F00102030400", FREE), ("80F0000005F001020304", DESTRUCTIVE), ("80F00000", DESTRUCTIVE),
    ("80F04007", DESTRUCTIVE), ("80F04007 04 F0010203", DESTRUCTIVE), (f"80F04007 11 {'F0' * 17}", DESTRUCTIVE),
    ("80F04107 05 F001020304", DESTRUCTIVE), ("80F01007 05 F001020304", DESTRUCTIVE),
    ("80F04007 06 F001020304", IRREVERSIBLE), ("84F04007 05 F001020304", IRREVERSIBLE), ("84F04007", DESTRUCTIVE),
])
def test_only_a_whole_set_status_of_something_named_is_no_boot(command: str, expected: Severity) -> None:
    domain = replace(APPLICATION, security_domain=True)
    assert severity(command, domain) is expected
    asked_anyway = max(expected, DESTRUCTIVE)
    assert judge(bytes.fromhex(command), domain, MAPS, shared=True).severity is asked_anyway
    if expected is not IRREVERSIBLE:
        assert judge(bytes.fromhex(command), replace(domain, fuse=Fuse.FUSED), MAPS, shared=True).severity is FREE


DOMAIN = replace(APPLICATION, fuse=Fuse.FUSED, security_domain=True, aid=bytes.fromhex("F0A1B2C3D4"))


@pytest.mark.parametrize(("command", "expected"), [
    *((f"80F0{p1}{p2} 08 {aid}", IRREVERSIBLE) for p1 in ("40", "60") for p2 in ("07", "0F", "80")
      for aid in ("A000000003000000", "A000000151000000")),
    ("80F04080 07 A0000000030000", IRREVERSIBLE), ("80F04080 05 F0A1B2C3D4", IRREVERSIBLE),
    ("84F04080 08 FFFFFFFFFFFFFFFF", IRREVERSIBLE), ("80F04080 08 A0", IRREVERSIBLE),
    ("80F04080 06 F0A1B2C3D401", FREE), ("80F06080 08 A000000151000001", FREE), ("80F04007 07 A0000001515350", FREE),
])
def test_the_issuer_security_domain_by_its_aid_is_the_card(command: str, expected: Severity) -> None:
    assert severity(command, DOMAIN) is expected


def test_a_security_domain_that_has_not_told_its_name_may_have_any() -> None:
    for p1 in ("40", "60"):
        assert severity(f"80F0{p1}0F 07 F0A1B2C3D40506", replace(DOMAIN, aid=b"")) is IRREVERSIBLE
    assert severity("80F0400F 07 F0A1B2C3D40506", replace(DOMAIN, aid=b"", security_domain=False)) is FREE


@pytest.mark.parametrize("tag", ["9F66", "9F67"])
def test_one_time_data_is_irreversible_however_it_is_put(tag: str) -> None:
    for state in (DOMAIN, FUSED, UNKNOWN):
        for command in (f"80DA{tag}020102", f"00DA{tag}020102", f"84DA{tag}020102", f"80DB3FFF05{tag}020102",
                        f"80DA000005{tag}020102", "84DB3FFF020102"):
            assert severity(command, state) is IRREVERSIBLE
        assert severity("80DA0101020102", state) is FREE
        assert severity("00DB3FFF055C015F0102", state) is FREE
        assert severity("10DB3FFF035C015F", state) is FREE
        assert severity("10DB3FFF0301029F", state) is IRREVERSIBLE
        assert severity(f"00DB3FFF02{tag[2:]}02", replace(state, unfinished=True)) is IRREVERSIBLE


@pytest.mark.parametrize(("p1", "expected"), [
    ("10", DESTRUCTIVE), ("40", DESTRUCTIVE), ("02", FREE), ("04", FREE), ("08", FREE), ("0C", FREE), ("20", FREE)])
def test_an_installation_that_changes_what_is_there_is_asked_about(p1: str, expected: Severity) -> None:
    assert severity(f"80E6{p1}00", FUSED) is expected
    assert severity(f"84E6{p1}00", FUSED) is expected


@pytest.mark.parametrize(("cla", "asked"), [
    (0x00, True), (0x01, True), (0x04, True), (0x40, True), (0x81, True), (0xC1, True), (0x80, False), (0x84, True)])
def test_a_secure_channel_lifts_the_guard_of_boot_for_its_own_domain_alone(cla: int, asked: bool) -> None:
    channel = SecureChannelState(ChannelProtocol.SCP02, 0x15, SecurityLevel.C_MAC, 0xFF)
    command = bytes((cla, 0xF0, 0x40, 0x07, 0x05)) + bytes.fromhex("F001020304")
    hidden = IRREVERSIBLE if cla == 0x84 else DESTRUCTIVE
    assert severity(command, replace(APPLICATION, secure_channel=channel)) is (hidden if asked else FREE)
    root = replace(APPLICATION, secure_channel=channel, selected=SelectedKind.ROOT)
    assert severity(command, root) is hidden


@pytest.mark.parametrize("ins", [0x00, 0x10])
def test_fuse_and_protect_with_every_class_and_length(ins: int) -> None:
    for state in NOT_FUSED:
        for cla in range(256):
            for parameters in (b"\x00\x00", b"\xa5\x5a"):
                for body in BODIES:
                    raw = bytes((cla, ins)) + parameters + body
                    assert severity(raw, state) is IRREVERSIBLE, raw.hex()


@pytest.mark.parametrize(("ins", "action"), [(0x00, "fuse"), (0x10, "protect")])
def test_the_word_to_type_is_the_action(ins: int, action: str) -> None:
    found = judge(bytes((0, ins, 0, 0)), UNKNOWN, MAPS)
    assert found.action == action
    assert found.consequence


@pytest.mark.parametrize("ins", [0x00, 0x10])
def test_on_a_fused_card_they_mean_something_else(ins: int) -> None:
    assert severity(bytes((0, ins, 0, 0)), FUSED) is FREE


def enveloped(inner: bytes) -> list[bytes]:
    """The forms in which a card might be given a command inside ENVELOPE's data."""
    once = tlv.encode(0x52, inner)
    return [
        inner,
        once,
        tlv.encode(0x7F21, once),
        tlv.encode(0x6F, tlv.encode(0x73, once)),
        tlv.encode(0x80, b"\x01") + once,
        once + tlv.encode(0x80, b"\x01"),
        b"\x00\x00" + once,
        tlv.encode(0xD1, tlv.encode(0x82, b"\x83\x81") + tlv.encode(0x8B, inner)),
        CommandAPDU(0, 0xC2, 0, 0, inner).encode(),
    ]


INNER_FUSES = [bytes.fromhex(inner) for inner in ("00000000", "0000000000", "80000000", "000000000001AA", "00100000")]


@pytest.mark.parametrize("ins", [0xC2, 0xC3])
@pytest.mark.parametrize("cla", [0x00, 0x01, 0x0C, 0x10, 0x80, 0x84, 0xA0, 0xC0, 0xFF])
@pytest.mark.parametrize("extended", [False, True])
def test_the_same_inside_envelope(ins: int, cla: int, extended: bool) -> None:
    for state in NOT_FUSED:
        for inner in INNER_FUSES:
            for payload in enveloped(inner):
                raw = CommandAPDU(cla, ins, 0, 0, payload, extended=extended).encode()
                assert severity(raw, state) is IRREVERSIBLE, raw.hex()


@pytest.mark.parametrize("cla", [0x00, 0x10])
@pytest.mark.parametrize("state", NOT_FUSED)
def test_inside_envelope_in_pieces(cla: int, state: CardState) -> None:
    """Wherever it is cut, the card never gets the last piece without consent."""
    whole = tlv.encode(0x52, bytes(4))
    for cut in range(1, len(whole)):
        first = CommandAPDU(cla, 0xC2, 0, 0, whole[:cut])
        last = CommandAPDU(0x00, 0xC2, 0, 0, whole[cut:])
        assert severity(first.encode(), state) is IRREVERSIBLE
        assert severity(last.encode(), replace(state, unfinished=True)) is IRREVERSIBLE


def test_an_empty_envelope_may_end_a_run() -> None:
    assert severity("00C20000", replace(FUSED, unfinished=True)) is IRREVERSIBLE


LAST_RESORT = ["80F080FF", "84F0807F", "80E40000 06 D00101D20101", "00FE0000", "80E28000 04 9F660100"]


@pytest.mark.parametrize("inner", LAST_RESORT)
def test_on_a_fused_card_an_envelope_is_judged_by_what_it_holds(inner: str) -> None:
    for payload in enveloped(bytes.fromhex(inner)):
        assert severity(CommandAPDU(0, 0xC2, 0, 0, payload).encode(), FUSED) is IRREVERSIBLE, payload.hex()


def test_on_a_fused_card_a_readable_envelope_in_one_piece_is_free() -> None:
    select = CommandAPDU(0, 0xA4, 4, 0, bytes.fromhex("A000000003000000")).encode()
    assert severity(CommandAPDU(0, 0xC2, 0, 0, select).encode(), FUSED) is FREE
    assert severity(CommandAPDU(0x10, 0xC2, 0, 0, select).encode(), FUSED) is IRREVERSIBLE
    assert severity(CommandAPDU(0, 0xC2, 0, 0, select).encode(), replace(FUSED, unfinished=True)) is IRREVERSIBLE


def test_an_envelope_of_a_thousand_shells_is_unclear_and_quick() -> None:
    deep = bytes.fromhex("00A40400")
    while len(deep) < 60000:
        deep = tlv.encode(0x71, deep)
    assert severity(CommandAPDU(0, 0xC2, 0, 0, deep).encode(), FUSED) is IRREVERSIBLE
    nested = bytes.fromhex("00A40400")
    while len(nested) < 60000:
        nested = CommandAPDU(0, 0xC2, 0, 0, nested).encode()
    assert severity(nested, FUSED) is IRREVERSIBLE
    wide = tlv.encode(0x80, b"\x00\xa4\x04\x00") * 9000
    assert severity(CommandAPDU(0, 0xC2, 0, 0, wide).encode(), FUSED) is IRREVERSIBLE


@pytest.mark.parametrize("state", [*NOT_FUSED, FUSED])
@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        # SET STATUS of the card, in every class that a card might take for GlobalPlatform's
        ("80F08007", IRREVERSIBLE),
        ("80F0800F", IRREVERSIBLE),
        ("80F0807F", IRREVERSIBLE),
        ("84F080FF", IRREVERSIBLE),
        ("81F0800F", IRREVERSIBLE),
        ("C0F0807F", IRREVERSIBLE),
        ("E0F0807F", IRREVERSIBLE),
        ("00F0807F", IRREVERSIBLE),
        ("80F0807F00", IRREVERSIBLE),
        ("80F0807F 05 A000000003", IRREVERSIBLE),
        ("80F0C07F", IRREVERSIBLE),
        ("80F040FF", IRREVERSIBLE),
        ("80F0807F 000001 AA", IRREVERSIBLE),
        # DELETE
        ("80E40000 06 D00101D20101", IRREVERSIBLE),
        ("80E40000 03 D20101", IRREVERSIBLE),
        ("80E40080 03 D00101", IRREVERSIBLE),
        ("00E40000 03 D20101", IRREVERSIBLE),
        ("84E40000 0A 4F08A000000003000000", IRREVERSIBLE),
        ("80E40000 02 4F08", IRREVERSIBLE),
        ("80E48000 02 4F00", IRREVERSIBLE),
        ("90E40000 0A 4F08A000000003000000", IRREVERSIBLE),
        ("80E40000 000006 D00101D20101", IRREVERSIBLE),
        ("80E40000 06 D001", IRREVERSIBLE),
        ("00E40000 02 3F00", DESTRUCTIVE),
        # keys
        ("80D80181 04 01020304", DESTRUCTIVE),
        ("84D80181 04 01020304", DESTRUCTIVE),
        ("00D80000", DESTRUCTIVE),
        # data that is taken once; a tag that began in the block before
        ("80E28000 05 9F66020000", IRREVERSIBLE),
        ("80E28000 05 9F67020000", IRREVERSIBLE),
        ("80E28000 06 70049F660100", IRREVERSIBLE),
        ("80E28000 000005 9F66020000", IRREVERSIBLE),
        ("84E28000 02 AAAA", IRREVERSIBLE),
        ("80E2E000 02 AAAA", IRREVERSIBLE),
        ("80E26801 02 AAAA", IRREVERSIBLE),
        ("80E22000 02 AAAA", IRREVERSIBLE),
        ("80E24000 02 AAAA", IRREVERSIBLE),
        ("80E28001 04 66020000", IRREVERSIBLE),
        ("90E28000 04 67020000", IRREVERSIBLE),
        # the end
        ("00E60000", IRREVERSIBLE),
        ("00E80000", IRREVERSIBLE),
        ("00FE0000", IRREVERSIBLE),
        ("04FE0000", IRREVERSIBLE),
        ("80FE0000", IRREVERSIBLE),
        # no APDU at all
        ("", IRREVERSIBLE),
        ("00", IRREVERSIBLE),
        ("00A404", IRREVERSIBLE),
    ],
)
def test_what_holds_for_any_card(command: str, wanted: Severity, state: CardState) -> None:
    assert severity(command, state) is wanted


def test_an_application_is_deleted_with_a_yes() -> None:
    for state in (UNKNOWN, APPLICATION, ROOT, FUSED):
        assert severity("80E40000 0A 4F08A000000003000000", state) is DESTRUCTIVE
        assert severity("80E40080 0A 4F08A000000003000000 00", state) is DESTRUCTIVE


def test_store_data_of_something_else_is_free() -> None:
    assert severity("80E28000 04 66020000", FUSED) is FREE
    assert severity("80E29801 04 AAAAAAAA", FUSED) is FREE


@pytest.mark.parametrize("command", ["00F00000", "0CF00000", "00F01234", "00F0000000", "00F00000 01 AA", "10F00000"])
def test_boot_whatever_its_parameters(command: str) -> None:
    for state in NOT_FUSED:
        assert severity(command, state) is DESTRUCTIVE
    assert severity(command, FUSED) is FREE


LIFE_CYCLE = 0xC00400  # of the simulated card


@pytest.mark.parametrize("state", NOT_FUSED)
def test_life_cycle_however_the_write_reaches_it(state: CardState) -> None:
    for start in range(LIFE_CYCLE - 20, LIFE_CYCLE + 1):
        for length in (LIFE_CYCLE - start + 1, LIFE_CYCLE - start + 5):
            for extended in (False, True):
                command = CommandAPDU(0xC0, 0xD6, start >> 8 & 0xFF, start & 0xFF, bytes(length), extended=extended)
                for with_le in (command, command.with_le(256)):
                    found = judge(with_le.encode(), state, SIMULATED)
                    assert (found.severity, found.action) == (IRREVERSIBLE, "write-life-cycle")
    longest = CommandAPDU(0xC0, 0xD6, 0x00, 0xF0, bytes(0xC09600 - 0xC000F0))
    assert severity(longest.encode(), state) is IRREVERSIBLE


def test_a_write_just_beside_the_life_cycle_is_not_taken_for_one() -> None:
    for command in ("C0D603FF 01 00", "C0D60401 01 00"):
        assert severity(command, ROOT) is DESTRUCTIVE


@pytest.mark.parametrize("state", NOT_FUSED)
@pytest.mark.parametrize(
    "command", ["C0D60400", "C0D603F0", "C0D60400 01", "C0D603F0 20", "C0D603F0 20 AABB", "C0D6FFFF 02 AABB"]
)
def test_a_write_without_a_length_that_can_be_believed_reaches_far(command: str, state: CardState) -> None:
    assert severity(command, state) is IRREVERSIBLE


@pytest.mark.parametrize("state", NOT_FUSED)
@pytest.mark.parametrize(
    "command",
    [
        "C0D60305 10 404142434445464748494A4B4C4D4E4F",
        "C0D60305 01 40",
        "C0D60314 01 40",
        "C0D60300 06 000000000000",
        "C0D60321 000010 404142434445464748494A4B4C4D4E4F",
        "C0D6033D 01 40",
        "C0D60412 05 3132333435",
        "C0D60410 05 3132333435",
        "C0D60500 01 00",
        "C0D600F0 02 0000",
        "C0D60121 02 0000",
        "C0D60150 20" + "00" * 0x20,
        "C0D6FFFF 01 00",
    ],
)
def test_keys_pins_and_unknown_places_are_destructive(command: str, state: CardState) -> None:
    assert severity(command, state) is DESTRUCTIVE


def test_without_any_map_every_write_is_destructive() -> None:
    assert judge(bytes.fromhex("C0D60124010B"), ROOT, ()).severity is DESTRUCTIVE


def test_a_place_is_known_only_if_every_map_that_may_apply_knows_it() -> None:
    whole = load_map("j2a040")
    lacking = replace(whole, name="lacking", fields=tuple(f for f in whole.fields if f.name != "ifsc"))
    write = bytes.fromhex("C0D6012201FE")
    assert judge(write, ROOT, (whole,)).severity is FREE
    assert judge(write, ROOT, (whole, lacking)).severity is DESTRUCTIVE
    assert judge(write, ROOT, (lacking, whole)).severity is DESTRUCTIVE


@pytest.mark.parametrize("cla", [0x00, 0x80, 0xC1, 0xD0])
def test_a_write_of_another_class_to_the_root_applet_is_destructive(cla: int) -> None:
    raw = bytes((cla, 0xD6, 0x01, 0x22, 0x01, 0xFE))
    assert severity(raw, ROOT) is DESTRUCTIVE
    assert severity(raw, APPLICATION) is FREE


@pytest.mark.parametrize("ins", [0xB6, 0x01, 0x11, 0x0E, 0xD7, 0xDA, 0x50])
def test_what_nobody_has_published_of_the_root_applet_is_destructive(ins: int) -> None:
    assert severity(bytes((0xC0, ins, 0x03, 0x05)), ROOT) is DESTRUCTIVE


VENDOR_SCRIPT = """
C0D6029A02F807 C0D60124010B C0D60147010B C0D6012201FE C0D601260908F01300008131FE45 C0D601490908F01300008131FE45
C0D6013609084a434f5076323431 C0D6015909084a434f5076323431 C0D603010101 C0D6031d0101 C0D603390101
"""
SEED_000 = """
C0D6012301DA C0D6014601DA C0D6012201FE C0D60124010F C0D60147010F c0d601240108 c0d6012604036000ff
c0d601370b0a4a32413038312C543D31 c0d6015A0b0a4a32413038312C543D31
"""
HARMLESS = [
    "00A4040008A000000003000000",
    "00A4040009A000000167413000FF00",
    "00A4040010" + "4A" * 16,
    "00A4040000",
    "00A40400",
    "C0B0030510",
    "C0B0040701",
    "C0B0041200",
    "C0B000F0 000000",
    "80CA9F7F00",
    "80CA006600",
    "80CA00FE02DF2800",
    "00CA0066",
    "00C0000010",
    *VENDOR_SCRIPT.split(),
    *SEED_000.split(),
]


@pytest.mark.parametrize("command", HARMLESS)
def test_the_harmless_is_free(command: str) -> None:
    for state in (UNKNOWN, ROOT, APPLICATION, FUSED):
        for maps in (MAPS, SIMULATED):
            assert judge(bytes.fromhex(command), state, maps).severity is FREE


# --- what holds for all bytes ----------------------------------------------------------------------------------------

TELLING_INS = st.sampled_from(
    (0x00, 0x10, 0xC2, 0xC3, 0xD6, 0xD8, 0xE2, 0xE4, 0xE6, 0xE8, 0xF0, 0xFE, 0xA4, 0xB0, 0x50)
)
TELLING_CLA = st.sampled_from((0x00, 0x04, 0x10, 0x80, 0x84, 0x90, 0xC0, 0xFF))
HEADERS = st.builds(
    lambda cla, ins, p1, p2: bytes((cla, ins, p1, p2)),
    st.one_of(TELLING_CLA, st.integers(0, 255)),
    st.one_of(TELLING_INS, st.integers(0, 255)),
    st.sampled_from((0x00, 0x01, 0x03, 0x04, 0x80, 0xFF)),
    st.integers(0, 255),
)
INNER = st.one_of(
    st.binary(max_size=40), st.builds(lambda h, b: tlv.encode(0x52, h + b), HEADERS, st.binary(max_size=10))
)


def encoded(header: bytes, data: bytes, le: int | None, extended: bool) -> bytes:
    return CommandAPDU(header[0], header[1], header[2], header[3], data, le, extended).encode()


FORMED = st.builds(encoded, HEADERS, INNER, st.one_of(st.none(), st.integers(1, 256)), st.booleans())
RAW = st.one_of(FORMED, st.builds(lambda h, body: h + body, HEADERS, st.binary(max_size=40)), st.binary(max_size=60))
STATES = st.builds(
    CardState,
    fuse=st.sampled_from(Fuse),
    selected=st.sampled_from(SelectedKind),
    booted=st.booleans(),
    protected=st.booleans(),
    memory_shown=st.booleans(),
    unfinished=st.booleans(),
)


@given(RAW, STATES)
@settings(max_examples=1500, deadline=None)
@example(bytes.fromhex("00C2000008 52060000000041"), UNKNOWN)
def test_never_milder_for_a_card_that_may_be_unfused(raw: bytes, state: CardState) -> None:
    fused, unfused, unknown = (
        judge(raw, replace(state, fuse=fuse), MAPS).severity for fuse in (Fuse.FUSED, Fuse.UNFUSED, Fuse.UNKNOWN)
    )
    assert unknown >= fused
    assert unknown >= unfused


@given(RAW, STATES)
@settings(max_examples=800, deadline=None)
def test_never_milder_for_knowing_less(raw: bytes, state: CardState) -> None:
    """A piece of something is judged no milder than the same alone, and all maps no milder than one of them."""
    strict = judge(raw, state, MAPS).severity
    assert judge(raw, replace(state, unfinished=True), MAPS).severity >= strict
    assert all(strict >= judge(raw, state, (one,)).severity for one in MAPS)


@given(RAW, STATES)
@settings(max_examples=500, deadline=None)
def test_whatever_is_not_free_says_what_it_is(raw: bytes, state: CardState) -> None:
    found = judge(raw, state, MAPS)
    if found.severity is not FREE:
        assert found.what
        assert found.consequence
        assert found.action.isprintable()
        assert found.action == found.action.lower()
        assert " " not in found.action


@given(HEADERS, st.binary(max_size=60), STATES)
@settings(max_examples=800, deadline=None)
def test_ins_00_is_never_free_to_a_card_not_known_to_be_fused(header: bytes, body: bytes, state: CardState) -> None:
    raw = bytes((header[0], 0x00)) + header[2:] + body
    if state.fuse is not Fuse.FUSED:
        assert judge(raw, state, MAPS).severity is IRREVERSIBLE
