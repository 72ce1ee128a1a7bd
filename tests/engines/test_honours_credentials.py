"""Credentials: verified by a library that is not ours, revoked with their honour, read back with the failed check named."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import openvc.keys
import pytest
from django.utils import timezone
from openvc.status import check_credential_status

from tests.factories import AccountFactory
from tests.honours import CAUSE, Ladder
from yanzhen.engines.honours import addresses, credentials, keys, tokens
from yanzhen.engines.honours.models import Credential, Honour, IssuerKey
from yanzhen.engines.honours.queries import check, check_token, published_keys
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path) -> None:
    settings.DATA_DIR = tmp_path
    settings.PUBLIC_URL = "https://honours.example.gov.cn"


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verified(token: str) -> dict[str, Any]:
    """Check the signature with openvc against the published key that the header names; return the payload.

    openvc's own VC-JWT suite wants the `vc` wrapper of VC 1.1, which Open Badges 3.0 does not have; the suite's parts serve.
    """
    header, payload, signature = token.split(".")
    named = json.loads(decoded(header))
    (jwk,) = (k for k in published_keys()["keys"] if addresses.key(k["kid"]) == named["kid"])
    assert openvc.keys.jwk_thumbprint(jwk) == jwk["kid"]
    assert openvc.keys.verify_signature(
        alg=named["alg"],
        public_jwk=jwk,
        signing_input=f"{header}.{payload}".encode(),
        signature=decoded(signature),
    )
    return json.loads(decoded(payload))


def status_of(credential: dict[str, Any]) -> tuple[bool, bool]:
    """Return (revoked, suspended) as openvc reads them from our published, verified lists."""

    def fetched(address: str) -> dict[str, Any]:
        purpose, n = (
            address.removeprefix("https://honours.example.gov.cn/check/status/").strip("/").split("/")
        )
        token = credentials.status_list(purpose, int(n))
        assert token is not None
        found = verified(token)
        assert found["id"] == address
        return found

    result = check_credential_status(credential, resolve_status_list=fetched)
    return result.revoked, result.suspended


def token_of(honour: Honour) -> str:
    return Credential.objects.get(honour=honour, revoked_at=None).token


def test_an_independent_library_verifies_signature_and_status(ladder: Ladder):
    honour = ladder.honour()
    others = [ladder.honour(person=ladder.person(name)) for name in ("李四", "赵六")]

    payload = verified(token_of(honour))

    assert status_of(payload) == (False, False)
    withdrawn = advance(others[0], "propose_withdrawal", actor=ladder.awarder, cause=CAUSE)
    assert status_of(verified(token_of(others[0]))) == (False, False)
    advance(withdrawn, "withdraw", actor=ladder.approver, note="同意")
    suspended = advance(others[1], "propose_suspension", actor=ladder.awarder, cause=CAUSE)
    suspended = advance(suspended, "suspend", actor=ladder.approver, note="同意")
    assert [status_of(verified(token_of(h))) for h in (honour, *others)] == [
        (False, False), (True, False), (False, True),
    ]  # fmt: skip
    advance(suspended, "restore", actor=ladder.approver, note="整改完成")
    assert status_of(verified(token_of(others[1]))) == (False, False)


def test_the_payload_is_the_credential_itself(ladder: Ladder):
    honour = ladder.honour(person=ladder.person("欧阳修远"))
    token = token_of(honour)

    header, payload = (json.loads(decoded(part)) for part in token.split(".")[:2])

    key = IssuerKey.objects.get()
    address = "https://honours.example.gov.cn/check/QLGJ-2026-0001L/"
    assert header == {"alg": "ES256", "typ": "JWT", "kid": addresses.key(key.kid), "jwk": key.jwk}
    assert "d" not in key.jwk
    assert payload["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert not {"vc", "iat", "sub"} & payload.keys()
    assert (payload["id"], payload["jti"], payload["iss"]) == (address, address, payload["issuer"]["id"])
    assert payload["nbf"] == int(datetime(2026, 3, 1, 16, tzinfo=UTC).timestamp())
    assert payload["exp"] == int(datetime(2030, 3, 1, 16, tzinfo=UTC).timestamp())
    assert payload["validUntil"] == "2030-03-02T00:00:00+08:00"
    assert "欧阳" not in json.dumps(payload, ensure_ascii=False)
    assert len(token) < 4000


def test_who_knows_the_name_can_check_it(ladder: Ladder):
    import hashlib

    payload = verified(token_of(ladder.honour(person=ladder.person("欧阳修远"))))

    identity = payload["credentialSubject"]["identifier"][0]
    assert (
        identity["identityHash"]
        == "sha256$" + hashlib.sha256(f"欧阳修远{identity['salt']}".encode()).hexdigest()
    )


def test_a_credential_made_out_anew_takes_the_place_of_the_former(ladder: Ladder):
    honour = ladder.honour()
    former = token_of(honour)
    stranger = AccountFactory()
    with pytest.raises(NotAllowed):
        credentials.replace(honour, actor=stranger, reason="姓名有误")
    with pytest.raises(Invalid):
        credentials.replace(honour, actor=ladder.awarder, reason="")

    credentials.replace(honour, actor=ladder.awarder, reason="姓名有误")

    now = token_of(honour)
    assert (status_of(verified(former)), status_of(verified(now))) == ((True, False), (False, False))
    assert "取代" in check_token(former).problem
    assert check_token(now).answer == check(honour.number)
    with pytest.raises(Refusal, match="只作登记"):
        credentials.replace(ladder.honour("hero", document="3号"), actor=ladder.awarder, reason="姓名有误")


def test_a_token_that_was_touched_cut_or_signed_by_others_is_refused_with_the_check(ladder: Ladder, settings):
    token = token_of(ladder.honour())
    header, payload, signature = token.split(".")
    claims = json.loads(decoded(payload))
    forged = keys.encoded(json.dumps({**claims, "name": "大国工匠"}).encode())
    other = keys.Es256Signer(b"\x07" * 32)
    elsewhere = tokens.signed(
        tokens.Claim(
            "QLGJ-2026-0001L",
            "某",
            ladder.honour(person=ladder.person("李四")).declared,
            timezone.localdate(),
            None,
            0,
        ),
        other,
    )
    none = f"{keys.encoded(json.dumps({**json.loads(decoded(header)), 'alg': 'none'}).encode())}.{payload}."

    told = {
        name: check_token(text).problem
        for name, text in {
            "whole": f"\n {token[:40]}\n{token[40:]} ", "forged": f"{header}.{forged}.{signature}", "cut": token[:-10],
            "half": token[: len(token) // 2], "word": "你好", "elsewhere": elsewhere, "none": none,
        }.items()
    }  # fmt: skip

    assert {name: text[:4] for name, text in told.items()} == {
        "whole": "", "forged": "签名不符", "cut": "签名不符", "half": "这不是完", "word": "这不是完", "elsewhere": "不是本系",
        "none": "这不是完",
    }  # fmt: skip


def test_a_term_that_is_over_is_the_check_that_failed(ladder: Ladder, time_machine_at):
    token = token_of(ladder.honour())
    time_machine_at("2030-03-02 00:00")

    found = check_token(token)

    assert found.problem == "已过有效期"
    assert found.answer is not None
    assert found.answer.status == "ended"


def test_former_keys_stay_published(ladder: Ladder, settings):
    first = token_of(ladder.honour())
    settings.CREDENTIAL_KEY = "0b" * 32
    second = token_of(ladder.honour(person=ladder.person("李四")))

    assert [verified(token)["name"] for token in (first, second)] == ["称号craftsman"] * 2
    assert len(published_keys()["keys"]) == 2


def test_the_private_key_is_made_once_and_for_its_owner_alone(ladder: Ladder, tmp_path):
    ladder.honour()
    path = tmp_path / "signing" / "credential.key"
    before = path.read_text()

    ladder.honour(person=ladder.person("李四"))

    assert (path.stat().st_mode & 0o777, path.read_text()) == (0o600, before)


def test_a_list_nobody_is_in_is_not_there_and_places_of_later_lists_count_from_their_own_beginning(
    ladder: Ladder,
):
    assert credentials.status_list("revocation", 0) is None
    honour = ladder.honour()
    Credential.objects.filter(honour=honour).update(status_index=tokens.LIST_SIZE + 9)
    advance(
        advance(honour, "propose_withdrawal", actor=ladder.awarder, cause=CAUSE),
        "withdraw",
        actor=ladder.approver,
        note="同意",
    )
    token = credentials.status_list("revocation", 1)

    assert token is not None
    encoded = verified(token)["credentialSubject"]["encodedList"]
    import gzip

    bits = gzip.decompress(decoded(encoded[1:]))
    assert (encoded[0], len(bits) * 8, [n for n in range(80) if bits[n // 8] >> (7 - n % 8) & 1]) == (
        "u",
        tokens.LIST_SIZE,
        [9],
    )
