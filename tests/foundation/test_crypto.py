"""Field encryption: what opens, what does not, and the ring of keys."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from yanzhen.foundation import crypto
from yanzhen.foundation.crypto import KeyProblem
from yanzhen.foundation.models import DataKey, Record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _keys():
    crypto.forget_keys()
    crypto.begin()
    yield
    crypto.forget_keys()


@given(text=st.text(), context=st.text(max_size=40))
def test_what_was_sealed_opens_in_its_context(text, context):
    assert crypto.open_(crypto.seal(text, context=context), context=context) == text


@given(text=st.text(min_size=1), one=st.text(max_size=20), other=st.text(max_size=20))
def test_what_was_sealed_opens_in_no_other_context(text, one, other):
    sealed = crypto.seal(text, context=one)

    if one != other:
        with pytest.raises(KeyProblem):
            crypto.open_(sealed, context=other)


@given(data=st.data(), text=st.text(max_size=30))
def test_one_bit_changed_anywhere_is_noticed(data, text):
    sealed = bytearray(crypto.seal(text, context="person.phone"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(KeyProblem):
        crypto.open_(bytes(sealed), context="person.phone")


@given(cut=st.integers(0, 40))
def test_a_text_cut_short_is_noticed(cut):
    sealed = crypto.seal("13812342046", context="person.phone")

    with pytest.raises(KeyProblem):
        crypto.open_(sealed[:cut], context="person.phone")


def test_two_seals_of_one_text_share_no_nonce():
    nonces = {crypto.seal("x", context="c")[crypto.HEAD :][: crypto.NONCE] for _ in range(500)}

    assert len(nonces) == 500


def test_another_master_key_opens_nothing(settings):
    sealed = crypto.seal("13812342046", context="person.phone")
    settings.MASTER_KEY = "02" * 32
    crypto.forget_keys()

    with pytest.raises(KeyProblem, match="主密钥不符"):
        crypto.open_(sealed, context="person.phone")


@pytest.mark.parametrize("key", ["", "01" * 16, "01" * 33, "0g" * 32])
def test_what_is_no_master_key_is_refused_with_the_name_of_the_variable(settings, key):
    settings.MASTER_KEY = key
    crypto.forget_keys()

    with pytest.raises(KeyProblem, match="YANZHEN_MASTER_KEY"):
        crypto.keyed_hash("x", purpose="phone")


def test_the_data_keys_stand_in_the_database_wrapped(settings):
    (row,) = DataKey.objects.all()
    derived = hmac.digest(bytes.fromhex(settings.MASTER_KEY), b"wrap", "sm3")

    assert len(bytes(row.wrapped)) == crypto.NONCE + 16 + crypto.TAG
    assert derived[:16] not in bytes(row.wrapped)


@given(value=st.text())
def test_the_look_up_hash_is_hmac_sm3_under_a_key_of_its_purpose(value):
    def by_the_standard_library(purpose: str) -> bytes:
        key = hmac.digest(bytes.fromhex("01" * 32), f"hash:{purpose}".encode(), "sm3")
        return hmac.digest(key, value.encode(), "sm3")

    assert crypto.keyed_hash(value, purpose="phone") == by_the_standard_library("phone")
    assert crypto.keyed_hash(value, purpose="phone") != crypto.keyed_hash(value, purpose="id_number")
    assert crypto.keyed_hash(value, purpose="phone") != hashlib.new("sm3", value.encode()).digest()


def test_a_new_key_seals_and_the_old_ones_still_open():
    numbers, sealed = [], []
    for _ in range(3):
        numbers.append(crypto.newest_key())
        sealed.append(crypto.seal("张三", context="c"))
        crypto.rotate()

    assert [crypto.key_of(text) for text in sealed] == numbers
    assert numbers == sorted(set(numbers))
    assert crypto.newest_key() == DataKey.objects.latest("pk").pk > numbers[-1]
    assert [crypto.open_(text, context="c") for text in sealed] == ["张三"] * 3


def test_a_rotation_is_on_record_without_the_key():
    made = crypto.rotate()

    line = Record.objects.get(verb="key.rotate", subject_id=str(made.pk))
    assert (line.actor_id, line.before, line.after) == (None, None, None)


def test_an_installation_that_has_a_key_keeps_it():
    crypto.begin()

    assert DataKey.objects.count() == 1


def test_a_retired_key_seals_no_more_but_what_it_sealed_opens():
    old, sealed = crypto.newest_key(), crypto.seal("张三", context="c")
    crypto.rotate()
    DataKey.objects.filter(pk=crypto.newest_key()).update(retired_at="2026-11-24T00:00:00Z")
    crypto.forget_keys()

    assert crypto.newest_key() == old
    assert crypto.open_(sealed, context="c") == "张三"


def test_without_any_key_the_refusal_says_what_to_run():
    DataKey.objects.all().delete()
    crypto.forget_keys()

    with pytest.raises(KeyProblem, match="yanzhen init"):
        crypto.seal("张三", context="c")


def test_a_text_of_another_installation_names_the_key_that_is_missing():
    with pytest.raises(KeyProblem, match="第 99999999 号"):
        crypto.open_((99999999).to_bytes(crypto.HEAD, "big") + bytes(40), context="c")


def test_a_rotation_that_was_rolled_back_seals_nothing_more():
    before = crypto.newest_key()
    with transaction.atomic():
        made = crypto.rotate().pk
        inside = crypto.key_of(crypto.seal("张三", context="c"))
        transaction.set_rollback(True)

    assert (inside, crypto.key_of(crypto.seal("张三", context="c"))) == (made, before)


@pytest.mark.django_db(transaction=True)
def test_another_process_seals_under_the_new_key_before_long(monkeypatch):
    before = crypto.newest_key()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into foundation_datakey (wrapped, created_at)"
            " select wrapped, now() from foundation_datakey returning id"
        )
        (made,) = cursor.fetchone()
    meanwhile = crypto.newest_key()
    monkeypatch.setattr(crypto._NEWEST, "_seconds", 0)

    assert (meanwhile, crypto.newest_key()) == (before, made)
    assert crypto.NOTICED_WITHIN <= 60
