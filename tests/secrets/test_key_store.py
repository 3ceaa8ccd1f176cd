"""The key store: nothing in it is lost, and nobody else reads it."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jcopsh.errors import StoreError
from jcopsh.secrets.files import write_private
from jcopsh.secrets.key_store import KeyStore, Origin, StoredSecret
from jcopsh.secrets.secret import Secret, SecretKind
from tests.secrets.test_secret import KEY, shows

WRITERS, EACH = 6, 8


def entry(value: bytes = KEY, name: str = "cm_key1", **changes: Any) -> StoredSecret:
    return replace(StoredSecret(name, Secret(value), Origin.READ, "card", "boot.1", 0xC00305), **changes)


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "a" / "b" / "keys.json")


def any_entry(_entry: StoredSecret) -> bool:
    return True


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_added_is_there(store: KeyStore) -> None:
    assert store.entries() == ()
    store.add(entry(), entry(b"12345", "gpin", secret=Secret(b"12345", SecretKind.PIN), address=None))
    first, second = KeyStore(store.path).entries()
    assert first.same_as(entry())
    assert (second.secret.reveal(), second.secret.kind, second.address) == (b"12345", SecretKind.PIN, None)
    assert first.time


def test_the_same_is_not_kept_twice_and_anything_new_is(store: KeyStore) -> None:
    store.add(entry(), entry())
    store.add(entry())
    kept = len(store.entries())
    assert kept == 1
    for changed in (
        entry(boot="boot.2"),
        entry(card="other"),
        entry(origin=Origin.WRITTEN),
        entry(bytes(16)),
        entry(address=1),
    ):
        store.add(changed)
        kept += 1
        assert len(store.entries()) == kept


def test_file_and_folders_are_the_users_alone(store: KeyStore) -> None:
    previous = os.umask(0)
    try:
        store.add(entry())
    finally:
        os.umask(previous)
    assert mode(store.path) == 0o600
    assert mode(store.path.with_name("keys.json.lock")) == 0o600
    assert (mode(store.path.parent), mode(store.path.parent.parent)) == (0o700, 0o700)
    store.path.chmod(0o644)
    store.add(entry(bytes(16)))
    assert mode(store.path) == 0o600


def test_nothing_else_is_left_behind(store: KeyStore) -> None:
    store.add(entry())
    assert sorted(path.name for path in store.path.parent.iterdir()) == ["keys.json", "keys.json.lock"]


def test_a_failed_write_leaves_the_old_file(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(entry())
    before = store.path.read_bytes()

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(StoreError, match="No space left") as caught:
            store.add(entry(bytes(16)))
    assert not shows("".join(traceback.format_exception(caught.value)))
    assert store.path.read_bytes() == before
    assert sorted(path.name for path in store.path.parent.iterdir()) == ["keys.json", "keys.json.lock"]


def test_it_is_on_disk_before_add_returns(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, rename = os.fsync, os.replace

    def watched_fsync(descriptor: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def watched_rename(source: str, target: str) -> None:
        order.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_rename)
    store.add(entry())
    store.add(entry(bytes(16)))
    assert order[-3:] == ["file", "rename", "folder"]


def _write(path: Path, writer: int) -> None:
    store = KeyStore(path)
    for number in range(EACH):
        store.add(entry(bytes((writer, number)) * 8, boot=f"{writer}.{number}"))


def test_writers_at_the_same_time_lose_nothing(store: KeyStore) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(store.path, writer)) for writer in range(WRITERS)]
    for process in writers:
        process.start()
    for process in writers:
        process.join(60)
    assert [process.exitcode for process in writers] == [0] * WRITERS
    values = {stored.secret.reveal() for stored in store.entries()}
    assert values == {bytes((writer, number)) * 8 for writer in range(WRITERS) for number in range(EACH)}


DAMAGED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe" + KEY.hex().encode(),
    KEY.hex().encode(),
    b"[" * 100_000,
    b'{"format": "jcopsh key store 1"}',
    b'{"format": "another", "entries": []}',
    b'{"format": "jcopsh key store 1", "entries": [{"value": "' + KEY.hex().encode() + b'"}]}',
    b'{"format": "jcopsh key store 1", "entries": "' + KEY.hex().encode() + b'"}',
]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_is_named_and_neither_quoted_nor_changed(store: KeyStore, content: bytes) -> None:
    write_private(store.path, content)
    for attempt in (
        store.entries,
        lambda: store.add(entry()),
        lambda: store.transport_keys(any_entry),
        lambda: store.with_kcv("8BAF47"),
    ):
        with pytest.raises(StoreError, match="is damaged") as caught:
            attempt()
        error: BaseException | None = caught.value
        while error is not None:  # the causes as well, which a debugger would show
            assert not shows("".join(traceback.format_exception(error)))
            assert not any(shows(repr(value)) for value in vars(error).values())
            assert not any(shows(repr(argument)) for argument in error.args)
            error = error.__context__
    assert store.path.read_bytes() == content


def test_an_entry_that_is_wrong_is_not_quoted(store: KeyStore) -> None:
    store.add(entry())
    document = json.loads(store.path.read_text())
    document["entries"][0]["kind"] = "no kind"
    store.path.write_text(json.dumps(document))
    with pytest.raises(StoreError) as caught:
        store.entries()
    assert not shows("".join(traceback.format_exception(caught.value)))


@pytest.mark.parametrize(("part", "value"), [("name", 5), ("value", 5), ("boot", None), ("card", []), ("address", 5)])
def test_a_value_that_is_no_text_is_damage(store: KeyStore, part: str, value: object) -> None:
    store.add(entry())
    document = json.loads(store.path.read_text())
    document["entries"][0][part] = value
    store.path.write_text(json.dumps(document))
    with pytest.raises(StoreError, match="is damaged"):
        store.entries()


def test_a_file_that_cannot_be_read(store: KeyStore) -> None:
    store.path.mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be read"):
        store.entries()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        KeyStore(tmp_path / "file" / "data" / "keys.json").add(entry())


def test_transport_keys_latest_first_each_once(store: KeyStore) -> None:
    def transport_key(value: bytes, boot: str) -> StoredSecret:
        return entry(name="transport_key", secret=Secret(value, SecretKind.TRANSPORT_KEY), boot=boot, address=None)

    store.add(transport_key(bytes(16), "1"), entry(), transport_key(KEY, "2"))
    store.add(transport_key(bytes(16), "3"))
    assert [stored.secret.reveal() for stored in store.transport_keys(any_entry)] == [bytes(16), KEY]
    assert [stored.secret.reveal() for stored in store.transport_keys(lambda stored: stored.boot == "2")] == [KEY]


def test_found_by_value_and_by_check_value(store: KeyStore) -> None:
    store.add(entry(), entry(bytes(range(0x40, 0x50))))
    assert store.holds(Secret(KEY))
    assert not store.holds(Secret(bytes(16)))
    found = store.with_kcv("8BAF47")
    assert found
    assert found.reveal() == bytes(range(0x40, 0x50))
    assert store.with_kcv("000000") is None
