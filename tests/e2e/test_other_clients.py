"""Other people's GlobalPlatform clients, from their packages, against the simulated cards behind pcscd and vpcd.

Neither half of ours has a part in what these send. What they did, jcopsh sees afterwards.

yubikit (yubikey-manager) speaks SCP03 at level 33 alone, and takes a card of A000000151000000. cryptnox-id-cli speaks
SCP02 and SCP03 at level 03, without R-MAC.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from cryptnox_id_cli.applets.piv.admin import PivAdmin
from cryptnox_id_cli.applets.piv.ssd import (
    delete_key_version_apdu,
    parse_key_information,
    put_key_apdu,
    read_key_information,
    select_security_domain,
)
from cryptnox_id_cli.transport.apdu import APDU
from cryptnox_id_cli.transport.errors import Scp02Error, Scp03Error
from cryptnox_id_cli.transport.pcsc import CardSession, PCSCConnection
from cryptnox_id_cli.transport.scp02 import Scp02Keys, derive_session_keys
from cryptnox_id_cli.transport.scp03 import Scp03Keys
from smartcard.System import readers
from ykman.pcsc import ScardSmartCardConnection
from yubikit.core import Tlv
from yubikit.core.smartcard import ApduError
from yubikit.core.smartcard.scp import KeyRef, Scp03KeyParams, StaticKeys
from yubikit.securitydomain import SecurityDomainSession

from tests import cap_files
from tests.card.support import TRANSPORT_KEY
from tests.e2e.support import Jcopsh
from tests.reader_stack import CardProcess, ReaderStack, program

CAP = cap_files.Cap(bytes.fromhex("D276000124"), (bytes.fromhex("D27600012401"),), method_bytes=700)
INSTANCE = bytes.fromhex("D2760001240155")
OLD_ISSUER, NEW_ISSUER = bytes.fromhex("A000000003000000"), bytes.fromhex("A000000151000000")
PRODUCTION_DATA = {"j2a040": "4790504047910078", "j2e145": "4790504047912341", "j3r180": "4790D32147000000"}
CLIENT_REFUSES = (ValueError, Scp02Error, Scp03Error)
"""How each says, before it authenticates, that the card's cryptogram is not that of its keys: yubikit the first."""

Keys = tuple[bytes, bytes, bytes]
"""ENC, MAC and DEK."""

KeyName = tuple[int, int]
"""Identifier and version."""

DEFAULT: Keys = (bytes(range(0x40, 0x50)),) * 3
NEW: Keys = (bytes(range(0x10, 0x20)), bytes(range(0x20, 0x30)), bytes(range(0x30, 0x40)))


class Client(Protocol):
    """What is asked of every client, in its own words."""

    def open(self, keys: Keys, version: int = 0) -> None:
        """Select the issuer security domain and open a secure channel."""

    def send(self, header: str, data: bytes = b"") -> str:
        """Send CLA, INS, P1, P2 with data through the channel: data and status word."""

    def production_data(self) -> bytes:
        """GET DATA 9F7F without a channel."""

    def key_information(self) -> set[KeyName]:
        """The key information template, as the client reads it."""

    def put_keys(self, version: int, keys: Keys) -> None:
        """Add a key set; the client checks what the card answers."""

    def delete_keys(self, version: int) -> None:
        """Delete a key set."""

    def close(self) -> None:
        """Leave the card."""


def connection_to(reader: str) -> Any:
    """A connection of pyscard's, which both clients use, not yet connected."""
    return next(one for one in readers() if str(one) == reader).createConnection()


