"""CAP files: a real one out of another client's trace, made ones, and everything that is none."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from dataclasses import replace
from enum import Enum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcopsh.globalplatform.cap import Flags, parse_cap
from jcopsh.globalplatform.cap_components import CapError, Component
from jcopsh.iso7816.aid import AID
from jcopsh.operations.cap_files import cap_info
from tests import cap_files
from tests.cap_files import Cap
from tests.globalplatform import traces

PACKAGE, APPLET = bytes.fromhex("D27600012401"), bytes.fromhex("D2760001240101")
MADE = Cap(PACKAGE, (APPLET,), name="made/for/tests", format=(2, 2))


def loaded_in_the_trace() -> bytes:
    """The load file data block that GlobalPlatformPro sent."""
    return b"".join(data for header, data in traces.deciphered("gp-install-scp03.log") if header[1] == 0xE8)


def test_the_file_that_another_client_loaded() -> None:
    block = loaded_in_the_trace()
    found = parse_cap(block)
    assert found.aid == AID.parse("D0D1D2D3D4D501")
    assert found.applets == (AID.parse("D0D1D2D3D4D50101"),)
    assert (found.format_major, found.format_minor, found.version) == (2, 1, "1.0")
    assert [one.aid for one in found.imports] == [AID.parse("A0000000620101")]
    # what we would load is what that client loaded, byte for byte
    assert found.load_block == block
    shown = cap_info(found, "helloworld.cap")
    assert [one.name for one in shown.imports] == ["javacard.framework"]
    assert shown.load_size == len(block)


@pytest.mark.parametrize("raw", [MADE.archive, MADE.load_block, MADE.load_data, b"".join(MADE.components.values())])
def test_the_same_file_in_every_form(raw: bytes) -> None:
    found = parse_cap(raw)
    assert (found.aid, found.applets) == (AID(PACKAGE), (AID(APPLET),))
    assert found.packages[0].name == "made/for/tests"
    assert found.flags is Flags.APPLET
    assert found.load_block == MADE.load_block


def test_descriptor_and_debug_are_not_loaded() -> None:
    found = cap_info(parse_cap(MADE.archive), "made.cap")
    assert {one.name: one.loaded for one in found.components}["Descriptor"] is False
    assert {one.name: one.size for one in found.components}["Method"] == 3 + 1 + MADE.method_bytes
    assert found.java_card == "2.2.2"  # javacard.framework 1.3


def test_long_files_have_long_lengths() -> None:
    for size, head in ((20, b"\xc4\x81"), (200, b"\xc4\x82"), (60000, b"\xc4\x82")):
        made = Cap(PACKAGE, (APPLET,), method_bytes=size)
        assert parse_cap(made.archive).load_block == made.load_block
        assert made.load_block[:2] == head


EXTENDED_HEADER = (
    bytes.fromhex("DECAFFED" "03" "02" "0C" "0001")  # 2.3, applets and extended, the file's version 1.0
    + b"\x06" + PACKAGE + b"\x02"  # its AID, two packages
    + bytes.fromhex("0201") + b"\x07" + APPLET + bytes.fromhex("0301") + b"\x06" + bytes.fromhex("D27600012402")
    + b"\x01a\x01b"  # their names
)


def extended() -> bytes:
    def short(tag: int, body: bytes) -> bytes:
        return bytes((tag,)) + len(body).to_bytes(2, "big") + body

    def long(tag: int, body: bytes) -> bytes:
        return bytes((tag,)) + len(body).to_bytes(4, "big") + body

    applet = b"\x01" + bytes((len(APPLET) + 1,)) + APPLET + b"\x01" + bytes(3)
    return b"".join((
        short(1, EXTENDED_HEADER), short(2, bytes(30)), short(4, b"\x00"), short(3, applet), short(6, b""),
        long(7, bytes(70000)), short(8, b""), short(5, b""), long(9, b""), long(13, bytes(5)),
    ))


def test_the_extended_format() -> None:
    found = parse_cap(extended())
    assert found.extended
    assert (found.aid, found.version) == (AID(PACKAGE), "1.0")
    assert [(one.aid, one.version, one.name) for one in found.packages] == [
        (AID(APPLET), "1.2", "a"), (AID.parse("D27600012402"), "1.3", "b")]
    assert found.applets == (AID(APPLET + b"\x01"),)
    assert dict(found.components)[Component.STATIC_RESOURCE] == b"\x0d\x00\x00\x00\x05" + bytes(5)
    assert found.load_data == extended()


def broken(component: int, offset: int, value: int) -> bytes:
    parts = dict(MADE.components)
    data = bytearray(parts[component])
    data[offset] = value
    return b"".join({**parts, component: bytes(data)}.values())


@pytest.mark.parametrize(
    ("raw", "component", "offset"),
    [
        (broken(1, 3, 0), Component.HEADER, 3),  # the magic number
        (broken(1, 7, 9), Component.HEADER, 7),  # the format's version
        (broken(1, 12, 4), Component.HEADER, 12),  # an AID of four bytes
        (broken(3, 4, 4), Component.APPLET, 4),
        (broken(4, 6, 60), Component.IMPORT, 7),  # an AID that ends beyond the component
        (broken(7, 1, 9), Component.METHOD, 1),  # a size that is too large
    ],
)
def test_a_malformed_file_names_component_and_offset(raw: bytes, component: Component, offset: int) -> None:
    with pytest.raises(CapError) as caught:
        parse_cap(raw)
    assert (caught.value.component, caught.value.offset) == (component, offset)
    assert component.title in str(caught.value)


def with_body(tag: int, body: bytes, made: Cap = MADE) -> bytes:
    """The file with another component of that tag, of which its directory gives the right size; without it for b""."""
    parts = dict(made.components)
    size = len(body).to_bytes(2, "big")
    parts[tag] = bytes((tag,)) + size + body if body else b""
    at = 3 + 2 * (tag - 1)
    parts[2] = parts[2][:at] + size + parts[2][at + 2 :]
    return b"".join(parts.values())


def body(tag: int, made: Cap = MADE) -> bytes:
    return made.components[tag][3:]


COUNTS = len(MADE.components[2]) - 3  # where the directory counts imports
ONE_APPLET = bytes((len(APPLET),)) + APPLET
HANDLED = b"\x01" + bytes(8)  # one exception handler, and no method behind it


@pytest.mark.parametrize(
    ("raw", "component", "offset", "said"),
    [
        (with_body(4, b"\x01" + body(4)[1:]), Component.IMPORT, 14, "10 bytes are left over"),
        (with_body(4, body(4) + b"\x00"), Component.IMPORT, 24, "1 bytes are left over"),
        (with_body(3, b"\x00" + body(3)[1:]), Component.APPLET, 3, "it has no applets"),
        (with_body(3, body(3) + b"\x00"), Component.APPLET, 14, "1 bytes are left over"),
        (with_body(3, b"\x01" + ONE_APPLET + b"\xff\xff"), Component.APPLET, 12, "stand at 65535 of Method"),
        (with_body(3, b"\x01" + ONE_APPLET + b"\x00\x6c"), Component.APPLET, 12, "whose methods stand at 1 to 107"),
        (with_body(3, b"\x01" + ONE_APPLET + b"\x00\x00"), Component.APPLET, 12, "stand at 0 of Method"),
        (with_body(7, HANDLED + bytes(99)), Component.APPLET, 12, "whose methods stand at 9 to 107"),
        (with_body(7, b"\xff" + bytes(107)), Component.METHOD, 4, "it ends within the exception handlers"),
        (with_body(3, b"\x02" + 2 * (ONE_APPLET + b"\x00\x01")), Component.APPLET, 14, "two applets have the AID"),
        (with_body(3, b""), Component.HEADER, 9, "there are applets, and there is no Applet component"),
        (with_body(1, body(1)[:6] + b"\x00" + body(1)[7:]), Component.HEADER, 9, "are no applets, and there is an"),
        (with_body(1, body(1)[:6] + b"\x0c" + body(1)[7:]), Component.HEADER, 9, "which 2.2 cannot be"),
        (with_body(1, body(1) + b"\x00"), Component.HEADER, 34, "1 bytes are left over"),
        (broken(2, COUNTS, 7), Component.DIRECTORY, COUNTS, "it counts 7 imports, and there are 2"),
        (broken(2, COUNTS + 1, 2), Component.DIRECTORY, COUNTS + 1, "it counts 2 applets, and there are 1"),
        (broken(2, COUNTS + 2, 1), Component.DIRECTORY, COUNTS + 3, "it ends within the tag of a custom component"),
        (with_body(2, body(2)[:-1] + b"\x01\x05\x00\x01\x05" + PACKAGE[:5]), Component.DIRECTORY, COUNTS + 3,
         "05 is no tag of a custom component"),
        (with_body(2, body(2) + b"\x00"), Component.DIRECTORY, COUNTS + 3, "1 bytes are left over"),
    ],
)
def test_what_a_component_says_has_to_fit(raw: bytes, component: Component, offset: int, said: str) -> None:
    with pytest.raises(CapError, match=said) as caught:
        parse_cap(raw)
    assert (caught.value.component, caught.value.offset) == (component, offset)


@pytest.mark.parametrize("minor", [1, 2, 3])
def test_the_directory_of_each_format(minor: int) -> None:
    made = Cap(PACKAGE, (APPLET,), format=(2, minor))
    assert len(body(2, made)) == {1: 31, 2: 33, 3: 37}[minor]  # as converters make them
    assert parse_cap(made.archive).format_minor == minor
    with pytest.raises(CapError, match="it counts 9 imports"):
        parse_cap(with_body(2, body(2, made)[:-3] + b"\x09" + body(2, made)[-2:], made))


def test_a_directory_with_the_sizes_of_another_format() -> None:
    older = Cap(PACKAGE, (APPLET,))
    raw = with_body(1, body(1, older)[:4] + b"\x02" + body(1, older)[5:], older)
    assert parse_cap(raw).format_minor == 2


def test_custom_components() -> None:
    """They come last, and are not loaded; the directory names them by an AID (6.4)."""
    named = body(2)[:-1] + b"\x01\x80\x00\x02\x06" + PACKAGE
    found = parse_cap(with_body(2, named) + b"\x80\x00\x02ab")
    assert found.load_data == parse_cap(with_body(2, named)).load_data


@pytest.mark.parametrize("methods", [HANDLED + bytes(99), bytes(108)])
def test_an_install_method_behind_the_exception_handlers(methods: bytes) -> None:
    raw = with_body(3, b"\x01" + ONE_APPLET + b"\x00\x6b")
    assert parse_cap(raw.replace(MADE.components[7], MADE.components[7][:3] + methods)).applets == (AID(APPLET),)


def test_a_component_that_is_missing() -> None:
    parts = dict(MADE.components)
    for tag in (1, 2, 4, 7):
        rest = b"".join(data for one, data in parts.items() if one != tag)
        with pytest.raises(CapError, match=r"missing|begins with"):
            parse_cap(rest)


@pytest.mark.parametrize("raw", [b"", b"PK", b"PK\x03\x04" + bytes(40), MADE.archive[:200], MADE.archive[:-4]])
def test_archives_that_are_none(raw: bytes) -> None:
    with pytest.raises(CapError):
        parse_cap(raw)


def archive(compression: int) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", compression) as made:
        for tag, data in MADE.components.items():
            made.writestr(f"test/javacard/{Component(tag).title}.cap", data)
    return raw.getvalue()


ARCHIVES = tuple(map(archive, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)))


@pytest.mark.parametrize("raw", ARCHIVES, ids=["stored", "deflated", "bzip2", "lzma"])
def test_every_compression(raw: bytes) -> None:
    assert parse_cap(raw).load_block == MADE.load_block


class Damage(Enum):
    """What happens to one place of a file."""

    CHANGED = "changed"
    PUT_IN = "put in"
    TAKEN_OUT = "taken out"
    CUT_OFF = "cut off"


def damaged(raw: bytes, damage: Damage, at: int, some: bytes) -> bytes:
    match damage:
        case Damage.CHANGED:
            return raw[:at] + some + raw[at + len(some) :]
        case Damage.PUT_IN:
            return raw[:at] + some + raw[at:]
        case Damage.TAKEN_OUT:
            return raw[:at] + raw[at + len(some) :]
        case Damage.CUT_OFF:
            return raw[:at]


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from([MADE.load_data, MADE.load_block, extended()[:300], *ARCHIVES]),
       st.lists(st.tuples(st.sampled_from(Damage), st.integers(0, 5000), st.binary(min_size=1, max_size=6)),
                min_size=1, max_size=4))
def test_nothing_but_cap_errors(raw: bytes, damages: list[tuple[Damage, int, bytes]]) -> None:
    for damage, at, some in damages:
        raw = damaged(raw, damage, at % (len(raw) + 1), some)
    with suppress(CapError):
        parse_cap(raw)


@pytest.mark.parametrize("raw", [loaded_in_the_trace(), MADE.load_block, MADE.plain, extended()],
                         ids=["converter", "made", "plain", "extended"])
def test_of_components_the_place_of_the_damage_is_named(raw: bytes) -> None:
    """Of every byte: another one, none, the end before it. What still parses has all that it had."""
    for at in range(min(len(raw), 400)):
        for damage, some in ((Damage.CHANGED, bytes((raw[at] ^ 0xFF,))), (Damage.CHANGED, bytes((raw[at] ^ 0x01,))),
                             (Damage.TAKEN_OUT, b"\0"), (Damage.CUT_OFF, b"")):
            try:
                found = parse_cap(damaged(raw, damage, at, some))
            except CapError as error:
                assert error.component is not None or error.offset is not None, error
            else:
                assert (len(found.applets), len(found.imports)) == (1, len(parse_cap(raw).imports))


@pytest.mark.parametrize("raw", ARCHIVES, ids=["stored", "deflated", "bzip2", "lzma"])
def test_a_byte_that_is_another_at_every_place_of_an_archive(raw: bytes) -> None:
    for at in range(len(raw)):
        for some in (b"\x00", b"\xff", bytes((raw[at] ^ 0x40,))):
            with suppress(CapError):
                parse_cap(damaged(raw, Damage.CHANGED, at, some))
        with suppress(CapError):
            parse_cap(damaged(raw, Damage.TAKEN_OUT, at, b"\x00"))


def test_a_directory_that_lies_before_the_file_begins() -> None:
    """The end of central directory says that the directory has more bytes than the file."""
    at = MADE.archive.rindex(b"PK\x05\x06") + 12
    with pytest.raises(CapError, match="ZIP archive cannot be read"):
        parse_cap(damaged(MADE.archive, Damage.CHANGED, at, b"\xff\xff\xff\x00"))


def test_a_length_of_the_indefinite_form_is_none() -> None:
    data = MADE.load_data[:0x80].ljust(0x80, b"\0")
    with pytest.raises(CapError, match="indefinite") as caught:
        parse_cap(b"\xc4\x80" + data)
    assert caught.value.offset == 1


@pytest.mark.parametrize(("tag", "told", "said"), [
    (7, 5, "it gives Method 5 bytes, and it has 108"), (8, 0, "it gives StaticField 0 bytes, and it has 10"),
    (10, 7, "it gives Export 7 bytes, and there is none"),
])
def test_a_directory_that_contradicts_the_components(tag: int, told: int, said: str) -> None:
    components = dict(MADE.components)
    at = 3 + 2 * (tag - 1)
    components[2] = components[2][:at] + told.to_bytes(2, "big") + components[2][at + 2 :]
    with pytest.raises(CapError, match=said) as caught:
        parse_cap(b"".join(components.values()))
    assert (caught.value.component, caught.value.offset) == (Component.DIRECTORY, at)


def test_what_is_not_loaded_may_be_missing_all_the_same() -> None:
    assert parse_cap(b"".join(data for tag, data in MADE.components.items() if tag != 11)).aid == AID(PACKAGE)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    for one in (raw, b"\xc4" + raw, b"PK" + raw):
        try:
            parse_cap(one)
        except CapError:
            continue


def test_the_files_of_seed_003() -> None:
    assert cap_files.A.components.keys() == cap_files.C.components.keys()
    assert parse_cap(cap_files.A.archive).aid == parse_cap(cap_files.B.archive).aid
    assert parse_cap(cap_files.C.archive).aid == parse_cap(cap_files.A.archive).applets[0]
    # 200 bytes in the first LOAD, and so many in the second that they are enciphered to 48
    for cap in (cap_files.A, cap_files.B, cap_files.C):
        assert 40 <= len(cap.load_block) - 200 < 48, len(cap.load_block)
    assert replace(cap_files.A, applets=cap_files.B.applets) == cap_files.B


def test_an_archive_whose_directory_points_before_its_beginning() -> None:
    """The place of the central directory is reckoned from its size; one byte too many moves everything to -1."""
    raw = bytearray(cap_files.A.archive)
    at = raw.rindex(b"PK\x05\x06") + 16  # the offset of the directory
    raw[at : at + 4] = (int.from_bytes(raw[at : at + 4], "little") + 1).to_bytes(4, "little")
    with pytest.raises(CapError, match="ZIP archive cannot be read"):
        parse_cap(bytes(raw))


def test_what_is_no_cap_file_at_all() -> None:
    with pytest.raises(CapError, match="neither a ZIP archive nor a row of components: it begins with 68"):
        parse_cap(b"hello")
