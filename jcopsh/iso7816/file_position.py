"""Where commands have led in a card's files, as far as they tell: the current DF and EF of a logical channel."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.file_control import FileControl, FileControlError, parse_file_control
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.interindustry import SelectBy

MASTER_FILE = b"\x3f\x00"
MASTER = MASTER_FILE.hex().upper()
LONGEST_NAME = 15  # bytes of a DF name that may be kept; one of 16 may be a transport key


@dataclass(frozen=True, slots=True)
class FilePosition:
    """The current DF and EF of one logical channel.

    `df` are the names and identifiers that lead to the current DF, as they are written; empty where nothing is known.
    `complete` says that they begin at the MF or at an application. `ef` is an identifier or `SFI n`, empty where there
    is none. `unsure` is a file that was selected without the card telling whether it is a DF or an EF.

    `or_above`: a file was selected by its identifier alone, which the card looks for in the current DF and above it,
    and its DF is then the current one: `df`, or one that `df` lies in.
    """

    df: tuple[str, ...] = ()
    complete: bool = False
    ef: str = ""
    unsure: str = ""
    or_above: bool = False

    def __str__(self) -> str:
        """E.g. `3F00/7F10/6F01`; what is not known of it is `…`: `…/7F10/6F01`.

        The DFs that a file may lie in or above stand in brackets: `3F00[/7F10]/6F01`.
        """
        file = [one for one in (self.ef, self.unsure) if one]
        if self.or_above:
            perhaps = "".join(f"[/{one}" for one in self.df[1:]) + "]" * len(self.df[1:])
            return "/".join([MASTER + perhaps, *file] if self.below_mf else ["…", *file])
        steps = [*self.df, *file]
        return "/".join(steps if self.complete or not steps else ["…", *steps])

    @property
    def below_mf(self) -> bool:
        """Whether the whole path from the MF to `df` is known."""
        return self.complete and self.df[:1] == (MASTER,)


UNKNOWN = FilePosition()
AT_MASTER_FILE = FilePosition((MASTER,), complete=True)


def moved(position: FilePosition, command: CommandAPDU, response: ResponseAPDU) -> FilePosition:
    """The position after a command on its channel. A command that failed leaves it as it was."""
    if not response.accepted:
        return position
    if command.ins == INS.SELECT:
        return _selected(_settled(position), command, response)
    short = _short_identifier(command)
    return replace(_settled(position), ef=f"SFI {short}") if short else position


def _settled(position: FilePosition) -> FilePosition:
    """The position with what may be a DF or an EF as a part of the path: it, or what it lies in, is the current DF."""
    if not position.unsure:
        return position
    return replace(position, df=(*position.df, position.unsure), ef="", unsure="", or_above=True)


def _short_identifier(command: CommandAPDU) -> int:
    """The short identifier that a command makes current; 0 for none."""
    if command.ins in (INS.READ_BINARY, INS.UPDATE_BINARY):
        return command.p1 & 0x1F if command.p1 & 0x80 else 0
    if command.ins in (INS.READ_BINARY_ODD, INS.UPDATE_BINARY_ODD):
        return command.p2 if not command.p1 and command.p2 <= 0x1E else 0
    if command.ins in (INS.READ_RECORD, INS.UPDATE_RECORD, INS.APPEND_RECORD):
        return command.p2 >> 3
    return 0


def _selected(position: FilePosition, command: CommandAPDU, response: ResponseAPDU) -> FilePosition:
    data = command.data
    if command.p1 == SelectBy.NAME:
        return _named(data)
    if command.p1 == SelectBy.PARENT:
        return _parent(position)
    steps = tuple(data[at : at + 2].hex().upper() for at in range(0, len(data), 2))
    if command.p1 == SelectBy.IDENTIFIER and data in (b"", MASTER_FILE):
        return AT_MASTER_FILE
    known = _control(response)
    if command.p1 == SelectBy.PATH_FROM_MF:
        return _at(FilePosition((MASTER,), complete=True), steps, known)
    if command.p1 in (SelectBy.CHILD_DF, SelectBy.CHILD_EF, SelectBy.PATH_FROM_DF):
        kind = {SelectBy.CHILD_DF: "df", SelectBy.CHILD_EF: "ef"}.get(SelectBy(command.p1), known)
        return _at(position, steps, kind)
    if command.p1 == SelectBy.IDENTIFIER:
        return _by_identifier(position, steps, known)
    return UNKNOWN


def _parent(position: FilePosition) -> FilePosition:
    if position.or_above:
        # of 3F00/7F10 or 3F00 only the first has a parent; of longer paths it may be one or another
        return AT_MASTER_FILE if _is_child_of_mf(position) else UNKNOWN
    df = position.df[:-1]
    return FilePosition(df, complete=position.complete and bool(df))


def _is_child_of_mf(position: FilePosition) -> bool:
    return position.below_mf and len(position.df) == 2


def _by_identifier(position: FilePosition, steps: tuple[str, ...], kind: str) -> FilePosition:
    """By identifier the card looks in the current DF, in its parent and beside it (7.1.1): where the file that it finds
    lies is not known, but for what it finds from the MF, which has no parent."""
    if position.complete and position.df == AT_MASTER_FILE.df:
        return _at(position, steps, kind)
    if kind == "df":
        same = position.df[-1:] == steps and (not position.or_above or _is_child_of_mf(position))
        return replace(position, ef="", or_above=False) if same else FilePosition(steps)
    return _at(replace(position, ef="", or_above=True), steps, kind)


def _at(position: FilePosition, steps: tuple[str, ...], kind: str) -> FilePosition:
    """The position `steps` below a DF; the last step is a DF, an EF, or one or the other."""
    last, below = "".join(steps[-1:]), steps if kind == "df" else steps[:-1]
    if not position.or_above:
        place = FilePosition((*position.df, *below), complete=position.complete)
    else:
        place = FilePosition(below) if below else replace(position, ef="")
    return {"df": place, "ef": replace(place, ef=last)}.get(kind, replace(place, unsure=last))


def _named(name: bytes) -> FilePosition:
    if not name:
        return UNKNOWN  # the card's default application
    if len(name) > LONGEST_NAME:
        return FilePosition((f"a name of {len(name)} bytes",), complete=True)
    return FilePosition((name.hex().upper(),), complete=True)


def _control(response: ResponseAPDU) -> str:
    """Whether the answer tells of a DF or an EF; empty where it does not."""
    try:
        control: FileControl = parse_file_control(response.data)
    except FileControlError:
        return ""
    return "df" if control.is_df else "ef" if control.is_ef else ""
