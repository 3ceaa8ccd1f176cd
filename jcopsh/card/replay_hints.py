"""What to type when a recording of another program goes on with another command than the one that was sent."""

from __future__ import annotations

from jcopsh.globalplatform.channel import CLA_SECURE, LEVEL_NAMES, SecurityLevel, version_text
from jcopsh.iso7816.apdu import CommandAPDU, MalformedAPDU
from jcopsh.iso7816.ins import INS

_SELECT_BY_NAME = 0x04  # P1 (ISO/IEC 7816-4:2020, table 63)
_ISSUER = 0x80  # P1 of GET STATUS with which `list` begins (GlobalPlatform 2.3.1, 11.4.2.1)
_AID_LENGTHS = range(5, 17)  # bytes


def line_to_type(recorded: str, sent: bytes) -> str:
    """A hint that names the line which sends the recorded command, as far as one does.

    `recorded` is the command as it may be shown: hexadecimal, and `<name:length:check value>` for what is secret.
    `sent` is what was sent in its place. Without a line, it says that the recording waits.
    """
    try:
        line = _line(CommandAPDU.parse(bytes.fromhex(recorded)), _parsed(sent))
    except ValueError:
        line = _of_what_is_hidden(recorded)
    return f"{line}: it waits at this command" if line else "the recording waits at this command"


_HEADER_DIGITS = len("00 A4 04 00")
_ANEW = "connect, which begins the recording anew, then auth"


def _parsed(command: bytes) -> CommandAPDU | None:
    try:
        return CommandAPDU.parse(command)
    except MalformedAPDU:
        return None


def _of_what_is_hidden(recorded: str) -> str:
    """Of a command that holds what is secret, or that is no APDU, as far as its header says."""
    try:
        header = CommandAPDU.parse(bytes.fromhex(recorded[:_HEADER_DIGITS]))
    except ValueError:
        return ""
    if _is_protected(header):
        return _in_channel(header)
    return "select tk, if it is the transport key" if _selects_by_name(header) else ""


def _is_protected(command: CommandAPDU) -> bool:
    return command.cla & (0x80 | CLA_SECURE) == 0x80 | CLA_SECURE


def _selects_by_name(command: CommandAPDU) -> bool:
    return command.cla == 0 and command.ins == INS.SELECT and command.p1 == _SELECT_BY_NAME


def _line(command: CommandAPDU, sent: CommandAPDU | None) -> str:
    of_globalplatform = bool(command.cla & 0x80)
    if of_globalplatform and command.ins == INS.INITIALIZE_UPDATE:
        return f"auth with --key-version {version_text(command.p1)}"
    if of_globalplatform and command.ins == INS.EXTERNAL_AUTHENTICATE:
        return _authentication(command.p1, sent)
    if _is_protected(command):
        return _in_channel(command)
    if _selects_by_name(command) and len(command.data) in _AID_LENGTHS:
        return f"select {command.data.hex().upper()}"
    return f"send {command.encode().hex().upper()}"


# protected bytes cannot be sent by hand; the commands that may make them
_IN_CHANNEL: dict[int, str] = {
    INS.INSTALL: "install, or another command of content management", INS.LOAD: "upload", INS.DELETE: "delete",
    INS.PUT_KEY: "put-key",
}


def _in_channel(command: CommandAPDU) -> str:
    if command.ins != INS.GET_STATUS:
        return _IN_CHANNEL.get(command.ins, "")
    if command.p1 == _ISSUER:
        return "list"
    # other programs have another order; nearly all ask for every AID (GlobalPlatform 2.3.1, 11.4.2.3)
    return f"send 80F2{command.p1:02X}{command.p2:02X}024F0000"


def _authentication(level: int, sent: CommandAPDU | None) -> str:
    """EXTERNAL AUTHENTICATE: another level was asked for, or the channel came to other bytes. What comes before it is
    over, so the recording has to begin anew."""
    if sent is not None and sent.ins == INS.EXTERNAL_AUTHENTICATE and sent.p1 == level:
        return f"{_ANEW} with the keys and the --option of the recording"
    name = LEVEL_NAMES.get(SecurityLevel(level), f"{level:02X}")
    return f"{_ANEW} {name} with the same keys"
