"""config.toml: what it sets, what is told of its mistakes, and how --save changes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jcopsh.errors import UsageError
from jcopsh.shell import config
from jcopsh.shell.command import Registry
from jcopsh.shell.config import ConfigProblem
from jcopsh.shell.settings import Origin, Settings, Source
from tests.shell.samples import context, sample_registry

KEY = bytes(range(0x40, 0x50)).hex().upper()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A place for a file of settings."""
    return tmp_path / "config.toml"


def load(file: Path) -> tuple[Settings, Registry, list[ConfigProblem]]:
    """The settings and aliases of a file, and what is wrong with it."""
    settings, registry, found = Settings(), sample_registry(), config.read_config(file)
    problems = [*found.problems, *config.apply_settings(found, settings)]
    problems += config.apply_aliases(found, registry, context())
    return settings, registry, problems


def told(file: Path) -> list[str]:
    """The mistakes as they are shown, without the name of the file."""
    return [line.removeprefix(str(file)) for line in config.told(load(file)[2])]


def test_no_file_says_nothing(file: Path) -> None:
    assert config.read_config(file) == config.Config(file)
    assert config.read_config(file / "below" / "nothing") == config.Config(file / "below" / "nothing")


def test_settings_and_aliases_hold(file: Path) -> None:
    file.write_text('[settings]\ntrace = "brief"\nhints = false\nget-response = true\nreader = 1\n\n'
                    '[aliases]\nkey1 = "k cm_key1"\nk = "read"\n')
    settings, registry, problems = load(file)
    assert problems == []
    assert (settings.trace, settings.hints, settings.get_response, settings.reader) == ("brief", False, True, "1")
    assert settings.get("trace").source == Source(Origin.FILE, str(file), 2)
    assert registry.expanded("key1") == "read cm_key1"
    assert [alias.source for alias in registry.aliases] == [f"{file}:9", f"{file}:8"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('trce = "brief"', ":2: there is no such setting: trce; did you mean trace?"),
        ('trace = "breif"', ":2: trace is one of off, brief, full; did you mean brief?"),
        ("trace = true", ":2: trace is one of off, brief, full"),
        ("trace = 1.5", ":2: a setting is a text in quotes, a number, true or false"),
        ('trace = ["brief"]', ":2: a setting is a text in quotes, a number, true or false"),
        ("trace = 2024-01-01", ":2: a setting is a text in quotes, a number, true or false"),
        ('trace.now = "brief"', ':2: [settings] has names with one value each; e.g. trace = "brief"'),
        ("trace = brief", ':2:9: this is no value; a text stands in quotes: name = "value"'),
        ('trace = "brief', ":2:15: this text is never closed; it ends with the quote that it began with"),
        ('color = "auto"\ncolor = "never"', ":3: color is given twice; line 2 counts, this one does not"),
        ("[[aliases]]", ":2: a section stands in single brackets; [aliases]"),
        ('[seting]\na = "b"', ":2: there is no section seting, and what it holds is left out; did you mean settings?"),
        ('[aliases]\nid = "identfy"', ":3: the alias id: there is no such command; help lists the commands"),
        ("[aliases]\nid = 3", ':3: the alias id: it stands for a text in quotes; id = "identify"'),
        ('[aliases]\nread = "dump"', ":3: the alias read: read is the name of a command; take another name"),
        ('[aliases]\na = "b"\nb = "a"', ":3: the alias a: there is no such command; help lists the commands"),
        ('[aliases]\nx = "dump --yes"', ":3: the alias x: --yes is typed on the line that it answers for, "
                                         "and not kept in an alias; leave it out"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_rest_holds(file: Path, line: str, says: str) -> None:
    file.write_text(f'[settings]\n{line}\n[aliases]\nk = "read cm_key1"\n[settings]\nkeys = "vi"\n')
    settings, registry, _ = load(file)
    assert told(file)[0] == says
    assert (settings.keys, registry.expanded("k")) == ("vi", "read cm_key1")


def test_what_stands_in_no_section_is_told(file: Path) -> None:
    file.write_text('trace = "brief"\nother.trace = "brief"\n')
    assert told(file) == [
        ":1: trace stands in no section; a setting belongs below [settings], an alias below [aliases]",
        ":2: there is no section other, and what it holds is left out; there are [settings] and [aliases]",
    ]


@pytest.mark.parametrize(
    "line",
    [f'[aliases]\nk = "write cm_key1 {KEY}"', f'[aliases]\nk = "{KEY}"', f'[aliases]\n{KEY} = "read"', f'{KEY} = "x"',
     f'[{KEY}]\na = "b"', f"[settings]\n{KEY} = 1", f'[settings]\ntrace = "{KEY}"', f"[settings]\ntrace = {KEY}",
     f'[settings]\ntrace = "{KEY}', f"{KEY}"],
)
def test_a_key_in_the_file_is_refused_and_not_repeated(file: Path, line: str) -> None:
    file.write_text(f"{line}\n")
    _, registry, problems = load(file)
    assert problems
    assert KEY not in "".join(config.told(problems))
    assert registry.aliases == ()


def test_mistakes_come_in_the_order_of_the_file_and_not_without_end(file: Path) -> None:
    file.write_text("[settings]\n" + 'trce = "x"\nnonsense\n' * 30)
    lines = told(file)
    assert [int(line.split(":")[1]) for line in lines[:-1]] == sorted(int(line.split(":")[1]) for line in lines[:-1])
    assert len(lines) == config.MOST_TOLD + 1
    assert lines[-1].startswith("and ") and lines[-1].endswith("mistakes more")


# files that are none --------------------------------------------------------------------------------------------------


def test_a_folder_in_its_place(file: Path) -> None:
    file.mkdir()
    assert told(file) == [": is a folder, not a file"]


def test_a_pipe_in_its_place_is_not_waited_for(file: Path) -> None:
    os.mkfifo(file)
    assert told(file) == [": is no file"]


def test_bytes_that_are_no_text_are_told_with_their_line(file: Path) -> None:
    file.write_bytes(b'[settings]\ntrace = "brief"\n\xff\xfe\x00')
    assert told(file) == [":3: is not text in UTF-8"]


def test_a_huge_file_is_not_read(file: Path) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(1 << 40)
    assert told(file) == [f": has {1 << 40} bytes; settings have at most {config.LARGEST_BYTES}"]


def test_a_mark_at_the_beginning_is_no_mistake(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbf[settings]\r\ntrace = "brief"\r\n')
    settings, _, problems = load(file)
    assert (settings.trace, problems) == ("brief", [])


def test_a_file_without_permission(file: Path) -> None:
    file.write_text("[settings]\n")
    code = "import os, sys; from pathlib import Path; from jcopsh.shell import config; os.setuid(65534); " \
           "print(*config.told(config.read_config(Path(sys.argv[1])).problems))"
    assert _as_nobody(file, code) == f"{file}: cannot be read: Permission denied"


def test_a_folder_without_permission_cannot_be_saved_to(file: Path) -> None:
    code = "import os, sys; from pathlib import Path; from jcopsh.shell import config; os.setuid(65534)\n" \
           "try: config.save(Path(sys.argv[1]), 'settings', 'trace', 'brief')\n" \
           "except Exception as error: print(type(error).__name__, error, error.hint, sep='|')"
    assert _as_nobody(file, code) == (
        f"UsageError|{file} cannot be written: Permission denied|without --save it holds until jcopsh ends")


def _as_nobody(file: Path, code: str) -> str:
    """What a program prints that is no superuser: where the tests run as one, permissions would say nothing."""
    file.parent.chmod(0o711 if file.exists() else 0o700)
    if file.exists():
        file.chmod(0)
    if os.geteuid() != 0:
        code = code.replace("os.setuid(65534)", "None")
        file.parent.chmod(0o500)
    try:
        done = subprocess.run([sys.executable, "-c", _modules() + code, str(file)], capture_output=True, text=True,
                              check=False, timeout=60)
    finally:
        file.parent.chmod(0o700)
    return done.stdout.strip() or done.stderr


def _modules() -> str:
    """Load before the rights are gone what is needed after."""
    return "import jcopsh.shell.toml_file, jcopsh.secrets.files, fcntl, tempfile, encodings.utf_8_sig, json, tomllib\n"


# the environment ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "level"),
    [("true", "brief"), ("1", "brief"), ("brief", "brief"), ("FULL", "full"), ("yes please", "brief"), ("", "off"),
     ("false", "off"), ("0", "off"), ("No", "off"), ("off", "off")],
)
def test_gp_trace(value: str, level: str) -> None:
    settings = Settings()
    config.after_files(settings, {"GP_TRACE": value})
    assert settings.trace == level
    assert settings.get("trace").source.name == ("GP_TRACE" if value else "")


@pytest.mark.parametrize(("name", "value", "told"), [
    ("GP_READER_IGNORE", "yubi", "--reader"), ("GP_PCSC_RESET", "false", "is reset"), ("GP_PCSC_RESET", "true", ""),
    ("GP_PCSC_EXCLUSIVE", "FALSE", "--shared"), ("GP_PCSC_EXCLUSIVE", "True", ""), ("GP_PCSC_TRANSACT", "", ""),
])
def test_what_of_the_environment_is_not_heard_is_told(name: str, value: str, told: str) -> None:
    lines = config.unheard({name: value, "GP_READER": "ACS"})
    assert len(lines) == bool(told)
    assert all(name in line and told in line for line in lines)


def test_gp_reader_overrules_the_file_and_an_empty_one_does_not(file: Path) -> None:
    for value, reader in (("ACS", "ACS"), ("", "omnikey")):
        settings = Settings()
        settings.set("reader", "omnikey", Source(Origin.FILE, "config.toml", 1))
        config.after_files(settings, {"GP_READER": value})
        assert settings.reader == reader


def test_no_color_is_overruled_by_the_file_as_its_convention_has_it(file: Path) -> None:
    file.write_text('[settings]\ncolor = "always"\n')
    settings = Settings()
    config.before_files(settings, {"NO_COLOR": "1"})
    assert (settings.color, str(settings.get("color").source)) == ("never", "NO_COLOR")
    config.apply_settings(config.read_config(file), settings)
    assert settings.color == "always"


# --save ---------------------------------------------------------------------------------------------------------------


def test_what_is_saved_is_read_and_is_for_the_user_alone(file: Path) -> None:
    deep = file.parent / "new" / "folders" / "config.toml"
    assert config.save(deep, "settings", "trace", "brief") == Source(Origin.FILE, str(deep), 2)
    assert config.save(deep, "aliases", "k", 'say "a b"').line == 5
    settings, registry, problems = load(deep)
    assert (settings.trace, registry.expanded("k"), problems) == ("brief", 'say "a b"', [])
    assert deep.stat().st_mode & 0o777 == 0o600
    assert config.forget(deep, "aliases", "k")
    assert load(deep)[1].aliases == ()
    assert not config.forget(deep, "aliases", "k")
    assert not config.forget(file.parent / "nowhere", "aliases", "k")
    assert not (file.parent / "nowhere").exists()


def test_a_link_stays_a_link(file: Path) -> None:
    own = file.parent / "dotfiles.toml"
    own.write_text("# mine\n")
    file.symlink_to(own)
    config.save(file, "settings", "trace", "brief")
    assert file.is_symlink()
    assert own.read_text() == '# mine\n\n[settings]\ntrace = "brief"\n'


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (config.LARGEST_BYTES + 1)])
def test_a_file_that_is_no_text_is_not_replaced(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UsageError):
        config.save(file, "settings", "trace", "brief")
    assert file.read_bytes() == content


def test_a_folder_is_not_replaced(file: Path) -> None:
    file.mkdir()
    with pytest.raises(UsageError):
        config.save(file, "settings", "trace", "brief")


def test_a_name_that_is_no_unicode_is_refused(file: Path) -> None:
    with pytest.raises(UsageError) as refused:
        config.save(file, "settings", "reader", "\udcff")
    assert "UTF-8" in refused.value.what
    assert not file.exists()


def test_two_that_save_at_once_keep_both(file: Path) -> None:
    code = "import sys; from pathlib import Path; from jcopsh.shell import config\n" \
           "for n in range(15): config.save(Path(sys.argv[1]), 'aliases', f'{sys.argv[2]}{n}', 'read')"
    running = [subprocess.Popen([sys.executable, "-c", code, str(file), name]) for name in ("one", "two", "six")]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(config.read_config(file).aliases) == 45
