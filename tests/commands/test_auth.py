"""auth, keys and put-keys as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jcopsh.card import consent
from jcopsh.card.card import Card
from jcopsh.card.tries import Tries
from jcopsh.errors import Refused, StoreError
from jcopsh.globalplatform.keys import Diversification, KeySet, diversified
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.secrets.environment import KEY_DATA, KEY_DERIVATION, KEY_VARIABLES, KEY_VERSION, SECURITY_DOMAIN
from jcopsh.secrets.ledger import Ledger
from jcopsh.secrets.passphrase import Passphrase
from jcopsh.secrets.secret import Secret
from jcopsh.shell.prompt import prompt_text
from jcopsh.shell.toolbar import toolbar
from tests.cap_files import Cap
from tests.commands.support import Shell, shell

CANARY = "C1A55EC0DE8BADF00D7E577E57C0FFEE"
NEW = "A0A1A2A3A4A5A6A7A8A9AAABACADAEAF"


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    for name in (*KEY_VARIABLES, KEY_DERIVATION, KEY_DATA, KEY_VERSION, SECURITY_DOMAIN):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    return shell(monkeypatch, profile="j2a040", width=100)


def lower_line(card: Shell) -> str:
    return "".join(text for _, text in toolbar(card.session, 200))


def test_the_channel_shows_in_prompt_toolbar_and_status(card: Shell) -> None:
    (said, opened) = card.json("auth enc --key default")
    assert said["text"] == "selected the issuer security domain A000000003000000: nothing was selected"
    assert (opened["protocol"], opened["option"], opened["max_data"]) == ("SCP02", "15", 239)
    assert opened["security_domain"] == "A000000003000000"
    assert "scp02/03" in prompt_text(card.session)
    assert "SCP02 i=15 level 03" in lower_line(card)
    assert "SCP02 i=15 level 03, key version 0xFF" in card.run("status")
    card.run("reset")
    assert "scp02" not in prompt_text(card.session)
    assert "0 plain" in lower_line(card)


def with_applet(card: Shell, folder: Path) -> None:
    """An applet installed and selected, and no channel open."""
    cap = folder / "a.cap"
    cap.write_bytes(Cap(bytes.fromhex("F0A1B2C3D4"), (bytes.fromhex("F0A1B2C3D401"),)).archive)
    card.run(f"auth --key default; install {cap}; select F0A1B2C3D401")


def test_with_an_applet_selected_the_issuer_security_domain_is_selected(card: Shell, tmp_path: Path) -> None:
    with_applet(card, tmp_path)
    said, opened = card.json("auth --key default")
    assert said["text"].startswith("selected the issuer security domain A000000003000000: F0A1B2C3D401 is no security")
    assert "--here" in said["text"]
    assert opened["security_domain"] == "A000000003000000"
    card.run("select F0A1B2C3D401")
    assert "6D00" in card.fail("auth --key default --here")
    assert "F0A1B2C3D4…" in prompt_text(card.session)


@pytest.mark.parametrize("line", ["select isd", "select A000000003000000", "auth --key default"])
def test_a_security_domain_that_is_selected_stays(card: Shell, line: str) -> None:
    card.run(line)
    (opened,) = card.json("auth --key default")
    assert opened["security_domain"] == "A000000003000000"


def test_another_security_domain_that_is_selected_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    card = shell(monkeypatch, profile="j2e145")
    card.run("auth --key default; create-domain F0A1B2C3D4E5; select F0A1B2C3D4E5")
    (opened,) = card.json("auth --key default")
    assert opened["security_domain"] == "F0A1B2C3D4E5"


@pytest.mark.parametrize("line", ["identify", "select isd", "auth --key default", "identify; reset"])
def test_a_name_that_a_fused_card_does_not_know_is_not_there(card: Shell, line: str) -> None:
    assert "identify: an unfused card" in " ".join(card.fail("select F0A1B2C3D4E5").split())
    card.run(line)
    said = " ".join(card.fail("select F0A1B2C3D4E5").split())
    assert "unfused" not in said
    assert "list (after auth) shows what is there" in said


def test_the_keys_have_to_be_said(card: Shell) -> None:
    assert "which keys" in card.fail("auth", 2)


@pytest.mark.parametrize("option", ["15", "0x15"])
def test_an_option_is_read_in_hex_as_it_is_shown(card: Shell, option: str) -> None:
    assert card.json(f"auth --key default --option {option}")[-1]["option"] == "15"


@pytest.mark.parametrize("option", ["115", "0x", "G5", "-1"])
def test_an_option_that_is_none(card: Shell, option: str) -> None:
    assert "one byte in hex" in card.fail(f"auth --key default --option {option}", 2)


def test_right_keys_are_taken_after_a_wrong_option(card: Shell) -> None:
    assert "SCP02 i=37" in card.fail("auth --key default --option 37")
    assert card.json("auth --key default")[-1]["option"] == "15"


def test_an_option_that_scp03_does_not_hear_is_told(monkeypatch: pytest.MonkeyPatch, card: Shell) -> None:
    newer = shell(monkeypatch, profile="j3r180")
    said, opened = newer.json("auth --key default --option 15")[-2:]
    assert opened["protocol"] == "SCP03"
    assert "--option 15 had no effect" in said["text"]


@pytest.mark.parametrize(("variables", "line"), [
    ({"GP_KEY": "default"}, "auth"), ({"GP_KEY": "404142434445464748494A4B4C4D4E4F", "GP_KEY_VER": "0xFF"}, "auth enc"),
    ({"GP_KEY_ENC": "default", "GP_KEY_MAC": "default", "GP_KEY_DEK": "default"}, "auth"),
    ({"GP_KEY": CANARY}, "auth --key default"),
])
def test_the_environment_counts_where_the_line_says_nothing(
    card: Shell, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], line: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert "SCP02" in card.run(line)


def test_the_version_of_a_stored_set_goes_before_that_of_the_environment(
    card: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.run("keys add bench --key default --key-version 0xFF; keys add any --key default")
    monkeypatch.setenv("GP_KEY_VER", "2")
    assert "0xFF" in card.run("auth --key bench")
    # the card has none of version 2, and nothing is tried then
    assert "0x02" in card.fail("auth --key any") + card.fail("auth --key default")
    assert "0xFF" in card.run("auth --key any --key-version 0xFF")


# those of the card that is made here, whose INITIALIZE UPDATE gives other diversification data
DATA = bytes(range(10))
MASTER = KeySet.of_one(Secret(bytes.fromhex(CANARY)))


def with_diversified_keys(card: Shell, how: Diversification, data: bytes = b"") -> None:
    """The card gets keys that follow from MASTER, as version 1, by its own data or by others."""
    card.run("auth --key default")
    asked = card.session.card.send(CommandAPDU(0x80, 0x50, 0, 0, bytes(8), le=256)).data[:10]
    card.run("reset; auth --key default")
    enc, mac, dek = (key.reveal().hex() for key in diversified(MASTER, how, data or asked).all)
    card.run(f"put-keys --key-enc {enc} --key-mac {mac} --key-dek {dek} --key-version 1 --save own --yes; reset")


@pytest.mark.parametrize(("variables", "line"), [
    ({"GP_KEY_KDF": "emv"}, "auth"), ({"GP_KEY_KDF": "EMV", "GP_KEY_VER": "1"}, "auth enc"),
    ({"GP_KEY_KDF": "visa2"}, "auth --kdf emv"),
])
def test_the_diversification_of_the_environment_counts(
    card: Shell, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], line: str
) -> None:
    with_diversified_keys(card, Diversification.EMV)
    for name, value in {"GP_KEY": CANARY, **variables}.items():
        monkeypatch.setenv(name, value)
    assert "0x01" in card.run(line)


def test_the_diversification_data_of_the_environment_take_the_place_of_the_card_s(
    card: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_diversified_keys(card, Diversification.EMV, DATA)
    for name, value in {"GP_KEY": CANARY, "GP_KEY_KDF": "emv", "GP_KEY_KDD": DATA.hex()}.items():
        monkeypatch.setenv(name, value)
    assert "0x01" in card.run("auth")


@pytest.mark.parametrize(("given", "missing"), [
    (("GP_KEY_ENC",), "GP_KEY_MAC"), (("GP_KEY_MAC", "GP_KEY_DEK"), "GP_KEY_ENC"),
])
def test_a_single_key_of_the_environment_is_no_set(
    card: Shell, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], missing: str
) -> None:
    for name in given:
        monkeypatch.setenv(name, "default")
    assert f"{missing} is not among them; nothing was sent" in " ".join(card.fail("auth", 2).split())


@pytest.mark.parametrize(("name", "value", "said"), [
    ("GP_KEY_KDF", "visa", "names no diversification"), ("GP_KEY_KDF", "$4 $5 0xF0 $k", "names no diversification"),
    ("GP_KEY_KDD", "00", "is no key diversification data"), ("GP_KEY_KDD", "zz", "is no key diversification data"),
    ("GP_KEY_KDD", "00" * 10, "is for keys that are diversified"), ("GP_KEY_VER", "256", "is no key version"),
    ("GP_KEY_VERSION", "1", "has no meaning here"), ("GP_AID", "00", "is no AID"),
])
def test_what_of_the_environment_is_not_understood_is_told_before_anything_is_sent(
    card: Shell, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv("GP_KEY", "default")
    monkeypatch.setenv(name, value)
    told = card.fail("auth", 2)
    assert said in " ".join(told.split())
    assert name in told
    assert (card.session.card.state.aid, card.session.card.state.chip) == (b"", "")


def test_what_goes_with_other_keys_is_told_to_go_unused(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GP_KEY_KDF", "emv")
    assert "GP_KEY_KDF of the environment does not count" in " ".join(card.run("auth --key default").split())


def test_the_security_domain_of_the_environment_is_selected_where_none_is(
    card: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GP_AID", "A000000003000000")
    told = " ".join(card.run("auth --key default").split())
    assert "selected A000000003000000, which GP_AID of the environment names" in told
    monkeypatch.setenv("GP_AID", "A000000151000000")
    assert "which GP_AID" not in card.run("auth --key default")  # one is selected already
    assert "A000000151000000 cannot be selected" in card.fail("reset; auth --key default")


def test_a_key_in_the_environment_is_never_repeated(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GP_KEY", CANARY + "!")
    assert CANARY not in card.fail("auth", 2)


def test_wrong_keys_and_the_search_for_the_right_ones(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(consent, "ask_yes", lambda judgement, _card, **_: asked.append(judgement.what))
    said = card.fail(f"auth --key {CANARY}")
    assert "not the card's" in said
    assert CANARY not in said
    assert "1 failed auth" in lower_line(card)
    (found,) = card.json("keys solve")
    assert [fit["try_it"] for fit in found["fits"]] == ["auth --key default --key-version 0xFF"]
    card.fail(f"auth --key {CANARY}")
    assert len(asked) == 1
    assert CANARY not in card.session.struck(f"auth --key {CANARY}")
    assert CANARY not in card.session.struck(f"auth --key emv:{CANARY} --key-enc {CANARY}")


def test_the_toolbar_shows_no_failures_of_other_cards_with_this_atr(
    card: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.fail(f"auth --key {CANARY}")
    other = shell(monkeypatch, profile="j2a040")  # with a chip of its own
    other.run("connect")
    assert "failed auth" not in lower_line(other)
    assert "1 of cards with this ATR" in " ".join(other.run("status").split())


def test_a_stored_set_found_by_the_search(card: Shell) -> None:
    pasted = "--host-challenge 266C8E3C10693905 --answer 00001202102560956619FF020002598DD3961BFDCC97F9DF4F2A6CE29000"
    card.run(f"keys add same-keys --key default --kdf none; keys add other --key {CANARY}")
    (found,) = card.json(f"keys solve {pasted}")
    assert [fit["keys"] for fit in found["fits"]] == ["default", "same-keys"]
    assert found["tried"] == 12
    assert "belong together" in card.fail("keys solve --answer 00", 2)
    assert "no answer to INITIALIZE UPDATE" in card.fail("keys solve --host-challenge 0011223344556677 --answer 00", 2)


@pytest.mark.parametrize(("line", "said"), [
    ("keys solve bench", "no NAME"), ("keys solve --key default", "no --key;"), ("keys list bench", "no NAME"),
    ("keys list --kdf emv --answer 00", "no --kdf and no --answer"), ("keys forget bench --reveal", "no --reveal"),
    ("keys add bench --key default --answer 00", "no --answer"), ("keys save bench --reveal", "no --reveal"),
])
def test_what_another_action_takes_is_refused(card: Shell, line: str, said: str) -> None:
    assert said in card.fail(line, 2)
    assert card.json("keys list")[0]["key_sets"] == []


def test_a_name_in_the_environment_that_names_nothing(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GP_KEY", "GP_KEY_ENC"):
        monkeypatch.setenv(name, "zz")
        said = card.fail("auth", 2)
        assert f"{name} in the environment is no key" in said
        monkeypatch.delenv(name)
    card.run("keys add bench --key default")
    monkeypatch.setenv("GP_KEY", "bench")
    assert "SCP02" in card.run("auth")


def test_the_search_goes_on_after_a_restart(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    said = card.fail("keys solve", 2)
    example = " ".join(said.split()).split("them: ")[1]
    assert [fit["keys"] for fit in card.json(example)[0]["fits"]] == ["default"]
    card.fail(f"auth --key {CANARY}")
    for before in ("", "connect"):  # the last one of any card, and of this one
        again = shell(monkeypatch, profile="j2a040")
        again.run(before)
        (found,) = again.json("keys solve")
        assert [fit["keys"] for fit in found["fits"]] == ["default"]
        assert found["answer_of"].startswith("the last try, 20")
    other = shell(monkeypatch, profile="iso7816-files")
    assert "of this card" in other.fail("connect; keys solve", 2)


def test_status_does_not_say_none_before_it_knows_the_card(card: Shell) -> None:
    def failed() -> str:
        (status,) = card.json("status")
        return str(status["failed_authentications"])

    card.run("connect")
    assert failed().startswith("unknown until its CPLC is read")
    assert "; 0 of cards with this ATR" in failed()
    card.run("auth --key default")
    assert failed() == "0"
    card.fail(f"auth --key {CANARY}")
    assert failed() == "1"


def test_key_sets_by_name(card: Shell) -> None:
    card.answers += [CANARY, NEW, CANARY]
    card.run("keys add bench --key-version 1")
    assert len(card.asked) == 3
    shown = card.run("keys list")
    assert "bench" in shown
    assert "KCV" in shown
    assert CANARY not in shown
    assert CANARY in card.run("keys list --reveal")
    assert "already" in card.fail("keys add bench --key default", 2)
    assert "already" in card.fail("keys add BENCH --passphrase", 2)
    assert len(card.asked) == 3, "nothing more was asked"
    assert "default means the keys 40…4F" in card.fail("keys add default --key default", 2)
    assert "cannot be read as hex" in card.fail("keys add 4041 --key default", 2)
    card.run("keys forget bench")
    assert "no key set" in card.fail("auth --key bench", 2)


def test_a_set_under_a_passphrase(card: Shell) -> None:
    card.answers += ["one", "two"]
    assert "not the same" in card.fail("keys add sealed --key default --passphrase", 2)
    card.answers += ["one", "one"]
    card.run("keys add sealed --key default --passphrase")
    assert "under a passphrase" in card.run("keys list --reveal")
    card.answers += ["wrong"]
    assert "not the passphrase" in card.fail("auth --key sealed", 2)
    card.answers += ["one"]
    assert "sealed" in card.run("auth --key sealed")


def test_a_set_that_a_card_has_taken_is_forgotten_after_a_yes_alone(card: Shell) -> None:
    card.run("auth --key default")
    card.run(f"put-keys {NEW} --key-version 1 --save bench --yes")
    assert "the key set bench was kept" in card.fail("keys forget bench", Refused.exit_code)
    card.session.disconnect()
    assert "bench is forgotten" in card.run("keys forget bench --yes")


def test_new_keys_from_the_line_to_the_card(card: Shell) -> None:
    card.run("auth --key default")
    steps = card.run(f"put-keys {NEW} --key-version 1 --save bench --yes")
    assert steps.index("in the key store as bench") < steps.index("took version 0x01")
    assert "F10D32" in steps
    assert NEW not in steps
    assert "key version 0x01" in card.run("status")
    card.run("reset; auth enc --key bench")
    assert "on the card" not in card.fail("delete-key 1", 2)


@pytest.mark.parametrize("passphrase", ["", "--passphrase"])
def test_keys_that_are_put_alone_are_proved_by_the_next_authentication(card: Shell, passphrase: str) -> None:
    def standing() -> str:
        (listed,) = card.json("keys list")
        (line,) = listed["key_sets"]
        return str(line["standing"])

    card.answers += ["one"] * 4
    card.run("auth --key default")
    card.run(f"put-key {NEW} --key-version 1 --save bench {passphrase} --yes")
    assert standing() == "the card took it, not yet proved"
    card.run(f"reset; auth --key {NEW}")  # by other words
    assert standing() == "the card took it, not yet proved"
    card.run("reset; auth --key bench")
    assert standing() == "the card has taken it"


def test_new_keys_are_kept_under_a_passphrase(card: Shell) -> None:
    card.answers += ["one", "one"]
    card.run("auth --key default")
    steps = card.run(f"put-keys {NEW} --key-version 1 --save bench --passphrase --yes")
    assert "under the passphrase" in steps
    (listed,) = card.json("keys list --reveal")
    (line,) = listed["key_sets"]
    assert "under a passphrase" in line["keys"]
    assert line["standing"] == "the card has taken it"
    card.answers += ["wrong"]
    assert "not the passphrase" in card.fail("reset; auth --key bench", 2)
    card.answers += ["one"]
    assert "key version 0x01" in card.run("auth --key bench; status")


def test_a_passphrase_costs_a_command_one_scrypt(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []
    derived = Passphrase._derived

    def counted(passphrase: Passphrase, salt: bytes) -> Secret:
        made.append(salt)
        return derived(passphrase, salt)

    monkeypatch.setattr(Passphrase, "_derived", counted)
    card.answers += ["one", "one", "one", "one"]
    card.run("auth --key default")
    card.run(f"put-keys {NEW} --key-version 1 --save bench --passphrase --yes")
    assert len(made) == 1
    card.run("put-keys --key-version 1 --save bench --yes")
    card.run("auth --key bench")
    assert made == [made[0]] * 3
    assert not card.answers


def test_a_set_stored_under_a_passphrase_is_put(card: Shell) -> None:
    """Its passphrase is asked for once, whether the set is named twice or not."""
    card.answers += ["one", "one"]
    card.run(f"keys add bench --key {NEW} --passphrase; auth --key default")
    card.answers += ["one"]
    assert "took version 0x01" in card.run("put-keys bench --key-version 1 --save bench --yes")
    card.answers += ["one"]
    again = card.run("put-keys --key-version 1 --save BENCH --yes")
    assert "the key store says that this card has taken these keys as version 0x01" in again
    assert "power" not in again
    assert "nothing was put" in again
    assert "the same" not in again
    card.answers += ["one"]
    other = CANARY
    assert "another set" in card.fail(f"put-keys {other} --key-version 2 --save bench --yes", 2)
    assert not card.answers


def test_stored_keys_are_not_typed_again(card: Shell) -> None:
    card.run(f"keys add bench --key {NEW}; keys add master --key emv:{NEW}; auth --key default")
    assert "F10D32" in card.run("put-key --key-version 1 --save bench --yes")
    assert "not as master keys" in card.fail("put-key --key-version 2 --save master --yes", 2)
    assert "no passphrase" in card.fail("put-key --key-version 1 --save bench --passphrase --yes", 2)
    card.answers += [NEW, NEW, NEW, "one", "two"]
    assert "not the same" in card.fail("put-key --key-version 2 --save fresh --passphrase --yes", 2)
    assert "fresh" not in card.run("keys list")


def test_the_keys_of_the_channel_put_anew_are_told_to_be_the_same(card: Shell) -> None:
    card.run("auth --key default; keys save bench")
    said = " ".join(card.run("put-key default --key-version 1 --save other --yes").split())
    assert "the same as those of the open channel, version 0xFF" in said
    card.run(f"keys add third --key {NEW}")
    assert "the same" not in card.run("put-key --key-version 2 --save third --yes")


@pytest.mark.parametrize("name", ["put-keys", "put-key"])
def test_no_key_is_asked_for_before_a_channel_is_open(card: Shell, name: str) -> None:
    assert "none is open" in card.fail(f"{name} --key-version 1 --save bench --yes")
    assert not card.asked


def test_put_keys_without_a_channel(card: Shell) -> None:
    assert "none is open" in card.fail(f"put-keys {NEW} --key-version 1 --save bench --yes")
    assert "none is open" in card.fail(f"put-key {NEW} --key-version 1 --save bench --yes")
    assert "none is open" in card.fail("delete-key 1")


def test_a_ledger_that_fails_after_the_authentication_is_told(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreError("the ledger cannot be written", meaning="The command was sent.")

    monkeypatch.setattr(Ledger, "succeeded", full)
    *_, told, opened = card.json("auth --key default")
    assert told["text"] == "the ledger cannot be written. The command was sent."
    assert opened["protocol"] == "SCP02"
    assert "the ledger cannot be written" in card.run(f"put-keys {NEW} --key-version 1 --save bench --yes")


def test_6982_in_the_channel_hints_at_another_auth(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    card.run("auth --key default")
    real = card.session.card._link.transmit
    monkeypatch.setattr(card.session.card._link, "transmit",
                        lambda command: b"\x69\x82" if command[1] == 0xD8 else real(command))
    said = card.fail(f"put-keys {NEW} --key-version 1 --save bench --yes")
    assert "6982" in said
    assert "auth opens it again" in " ".join(said.split())


GONE = "the card did not take the MAC of a command in the secure channel, which is gone now: auth opens it again"
OTHER_I = "; if that happens again, its i, which it does not tell, may be another than 15: auth with --option 05"


@pytest.mark.parametrize(("auth", "told", "way_out"), [
    ("auth --key default", False, OTHER_I), ("auth --key default", True, ""),
    ("auth --key default --option 05", True, ", without --option: the card tells i=15"),
])
def test_a_mac_that_the_card_does_not_take_is_one_hint_for_all_that_follows(
    card: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, auth: str, *, told: bool, way_out: str
) -> None:
    cap = tmp_path / "a.cap"
    cap.write_bytes(Cap(bytes.fromhex("F0A1B2C3D4"), (bytes.fromhex("F0A1B2C3D401"),)).archive)
    card.run("connect")
    real = card.session.card._link.transmit
    wrapped = False

    def answer(command: bytes) -> bytes:
        nonlocal wrapped
        if command[:4] == bytes.fromhex("80CA0066") and not told:
            return b"\x69\x85"
        if command[1] == 0xA4 and not told:
            real(command)
            return bytes.fromhex("6F108408A000000003000000A5049F6501FF9000")
        if command[1] == 0x50:
            wrapped = False
        if command[0] == 0x84 and command[1] != 0x82 and not wrapped:
            wrapped = True
            return b"\x69\x88"
        return b"\x69\x82" if wrapped and command[1] in (0xF2, 0xE4) else real(command)

    monkeypatch.setattr(card.session.card._link, "transmit", answer)
    for line in ("list", f"install {cap}", "delete F0A1B2C3D4 --yes", "send 80F28002024F0000"):
        card.run(f"reset; {auth}")
        said = " ".join(card.fail(line).split())
        assert f"try: {GONE}{way_out}" in said
        assert "select isd" not in said
        assert f"try: {GONE}{way_out}" in " ".join(card.fail("list").split())
        assert "the card does this only" not in said


def test_a_host_challenge_is_for_recordings(card: Shell) -> None:
    assert "proves nothing" in card.fail("auth --key default --host-challenge 0011223344556677", 2)


def test_send_plain_and_wrapped(card: Shell) -> None:
    card.run("auth --key default")
    seen: list[bytes] = []
    connected: Card = card.session.card
    connected.observers.append(lambda exchange: seen.append(exchange.wire_command.reveal()))
    card.run("send 80CA00E000; send 80CA00E000 --wrapped; send 80CA00E000 --plain; send_apdu -sc 1 -APDU 80CA00E000")
    assert [one[0] for one in seen] == [0x84, 0x84, 0x80, 0x84]
    assert "exclude one another" in card.fail("send 80CA00E000 --plain --wrapped", 2)
    assert "never goes through" in card.fail("send 00A4040000 --wrapped", 2)


def test_without_a_dek_nothing_is_put_and_nothing_stored(card: Shell) -> None:
    """The data encryption key is no other key than the one that was given as such."""
    card.run("auth --key-enc default --key-mac default")
    for line in (f"put-keys {NEW} --key-version 1 --save bench", f"put-key {NEW} --key-version 1 --save bench"):
        assert "--key-dek" in card.fail(f"{line} --yes")
    card.run("auth --key default")
    new = f"--key-enc {NEW} --key-mac {CANARY}"
    for line in (f"put-keys {new} --key-version 1 --save bench", f"put-key {new} --key-version 1 --save bench",
                 f"keys add bench {new}"):
        assert "--key-dek" in card.fail(f"{line} --yes", 2)
    assert "bench" not in card.run("keys list")
    assert "F10D32" in card.run(f"put-keys {new} --key-dek {NEW} --key-version 1 --save bench --yes")


@pytest.mark.parametrize("line", ["--replace 0xFF", "--replace 0x80", "--key-version 0", "--key-version 0x80"])
def test_versions_that_put_key_does_not_know(card: Shell, line: str) -> None:
    card.run("auth --key default")
    words = line if "--key-version" in line else f"--key-version 1 {line}"
    said = card.fail(f"put-keys {NEW} {words} --save bench --yes", 2)
    assert "too large" in said or "too small" in said
    assert "bench" not in card.run("keys list")


def test_the_search_tells_how_many_sets_it_could_not_try(card: Shell) -> None:
    card.answers += ["one", "one"]
    card.run(f"keys add sealed --key {NEW} --passphrase; keys add open --key {CANARY}; auth --key default")
    (found,) = card.json("keys solve")
    assert found["skipped"] == 1
    assert "1 stored set under a passphrase" in card.run("keys solve")


def test_check_values_say_the_cipher_where_it_is_known(card: Shell) -> None:
    card.run(f"keys add both --key {NEW}; keys add long --key {NEW}{CANARY}; keys add master --key emv:{NEW}")
    (listed,) = card.json("keys list")
    shown = {one["name"]: one["keys"].split(", ")[0] for one in listed["key_sets"]}
    assert shown["both"] == "3DES KCV F10D32 or AES KCV " + aes_check_value(NEW)
    assert shown["long"] == "AES KCV " + aes_check_value(NEW + CANARY)
    assert shown["master"] == "3DES KCV F10D32"


def aes_check_value(key: str) -> str:
    encryptor = Cipher(algorithms.AES(bytes.fromhex(key)), modes.ECB()).encryptor()
    return encryptor.update(b"\x01" * 16)[:3].hex().upper()


def test_stored_names_are_completed(card: Shell) -> None:
    card.run("keys add bench-card --key default")
    assert "bench-card" in card.session.context().key_sets


def test_a_terminated_card_says_what_it_is(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "ask_typed", lambda _judgement, _card: None)
    card.run("auth --key default; set-status card terminated")
    said = card.fail("auth --key default")
    assert "a terminated one stays so for ever" in " ".join(said.split())
    card.run("reset")
    assert "a card that is terminated answers so, and for ever" in " ".join(card.fail("auth --key default").split())


def test_the_keys_of_the_channel_are_saved(card: Shell) -> None:
    assert "none is open" in card.fail("keys save prod", 2)
    assert "taken" not in card.fail("keys save default", 2)
    assert "DEK" in card.fail("auth --key-enc default --key-mac default; keys save prod", 2)
    card.run("auth --key default; keys save prod")
    assert not card.asked
    (listed,) = card.json("keys list --reveal")
    (line,) = listed["key_sets"]
    assert (line["name"], line["key_version"], line["standing"]) == ("prod", "0xFF", "the card has taken it")
    assert line["keys"].startswith("40414243")
    card.run("reset; auth --key prod")
    card.run(f"keys save other --key {NEW}")
    assert "version" in card.fail("keys save third --key-version 2", 2)


def test_new_keys_behind_an_option(card: Shell) -> None:
    card.run(f"keys add new --key {NEW}; auth --key default")
    assert "both are given" in card.fail("put-keys new --key new --key-version 1 --save new --yes", 2)
    assert "took version 0x01" in card.run("put-keys --key new --key-version 1 --save new --yes")


def test_a_master_set_is_not_taken_for_the_cards_own(card: Shell) -> None:
    """What was put under its name would be diversified at the next auth."""
    card.run(f"keys add master --key emv:{NEW}; auth --key default")
    said = card.fail(f"put-keys {NEW} --key-version 1 --save master --yes", 2)
    assert "holds master keys (diversified by emv)" in " ".join(said.split())
    assert "given by the user" in card.run("keys list")


def test_the_question_before_put_key_says_what_goes(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(consent, "ask_yes", lambda judgement, _card, **_: asked.append(
        f"{judgement.what}. {judgement.consequence}"))
    card.run(f"auth --key default; put-keys {NEW} --key-version 1 --save bench")
    card.run(f"put-key {CANARY} --key-version 2 --replace 1 --save other")
    assert asked[0].startswith("PUT KEY of version 0x01. Keys are added. The channel is open under version 0xFF")
    assert asked[1] == "PUT KEY of version 0x02. The keys of version 0x01 are replaced, and gone for good."


def test_a_version_that_is_not_there_names_those_that_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    card = shell(monkeypatch, profile="j3r180")
    said = " ".join(card.fail("auth --key default --key-version 20").split())
    assert "no keys of version 0x14 are there: --key-version 0x20 or 0xFF, which the card lists" in said
    assert "key version      0xFF" in card.run("auth --key default")


def test_a_search_that_finds_nothing_fails_and_says_what_was_tried(card: Shell) -> None:
    card.answers += ["one", "one"]
    card.run("keys add sealed --key default --passphrase")
    said = " ".join(card.fail(
        "keys solve --host-challenge 266C8E3C10693905 "
        "--answer 00001202102560956619FF020002598DD3961BFDCC97F9DF4F2A6CE3").split())
    assert "none of 4 candidates made the card's cryptogram" in said
    assert "1 stored set under a passphrase could not be tried" in said
    assert "keys add" in said


OWN = ("A1" * 8 + "B1" * 8, "A2" * 8 + "B2" * 8, "A3" * 8 + "B3" * 8)


@pytest.mark.parametrize("boot", [False, True])
def test_keys_that_were_written_before_fuse_are_found_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, boot: bool
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setattr(consent, "ask_typed", lambda _judgement, _card: None)
    card = shell(monkeypatch, profile="j2a040-unfused", width=200)
    card.run("select tk; boot --yes; " + "; ".join(
        f"write cm_key{number} {key} --yes" for number, key in enumerate(OWN, 1)) + "; fuse; reset")
    (listed,) = card.json("keys list")
    assert len(listed["from_memory"]) >= 1
    assert all(key not in str(listed) for key in OWN)
    assert OWN[0] in "".join(card.json("keys list --reveal")[0]["from_memory"][0]["keys"].split())
    assert "not the card's" in card.fail("auth --key default")
    (found,) = card.json("keys solve")
    fit = found["fits"][0]
    assert fit["keys"] == f"slots 123@{listed['from_memory'][0]['boot']}"
    line = fit["try_it"].replace("NAME", "own")
    card.run(line if boot else line.replace(f"@{listed['from_memory'][0]['boot']}", ""))
    assert "own" in card.run("keys list")
    for wrong in ("124", "1", "123@NOWHERE.1"):
        card.fail(f"keys add other --from-memory {wrong}", 2)
    assert "other keys exclude" in card.fail("keys add other --from-memory 123 --key default", 2)


class Killed(BaseException):
    """The process ends."""


def test_a_kill_in_the_proof_of_new_keys_leaves_them_unasked(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be the only ones that the card has."""
    card.run("auth --key default")
    link = card.session.card._link
    real = link.transmit
    with monkeypatch.context() as patched:
        def kill(command: bytes) -> bytes:
            answer = real(command)
            if command[1] == 0x50:
                raise Killed
            return answer

        patched.setattr(link, "transmit", kill)
        patched.setattr(Tries, "interrupted", lambda _self, **_: None)
        with pytest.raises(Killed):
            card.run(f"put-keys {NEW} --key-version 1 --save bench --yes")
    card.run("connect")
    assert "key version      0x01" in card.run("auth --key bench")
    assert "0x01" in card.run("put-keys --key-version 1 --save bench --yes")


def test_a_diversification_that_nobody_knows_has_to_be_said(card: Shell) -> None:
    """The file was edited, or written by a later version."""
    card.run("keys add bench --key default")
    path = card.session.key_sets.path if card.session.key_sets else Path()
    path.write_text(path.read_text("utf-8").replace('"none"', '"kdf9"'), "utf-8")
    assert "--kdf says it" in card.fail("auth --key bench", 2)
    assert "are not the card's" in card.fail("auth --key bench --kdf emv")
