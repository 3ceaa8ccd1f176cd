"""A card that knows its answers by heart, behind vpcd: `scripted_card.py PORT LOG ATR [COMMAND=ANSWER]...`.

It stands apart from the simulated card, so that the way through PC/SC is tested against bytes that are written down.
An unknown command is answered 6D00. The answer `leave` takes the card out of the reader in the middle of the exchange;
after `silence` the card never says anything again.
Each byte string goes to LOG in hexadecimal, and `# 01` and so on for vpcd's controls.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

GET_ATR = 4


def _receive(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        # without this, the driver's two sends a message cost 44 ms for every command
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = connection.recv(length - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def _send(connection: socket.socket, data: bytes) -> None:
    connection.sendall(len(data).to_bytes(2, "big") + data)


def main() -> None:
    """Serve the card until vpcd goes."""
    port, log_name, atr, *known = sys.argv[1:]
    answers = dict(entry.split("=") for entry in known)
    with socket.create_connection(("127.0.0.1", int(port))) as connection, Path(log_name).open("a") as log:
        while True:
            message = _receive(connection, int.from_bytes(_receive(connection, 2), "big"))
            log.write(f"{'# ' if len(message) == 1 else ''}{message.hex().upper()}\n")
            log.flush()
            if len(message) > 1:
                answer = answers.get(message.hex().upper(), "6D00")
                if answer == "leave":
                    return
                while answer == "silence":
                    _receive(connection, 1)  # until the reader hangs up
                _send(connection, bytes.fromhex(answer))
            elif message[0] == GET_ATR:
                _send(connection, bytes.fromhex(atr))


if __name__ == "__main__":
    main()
