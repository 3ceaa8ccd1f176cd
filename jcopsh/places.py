"""Where jcopsh keeps its files: the platform's own folders (XDG on Linux), by platformdirs."""

from __future__ import annotations

from pathlib import Path

APPLICATION = "jcopsh"


def key_store_file(*, simulated: bool = False) -> Path:
    """The keys read from cards or given by the user, mode 0600. Keys of simulated cards are kept apart from real ones:
    a simulated transport key must never be tried on a real card."""
    from platformdirs import user_data_path

    return user_data_path(APPLICATION, appauthor=False) / ("keys-simulated.json" if simulated else "keys.json")


def key_sets_file(*, simulated: bool = False) -> Path:
    """Key sets of security domains by name, mode 0600; those of simulated cards apart from real ones."""
    return key_store_file(simulated=simulated).with_name("key-sets-simulated.json" if simulated else "key-sets.json")


def ledger_file(*, simulated: bool = False) -> Path:
    """Authentications that ended badly, mode 0600; those of simulated cards apart from real ones."""
    return key_store_file(simulated=simulated).with_name("ledger-simulated.json" if simulated else "ledger.json")


def journal_folder() -> Path:
    """One file for each time a card was connected."""
    from platformdirs import user_state_path

    return user_state_path(APPLICATION, appauthor=False) / "journal"


def history_file() -> Path:
    """The lines typed, without their secrets."""
    from platformdirs import user_state_path

    return user_state_path(APPLICATION, appauthor=False) / "history"


def config_file() -> Path:
    """Settings and aliases, written by the user and by `--save`."""
    from platformdirs import user_config_path

    return user_config_path(APPLICATION, appauthor=False) / "config.toml"


def startup_file() -> Path:
    """The lines that run when the interactive shell starts."""
    return config_file().with_name("startup.jcop")


def user_plugins_folder() -> Path:
    """Plugins the user put there; the current directory is never searched."""
    from platformdirs import user_config_path

    return user_config_path(APPLICATION, appauthor=False) / "plugins"


def plugin_cache_file() -> Path:
    """What each plugin adds, so that start-up imports none."""
    from platformdirs import user_cache_path

    return user_cache_path(APPLICATION, appauthor=False) / "plugins.json"
