"""The registry of a simulated card as it stands in a state file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jcopsh.simulator.card_content import CardContent, CardState, DomainData, Instance, LoadFile, PackageVersion
from jcopsh.simulator.card_keys import CardKey, CardKeySet, KeyType

_LARGEST = 0xFFFFFF


def encode_content(content: CardContent) -> dict[str, object]:
    """The registry as JSON can hold it."""
    return {
        "card_state": content.card_state.name,
        "issuer": _encode_instance(content.issuer),
        "load_files": [_encode_load_file(one) for one in content.load_files],
        "instances": [_encode_instance(one) for one in content.instances],
    }


def decode_content(stored: Mapping[str, Any]) -> CardContent:
    """The registry of a stored card; raises KeyError, TypeError or ValueError where a field is wrong."""
    content = CardContent(
        _decode_instance(stored["issuer"]), CardState[stored["card_state"]],
        tuple(_decode_load_file(one) for one in stored["load_files"]),
        tuple(_decode_instance(one) for one in stored["instances"]),
    )
    names = [one.aid for one in content.applications] + [one.aid for one in content.load_files]
    if len(set(names)) != len(names) or content.issuer.domain_data is None:
        raise ValueError
    return content


def _encode_load_file(one: LoadFile) -> dict[str, object]:
    return {
        "package": _encode_package(one.package), "modules": [_text(aid) for aid in one.modules],
        "domain": _text(one.domain), "imports": [_encode_package(wanted) for wanted in one.imports],
        "size": one.size, "permanent": one.permanent,
    }


def _decode_load_file(stored: Mapping[str, Any]) -> LoadFile:
    return LoadFile(
        _decode_package(stored["package"]), tuple(bytes.fromhex(aid) for aid in stored["modules"]),
        bytes.fromhex(stored["domain"]), tuple(_decode_package(one) for one in stored["imports"]),
        _number(stored["size"]), bool(stored["permanent"]),
    )


def _encode_package(one: PackageVersion) -> dict[str, object]:
    return {"aid": _text(one.aid), "major": one.major, "minor": one.minor}


def _decode_package(stored: Mapping[str, Any]) -> PackageVersion:
    return PackageVersion(bytes.fromhex(stored["aid"]), _number(stored["major"], 255), _number(stored["minor"], 255))


def _encode_instance(one: Instance) -> dict[str, object]:
    return {
        "aid": _text(one.aid), "load_file": _text(one.load_file), "module": _text(one.module),
        "domain": _text(one.domain), "privileges": one.privileges, "state": one.state, "size": one.size,
        "domain_data": None if one.domain_data is None else _encode_domain(one.domain_data),
    }


def _decode_instance(stored: Mapping[str, Any]) -> Instance:
    domain = stored["domain_data"]
    return Instance(
        bytes.fromhex(stored["aid"]), bytes.fromhex(stored["load_file"]), bytes.fromhex(stored["module"]),
        bytes.fromhex(stored["domain"]), _number(stored["privileges"]), _number(stored["state"], 255),
        _number(stored["size"]), None if domain is None else _decode_domain(domain),
    )


def _encode_domain(data: DomainData) -> dict[str, object]:
    return {
        "key_sets": [
            {"version": one.version, "keys": [[key.identifier, key.type.name, _text(key.value)] for key in one.keys]}
            for one in data.key_sets
        ],
        "sequence_counter": data.sequence_counter, "tries": data.tries,
        "objects": [[tag, _text(value)] for tag, value in data.objects],
    }


def _decode_domain(stored: Mapping[str, Any]) -> DomainData:
    return DomainData(
        tuple(
            CardKeySet(_number(one["version"], 255), tuple(_decode_key(*key) for key in one["keys"]))
            for one in stored["key_sets"]
        ),
        _number(stored["sequence_counter"]), _number(stored["tries"], 255),
        tuple((_number(tag, 0xFFFF), bytes.fromhex(value)) for tag, value in stored["objects"]),
    )


def _decode_key(identifier: int, kind: str, value: str) -> CardKey:
    key = CardKey(_number(identifier, 127), KeyType[kind], bytes.fromhex(value))
    if len(key.value) not in key.type.lengths:
        raise ValueError
    return key


def _text(value: bytes) -> str:
    return value.hex().upper()


def _number(value: object, most: int = _LARGEST) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    if not 0 <= value <= most:
        raise ValueError
    return value
