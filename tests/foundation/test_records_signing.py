from __future__ import annotations

import stat
from shutil import which

import pytest
from django.core.exceptions import ImproperlyConfigured

from yanzhen.foundation.records.proof import _ed25519_slowly, _sm3_slowly, signature_is_good, sm3
from yanzhen.foundation.signing import public_keys, signer

SM3_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
"""GB/T 32905-2016, appendix A.1."""
ALGORITHMS = [
    "ed25519",
    pytest.param(
        "sm2", marks=pytest.mark.skipif(which("openssl") is None, reason="2026-11: SM2 signs by openssl")
    ),
]


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_was_signed_is_good_and_nothing_else_is(settings, algorithm):
    settings.SIGNER = algorithm
    key = signer().key
    public, signature = bytes.fromhex(key.public), signer().sign(b"message")

    assert signature_is_good(algorithm, public, b"message", signature)
    assert not signature_is_good(algorithm, public, b"massage", signature)
    assert not signature_is_good(algorithm, public, b"message", signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not signature_is_good(algorithm, public, b"message", b"")


def test_the_slow_way_agrees_with_the_library():
    public, signature = bytes.fromhex(signer().key.public), signer().sign(b"message")

    assert _ed25519_slowly(public, b"message", signature)
    assert not _ed25519_slowly(public, b"massage", signature)
    assert not _ed25519_slowly(public, b"message", bytes(64))


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 200])
def test_the_slow_sm3_agrees_with_the_fast(size):
    assert _sm3_slowly(b"x" * size) == sm3(b"x" * size)
    assert _sm3_slowly(b"abc").hex() == SM3_ABC


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first = signer().key.key_id
    signer.__globals__["_load"].cache_clear()
    path = tmp_path / "signing" / "ed25519.key"

    assert signer().key.key_id == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_new_key_leaves_the_old_public_key_on_the_shelf(settings):
    old = signer().key
    settings.SIGNING_KEY = "02" * 32
    new = signer().key

    assert old != new
    assert public_keys() == {old.key_id: old, new.key_id: new}


@pytest.mark.parametrize(("name", "value"), [("SIGNER", "rsa"), ("SIGNING_KEY", "00")])
def test_a_setting_that_makes_no_key_is_named(settings, name, value):
    setattr(settings, name, value)

    with pytest.raises(ImproperlyConfigured, match=r"YANZHEN_SIGNER|签名密钥"):
        signer()
