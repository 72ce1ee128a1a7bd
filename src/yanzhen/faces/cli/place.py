"""Where this installation keeps its data, keys and database: settled before Django's settings are read."""

from __future__ import annotations

import os
import pwd
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from yanzhen.faces.cli import layout, postgres
from yanzhen.faces.cli.layout import NotReady

Role = Literal["owner", "web"]
KEYS = ("YANZHEN_SECRET_KEY", "YANZHEN_MASTER_KEY")
FOLDERS = ("attachments", "checkpoints", "signing", "static")
"""What web and worker write or read below the data folder."""


def data_dir() -> Path:
    """Return the data folder: YANZHEN_DATA_DIR, /var/lib/yanzhen for root, else the user's own."""
    if given := os.environ.get("YANZHEN_DATA_DIR"):
        return Path(given)
    if os.geteuid() == 0:
        return Path("/var/lib/yanzhen")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "yanzhen"


def embedded() -> bool:
    """Tell whether the database is the local one, not an outside one given by DATABASE_URL."""
    return os.environ.get("YANZHEN_EMBEDDED") == "1" or not os.environ.get("DATABASE_URL")


def prepare(role: Role) -> None:
    """Set the environment that Django's settings read, for the owner of the tables or for the web's role."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "yanzhen.config.settings"
    os.environ["YANZHEN_DATA_DIR"] = str(data_dir())
    for name, value in read_keys().items():
        os.environ.setdefault(name, value)
    if embedded():
        os.environ["YANZHEN_EMBEDDED"] = "1"
        user = postgres.WEB if role == "web" else layout.OWNER
        os.environ["DATABASE_URL"] = postgres.cluster_at(data_dir()).url(user)
    elif role == "owner":
        os.environ["DATABASE_URL"] = os.environ.get("YANZHEN_OWNER_URL") or os.environ["DATABASE_URL"]


@contextmanager
def database(*, make: bool = False) -> Iterator[None]:
    """Hold the database ready for a block: start the local one; `make` it where there is none. Raises NotReady."""
    if missing := [name for name in KEYS if not os.environ.get(name)]:
        raise NotReady(f"缺少密钥 {'、'.join(missing)}：请先运行 yanzhen init，或放回 {keys_file()}。")
    if not embedded():
        yield
        return
    if not make and not postgres.initialised(data_dir()):
        raise NotReady(
            f"未设置 DATABASE_URL，{data_dir()} 里也没有本机数据库。"
            "请先运行 yanzhen demo（试用）或 yanzhen init（正式），或设置 DATABASE_URL。"
        )
    with postgres.running(data_dir()):
        yield


def web_url(owner_url: str) -> str:
    """Return a URL whose sessions act as the web's role: by log-in on the local cluster, by `role` on another."""
    if embedded():
        return postgres.cluster_at(data_dir()).url(postgres.WEB)
    parts = urlsplit(owner_url)
    query = {**dict(parse_qsl(parts.query)), "options": f"-c role={postgres.WEB}"}
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


def keys_file() -> Path:
    return data_dir() / "keys.env"


def read_keys() -> dict[str, str]:
    """Return the keys kept in the data folder; empty where there are none or they are not ours to read."""
    if not os.access(keys_file(), os.R_OK):
        return {}
    pairs = (line.partition("=") for line in keys_file().read_text().splitlines() if "=" in line)
    return {name: value for name, _, value in pairs}


def make_keys() -> bool:
    """Keep new keys with mode 0600 where neither the environment nor the data folder has them; tell whether made.

    Raises NotReady where a database is there already: new keys would not open what is sealed in it.
    """
    if all(os.environ.get(name) for name in KEYS):
        return False
    if embedded() and postgres.initialised(data_dir()):
        raise NotReady(
            f"{keys_file()} 不见了，而数据库还在：请放回原来的密钥文件，否则证件号码和电话无法解开。"
        )
    prepare_folders()
    keys_file().touch(mode=0o600, exist_ok=False)
    with keys_file().open("w") as file:
        for name, size in zip(KEYS, (48, 32), strict=True):
            os.environ.setdefault(name, secrets.token_hex(size))
            file.write(f"{name}={os.environ[name]}\n")
    hand_over()
    return True


def system_user() -> pwd.struct_passwd | None:
    """Return the system user that owns the data where root calls, else None."""
    return layout.system_user() if os.geteuid() == 0 else None


def prepare_folders() -> None:
    owner = system_user()
    for path in (data_dir(), *(data_dir() / name for name in FOLDERS)):
        layout.own_folder(path, owner)


def hand_over() -> None:
    """Give what root wrote below the data folder to the system user, so that web and worker can go on with it."""
    if not (owner := system_user()):
        return
    for folder in FOLDERS:
        for path in (data_dir() / folder).rglob("*"):
            if path.lstat().st_uid == 0:
                os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    for path in data_dir().glob("*.env"):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
