"""The types of command parameters: each parses its text, completes it, writes it, and says what of it is secret.

A command declares them by annotation: `address: Address`, `data: ByteString`, `kind: Annotated[str, choice("cold",
"warm")]`. For every type, `parse(format(x)) == x`. `parse` raises NotationError or UsageError with offsets into the
text it was given; the message never repeats a text that may be a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from jcopsh.globalplatform.channel import SecurityLevel
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.file_reference import FileReference
from jcopsh.jcop.root_applet import TRANSPORT_KEY_LENGTH
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.shell.types import folders
from jcopsh.shell.types.apdu import ApduInput, ApduTextType, carries_secret
from jcopsh.shell.types.application import TRANSPORT_KEY, AidOrNameType, Target
from jcopsh.shell.types.base import ParameterType, PendingError, did_you_mean, nearest
from jcopsh.shell.types.byte_strings import ByteStringType, SecretBytesType, StoredBytesType
from jcopsh.shell.types.key_specs import KeySetNameType, KeySpec, KeySpecType, SecurityLevelType
from jcopsh.shell.types.memory import AddressType, LengthType
from jcopsh.shell.types.names import (
    AliasDefinition,
    AliasDefinitionType,
    AliasNameType,
    HelpSubjectType,
    ReaderType,
    SettingNameType,
    SettingValueType,
)
from jcopsh.shell.types.plain import (
    ChoiceType,
    FileKind,
    FilePathType,
    IntegerType,
    KeyVersionType,
    ScpOptionType,
    TextType,
    choice,
    choice_among,
    choice_of,
    parse_number,
)

__all__ = [
    "DEFAULT_TYPES", "TRANSPORT_KEY", "Address", "AddressType", "AidOrName", "AidOrNameType", "AliasDefinition",
    "AliasDefinitionText", "AliasDefinitionType", "AliasName", "AliasNameType", "ApduInput", "ApduText",
    "ApduTextType", "ByteString", "ByteStringType", "ChoiceType", "FileKind", "FilePath", "FilePathType", "HelpSubject",
    "HelpSubjectType", "InputFile", "Integer", "IntegerType", "KeySetName", "KeySetNameType", "KeySets", "KeySpec",
    "KeySpecType", "KeyVersionType", "Length", "LengthType",
    "OutputFile", "ParameterType", "PendingError", "Reader", "ReaderApdu", "ReaderType", "RestText", "ScpOptionType",
    "ScriptFile",
    "SecretBytes", "SecretBytesType", "Security", "SecurityLevelType", "SettingName", "SettingNameType", "SettingValue",
    "SettingValueType", "StoredBytes", "StoredBytesType", "Target", "Text", "TextType", "TransportKey",
    "carries_secret", "choice", "choice_among", "choice_of", "did_you_mean", "nearest", "parse_number",
]

Address = Annotated[int, AddressType()]
Length = Annotated[int, LengthType()]
ByteString = Annotated[bytes, ByteStringType()]
StoredBytes = Annotated[bytes, StoredBytesType()]
SecretBytes = Annotated[Secret, SecretBytesType()]
TransportKey = Annotated[Secret, SecretBytesType(SecretKind.TRANSPORT_KEY, (TRANSPORT_KEY_LENGTH,))]
ApduText = Annotated[ApduInput, ApduTextType()]
ReaderApdu = Annotated[ApduInput, ApduTextType(for_reader=True)]
AidOrName = Annotated[AID | Target | FileReference, AidOrNameType()]
InputFile = Annotated[Path, FilePathType(FileKind.READ)]
ScriptFile = Annotated[Path, FilePathType(FileKind.READ, folders.SCRIPTS)]
FilePath = Annotated[Path, FilePathType(FileKind.READ)]
OutputFile = Annotated[Path, FilePathType(FileKind.WRITE)]
Text = Annotated[str, TextType()]
RestText = Annotated[str, TextType(rest=True)]
Integer = Annotated[int, IntegerType()]
SettingName = Annotated[str, SettingNameType()]
SettingValue = Annotated[str, SettingValueType()]
Reader = Annotated[str, ReaderType()]
AliasDefinitionText = Annotated[AliasDefinition, AliasDefinitionType()]
AliasName = Annotated[str, AliasNameType()]
HelpSubject = Annotated[str, HelpSubjectType()]
KeySets = Annotated[KeySpec, KeySpecType()]
KeySetName = Annotated[str, KeySetNameType()]
Security = Annotated[SecurityLevel, SecurityLevelType()]

# what a plain annotation stands for
DEFAULT_TYPES: Mapping[Any, ParameterType[Any]] = {
    str: TextType(), int: IntegerType(), bytes: ByteStringType(), Path: FilePathType(), Secret: SecretBytesType(),
}
