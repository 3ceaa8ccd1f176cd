"""Files: select one, read it whole, look which there are, make and delete.

Source: ISO/IEC 7816-4:2005, 7.1; ISO/IEC 7816-9:2004, 6.1 and 6.2.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from jcopsh.card.card import Card
from jcopsh.errors import CardError, UsageError
from jcopsh.iso7816 import interindustry
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.file_control import FileControl, FileControlError, parse_file_control
from jcopsh.iso7816.file_position import LONGEST_NAME, MASTER, FilePosition
from jcopsh.iso7816.file_reference import MASTER_FILE, FileReference
from jcopsh.iso7816.interindustry import SelectAnswer, SelectBy
from jcopsh.iso7816.known_files import file_name
from jcopsh.iso7816.status import meaning_of
from jcopsh.operations.binary import read_binary
from jcopsh.operations.file_errors import carried_out, exchange, refused
from jcopsh.operations.file_values import FileContent, FoundFile, Probed, RecordList, SelectedFile
from jcopsh.operations.progress import Progress
from jcopsh.operations.records import read_records

# an answer of P2 that a card does not give
_OTHER_ANSWER = (0x6A86, 0x6A81, 0x6B00, 0x6A80)

# a way of SELECT that it does not know
_OTHER_WAY = (*_OTHER_ANSWER, 0x6700)
_NOT_FOUND = 0x6A82


# --- select --------------------------------------------------------------------------------------------------------


def select_file(card: Card, file: FileReference, answer: SelectAnswer | None = None) -> SelectedFile:
    """Select a file on the logical channel in use.

    Without `answer`, FCI is asked for, and where the card refuses that, FCP, then nothing. A path that the card does
    not understand is gone step by step. Raises CardError when there is no such file, UsageError for a short
    identifier: SELECT knows none.
    """
    if file.short_identifier:
        raise UsageError("SELECT knows no short identifiers", meaning="They stand in commands that read and write.",
                         hint=f"cat sfi:{file.short_identifier}")
    notes: list[str] = []
    with card.transaction():
        command, response = _select(card, file.by, file.data, answer)
        if response.sw in _OTHER_WAY and file.by in (SelectBy.PATH_FROM_MF, SelectBy.PATH_FROM_DF):
            notes.append(f"the card does not select by path ({response.sw:04X}): it was gone step by step")
            command, response = _select_steps(card, file, answer)
    if not response.done:
        from_mf = file.by is SelectBy.PATH_FROM_DF and response.sw == _NOT_FOUND
        hint = f"/{file} begins at the MF, {file} in the current DF (pwd shows it)" if from_mf else ""
        raise refused(f"{_called(file)} was not selected", card, command, response, hint=hint)
    return _selected(card, file, command, response, notes)


def _select(
    card: Card, by: SelectBy, data: bytes, answer: SelectAnswer | None
) -> tuple[CommandAPDU, ResponseAPDU]:
    wanted = (SelectAnswer.FCI, SelectAnswer.FCP, SelectAnswer.NOTHING) if answer is None else (answer,)
    for one in wanted:
        command = interindustry.select(by, data, one)
        response = exchange(card, command)
        if response.sw not in _OTHER_ANSWER:
            break
    return command, response


def _select_steps(card: Card, file: FileReference, answer: SelectAnswer | None) -> tuple[CommandAPDU, ResponseAPDU]:
    steps = [bytes.fromhex(step) for step in file.steps]
    if file.by is SelectBy.PATH_FROM_MF:
        steps.insert(0, MASTER_FILE)
    for step in steps:
        command, response = _select(card, SelectBy.IDENTIFIER, step, answer)
        if not response.done:
            raise refused(f"{step.hex().upper()} of {_called(file)} was not selected", card, command, response)
    return command, response


def _called(file: FileReference) -> str:
    """How a file may be called; a name of 16 bytes may be a transport key."""
    if file.by is SelectBy.NAME and len(file.data) > LONGEST_NAME:
        return f"a DF name of {len(file.data)} bytes"
    return {SelectBy.PARENT: "the parent DF"}.get(file.by, str(file))


def _selected(
    card: Card, file: FileReference, command: CommandAPDU, response: ResponseAPDU, notes: list[str]
) -> SelectedFile:
    control: FileControl | None = None
    try:
        control = parse_file_control(response.data) if response.data else None
    except FileControlError:
        notes.append("the answer holds no file control information of ISO/IEC 7816-4")
    if control is None and not response.data:
        notes.append("the card tells nothing of the file")
    identifier = (control.identifier if control else b"") or file.data[-2:]
    return SelectedFile(
        reference=_called(file), position=str(card.state.position),
        usual_name=file_name(identifier) if file.by is not SelectBy.NAME else "", control=control,
        answer=card.shown_data(response.data), sw=response.sw, meaning=meaning_of(command, response),
        notes=tuple(notes),
    )


# --- by one way or the other ---------------------------------------------------------------------------------------

_MADE_OF_RECORDS = 0x6981


def go_to(card: Card, file: FileReference | None) -> tuple[int, FileControl | None]:
    """Make a file the one that the next command is for: its short identifier, 0 where it was selected or is the
    current one (None), and what the card told of it. Raises CardError when there is no such file.
    """
    if file is None:
        return 0, None
    if file.short_identifier:
        return file.short_identifier, None
    return 0, select_file(card, file).control


def read_whole(card: Card, file: FileReference | None) -> FileContent | RecordList:
    """All bytes or all records of a file, whichever it is made of; None is the current one.

    Raises CardError where the card refuses, UsageError for a DF.
    """
    short, control = go_to(card, file)
    if control is not None and control.is_df:
        raise UsageError("this is a DF, which holds files and has no content", hint=f"files --under {file} shows them")
    if control is not None and control.has_records:
        return read_records(card)
    try:
        return read_binary(card, short_identifier=short, size=control.size if control else None)
    except CardError as error:
        if error.response.sw != _MADE_OF_RECORDS:
            raise
        return read_records(card, short_identifier=short)


# --- which files there are -----------------------------------------------------------------------------------------

REPORT_EVERY_S = 3.0
_THERE_BUT_CLOSED = (0x6982, 0x6985)


def probe_files(
    card: Card, identifiers: Sequence[int], under: FileReference | None = None, *, limit_s: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[FoundFile | Probed | Progress]:
    """Ask for files by their identifiers, one after the other, and yield those that answer; at the end how many.

    `under` is the DF to look in, else the current one where it is known, else the MF. SELECT by identifier finds the
    DF itself, its parent, and on many cards what lies beside it as well: whether a file lies in the DF is asked for by
    its path, where the card knows paths. What takes long yields how far it is, by the `clock` in seconds, and ends at
    `limit_s`. Interrupted, it yields how far it got before it raises KeyboardInterrupt. Raises CardError where the DF
    is refused, UsageError where it is none, or where nothing would lead back to it.
    """
    search = _Search(card, *_enter(card, under))
    begun_at = told_at = clock()
    notes: list[str] = []
    for number, identifier in enumerate(identifiers):
        if limit_s is not None and clock() - begun_at >= limit_s:
            notes.append(f"ended after {limit_s:.0f} s, before {identifier:04X}: files {identifier:04X}-FFFF goes on")
            break
        try:
            found = search.ask(identifier)
        except KeyboardInterrupt:
            yield search.result(*notes, _interrupted(identifiers[number:]))
            raise
        if found is not None:
            yield found
        if clock() - told_at >= REPORT_EVERY_S:
            told_at = clock()
            yield Progress(f"up to {identifier:04X}, {search.found + search.outside} found", search.tried,
                           len(identifiers), "identifiers")
    select_file(card, search.base)
    if search.unplaced:
        notes.append(f"the card does not select by path: some may lie beside {search.where}")
    yield search.result(*notes)


def _interrupted(left: Sequence[int]) -> str:
    """What is said of a search that ended before the identifiers that are left."""
    first, last = left[0], left[-1]
    goes_on = f": files {first:04X}-{last:04X} goes on" if last - first == len(left) - 1 else ""
    return f"interrupted before {first:04X}{goes_on}"


@dataclass
class _Search:
    """A search in the DF that `base` selects; `where` is its path, as it is shown, and `control` what it told of
    itself. `outside` counts the files that answered and lie elsewhere, `unplaced` those of which that is not known."""

    card: Card
    base: FileReference
    control: FileControl | None
    where: str = ""
    tried: int = 0
    found: int = 0
    outside: int = 0
    unplaced: int = 0
    _answer: SelectAnswer | None = None  # what the card takes once it takes again
    _moved: bool = False

    def __post_init__(self) -> None:
        self.where = str(self.card.state.position)

    def ask(self, identifier: int) -> FoundFile | None:
        """The file with the identifier; None where nothing answers to it."""
        data = identifier.to_bytes(2, "big")
        if data == MASTER_FILE and self.base.by is SelectBy.IDENTIFIER and self.base.data != MASTER_FILE:
            return None  # the MF is there, and from it nothing may lead back
        with self.card.transaction():
            # another program may have selected something else meanwhile
            if self._moved or self.card.shared:
                select_file(self.card, self.base)
            command, response = _select(self.card, SelectBy.IDENTIFIER, data, self._answer)
            self.tried += 1
            self._moved = response.done
            if response.done:
                self._answer = SelectAnswer(command.p2)
            elif response.sw not in _THERE_BUT_CLOSED:
                return None
            place = self._place(data)
        if place:
            self.outside += 1
        else:
            self.found += 1
        return replace(_found(identifier, command, response), place=place)

    def result(self, *notes: str) -> Probed:
        """What came of it so far."""
        return Probed("file", "identifier", self.tried, self.found, self.where, notes, self.outside)

    def _place(self, data: bytes) -> str:
        """Where a file lies that answered; empty for the DF itself that is looked in."""
        if self.where == MASTER:
            return "this is the MF itself" if data == MASTER_FILE else ""
        if data == MASTER_FILE:
            return "the MF, seen from here"
        if data == (self.control.identifier if self.control else b"") or self.where.endswith(f"/{data.hex().upper()}"):
            return "this is the DF itself"
        select_file(self.card, self.base)
        self._moved = True
        _, response = _select(self.card, SelectBy.PATH_FROM_DF, data, self._answer)
        if response.done or response.sw in _THERE_BUT_CLOSED:
            return ""
        if response.sw != _NOT_FOUND:
            self.unplaced += 1
            return ""
        above = self.where.rpartition("/")[0]
        return f"seen from here; lies in {above}" if above == MASTER else "seen from here; lies outside"


def _enter(card: Card, df: FileReference | None) -> tuple[FileReference, FileControl | None]:
    """Select the DF to look in; how it is selected again from one of the files in it, and what it told of itself."""
    if df is None:
        df = _way_to(card.state.position) if card.state.position.df else FileReference(data=MASTER_FILE)
        if df is None:
            raise UsageError("where to look is not known well enough to come back to it", hint="files … --under FILE")
    control = select_file(card, df).control
    if control is not None and control.is_ef:
        raise UsageError(f"{df} is an EF, and files are in DFs", hint="files --under DF; cd .. goes up")
    # .. and a path from the current DF lead elsewhere when they are gone a second time
    found = df if df.by in (SelectBy.NAME, SelectBy.PATH_FROM_MF) else _way_to(card.state.position)
    if found is None:
        raise UsageError("where this leads is not known well enough to come back to it",
                         hint="a path from the MF, or aid: and the DF's name")
    return found, control


def _way_to(position: FilePosition) -> FileReference | None:
    """The current DF as SELECT finds it from the files in it; None where that is not known.

    Of a path whose beginning is not known the last step is enough: it is their parent.
    """
    if position.or_above and not position.complete:
        return None
    steps = position.df if position.complete else position.df[-1:]
    if steps[:1] != (MASTER,) and position.complete:
        steps = tuple(f"aid:{name}" for name in steps) if len(steps) == 1 else ()
    try:
        return FileReference.parse("/".join(steps)) if steps else None
    except ValueError:
        return None  # a name that is not kept, since it may be a transport key


def _found(identifier: int, command: CommandAPDU, response: ResponseAPDU) -> FoundFile:
    text = identifier.to_bytes(2, "big")
    told = "" if response.ok else meaning_of(command, response)
    try:
        control = parse_file_control(response.data)
    except FileControlError:
        return FoundFile(text.hex().upper(), file_name(text), "", "", "", response.sw, told)
    state = control.life_cycle.value if control.life_cycle else ""
    return FoundFile(text.hex().upper(), file_name(text), kind_of(control), size_of(control), state, response.sw, told)


def kind_of(control: FileControl) -> str:
    """How an EF is built, or what a file is, in words; empty where the card does not tell."""
    return control.structure.value if control.structure else control.kind.value if control.kind else ""


def size_of(control: FileControl) -> str:
    """How many bytes an EF has, as `100`, or of how many records, as `8 × 24`; empty where the card does not tell."""
    if control.has_records and control.record_count is not None and control.record_length is not None:
        return f"{control.record_count} × {control.record_length}"
    return "" if control.size is None or control.is_df else str(control.size)


# --- make and delete -----------------------------------------------------------------------------------------------


def create_file(card: Card, control_parameters: bytes) -> None:
    """CREATE FILE in the current DF from an FCP template. Raises CardError where the card refuses."""
    carried_out(card, interindustry.create_file(control_parameters), "the file was not made")


def delete_file(card: Card, identifier: bytes) -> None:
    """DELETE FILE in the current DF; the interlock asks for a yes. Raises CardError where the card refuses."""
    carried_out(card, interindustry.delete_file(identifier), f"{identifier.hex().upper()} was not deleted")
