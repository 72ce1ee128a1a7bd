"""Where an outgoing request may go: a public address, or a host that the installation names. Resolved once.

Whoever may register an endpoint could otherwise have this server ask the inner network for them (server-side request
forgery). What is checked is the address that the name resolves to, whatever its spelling, and the connection goes to
that very address: a name that answers differently the second time gains nothing. Rules: docs/rules/outbox.md.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from yanzhen.foundation.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]
PORTS = {"https": 443, "http": 80}
PLAIN = re.compile(r"[!-~]+")
UNICAST = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that is given out (RFC 4291); outside it lie NAT64, site-local and whatever comes next."""
NOBODYS: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (
    ipaddress.IPv4Network("192.0.0.0/24"), ipaddress.IPv4Network("168.63.129.16/32"),
    ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/23"),
)  # fmt: skip
"""What `is_global` lets through: protocol assignments, a cloud's inner host with a public number, and 6to4 and Teredo,
which lead to an IPv4 address inside them."""


class AddressRefused(Invalid):
    code = "address_refused"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and what to ask for there. `address` was checked; `host` is for the Host header and TLS."""

    secure: bool
    host: str
    port: int
    address: str
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


def resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def target_of(url: str, *, resolver: Resolve = resolve) -> Target:
    """Return where `url` leads; raises AddressRefused, with the reason, where no request may go there."""
    scheme, host, port, path = _parts(url)
    listed = host in settings.OUTBOX_HOSTS
    if scheme == "http" and not listed:
        raise _refused("地址须以 https:// 开头；内网的 http 地址须由系统管理员列入 YANZHEN_OUTBOX_HOSTS")
    try:
        addresses = resolver(host, port)
    except (OSError, UnicodeError):
        addresses = []
    if not addresses:
        raise _refused("找不到这个主机，请核对地址")
    if not listed and not all(is_public(address) for address in addresses):
        raise _refused("该主机是内网、本机或保留地址；确需投递时，须由系统管理员列入 YANZHEN_OUTBOX_HOSTS")
    return Target(scheme == "https", host, port, addresses[0], path)


def is_public(text: str) -> bool:
    """Tell whether the address is anybody's on the open network; what can not be read as one is not."""
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            address = address.ipv4_mapped
        elif address not in UNICAST:
            return False
    if any(address in network for network in NOBODYS if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _parts(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path with query; raises AddressRefused for what is no plain address."""
    if not PLAIN.fullmatch(url) or "\\" in url:
        raise _refused("地址只能用英文字母、数字和常用符号，不能有空格、反斜杠或全角字符")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("地址写法有误，请核对") from None
    host = (parts.hostname or "").rstrip(".")
    bracketed = parts.netloc.startswith("[")
    if parts.scheme not in PORTS or not host or port == 0 or bracketed != (":" in host):
        raise _refused("地址须形如 https://主机/路径")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused("地址中不能有用户名、密码或 # 之后的部分")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or PORTS[parts.scheme], path


def _refused(reason: str) -> AddressRefused:
    return AddressRefused(reason, fields={"url": reason})
