"""Names of cards and their options; the assumptions."""

from __future__ import annotations

import pytest

from jcopsh.simulator.assumptions import ASSUMPTIONS, CM_LIFECYCLE_ADDRESS, Assumption
from jcopsh.simulator.profiles import (
    DEFAULT_PROFILE,
    BootVariant,
    FilesProfile,
    JcopProfile,
    ProfileError,
    parse_profile,
    profile_names,
)


def test_the_profiles() -> None:
    assert profile_names() == ("j2a040-unfused", "j2a081-unfused", "j2a040", "j2e145", "j3r180", "iso7816-files")
    assert profile_names()[0] == DEFAULT_PROFILE
    maps = [parse_profile(name).map_name for name in profile_names()]
    assert maps == ["simulated-j2a040", "simulated-j2a081", None, None, None, None]
    keys = [parse_profile(name).transport_key for name in profile_names()]
    assert keys == [b"JCOPSIMULATEDTK0", b"JCOPSIMULATEDTK0", None, None, None, None]


@pytest.mark.parametrize(
    ("text", "boot"),
    [("j2a040-unfused", "wipe"), ("j2a040-unfused,boot=wipe", "wipe"), ("j2a081-unfused,boot=keep", "keep")],
)
def test_options(text: str, boot: str) -> None:
    profile = parse_profile(text)
    assert isinstance(profile, JcopProfile) and profile.boot is BootVariant(boot)


@pytest.mark.parametrize(
    ("text", "offset", "listed"),
    [
        ("", 0, "j2a081-unfused"),
        ("j2a041", 0, "j2a040-unfused"),
        ("j2a040,scp03=00", 7, "scp02=15"),
        ("j3r180,scp03=02", 7, "scp03=70"),
        ("j3a040-unfused,boot=keep", 0, "j2a081-unfused"),
        ("j2a040-unfused,", 15, "boot=keep"),
        ("j2a040-unfused,boot", 15, "boot=wipe"),
        ("j2a040-unfused,boot=no", 15, "boot=keep"),
        ("j2a040-unfused,boot=keep,colour=red", 25, "boot=wipe"),
        ("j2a040-unfused,boot=keep,boot=keep", 25, "twice"),
        ("files,boot=keep", 6, "protocol=t1, protocol=t0"),
        ("iso7816-files,protocol=T=0", 14, "protocol=t0"),
        ("iso7816-files,protocol=t0,protocol=t0", 26, "twice"),
    ],
)
def test_what_does_not_exist_is_said_with_its_place_and_what_does(text: str, offset: int, listed: str) -> None:
    with pytest.raises(ProfileError, match=listed) as caught:
        parse_profile(text)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("text", "protocol"), [("files", "t1"), ("iso7816-files", "t1"), ("files,protocol=t0", "t0")]
)
def test_the_card_with_files_has_a_short_name(text: str, protocol: str) -> None:
    profile = parse_profile(text)
    assert isinstance(profile, FilesProfile)
    assert profile.kind == {"profile": "iso7816-files", "protocol": protocol}


def test_the_transport_key_is_not_in_the_repr() -> None:
    profile = parse_profile(DEFAULT_PROFILE)
    assert "JCOPSIM" not in repr(profile)
    assert "j2a040-unfused" in repr(profile)


def test_every_assumption_of_the_module_is_listed_once_with_a_sentence() -> None:
    from jcopsh.simulator import assumptions

    made = [value for value in vars(assumptions).values() if isinstance(value, Assumption)]
    assert sorted(made, key=lambda one: one.name) == sorted(ASSUMPTIONS, key=lambda one: one.name)
    assert len({one.name for one in ASSUMPTIONS}) == len(ASSUMPTIONS)
    assert all(one.text.endswith(".") for one in ASSUMPTIONS)
    assert CM_LIFECYCLE_ADDRESS.value == 0xC00400
