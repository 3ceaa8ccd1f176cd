"""Results of PC/SC in words, the choice of a reader, and what happens without pyscard: no reader is needed here."""

# ruff: noqa: N802 — the methods of the fake have the names of pyscard

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from jcopsh.card import holders, pcsc
from jcopsh.card.link import ReaderAttributes, ResetKind
from jcopsh.card.pcsc_results import Result, check
from jcopsh.card.readers import ReaderInfo
from jcopsh.errors import CardWasReset, ConnectionGivenUp, NoCardThere, ReaderError, UsageError
from tests.reader_stack import program_environment

ATR = bytes.fromhex("3BF81300008131FE454A434F5076323431B7")
SELECT = bytes.fromhex("00A40400")
PRESENT = 0x20


class FakeScard(SimpleNamespace):
    """The part of `smartcard.scard` in use, over readers and answers that the test writes down.

    `results` are result codes by the name of the call; `once` are those of the next call alone.
    """

    SCARD_SCOPE_USER = 0
    SCARD_STATE_UNAWARE, SCARD_STATE_UNKNOWN, SCARD_STATE_PRESENT = 0, 4, PRESENT
    SCARD_STATE_EXCLUSIVE, SCARD_STATE_INUSE, SCARD_STATE_MUTE = 0x80, 0x100, 0x200
    SCARD_SHARE_EXCLUSIVE, SCARD_SHARE_SHARED, SCARD_SHARE_DIRECT = 1, 2, 3
    SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1 = 1, 2
    SCARD_LEAVE_CARD, SCARD_RESET_CARD, SCARD_UNPOWER_CARD = 0, 1, 2
    SCARD_ATTR_VENDOR_NAME, SCARD_ATTR_VENDOR_IFD_TYPE = 0x10100, 0x10101
    SCARD_ATTR_VENDOR_IFD_VERSION, SCARD_ATTR_VENDOR_IFD_SERIAL_NO, SCARD_ATTR_MAXINPUT = 0x10102, 0x10103, 0x7A007

    def __init__(self, readers: dict[str, bytes | None], **results: int) -> None:
        super().__init__(
            readers=readers, results=results, once={}, attributes={}, flags=0, insertions=1, calls=[], contexts=0,
            response=[0x90, 0x00],
        )

    def _result(self, name: str) -> int:
        return int(self.once.pop(name, self.results.get(name, 0)))

    def SCardEstablishContext(self, scope: int) -> tuple[int, int]:
        self.contexts += 1
        return self._result("establish"), 77

    def SCardReleaseContext(self, context: int) -> int:
        self.contexts -= 1
        return 0

    def SCardListReaders(self, context: int, groups: list[str]) -> tuple[int, list[str]]:
        return self._result("list"), list(self.readers)

    def SCardGetStatusChange(self, context: int, timeout: int, states: Any) -> Any:
        return self._result("status_change"), [
            (name, self.insertions << 16 | (PRESENT | self.flags if self.readers[name] is not None else 0),
             list(self.readers[name] or b""))
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

    def SCardBeginTransaction(self, handle: int) -> int:
        self.calls.append(("begin",))
        return self._result("begin")

    def SCardEndTransaction(self, handle: int, how: int) -> int:
        self.calls.append(("end", how))
        return self._result("end")

    def SCardGetAttrib(self, handle: int, name: int) -> tuple[int, list[int]]:
        if name not in self.attributes:
            return 0x80100016, []
        return 0, list(self.attributes[name])


def wait_for_workers() -> None:
    """Until every thread that a link left to itself has ended."""
    for thread in threading.enumerate():
        if thread.name == "card":
            thread.join(10)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a FakeScard where pyscard would be, and check at the end that no context was left open."""
    installed: list[FakeScard] = []

    def put(readers: dict[str, bytes | None], **results: int) -> FakeScard:
        fake = FakeScard(readers, **results)
        monkeypatch.setattr(pcsc, "_scard", lambda: fake)
        installed.append(fake)
        return fake

    # who runs on this machine is none of the tests' business
    monkeypatch.setattr(holders, "find_holders", tuple)
    monkeypatch.setattr(pcsc, "ABSENCE_TIMEOUT_S", 0.01)
    yield put
    wait_for_workers()
    assert [fake.contexts for fake in installed] == [0 for _ in installed]


TWO = {"ACS ACR39U 00 00": None, "HID Omnikey 5422 01 00": ATR}


def test_readers_are_listed_with_their_cards(install: Any) -> None:
    install(TWO)
    assert pcsc.readers() == (
        ReaderInfo("ACS ACR39U 00 00", 0, False, b"", insertions=1),
        ReaderInfo("HID Omnikey 5422 01 00", 1, True, ATR, insertions=1),
    )


@pytest.mark.parametrize("result", [0, Result.NO_READERS_AVAILABLE])
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
    with pytest.raises(UsageError, match="'T=15'"):
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
    fake = install(TWO, disconnect=Result.REMOVED_CARD)
    link = pcsc.connect(None)
    link.close()
    link.close()
    assert fake.calls[1:] == [("disconnect", 1)]
    with pytest.raises(ReaderError, match="closed") as caught:
        link.transmit(SELECT)
    assert caught.value.card_lost
    with pytest.raises(ReaderError, match="closed"):
        link.reset(ResetKind.COLD)


@pytest.mark.parametrize("result", [Result.REMOVED_CARD, Result.UNPOWERED_CARD,
                                    Result.READER_UNAVAILABLE, Result.NO_SERVICE, Result.COMM_ERROR,
                                    Result.INVALID_HANDLE, 0x80100099, -0x7FEFFF97])
def test_a_card_that_is_lost(install: Any, result: int) -> None:
    install(TWO, transmit=result)
    link = pcsc.connect(None)
    with pytest.raises(ReaderError) as caught:
        link.transmit(SELECT)
    assert caught.value.card_lost
    assert caught.value.what.startswith("HID Omnikey 5422 01 00: ")
    link.close()


def test_a_signed_result_is_the_same_result(install: Any) -> None:
    install(TWO, transmit=int(Result.REMOVED_CARD) - (1 << 32))
    link = pcsc.connect(None)
    with pytest.raises(ReaderError, match="the card was removed"):
        link.transmit(SELECT)
    link.close()


def test_a_sharing_violation_leaves_the_connection(install: Any) -> None:
    install(TWO, reconnect=Result.SHARING_VIOLATION)
    link = pcsc.connect(None)
    with pytest.raises(ReaderError, match="another program has the card") as caught:
        link.reset(ResetKind.WARM)
    assert not caught.value.card_lost
    link.close()


@pytest.mark.parametrize("call", ["establish", "list", "status_change", "connect", "status"])
def test_every_call_is_checked(install: Any, call: str) -> None:
    fake = install(TWO, **{call: int(Result.INTERNAL_ERROR)})
    with pytest.raises(ReaderError, match="the PC/SC service failed"):
        pcsc.connect("1")
    fake.contexts -= call == "establish"  # a context that was refused is not released


# --- other programs --------------------------------------------------------------------------------------------------


def test_a_card_that_another_program_reset_is_held_again(install: Any) -> None:
    fake = install(TWO)
    link = pcsc.connect(None)
    fake.once["transmit"] = Result.RESET_CARD
    with pytest.raises(CardWasReset, match="another program reset the card") as caught:
        link.transmit(SELECT)
    assert not caught.value.card_lost
    assert "not sent" in caught.value.meaning
    assert fake.calls[-1] == ("reconnect", 1, 3, 0)  # leaves the card as it is
    assert link.protocol == "T=0"  # what was negotiated anew
    assert link.transmit(SELECT) == b"\x90\x00"
    link.close()


def test_a_card_that_was_reset_and_is_gone_is_lost(install: Any) -> None:
    fake = install(TWO, reconnect=Result.REMOVED_CARD)
    link = pcsc.connect(None)
    fake.once["transmit"] = Result.RESET_CARD
    with pytest.raises(ReaderError, match="the card was removed") as caught:
        link.transmit(SELECT)
    assert caught.value.card_lost
    link.close()


def test_a_shared_card_and_its_transactions(install: Any) -> None:
    fake = install(TWO)
    link = pcsc.connect("1", shared=True)
    waits: list[str] = []
    assert link.shared
    link.begin_transaction(lambda: waits.append("waits"))
    link.end_transaction()
    link.end_transaction()
    link.reset(ResetKind.WARM)
    assert fake.calls == [
        ("connect", "HID Omnikey 5422 01 00", 2, 3), ("begin",), ("end", 0), ("reconnect", 2, 3, 1),
    ]
    fake.once["begin"] = Result.RESET_CARD
    with pytest.raises(CardWasReset):
        link.begin_transaction(lambda: waits.append("waits"))
    assert waits == []
    link.end_transaction()
    assert fake.calls[-1] == ("reconnect", 2, 3, 0)
    link.close()
    link.end_transaction()


@pytest.mark.parametrize(
    ("flags", "how", "offers_sharing"),
    [(0x80, "has the card for itself alone", False), (0x100, "shares the card", True)],
)
def test_a_card_that_another_program_has(install: Any, flags: int, how: str, offers_sharing: bool) -> None:
    fake = install(TWO, connect=Result.SHARING_VIOLATION)
    fake.flags = flags
    with pytest.raises(ReaderError, match="HID Omnikey 5422 01 00: another program has the card") as caught:
        pcsc.connect("1")
    assert how in caught.value.meaning
    assert ("connect --shared" in caught.value.hint) is offers_sharing
    assert "gpgconf --kill scdaemon" in caught.value.hint
    assert not caught.value.card_lost


def test_the_program_that_has_the_card_is_named(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    install(TWO, connect=Result.SHARING_VIOLATION)
    monkeypatch.setattr(holders, "find_holders", lambda: (holders.Holder(4711, "scdaemon", connected=True),))
    with pytest.raises(ReaderError) as caught:
        pcsc.connect("1")
    assert "probably scdaemon (process 4711), which is connected to the PC/SC service" in caught.value.meaning


def test_whether_the_card_is_the_same_still(install: Any) -> None:
    fake = install(TWO)
    link = pcsc.connect(None)
    assert link.is_alive()
    fake.insertions += 2
    assert not link.is_alive()
    fake.insertions -= 2
    fake.once["status_change"] = Result.INVALID_HANDLE
    assert not link.is_alive()
    fake.readers = {"HID Omnikey 5422 01 00": None}
    assert not link.is_alive()
    link.close()
    assert not link.is_alive()


# --- what the driver tells -------------------------------------------------------------------------------------------

TOLD = {
    FakeScard.SCARD_ATTR_VENDOR_NAME: b"HID Global\0", FakeScard.SCARD_ATTR_VENDOR_IFD_TYPE: b"Omnikey 5422\0",
    FakeScard.SCARD_ATTR_VENDOR_IFD_VERSION: bytes.fromhex("05000301"),
    FakeScard.SCARD_ATTR_VENDOR_IFD_SERIAL_NO: b"OKCM0011\0",
    FakeScard.SCARD_ATTR_MAXINPUT: (261).to_bytes(4, "little"),
}


def test_what_the_driver_tells_of_a_reader(install: Any) -> None:
    fake = install(TWO)
    fake.attributes = TOLD
    expected = ReaderAttributes("HID Global", "Omnikey 5422", "1.03", "OKCM0011", 261)
    assert pcsc.attributes("HID Omnikey 5422 01 00") == expected
    assert fake.calls == [("connect", "HID Omnikey 5422 01 00", 3, 0), ("disconnect", 0)]
    link = pcsc.connect("1")
    assert link.attributes() == expected
    link.close()
    assert link.attributes() == ReaderAttributes()


def test_a_driver_that_tells_nothing(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = install(TWO)
    assert pcsc.attributes("ACS ACR39U 00 00") == ReaderAttributes()

    def broken(_handle: int, _name: int) -> None:
        raise SystemError("returned NULL without setting an exception")

    fake.SCardGetAttrib = broken
    assert pcsc.attributes("ACS ACR39U 00 00") == ReaderAttributes()
    fake.results["connect"] = Result.SHARING_VIOLATION
    fake.calls.clear()
    assert pcsc.attributes("ACS ACR39U 00 00") == ReaderAttributes()
    assert len(fake.calls) == 1


@pytest.mark.parametrize(
    ("told", "says"), [(TOLD, "the reader takes at most 261 in one message"), ({}, "it does not say how much")]
)
def test_a_command_that_is_too_long_for_the_reader(install: Any, told: dict[int, bytes], says: str) -> None:
    fake = install(TWO, transmit=Result.NOT_TRANSACTED)
    fake.attributes = told
    link = pcsc.connect(None)
    with pytest.raises(ReaderError) as caught:
        link.transmit(bytes(300))
    assert "the command has 300 bytes" in caught.value.meaning
    assert says in caught.value.meaning
    with pytest.raises(ReaderError) as caught:
        link.transmit(SELECT)
    assert "bytes, and the reader" not in caught.value.meaning
    link.close()


# --- a reader that blocks --------------------------------------------------------------------------------------------


class Left(BaseException):
    """What a signal's handler raises in the test."""


def test_a_call_that_blocks_is_left_and_the_card_when_it_returns(install: Any, python_hears_ctrl_c: None) -> None:
    fake = install(TWO)
    link = pcsc.connect(None)
    released = threading.Event()
    blocked = threading.Event()

    def block(_handle: int, _pci: int, _command: list[int]) -> tuple[int, list[int]]:
        blocked.set()
        released.wait(20)
        fake.calls.append(("returned",))
        return 0, [0x90, 0x00]

    def leave(_number: int, _frame: object) -> None:
        raise Left

    def interrupt() -> None:
        blocked.wait(20)
        os.kill(os.getpid(), signal.SIGINT)

    fake.SCardTransmit = block
    signal.signal(signal.SIGINT, leave)
    threading.Thread(target=interrupt).start()
    with pytest.raises(Left):
        link.transmit(SELECT)
    link.end_transaction()
    assert not link.is_alive()
    link.close()  # does not wait
    assert ("returned",) not in fake.calls
    released.set()
    wait_for_workers()
    assert fake.calls[-2:] == [("returned",), ("disconnect", 1)]


def test_a_connection_that_blocks_is_left(install: Any, python_hears_ctrl_c: None) -> None:
    fake = install(TWO)
    released = threading.Event()
    blocked = threading.Event()

    def block(_context: int, _name: str, _share: int, _protocols: int) -> tuple[int, int, int]:
        blocked.set()
        released.wait(20)
        return 0, 99, 2

    def interrupt() -> None:
        blocked.wait(20)
        os.kill(os.getpid(), signal.SIGINT)

    fake.SCardConnect = block
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        pcsc.connect("1")
    assert fake.contexts == 1
    released.set()
    wait_for_workers()
    assert fake.contexts == 0


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
    install(TWO, transmit=Result.COMM_ERROR)
    link = pcsc.connect(None)
    with pytest.raises(ReaderError) as caught:
        link.transmit(bytes.fromhex("C0D6030510") + secret)
    error = caught.value
    assert secret.hex() not in f"{error!r} {error.what} {error.meaning} {error.hint}".lower()
    link.close()


def test_every_result_has_its_words() -> None:
    for result in Result:
        if result is Result.SUCCESS:
            continue
        with pytest.raises(ReaderError) as caught:
            check(result)
        assert "PC/SC reports" not in caught.value.what
        assert caught.value.meaning
        assert caught.value.hint


def test_without_pyscard_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    with pytest.raises(ReaderError, match="pyscard") as caught:
        pcsc.readers()
    for part in ("apt install pcscd libpcsclite-dev gcc python3-dev", f"{sys.executable} -m pip install pyscard",
                 "jcopsh --sim"):
        assert part in caught.value.hint


def test_importing_the_module_imports_no_pyscard() -> None:
    check = "import sys, jcopsh.card.pcsc; print(sorted(name for name in sys.modules if name.startswith('smartcard')))"
    done = subprocess.run(
        [sys.executable, "-c", check], env=program_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("still_answers", "says", "lost"), [
    (0, "refuses this user", False), (Result.SERVICE_STOPPED, "the PC/SC service does not answer", True),
    (Result.INVALID_HANDLE, "the PC/SC service does not answer", True),
])
def test_a_refusal_in_mid_connection_is_checked(
    monkeypatch: pytest.MonkeyPatch, still_answers: int, says: str, lost: bool
) -> None:
    scard = FakeScard({"Reader": ATR})
    monkeypatch.setattr(pcsc, "_scard", lambda: scard)
    link = pcsc.connect(None)
    scard.results |= {"transmit": Result.SECURITY_VIOLATION, "status_change": still_answers}
    with pytest.raises(ReaderError, match=says) as caught:
        link.transmit(SELECT)
    assert caught.value.card_lost is lost
    link.close()


def test_a_card_that_lets_wait_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    scard, told, answers = FakeScard({"Reader": ATR}), list[str](), threading.Event()
    connect = scard.SCardConnect

    def slow(context: int, name: str, share: int, protocols: int) -> tuple[int, int, int]:
        assert answers.wait(10)
        return connect(context, name, share, protocols)

    def on_wait(sentence: str) -> None:
        told.append(sentence)
        answers.set()

    monkeypatch.setattr(scard, "SCardConnect", slow)
    monkeypatch.setattr(pcsc, "_scard", lambda: scard)
    monkeypatch.setattr(pcsc, "CONNECTION_TOLD_S", 0.01)
    pcsc.connect(None, on_wait=on_wait).close()
    assert told == ["Connecting to Reader; Ctrl-C gives up"]


def test_a_card_that_lets_wait_is_given_up_by_ctrl_c(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scard, answers = install({"Reader": ATR}), threading.Event()
    connect = scard.SCardConnect

    def mute(context: int, name: str, share: int, protocols: int) -> tuple[int, int, int]:
        assert answers.wait(10)
        return connect(context, name, share, protocols)  # type: ignore[no-any-return]  # the fixture hands it out as Any

    monkeypatch.setattr(scard, "SCardConnect", mute)
    monkeypatch.setattr(pcsc, "CONNECTION_TOLD_S", 0.01)
    with pytest.raises(ConnectionGivenUp) as caught:
        pcsc.connect(None, on_wait=lambda _sentence: signal.raise_signal(signal.SIGINT))
    assert caught.value.error.what == "Reader: the connection was given up"
    monkeypatch.setattr(scard, "SCardConnect", connect)
    scard.once["connect"] = Result.SHARING_VIOLATION
    with pytest.raises(ReaderError, match="still waits for the card that was given up"):
        pcsc.connect(None)
    answers.set()
    wait_for_workers()
    scard.once["connect"] = Result.SHARING_VIOLATION
    with pytest.raises(ReaderError, match="another program has the card"):
        pcsc.connect(None)


def test_an_empty_slot_is_an_error_of_its_own() -> None:
    with pytest.raises(NoCardThere):
        check(Result.NO_SMARTCARD)


@pytest.mark.parametrize("after_the_list", [False, True])
def test_an_empty_reader_names_the_one_that_has_a_card(monkeypatch: pytest.MonkeyPatch, after_the_list: bool) -> None:
    """Whether it is empty in the list, or only when it is to be connected."""
    scard = FakeScard({"Other": ATR, "Empty": ATR if after_the_list else None}, connect=Result.NO_SMARTCARD)
    monkeypatch.setattr(pcsc, "_scard", lambda: scard)
    with pytest.raises(NoCardThere) as raised:
        pcsc.connect("1") if after_the_list else pcsc.find("1")
    assert "`connect 0` takes the card in Other" in raised.value.hint
    assert "--sim" not in raised.value.hint
