"""`jcopsh-sim`: a simulated card for any PC/SC program, through the vpcd driver of pcscd.

The card connects to vpcd. Each message is a two-byte big-endian length and that many bytes. From vpcd, a message of one
byte is a control (power off, power on, reset, get ATR); any other is a command for the card.
"""

from __future__ import annotations

import argparse
import select
import shutil
import signal
import socket
import sys
import textwrap
from collections.abc import Iterator, Sequence
from enum import IntEnum
from pathlib import Path

from jcopsh.simulator.assumptions import ASSUMPTIONS
from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.profiles import DEFAULT_PROFILE, Profile, ProfileError, parse_profile, profile_names
from jcopsh.simulator.state_file import StateFileError

_CONNECT_TIMEOUT_S = 10.0
_CHUNK_LENGTH = 65536
_EXIT_OK, _EXIT_FAILED = 0, 1


class Control(IntEnum):
    """The one-byte messages of vpcd."""

    POWER_OFF = 0x00
    POWER_ON = 0x01
    RESET = 0x02
    GET_ATR = 0x04


class VpcdClient:
    """Serves one card to one vpcd slot."""

    def __init__(self, card: SimulatedCard, host: str, port: int) -> None:
        """Connect. Raises OSError where nobody listens."""
        self._card = card
        self._buffer = bytearray()
        self._socket = socket.create_connection((host, port), timeout=_CONNECT_TIMEOUT_S)
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._acknowledge_at_once()

    def serve(self, stop: int) -> bool:
        """Answer until the file descriptor `stop` is readable (True), or until vpcd hangs up (False).

        A message that has arrived is answered before leaving. Raises StateFileError where the card cannot be powered.
        """
        while True:
            ready, _, _ = select.select([self._socket.fileno(), stop], [], [])
            if self._socket.fileno() in ready and not self._receive():
                return False
            if stop in ready:
                return True

    def close(self) -> None:
        """Hang up, and take the card's power away."""
        self._socket.close()
        self._card.power_off()

    def _receive(self) -> bool:
        """Answer what one receive brings; whether the connection is still there."""
        try:
            chunk = self._socket.recv(_CHUNK_LENGTH)
            self._acknowledge_at_once()
            self._buffer += chunk
            for message in _messages(self._buffer):
                self._send(self._reply(message))
        except ConnectionError:
            return False
        return bool(chunk)

    def _send(self, reply: bytes | None) -> None:
        if reply is not None:
            self._socket.sendall(len(reply).to_bytes(2, "big") + reply)

    def _reply(self, message: bytes) -> bytes | None:
        """The answer to a message; a control other than GET_ATR, known or not, has none."""
        if len(message) != 1:
            return self._card.process(message)
        match message[0]:
            case Control.POWER_OFF:
                self._card.power_off()
            case Control.POWER_ON:
                self._card.power_on()
            case Control.RESET:
                self._card.warm_reset()
            case Control.GET_ATR:
                # vpcd asks for it without power too: that is how it sees whether a card is there.
                return self._card.atr or self._card.cold_atr
        return None

    def _acknowledge_at_once(self) -> None:
        """Set TCP_QUICKACK, which every receive may clear.

        vpcd sends a length and its message in two parts; a delayed acknowledgement of the first one costs 44 ms.
        """
        if hasattr(socket, "TCP_QUICKACK"):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _messages(buffer: bytearray) -> Iterator[bytes]:
    """Take the complete messages out of `buffer`."""
    while len(buffer) >= 2:
        end = 2 + int.from_bytes(buffer[:2], "big")
        if len(buffer) < end:
            return
        message = bytes(buffer[2:end])
        del buffer[:end]
        yield message


def main(argv: Sequence[str] | None = None) -> int:
    """The command line of `jcopsh-sim`; its exit code: 0, 1 where serving failed, 2 where the line was wrong."""
    options = argument_parser().parse_args(argv)
    if options.list:
        sys.stdout.write(_listing(shutil.get_terminal_size().columns))
        return _EXIT_OK
    host, port = options.vpcd
    with _stop_signals() as stop:
        try:
            card = SimulatedCard(options.profile, state_file=options.state, log_file=options.log)
            client = VpcdClient(card, host, port)
        except StateFileError as error:
            return _failed(str(error))
        except OSError as error:
            return _failed(f"nothing answers at {host}:{port} ({error}); is pcscd running, with the vpcd driver?")
        try:
            _say(f"{options.profile.name} serves {host}:{port}, ATR {card.cold_atr.hex().upper()}; stop with Ctrl-C")
            if not client.serve(stop.fileno()):
                _say("vpcd hung up")
        except StateFileError as error:
            return _failed(str(error))
        finally:
            client.close()
    return _EXIT_OK


class _stop_signals:  # noqa: N801 - a context manager, used as a function
    """While open, SIGTERM and SIGINT only make its descriptor readable."""

    _SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __enter__(self) -> socket.socket:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._handlers = [signal.signal(number, lambda *_: None) for number in self._SIGNALS]
        return self._reader

    def __exit__(self, *_: object) -> None:
        for number, handler in zip(self._SIGNALS, self._handlers, strict=True):
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._reader.close()
        self._writer.close()


def argument_parser() -> argparse.ArgumentParser:
    """The options of `jcopsh-sim`."""
    parser = argparse.ArgumentParser(
        prog="jcopsh-sim",
        description="Serve a simulated JCOP card to PC/SC programs, through the vpcd driver of pcscd.",
    )
    parser.add_argument(
        "profile",
        nargs="?",
        type=_profile,
        default=DEFAULT_PROFILE,
        metavar="PROFILE",
        help=f"{', '.join(profile_names())}; options go behind a comma, see --list (default: {DEFAULT_PROFILE})",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--vpcd", type=_host_and_port, metavar="HOST:PORT", help="where vpcd listens: 127.0.0.1:35963")
    what.add_argument("--list", action="store_true", help="list the profiles and what they assume, and leave")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the card in FILE, and its log in FILE.log")
    parser.add_argument("--log", type=Path, metavar="FILE", help="log every byte string received to FILE: keys too")
    return parser


def _profile(text: str) -> Profile:
    try:
        return parse_profile(text)
    except ProfileError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no HOST:PORT, such as 127.0.0.1:35963")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _listing(width: int) -> str:
    """The profiles and the assumptions, for people, in lines of at most `width` columns."""
    lines = ["Profiles"]
    for name in profile_names():
        profile = parse_profile(name)
        lines += [f"  {name}", f"      {profile.title}"]
        lines += [f"      option: {key}={' or '.join(values)}" for key, values in profile.options().items()]
        if profile.transport_key is not None:
            lines += [f"      transport key: the ASCII bytes {profile.transport_key.decode('ascii')}"]
    lines += ["", "Assumptions: what no public source tells of a real card"]
    for assumption in ASSUMPTIONS:
        lines += [f"  {assumption.name}", f"      {assumption.text}"]
    return "".join(f"{part}\n" for line in lines for part in _wrapped(line, width))


def _wrapped(line: str, width: int) -> Sequence[str]:
    """A line in parts that are broken at blanks, each as far in as the line was."""
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


def _say(text: str) -> None:
    sys.stdout.write(f"jcopsh-sim: {text}\n")
    sys.stdout.flush()


def _failed(text: str) -> int:
    sys.stderr.write(f"jcopsh-sim: {text}\n")
    return _EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
