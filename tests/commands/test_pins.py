"""PINs, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card import consent
from jcopsh.shell.session import Session
from tests.card.support import FakeReaderLink
from tests.commands.support import Shell, odd_shell, shell

CANARY = "73931846"
CANARY_HEX = CANARY.encode().hex().upper()


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.setattr(consent, "TERMINAL", str(tmp_path / "no terminal"))
    return shell(monkeypatch)


def test_a_pin_is_asked_for(card: Shell) -> None:
    card.answers += ["1234"]
    assert card.run("verify 1").splitlines() == ["PIN 01  not verified; 3 tries are left", "✔ PIN 01 verified"]
    assert card.asked == ["PIN 01 (it does not show): "]
    # verified already: nothing is asked or sent
    assert card.run("verify 1").splitlines() == ["PIN 01  verified already, or not needed"]
    card.answers += ["1234"]
    assert "✔" in card.run("verify 1 --again")


@pytest.mark.parametrize("line", ["verify 1", "verify 1 --tries", "change-pin 1"])
@pytest.mark.parametrize("sw", ["6D00", "6E00", "6A82"])
def test_no_pin_is_asked_for_where_nothing_takes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sw: str, line: str
) -> None:
    found = odd_shell(monkeypatch, tmp_path, {"00200001": sw})
    said = " ".join(found.fail(line).split())
    assert "no PIN was asked for" in said and "select AID; verify --unasked" in said
    assert found.asked == []


def test_only_the_tries(card: Shell) -> None:
    assert card.json("verify 1 --tries") == [{"type": "PinStatus", "reference": 1, "verified": False, "tries_left": 3,
                                             "blocked": False, "sw": "63C3",
                                             "meaning": "not verified; 3 tries are left"}]
    assert card.asked == []
    assert "there is no PIN 81" in card.fail("verify 0x81")


def test_a_wrong_pin_a_last_try_and_the_way_back(card: Shell) -> None:
    card.answers += [CANARY, CANARY]
    assert "2 tries are left" in card.fail("verify 1")
    said = card.fail("verify 1")
    assert "1 try is left" in said and CANARY not in said
    card.answers += ["1234"]
    assert "one try left" in card.fail("verify 1", 3)  # there is no terminal to say yes at
    card.answers += [CANARY]
    assert "no try is left" in card.fail("verify 1 --yes")
    assert "is blocked" in card.fail("verify 1") and not card.answers
    assert "is blocked" in card.fail("change-pin 1")
    card.answers += ["87654321", "5678", "5678"]
    assert "unblocked, and changed" in card.run("unblock-pin 1 --yes")
    assert "once more" in card.asked[-1]
    assert "✔ PIN 01 verified" in card.run("verify 1 |5678|")


def test_changing(card: Shell) -> None:
    card.answers += ["1234", "5678", "5679"]
    assert "not the same" in card.fail("change-pin 1", 2)
    assert "✔ PIN 01 changed" in card.run("change-pin 1 |1234| |5678|")
    card.run("verify 1 |5678|")
    card.answers += ["1234", "1234"]
    assert "changed" in card.run("change-pin 1 --without-old")
    assert "unblocked" in card.run("unblock-pin 1 |87654321| --keep --yes")


def test_forms_of_a_pin(card: Shell) -> None:
    card.run("verify 1 1234; change-pin 1 1234 1234 --pin-format ascii")
    card.run("change-pin 1 31323334 241234FFFFFFFFFF --pin-format hex")
    card.answers += ["1234"]
    assert "verified" in card.run("verify 1 --again --pin-format iso9564-2")
    card.answers += ["12x4", "123456789"]
    assert "no digit" in card.fail("verify 1 --again --pin-format bcd", 2)
    assert "filled up" in card.fail("verify 1 --again --pad 8", 2)
    assert "3 tries" not in card.run("verify 1 --tries")


def test_without_asking_for_the_tries(card: Shell) -> None:
    assert card.run("verify 1 |1234| --unasked").splitlines() == ["✔ PIN 01 verified"]


@pytest.mark.parametrize(
    "line",
    [
        f"verify 1 |{CANARY}|", f"verify 1 {CANARY_HEX}", f"change-pin 1 |{CANARY}| |{CANARY}|",
        f"unblock-pin 1 |{CANARY}| |{CANARY}| --yes", f"send 0020000108{CANARY_HEX}",
        f"send 00200001 08 |{CANARY}|", f"verify |{CANARY}|", f"verify 1 |{CANARY}| --pad 4", f"verify 1 |{CANARY}",
        f"verfy 1 |{CANARY}|", f"verify 0x1FF |{CANARY}|", f"change-pin 1 |1234| |{CANARY}|x",
    ],
)
def test_a_pin_is_in_no_history_journal_trace_or_message(
    card: Shell, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from jcopsh.shell.execute import run_text

    card.session.settings.set("trace", "full")
    run_text(card.session, line)
    texts = [card.stdout.getvalue(), card.stderr.getvalue(), card.session.struck(line), *capsys.readouterr()]
    path = card.session.journal_path
    texts += [path.read_text()] if path is not None and path.exists() else []
    for text in texts:
        plain = text.replace(" ", "")
        assert CANARY not in plain, text
        assert CANARY_HEX not in plain.upper(), text


@pytest.mark.parametrize(
    "line",
    ["verify 1 |4712|", "verify 1 4712", "verify 1 34373132", "verify 4712", "verify |4712|", "change-pin 1 4712 4712",
     "verify 1 4712 --oops", "verify 1 |4712|; nonsense", "verfy 1 4712", "vrify 1 |4712|", "unblock-pn 1 4712 4712",
     "verify 1 --oops 4712", "verify 1 1234 4712", "verify 1 |4712", "verify x4712 1",
     "verify 1 #4712", "verify 1 --pi=4712", "verify 1 # it is 4712", "verify 1 ##4712"],
)
def test_a_pin_of_four_digits_is_struck_too(card: Shell, line: str) -> None:
    assert "4712" not in card.session.struck(line)
    assert "34373132" not in card.session.struck(line)


def test_a_pin_is_asked_for_outside_a_transaction_and_goes_with_its_question_in_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    link = FakeReaderLink({"00200001": "63C3", "002000010431323334": "9000", "0024000108" + "31323334" * 2: "9000"})
    card = odd_shell(monkeypatch, tmp_path, link)
    sending = Session.ask_secret

    def ask(session: Session, prompt: str) -> str:
        link.calls.append("asked")
        return sending(session, prompt)

    monkeypatch.setattr(Session, "ask_secret", ask)
    status, question = ["begin", "00200001", "end"], ["begin", "00200001"]
    card.answers += ["1234"]
    card.run("verify 1")
    assert link.calls == [*status, "asked", *question, "002000010431323334", "end"]
    link.calls.clear()
    card.answers += ["1234"] * 3
    card.run("change-pin 1")
    assert link.calls == [*status, "asked", "asked", "asked", *question, "00240001083132333431323334", "end"]


@pytest.mark.parametrize(("line", "code"), [
    ("send 00200001", 0), ("send 00200001 *63C3", 0), ("send 002000010431323335", 1),
    ("send 002000010431323335 *63C2", 0),
])
def test_a_wrong_pin_that_is_sent_raw_ends_a_script(monkeypatch: pytest.MonkeyPatch, line: str, code: int) -> None:
    card = shell(monkeypatch, profile="iso7816-files")
    assert card.run("cd 7E10") is not None
    _ = card.run(line) if code == 0 else card.fail(line, code)
