"""What is known of the card in few words, for prompt, toolbar, `status` and trace."""

from __future__ import annotations

from jcopsh.iso7816.aid import AID, MAX_AID, MIN_AID, lookup
from jcopsh.iso7816.channel import BASIC_CHANNEL
from jcopsh.state import CardState, Fuse, SelectedKind

LONGEST_PATH = 19  # characters: 3F00/7F10/5F3A/6F01


def state_words(state: CardState) -> list[str]:
    """What this power-up has shown: fuse state, boot, protection, selection."""
    words = [] if state.fuse is Fuse.UNKNOWN else [state.fuse.value]
    if state.booted:
        words.append("booted")
    elif state.selected is SelectedKind.ROOT:
        words.append("root")
    if state.protected:
        words.append("protected")
    secure = state.secure_channel
    channel = [f"{str(secure.protocol).lower()}/{secure.level:02X}"] if secure is not None else []
    if state.channel != BASIC_CHANNEL:
        return [*words, *channel, f"ch {state.channel}", *_file_words(state)]
    if state.selected is SelectedKind.APPLICATION:
        words.append(selected_name(state.aid))
    return [*words, *channel, *_file_words(state)]


def file_path(state: CardState) -> str:
    """The current file of the logical channel in use, below the application where one is selected; or empty."""
    path = str(state.position)
    if state.channel == BASIC_CHANNEL and state.selected is SelectedKind.APPLICATION:
        path = path.removeprefix(state.aid.hex().upper()).lstrip("/")
    return path


def pins_verified(state: CardState) -> str:
    """Which PINs the card has taken, by P2: `PIN 01, 81`; empty where none."""
    return "PIN " + ", ".join(f"{one:02X}" for one in state.verified) if state.verified else ""


def _file_words(state: CardState) -> list[str]:
    path = file_path(state)
    return [path if len(path) <= LONGEST_PATH else f"…{path[-LONGEST_PATH:]}"] if path else []


def selected_name(aid: bytes) -> str:
    """The name of a selected application, or a few digits of its AID. One that may be a transport key is not shown."""
    if not aid:
        return "default"
    if not MIN_AID <= len(aid) < MAX_AID:
        return f"AID of {len(aid)} bytes"
    known = lookup(AID(aid))
    return known.name if known else f"{aid.hex().upper()[:10]}…"