class Yubikit:
    """yubikit 5.9: `SecurityDomainSession` and `SmartCardProtocol`."""

    def __init__(self, reader: str, issuer: bytes) -> None:
        assert issuer == NEW_ISSUER  # yubikit selects no other security domain
        self._connection = ScardSmartCardConnection(connection_to(reader))
        self._session = SecurityDomainSession(self._connection)

    def open(self, keys: Keys, version: int = 0) -> None:
        self._session = SecurityDomainSession(self._connection)
        self._session.authenticate(Scp03KeyParams(KeyRef(1, version), StaticKeys(*keys)))

    def send(self, header: str, data: bytes = b"") -> str:
        try:
            answer = self._session.protocol.send_apdu(*bytes.fromhex(header), data)
        except ApduError as error:
            return f"{error.data.hex()}{error.sw:04X}".upper()
        return f"{answer.hex()}9000".upper()

    def production_data(self) -> bytes:
        return bytes(self._session.get_data(0x9F7F))

    def key_information(self) -> set[KeyName]:
        # get_key_information() wants the entries without the template around them, as a YubiKey answers; the Card
        # Specification (2.2.1, 11.3.3.1) and the cards of others have the template E0
        template = Tlv.unpack(0xE0, self._session.get_data(0x00E0))
        entries = [Tlv.unpack(0xC0, entry) for entry in Tlv.parse_list(template)]
        return {(entry[0], entry[1]) for entry in entries}

    def put_keys(self, version: int, keys: Keys) -> None:
        self._session.put_key(KeyRef(1, version), StaticKeys(*keys))

    def delete_keys(self, version: int) -> None:
        self._session.delete_key(kvn=version)

    def close(self) -> None:
        self._connection.close()


class Cryptnox:
    """cryptnox-id-cli 1.1: its card session, secure channels and key commands."""

    def __init__(self, reader: str, issuer: bytes) -> None:
        self._connection = connection_to(reader)
        self._connection.connect()
        self._session = CardSession(PCSCConnection(self._connection))
        self._issuer = issuer
        self._channel = PivAdmin(self._session)
        self._dek = b""
        self._select()

    def _select(self) -> None:
        assert select_security_domain(self._session, self._issuer).ok

    def open(self, keys: Keys, version: int = 0) -> None:
        self._select()
        self._channel.open(Scp03Keys(*keys), key_version=version)
        self._dek = getattr(self._channel.scp, "s_dek", keys[2])  # SCP02 enciphers keys under the session's

    def send(self, header: str, data: bytes = b"") -> str:
        answer = self._channel.send(APDU(*bytes.fromhex(header), data=data, le=256))
        return f"{answer.data_hex()}{answer.sw_hex()}"

    def production_data(self) -> bytes:
        return bytes(self._session.transmit(APDU(0x80, 0xCA, 0x9F, 0x7F, le=256)).data)

    def key_information(self) -> set[KeyName]:
        answer = read_key_information(self._session)
        return {(one.key_id, one.key_version) for one in parse_key_information(answer.data)}

    def put_keys(self, version: int, keys: Keys) -> None:
        command, check_values = put_key_apdu(
            self._channel.scp_version, self._dek, Scp03Keys(*keys), replace_version=0, new_version=version
        )
        answer = self._channel.send(command)
        assert answer.ok, answer.sw_hex()
        assert answer.data == bytes((version,)) + b"".join(check_values)

    def delete_keys(self, version: int) -> None:
        assert self._channel.send(delete_key_version_apdu(version)).ok

    def close(self) -> None:
        self._session.disconnect()
        self._connection.release()


@dataclass(frozen=True)
class Setting:
    """A client, the card it meets, and the key version of the card that it uses (00: the card's first)."""

    client: type[Yubikit] | type[Cryptnox]
    profile: str
    version: int = 0

    @property
    def issuer(self) -> bytes:
        return OLD_ISSUER if self.profile == "j2a040" else NEW_ISSUER

    @property
    def factory_version(self) -> int:
        return self.version or 0xFF

    def __str__(self) -> str:
        return f"{self.client.__name__}-{self.profile}-{self.version:02X}"


SETTINGS = (
    Setting(Yubikit, "j3r180"),  # SCP03, level 33
    Setting(Cryptnox, "j3r180"),  # SCP03, level 03
    Setting(Cryptnox, "j3r180", 0x20),  # SCP02, i=55
    Setting(Cryptnox, "j2e145"),  # SCP02, i=55
    Setting(Cryptnox, "j2a040"),  # SCP02, i=15
)


