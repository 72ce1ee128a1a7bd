"""Where a notice may go: whatever the spelling, never into the house. Every spelling here was used against somebody."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanzhen.foundation.outbox.addresses import AddressRefused, Target, is_public, resolve, target_of

INNER = (
    "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://017700000001/", "https://127.000.000.001/",
    "https://127.0.0.1./", "https://127.0.0.1:8351/", "https://0/", "https://0.0.0.0/", "https://0x0/",
    "https://localhost/", "https://LOCALHOST/", "https://localhost./",
    "https://10.0.0.1/", "https://172.16.0.1/", "https://172.31.255.254/", "https://192.168.1.1/", "https://3232235777/",
    "https://169.254.169.254/latest/meta-data/", "https://0xa9fea9fe/", "https://2852039166/", "https://0251.0376.0251.0376/",
    "https://100.100.100.200/latest/meta-data/", "https://100.64.0.1/", "https://168.63.129.16/", "https://198.18.0.1/",
    "https://192.0.2.1/", "https://203.0.113.7/", "https://224.0.0.1/", "https://239.255.255.250/", "https://255.255.255.255/",
    "https://240.0.0.1/", "https://192.0.0.192/",
    "https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/",
    "https://[::ffff:10.0.0.1]/", "https://[::127.0.0.1]/", "https://[::7f00:1]/", "https://[fe80::1]/", "https://[fe80::1%25lo]/",
    "https://[fc00::1]/", "https://[fd00:ec2::254]/", "https://[ff02::1]/", "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::1]/", "https://[2001:0:7f00:1::]/",
    "https://[2001:db8::1]/", "https://[fec0::1]/",
)  # fmt: skip
MISSPELT = (
    "http://93.184.215.14/", "ftp://93.184.215.14/", "file:///etc/passwd", "gopher://93.184.215.14:70/_", "//93.184.215.14/",
    "93.184.215.14", "https:///x", "https://", "https://user@93.184.215.14/", "https://user:word@93.184.215.14/",
    "https://93.184.215.14@127.0.0.1/", "https://127.0.0.1#@93.184.215.14/", "https://93.184.215.14/#x",
    "https://127.0.0.1\\@93.184.215.14/", "https://93.184.215.14\\.localhost/", "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/",
    "https://93.184.215.14:0/", "https://93.184.215.14:99999/", "https://93.184.215.14:x/", "https://[::1/", "https://[v1.x]/",
    "https://93.184.215.14/ HTTP/1.1", "https://93.184.215.14/\r\nHost: x", "https://93.184.215.14/\t", "",
)  # fmt: skip


@pytest.mark.parametrize("url", INNER)
def test_no_spelling_of_an_inner_address_is_let_through(url: str):
    with pytest.raises(AddressRefused) as refused:
        target_of(url)

    assert refused.value.data["fields"].keys() == {"url"}


@pytest.mark.parametrize("url", MISSPELT)
def test_what_is_no_plain_https_address_is_refused_before_any_name_is_looked_up(url: str):
    def never(host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up")

    with pytest.raises(AddressRefused):
        target_of(url, resolver=never)


def test_a_public_address_is_resolved_once_and_connected_to_as_it_was_checked():
    asked: list[tuple[str, int]] = []

    def once(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]

    target = target_of("https://Hooks.Example.COM:8443/a/b?c=d", resolver=once)

    assert target == Target(True, "hooks.example.com", 8443, "93.184.215.14", "/a/b?c=d")
    assert (asked, target.authority) == ([("hooks.example.com", 8443)], "hooks.example.com:8443")


@pytest.mark.parametrize(
    "inner", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1%eth0", "not an address"]
)
def test_a_name_of_which_one_address_is_inner_is_refused_whole(inner: str):
    with pytest.raises(AddressRefused):
        target_of("https://hooks.example.com/", resolver=lambda *_: ["93.184.215.14", inner])


def test_a_host_that_the_installation_lists_may_be_inner_and_plain_and_no_other_may(settings: Any):
    settings.OUTBOX_HOSTS = frozenset({"127.0.0.1"})

    assert target_of("http://127.0.0.1:8080/x") == Target(False, "127.0.0.1", 8080, "127.0.0.1", "/x")
    for other in ("http://127.0.0.2/", "http://localhost/", "http://2130706433/", "https://[::1]/"):
        with pytest.raises(AddressRefused):
            target_of(other)


def test_a_name_that_nobody_has_is_refused():
    def nobody(*_: object) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(AddressRefused, match="找不到这个主机"):
        target_of("https://hooks.example.com/", resolver=nobody)


@given(st.ip_addresses(v=4))
def test_an_address_written_as_ipv6_is_no_more_public_than_itself(address: object):
    plain = is_public(str(address))

    assert is_public(f"::ffff:{address}") == plain
    assert not is_public(f"64:ff9b::{address}")
    assert not is_public(f"::{address}")


def test_the_systems_own_resolver_reads_the_old_spellings_as_we_fear():
    assert resolve("0x7f.1", 443) == ["127.0.0.1"]
