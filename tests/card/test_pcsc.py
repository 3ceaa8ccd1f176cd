"""Results of PC/SC in words, the choice of a reader, and what happens without pyscard: no reader is needed here."""

# ruff: noqa: N802 — the methods of the fake have the names of pyscard

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from jcopsh.card import pcsc
from jcopsh.card.link import ResetKind
from jcopsh.errors import ReaderError
from tests.reader_stack import program_environment

ATR = bytes.fromhex("3BF81300008131FE454A434F5076323431B7")
SELECT = bytes.fromhex("00A40400")
PRESENT = 0x20


class FakeScard(SimpleNamespace):
    """The part of `smartcard.scard` in use, over readers and answers that the test writes down."""

    SCARD_SCOPE_USER = 0
    SCARD_STATE_UNAWARE = 0
    SCARD_STATE_PRESENT = PRESENT
    SCARD_SHARE_EXCLUSIVE = 1
    SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1 = 1, 2
    SCARD_RESET_CARD, SCARD_UNPOWER_CARD = 1, 2

    def __init__(self, readers: dict[str, bytes | None], **results: int) -> None:
        super().__init__(readers=readers, results=results, calls=[], contexts=0, response=[0x90, 0x00])

    def _result(self, name: str) -> int:
        return int(self.results.get(name, 0))

    def SCardEstablishContext(self, scope: int) -> tuple[int, int]:
        self.contexts += 1
        return self._result("establish"), 77

    def SCardReleaseContext(self, context: int) -> int:
        self.contexts -= 1
        return 0

    def SCardListReaders(self, context: int, groups: list[str]) -> tuple[int, list[str]]:
        return self._result("list"), list(self.readers)

    def SCardGetStatusChange(self, context: int, timeout: int, states: Any) -> Any:
        assert timeout == 0
        return self._result("status_change"), [
            (name, PRESENT if self.readers[name] is not None else 0, list(self.readers[name] or b""))
            for name, _ in states
        ]

    def SCardConnect(self, context: int, name: str, share: int, protocols: int) -> tuple[int, int, int]:
        self.calls.append(("connect", name, share, protocols))
        return self._result("connect"), 99, self.results.get("active", self.SCARD_PROTOCOL_T1)

    def SCardStatus(self, handle: int) -> tuple[int, str, int, int, list[int]]:
        return self._result("status"), "", 0, 0, list(ATR)

    def SCardTransmit(self, handle: int, pci: int, command: list[int]) -> tuple[int, list[int]]:
        self.calls.append(("transmit", pci, bytes(command)))
        return self._result("transmit"), self.response

    def SCardReconnect(self, handle: int, share: int, protocols: int, how: int) -> tuple[int, int]:
        self.calls.append(("reconnect", share, protocols, how))
        return self._result("reconnect"), self.SCARD_PROTOCOL_T0

    def SCardDisconnect(self, handle: int, how: int) -> int:
        self.calls.append(("disconnect", how))
        return self._result("disconnect")


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a FakeScard where pyscard would be, and check at the end that no context was left open."""
    installed: list[FakeScard] = []

    def put(readers: dict[str, bytes | None], **results: int) -> FakeScard:
        fake = FakeScard(readers, **results)
        monkeypatch.setattr(pcsc, "_scard", lambda: fake)
        installed.append(fake)
        return fake

    yield put
    assert [fake.contexts for fake in installed] == [0 for _ in installed]


TWO = {"ACS ACR39U 00 00": None, "HID Omnikey 5422 01 00": ATR}


def test_readers_are_listed_with_their_cards(install: Any) -> None:
    install(TWO)
    assert pcsc.readers() == (
        pcsc.ReaderInfo("ACS ACR39U 00 00", 0, False, b""),
        pcsc.ReaderInfo("HID Omnikey 5422 01 00", 1, True, ATR),
    )


@pytest.mark.parametrize("result", [0, pcsc.Result.NO_READERS_AVAILABLE])
def test_no_reader_at_all(install: Any, result: int) -> None:
    install({}, list=result)
    assert pcsc.readers() == ()
    with pytest.raises(ReaderError, match="no reader was found"):
        pcsc.connect(None)


@pytest.mark.parametrize("choice", ["1", "HID Omnikey 5422 01 00", "omnikey", "5422", None])
def test_choice_of_a_reader(install: Any, choice: str | None) -> None:
    fake = install(TWO)
    link = pcsc.connect(choice)
    assert fake.calls == [("connect", "HID Omnikey 5422 01 00", 1, 3)]
    assert (link.name, link.atr, link.protocol) == ("HID Omnikey 5422 01 00", ATR, "T=1")
    link.close()


def test_an_exact_name_wins_over_a_part_of_another(install: Any) -> None:
    fake = install({"Reader": ATR, "Reader 2": ATR})
    pcsc.connect("Reader").close()
    assert fake.calls[0][1] == "Reader"


@pytest.mark.parametrize(
    ("choice", "what"),
    [
        ("gemalto", "no reader is called 'gemalto'"),
        ("7", "no reader is called '7'"),
        ("00", "several readers match '00'"),
    ],
)
def test_a_choice_that_means_no_one_reader(install: Any, choice: str, what: str) -> None:
    install({"ACS 00": None, "HID 00 2": ATR})
    with pytest.raises(ReaderError) as caught:
        pcsc.connect(choice)
    assert caught.value.what == what
    assert caught.value.meaning == "0: ACS 00 (no card); 1: HID 00 2 (card)"
    assert "--reader 0" in caught.value.hint


def test_without_a_choice_two_cards_are_one_too_many(install: Any) -> None:
    install({"A": ATR, "B": None, "C": ATR})
    with pytest.raises(ReaderError, match="several readers hold a card") as caught:
        pcsc.connect(None)
    assert caught.value.meaning == "0: A (card); 2: C (card)"


def test_without_a_choice_and_without_a_card(install: Any) -> None:
    install({"A": None})
    with pytest.raises(ReaderError, match="no reader holds a card"):
        pcsc.connect(None)


@pytest.mark.parametrize(("protocol", "mask"), [("T=0", 1), ("T=1", 2), (None, 3)])
def test_the_protocol_asked_for(install: Any, protocol: str | None, mask: int) -> None:
    fake = install(TWO)
    pcsc.connect("1", protocol=protocol).close()
    assert fake.calls[0] == ("connect", "HID Omnikey 5422 01 00", 1, mask)


def test_an_unknown_protocol_is_refused(install: Any) -> None:
    fake = install(TWO)
    with pytest.raises(ReaderError, match="'T=15'"):
        pcsc.connect("1", protocol="T=15")
    assert fake.calls == []


@pytest.mark.parametrize(("active", "pci", "name"), [(1, 1, "T=0"), (2, 2, "T=1"), (4, 4, "?")])
def test_bytes_go_to_the_card_as_they_are(install: Any, active: int, pci: int, name: str) -> None:
    fake = install(TWO, active=active)
    link = pcsc.connect(None)
    assert link.protocol == name
    assert link.transmit(SELECT) == b"\x90\x00"
    assert fake.calls[-1] == ("transmit", pci, SELECT)
    link.close()


@pytest.mark.parametrize(("kind", "how"), [(ResetKind.COLD, 2), (ResetKind.WARM, 1)])
def test_reset_reconnects_and_negotiates_anew(install: Any, kind: ResetKind, how: int) -> None:
    fake = install(TWO)
    link = pcsc.connect(None)
    assert link.reset(kind) == ATR
    assert fake.calls[-1] == ("reconnect", 1, 3, how)
    assert link.protocol == "T=0"
    link.close()


def test_close_resets_the_card_once_and_ends_the_link(install: Any) -> None:
    fake = install(TWO, disconnect=pcsc.Result.REMOVED_CARD)
    link = pcsc.connect(None)
    link.close()
    link.close()
    assert fake.calls[1:] == [("disconnect", 1)]
    with pytest.raises(ReaderError, match="closed") as caught:
        link.transmit(SELECT)
    assert caught.value.card_lost
    with pytest.raises(ReaderError, match="closed"):
        link.reset(ResetKind.COLD)


@pytest.mark.parametrize("result", [pcsc.Result.REMOVED_CARD, pcsc.Result.RESET_CARD, pcsc.Result.UNPOWERED_CARD,
                                    pcsc.Result.READER_UNAVAILABLE, pcsc.Result.NO_SERVICE, pcsc.Result.COMM_ERROR,
                                    pcsc.Result.INVALID_HANDLE, 0x80100099, -0x7FEFFF97])
def test_a_card_that_is_lost(install: Any, result: int) -> None:
    install(TWO, transmit=result)
    link = pcsc.connect(None)
    with pytest.raises(ReaderError) as caught:
        link.transmit(SELECT)
    assert caught.value.card_lost
    assert caught.value.what.startswith("HID Omnikey 5422 01 00: ")
    link.close()


def test_a_signed_result_is_the_same_result(install: Any) -> None:
    install(TWO, transmit=int(pcsc.Result.REMOVED_CARD) - (1 << 32))
    link = pcsc.connect(None)
    with pytest.raises(ReaderError, match="the card was removed"):
        link.transmit(SELECT)
    link.close()


def test_a_sharing_violation_leaves_the_connection(install: Any) -> None:
    install(TWO, reconnect=pcsc.Result.SHARING_VIOLATION)
    link = pcsc.connect(None)
    with pytest.raises(ReaderError, match="another program has the card") as caught:
        link.reset(ResetKind.WARM)
    assert not caught.value.card_lost
    link.close()


@pytest.mark.parametrize("call", ["establish", "list", "status_change", "connect", "status"])
def test_every_call_is_checked(install: Any, call: str) -> None:
    fake = install(TWO, **{call: int(pcsc.Result.INTERNAL_ERROR)})
    with pytest.raises(ReaderError, match="the PC/SC service failed"):
        pcsc.connect("1")
    fake.contexts -= call == "establish"  # a context that was refused is not released


def test_a_rare_result_shows_its_number(install: Any) -> None:
    install(TWO, connect=0x80100031)
    with pytest.raises(ReaderError, match="80100031"):
        pcsc.connect("1")


@pytest.mark.parametrize("response", [[], [0x90]])
def test_a_response_without_a_status_word(install: Any, response: list[int]) -> None:
    fake = install(TWO)
    link = pcsc.connect(None)
    fake.response = response
    with pytest.raises(ReaderError, match="the card gave no answer") as caught:
        link.transmit(SELECT)
    assert f"returned {len(response)} bytes" in caught.value.meaning
    assert caught.value.card_lost
    link.close()


def test_no_error_shows_what_was_sent(install: Any) -> None:
    secret = bytes.fromhex("404142434445464748494A4B4C4D4E4F")
    install(TWO, transmit=pcsc.Result.COMM_ERROR)
    link = pcsc.connect(None)
    with pytest.raises(ReaderError) as caught:
        link.transmit(bytes.fromhex("C0D6030510") + secret)
    error = caught.value
    assert secret.hex() not in f"{error!r} {error.what} {error.meaning} {error.hint}".lower()
    link.close()


def test_every_result_has_its_words() -> None:
    for result in pcsc.Result:
        if result is pcsc.Result.SUCCESS:
            continue
        with pytest.raises(ReaderError) as caught:
            pcsc._check(result)
        assert "PC/SC reports" not in caught.value.what
        assert caught.value.meaning
        assert caught.value.hint


def test_without_pyscard_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    with pytest.raises(ReaderError, match="pyscard") as caught:
        pcsc.readers()
    for part in ("apt install pcscd libpcsclite-dev gcc python3-dev", "pip install 'jcopsh[pcsc]'", "jcopsh --sim"):
        assert part in caught.value.hint


def test_importing_the_module_imports_no_pyscard() -> None:
    check = "import sys, jcopsh.card.pcsc; print(sorted(name for name in sys.modules if name.startswith('smartcard')))"
    done = subprocess.run(
        [sys.executable, "-c", check], env=program_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