@pytest.fixture(params=SETTINGS, ids=str)
def setting(request: pytest.FixtureRequest) -> Setting:
    found: Setting = request.param
    return found


@pytest.fixture
def card(reader_stack: ReaderStack, setting: Setting) -> Iterator[CardProcess]:
    inserted = reader_stack.insert(setting.profile)
    yield inserted
    inserted.remove()


@contextmanager
def connected(setting: Setting, card: CardProcess) -> Iterator[Client]:
    client = setting.client(card.reader, setting.issuer)
    try:
        yield client
    finally:
        client.close()


def seen_by_jcopsh(stack: ReaderStack, folder: Path, *lines: str) -> dict[str, dict[str, Any]]:
    """What jcopsh shows for LINES on the card in the reader, by type; of several of one type the last."""
    home = {name: value for name, value in Jcopsh(folder).environment.items() if name.startswith(("HOME", "XDG_"))}
    done = stack.run([*program("jcopsh"), "--json", "-"], text="\n".join(lines), environment=home)
    assert done.returncode == 0, done.stderr + done.stdout
    return {one["type"]: one for one in map(json.loads, done.stdout.splitlines())}


def counted(*values: bytes) -> bytes:
    return b"".join(bytes((len(value),)) + value for value in values)


def install(client: Client) -> None:
    """Load and install the CAP file."""
    assert client.send("80E60200", counted(CAP.package, b"", b"", b"", b"")) == "009000"
    blocks = [CAP.load_block[at : at + 200] for at in range(0, len(CAP.load_block), 200)]
    assert len(blocks) > 4
    for number, block in enumerate(blocks):
        last = 0x80 if number == len(blocks) - 1 else 0
        assert client.send(f"80E8{last:02X}{number:02X}", block) == "009000"
    fields = counted(CAP.package, CAP.applets[0], INSTANCE, b"\x00", b"\xc9\x00", b"")
    assert client.send("80E60C00", fields) == "009000"


def test_it_looks(setting: Setting, card: CardProcess) -> None:
    with connected(setting, card) as client:
        assert client.production_data().hex().upper().startswith(f"9F7F2A{PRODUCTION_DATA[setting.profile]}")
        assert {(identifier, setting.factory_version) for identifier in (1, 2, 3)} <= client.key_information()
        client.open(DEFAULT, setting.version)
        untagged = f"08{setting.issuer.hex().upper()}019E9000"
        assert client.send("80F28000", b"\x4f\x00") == untagged
        assert client.send("80F24000", b"\x4f\x00") == "6A88"
        # an error ends no channel, and carries no R-MAC
        assert client.send("80F28000", b"\x4f\x00") == untagged
        assert client.send("80CA9F7F").startswith(f"9F7F2A{PRODUCTION_DATA[setting.profile]}")


def test_it_installs_and_deletes_and_jcopsh_sees_it(
    setting: Setting, card: CardProcess, reader_stack: ReaderStack, tmp_path: Path
) -> None:
    def listed() -> set[str]:
        shown = seen_by_jcopsh(reader_stack, tmp_path, "auth enc --key default", "list")
        return {entry["aid"] for entry in shown["CardListing"]["entries"]}

    before = listed()
    with connected(setting, card) as client:
        client.open(DEFAULT, setting.version)
        install(client)
        assert INSTANCE.hex().upper() in client.send("80F24000", b"\x4f\x00")
        assert client.send("80E40000", b"\x4f" + counted(CAP.package)) == "6985"  # it has an instance
    assert listed() - before == {CAP.package.hex().upper(), INSTANCE.hex().upper()}
    with connected(setting, card) as client:
        client.open(DEFAULT, setting.version)
        assert client.send("80E40080", b"\x4f" + counted(CAP.package)) == "009000"
    assert listed() == before


