"""What is asked of honours: by staff within their reach, and by anybody who has a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone

from yanzhen.engines.honours import addresses, keys, numbers, tokens
from yanzhen.engines.honours.declare import TITLES
from yanzhen.engines.honours.models import Credential, DutyReport, Honour, VoidNumber
from yanzhen.engines.procedures.queries import seen_by
from yanzhen.foundation.models import Account, Person

TOLD = ("number", "title", "state", "holder_mask", "awarded_on", "term_until")
"""Columns of an honour from which a public answer is made."""
GOOD, SUSPENDED, ENDED, WITHDRAWN = "good", "suspended", "ended", "withdrawn"


@dataclass(frozen=True, slots=True)
class Answer:
    """What anybody is told of a number. `problem` is the check that failed: "form", "check", "unknown", "void"."""

    number: str
    problem: str = ""
    told: str = ""
    status: str = ""
    """One of GOOD, SUSPENDED, ENDED and WITHDRAWN where the number is known."""
    title: str = ""
    level: str = ""
    issuer: str = ""
    holder: str = ""
    """Masked."""
    awarded_on: date | None = None
    term_until: date | None = None


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What anybody is told of a credential: the check that it failed in words, and what its number says today."""

    problem: str
    answer: Answer | None = None


TOKEN_PROBLEMS = {
    "form": "这不是完整的电子凭证：请复制全部内容，不要换行或截断",
    "key": "不是本系统签发的：签名所用的密钥不在本系统公布的密钥之中",
    "signature": "签名不符：内容被改动过，或没有复制完整",
    "early": "还没有到生效日期",
    "late": "已过有效期",
    "unknown": "签名有效，但本系统没有这份凭证的签发记录，请向签发单位核实",
    "replaced": "这份凭证已由重新签发的凭证取代，请使用新的凭证",
}


def register(account: Account) -> QuerySet[Honour]:
    """All honours that the account may look at."""
    return seen_by(Honour, account)


def reports_of(honour: Honour) -> list[DutyReport]:
    """The reports of an honour that was read in reach, the latest first."""
    return list(honour.reports.select_related("submitted_by", "reviewed_by").order_by("-year"))


def reports(account: Account) -> QuerySet[DutyReport]:
    """Reports that the account may look at."""
    rows = DutyReport.objects.visible_to(account, "honour.view")
    return rows.select_related("honour", "region", "submitted_by", "reviewed_by")


def credential_of(honour: Honour) -> Credential | None:
    """The credential in force of an honour that was read in reach."""
    return Credential.objects.filter(honour=honour, revoked_at=None).first()


def former_credentials(honour: Honour) -> list[Credential]:
    """Credentials of the honour that others took the place of, the latest first."""
    return list(Credential.objects.filter(honour=honour, revoked_at__isnull=False).order_by("-revoked_at"))


def with_honours(rows: list[DutyReport]) -> list[DutyReport]:
    """Bring along what a page of reports names, a statement each."""
    prefetch_related_objects(rows, "honour__organisation", "region", "reviewed_by")
    return rows


def held_by(person: Person) -> list[Honour]:
    """Return all honours of the person, ended and withdrawn ones too, the newest first: its own, wherever they lie."""
    return list(Honour.objects.filter(person=person).order_by("-awarded_on", "-pk"))


def titles_of(person: Person) -> set[str]:
    """Return the codes of the titles that the person holds in good standing today."""
    today = timezone.localdate()
    rows = Honour.objects.filter(person=person, state__in=Honour.GOOD).values_list("title", "term_until")
    return {title for title, until in rows if until is None or until >= today}


def check(typed: str) -> Answer:
    """Answer anybody's question about a number; everything has to be in reach."""
    named = numbers.named(typed)
    if named.problem:
        return Answer(named.number, named.problem, named.told)
    honour = next(iter(Honour.objects.filter(number=named.number).only(*TOLD)), None)
    if honour is not None and not honour.declared.outside:
        return _answer(honour)
    if VoidNumber.objects.filter(number=named.number).exists():
        return Answer(named.number, "void", "这个编号已经作废，没有对应的证书")
    told = "格式和校验位都对，但没有签发过这个编号。请核对年份和序号；仍不符的，请向签发单位核实"
    return Answer(named.number, "unknown", told)


def check_token(token: str, *, now: datetime | None = None) -> TokenAnswer:
    """Check a pasted credential: form, key, signature, time, then its status today."""
    prepared = tokens.prepared(keys.public_keys())
    reading = tokens.read("".join(token.split()), prepared, now=now or timezone.now())
    if reading.problem and not reading.claims:
        return TokenAnswer(TOKEN_PROBLEMS[reading.problem])
    row = Credential.objects.filter(status_index=_index(reading.claims)).select_related("honour").first()
    if row is None:
        return TokenAnswer(TOKEN_PROBLEMS["unknown"])
    answer = _answer(row.honour)
    problem = "replaced" if row.revoked_at else reading.problem
    return TokenAnswer(TOKEN_PROBLEMS.get(problem, ""), answer)


def published_keys() -> dict[str, Any]:
    """Return our public keys as a set (RFC 7517); the present one is made where there is none yet."""
    keys.signer()
    return {"keys": list(keys.public_keys().values())}


def issuer_profile(code: str) -> dict[str, Any] | None:
    """Return the profile of the body in whose name the title is awarded (Open Badges 3.0), or None."""
    if code not in TITLES or TITLES[code].outside:
        return None
    title = TITLES[code]
    return {
        "@context": tokens.CONTEXTS,
        "id": addresses.issuer(title),
        "type": ["Profile"],
        "name": title.issuer,
        "url": settings.PUBLIC_URL,
    }


def _index(claims: Mapping[str, Any]) -> int:
    """Return the place in the status lists that our own, signed claims name."""
    first = claims["credentialStatus"][0]
    n = int(first["statusListCredential"].rstrip("/").rpartition("/")[2])
    return n * tokens.LIST_SIZE + int(first["statusListIndex"])


def _answer(honour: Honour) -> Answer:
    title = honour.declared
    return Answer(
        number=honour.number, status=_status(honour), title=title.label, level=title.level, issuer=title.issuer,
        holder=honour.holder_mask, awarded_on=honour.awarded_on, term_until=honour.term_until,
    )  # fmt: skip


def _status(honour: Honour) -> str:
    """Return the status today: a term that is over counts from its day on, not from the sweep's hour."""
    if honour.state in Honour.WITHDRAWN:
        return WITHDRAWN
    if honour.state in Honour.OVER or (honour.term_until and honour.term_until < timezone.localdate()):
        return ENDED
    return SUSPENDED if honour.state in Honour.SUSPENDED else GOOD
