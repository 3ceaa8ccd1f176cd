"""The documents that describe the problem, done with the product: seeds 000, 001 and 002."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jcopsh.errors import EXIT_CARD
from tests.card.support import BOOT, SELECT_TK
from tests.card.test_recording import TRACES
from tests.e2e.support import Jcopsh

HISTORICAL_BYTES = ("c0d601370b0a4a32413038312C543D31", "c0d6015A0b0a4a32413038312C543D31")
SEED_000_T1 = ["C0D6012301DA", "C0D6014601DA", "C0D6012201FE", "C0D60124010F", "C0D60147010F", *HISTORICAL_BYTES]
SEED_000_T0 = [
    "c0d601240108", "c0d601470108", "c0d6012604036000ff", "c0d6014904036000ff", *HISTORICAL_BYTES,
]
SEED_000_KEYS = [f"c0d603{place}10404142434445464748494a4b4c4d4e4f" for place in ("05", "21", "3D")]


def in_gpshell_form(commands: list[str]) -> str:
    """The seed's own way of writing them; what asks for a yes is answered."""
    return "".join(f"send_apdu -sc 0 -APDU {command} --yes\n" for command in commands)


@pytest.fixture
def jcopsh(tmp_path: Path) -> Jcopsh:
    return Jcopsh(tmp_path, profile="j2a081-unfused")


@pytest.mark.parametrize(("commands", "protocol"), [(SEED_000_T1, "T=1"), (SEED_000_T0, "T=0")])
def test_seed_000_whole(jcopsh: Jcopsh, commands: list[str], protocol: str) -> None:
    sequence = [SELECT_TK.hex(), BOOT.hex(), *commands, *SEED_000_KEYS]
    script = in_gpshell_form(sequence) + "reset\nidentify\nselect tk\nread ifsc\n"
    done = jcopsh.run("--json", "-", text=script)
    assert done.returncode == 0, done.stderr
    values = [json.loads(line) for line in done.stdout.splitlines()]
    reset = next(value for value in values if value["type"] == "Connected")
    historical = "4A32413038312C543D31"  # J2A081,T=1
    assert historical in reset["atr"]
    assert reset["protocol"] == protocol
    received = jcopsh.received()
    assert received[: len(sequence)] == [bytes.fromhex(command) for command in sequence]
    # a T=0 card answers 61xx, and GET RESPONSE brings the data
    assert (bytes.fromhex("00C0000013") in received) == (protocol == "T=0")
    identified = next(value for value in values if value["type"] == "Identification")
    assert identified["identity"]["mask_name"] == "NX011C"


def test_historical_bytes_read_as_text_after_the_reset(jcopsh: Jcopsh) -> None:
    jcopsh.run("-", text=in_gpshell_form([SELECT_TK.hex(), BOOT.hex(), *SEED_000_T1]))
    for kind in ("cold", "warm"):
        assert "J2A081,T=1" in jcopsh.run("-c", f"reset {kind}; atr").stdout


def test_seed_001_identify_through_replay(tmp_path: Path) -> None:
    trace = tmp_path / "identify.txt"
    trace.write_text(
        "select -AID A000000167413000FF\nCommand -> 00A4040009A000000167413000FF\n"
        "Wrapped command -> 00A4040009A000000167413000FF\nResponse <- 04310033000000004E5830313143000339F8736A82\n"
    )
    done = Jcopsh(tmp_path).run_plain("--replay", str(trace), "-c", "identify")
    assert done.returncode == 0, done.stderr
    told = " ".join((done.stdout + done.stderr).split())
    for fact in ("NX011C", "2.4.1", "not fused", "39F873", "absent Le", "select tk"):
        assert fact.replace(" ", "") in told.replace(" ", ""), (fact, told)


def test_seed_001_authentication_through_replay(tmp_path: Path) -> None:
    text = (TRACES / "seed-001.txt").read_text("utf-8")
    trace = tmp_path / "authentication.txt"
    trace.write_text(text[text.index("Selecting Card Manager") :], "utf-8")
    jcopsh = Jcopsh(tmp_path)
    done = jcopsh.run_plain("--replay", str(trace), "-c", "select isd; auth enc --key default; keys solve")
    assert done.returncode == 0, done.stderr
    assert "auth --key default --key-version 0xFF" in done.stdout
    # the first two commands differ in an absent Le, EXTERNAL AUTHENTICATE in nothing
    assert done.stderr.count("differs from the recording only in an absent Le") == 2


def test_replay_stops_at_any_other_difference_and_shows_both(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text("-> 00 A4 04 00 08 A0 00 00 01 51 00 00 00\n<- 6A 82\n")
    done = Jcopsh(tmp_path).run_plain("--replay", str(trace), "-c", "select isd")
    assert done.returncode == 1
    assert "A0 00 00 01 51" in done.stderr
    assert "A0 00 00 00 03" in done.stderr


def test_a_journal_replays(jcopsh: Jcopsh) -> None:
    lines = "identify; select tk; boot --yes; read ifsc; read cm_key1"
    first = jcopsh.run("-c", lines)
    assert first.returncode == 0, first.stderr
    (journal,) = (jcopsh.folder / "state").rglob("*.jsonl")
    with_key = lines.replace("select tk", f"select tk {SELECT_TK[5:].hex()}")
    again = jcopsh.run_plain("--replay", str(journal), "-c", with_key)
    assert again.returncode == 0, again.stderr
    assert "NX011C" in again.stdout


GPSHELL_SCRIPT = """mode_211
enable_trace
establish_context
card_connect
select -AID {aid}
card_disconnect
release_context
"""


def test_seed_001_s_scripts_run_as_they_stand(tmp_path: Path) -> None:
    """Its second script finds what its author found: 6A82, and the answer that tells that the card is not fused."""
    for profile, aid, code in (("j2a040", "a000000003000000", 0), ("j2a040-unfused", "A000000167413000FF", EXIT_CARD)):
        jcopsh = Jcopsh(tmp_path / profile, profile=profile)
        jcopsh.folder.mkdir()
        script = jcopsh.folder / "listgp211.txt"
        script.write_text(GPSHELL_SCRIPT.format(aid=aid))
        done = jcopsh.run("-c", f"run {script}")
        assert done.returncode == code, done.stderr
        length = len(aid) // 2
        assert bytes.fromhex(f"00A40400{length:02X}{aid}") in [one[: 5 + length] for one in jcopsh.received()]
        assert f"A>> T=1 (4+{length:04}) 00A40400" in done.stderr
        assert ("line 5: stopped here" in done.stderr) == (code != 0)
    assert "04310033000000004E583031314" in done.stderr.replace(" ", "")
