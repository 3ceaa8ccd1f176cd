"""Another program at the same reader: `other_program.py READER shared|exclusive`, told what to do line by line.

It says the result code of its connection first. Lines: `begin` and `end` (a transaction), `send HEX`, `reset` (the
card, and goes on using it). Each is answered by one line: the result code, and the response for `send`. It leaves the
card as it is when its standard input closes.
"""

from __future__ import annotations

import sys

from smartcard import scard


def _say(result: int, data: list[int] | None = None) -> None:
    print(f"{result & 0xFFFFFFFF:08X}", bytes(data or []).hex().upper(), flush=True)


def main() -> None:
    """Serve until the standard input closes."""
    reader, share_name = sys.argv[1:]
    share = {"shared": scard.SCARD_SHARE_SHARED, "exclusive": scard.SCARD_SHARE_EXCLUSIVE}[share_name]
    protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    result, card, active = scard.SCardConnect(context, reader, share, protocols)
    _say(result)
    for line in sys.stdin:
        action, _, argument = line.strip().partition(" ")
        if action == "begin":
            _say(scard.SCardBeginTransaction(card))
        elif action == "end":
            _say(scard.SCardEndTransaction(card, scard.SCARD_LEAVE_CARD))
        elif action == "reset":
            result, active = scard.SCardReconnect(card, share, protocols, scard.SCARD_RESET_CARD)
            _say(result)
        elif action == "send":
            _say(*scard.SCardTransmit(card, active, list(bytes.fromhex(argument))))
    scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
    scard.SCardReleaseContext(context)


if __name__ == "__main__":
    main()
