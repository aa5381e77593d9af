"""Where the engine keeps what it keeps."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_config_path, user_data_path

APP = "llm4cov"


def cache_folder() -> Path:
    """Folder of everything that can be made again: LLM4COV_CACHE_DIR, else the user's cache folder."""
    return Path(os.environ.get("LLM4COV_CACHE_DIR") or user_cache_path(APP))


def data_folder() -> Path:
    """Folder of sessions that belong to no project: LLM4COV_DATA_DIR, else the user's data folder."""
    return Path(os.environ.get("LLM4COV_DATA_DIR") or user_data_path(APP))


def user_settings_file() -> Path:
    """The user's own settings: LLM4COV_CONFIG, else config.toml in the user's configuration folder."""
    return Path(os.environ.get("LLM4COV_CONFIG") or user_config_path(APP) / "config.toml")