def test_it_changes_the_keys_and_jcopsh_opens_a_channel_with_them(
    setting: Setting, card: CardProcess, reader_stack: ReaderStack, tmp_path: Path
) -> None:
    with connected(setting, card) as client:
        client.open(DEFAULT, setting.version)
        client.put_keys(1, NEW)
        client.open(NEW, 1)
        client.put_keys(2, DEFAULT)
        client.delete_keys(2)
        assert {version for _, version in client.key_information()} & {1, 2} == {1}
    enc, mac, dek = (key.hex() for key in NEW)
    authenticate = f"auth enc --key-enc {enc} --key-mac {mac} --key-dek {dek} --key-version 1"
    shown = seen_by_jcopsh(reader_stack, tmp_path, authenticate, "info")
    assert shown["Authenticated"]["key_version"] == 1
    assert {one["version"] for one in shown["CardInfo"]["keys"]} & {1, 2, 0xFF} == {1}


def test_it_sees_a_card_with_other_keys_before_it_authenticates(setting: Setting, card: CardProcess) -> None:
    with connected(setting, card) as client:
        with pytest.raises(CLIENT_REFUSES, match=r"Incorrect SCP parameters|Card cryptogram mismatch"):
            client.open(NEW, setting.version)
        assert not [one for one in card.received() if one[1] == 0x82]
        client.open(DEFAULT, setting.version)


TO_T0 = """
set map j2a040
select tk {transport_key}
boot --yes
write cm_key1 {key} --yes
write cm_key2 {key} --yes
write cm_key3 {key} --yes
write cold_protocol 08
write warm_protocol 08
write cold_interface_bytes 036000FF
write warm_interface_bytes 036000FF
reset
status
"""


def test_a_card_that_jcopsh_made_speaks_t0_to_another_client(reader_stack: ReaderStack, tmp_path: Path) -> None:
    card = reader_stack.insert("j2a040-unfused")
    lines = TO_T0.format(transport_key=TRANSPORT_KEY.hex(), key=DEFAULT[0].hex()).strip().splitlines()
    assert seen_by_jcopsh(reader_stack, tmp_path, *lines)["CardStatus"]["protocol"] == "T=0"
    with connected(Setting(Cryptnox, "j2a040"), card) as client:
        client.open(DEFAULT)
        install(client)
        client.put_keys(1, NEW)
        client.open(NEW, 1)
        assert INSTANCE.hex().upper() in client.send("80F24000", b"\x4f\x00")
    assert [one for one in card.received() if one[1] == 0xC0]  # GET RESPONSE
    card.remove()


# --- what jcopsh sends, beside what another client sends --------------------------------------------------------------


@pytest.mark.parametrize(("profile", "protocol"), [("j2e145", 2), ("j3r180", 3)])
def test_put_key_of_jcopsh_is_that_of_another_client(tmp_path: Path, profile: str, protocol: int) -> None:
    """At level 01 the data go out as they are, with 8 bytes of C-MAC behind them.

    SCP02 enciphers keys under a key of the session, whose counter is 0000.
    """
    jcopsh = Jcopsh(tmp_path, profile=profile)
    enc, mac, dek = (key.hex() for key in NEW)
    keys = f"--key-enc {enc} --key-mac {mac} --key-dek {dek}"
    done = jcopsh.run("-", text=f"auth mac --key default\nput-key {keys} --key-version 1 --save bench --yes")
    assert done.returncode == 0, done.stderr + done.stdout
    carrier = derive_session_keys(Scp02Keys(*DEFAULT), bytes(2))[2] if protocol == 2 else DEFAULT[2]
    theirs, _ = put_key_apdu(protocol, carrier, Scp03Keys(*NEW), replace_version=0, new_version=1)
    (ours,) = (one for one in jcopsh.received() if one[1] == 0xD8)
    assert ours[1:4] + ours[5 : ours[4] - 3] == bytes((theirs.ins, theirs.p1, theirs.p2)) + theirs.data
