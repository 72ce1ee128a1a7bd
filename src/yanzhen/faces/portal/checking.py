"""Where anybody checks a certificate: by number, by QR code, by its credential. And what machines need for it.

These pages depend on number and language alone, show no form that is sent by POST and set no cookie: so browsers,
proxies and this process may keep them, each for seconds, and a withdrawal shows everywhere within a minute.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from yanzhen.engines.honours import credentials, queries
from yanzhen.engines.honours.declare import LEVELS, Level
from yanzhen.engines.honours.queries import Answer
from yanzhen.engines.honours.tokens import PURPOSES
from yanzhen.faces.portal import visitors
from yanzhen.faces.portal.kept import HTML, JSON, Made, drawn, kept
from yanzhen.faces.portal.visitors import public
from yanzhen.foundation.errors import Refusal

TOKEN = "application/vc+jwt"  # noqa: S105  # a media type
STATUSES = {
    queries.GOOD: ("success", _("有效")),
    queries.SUSPENDED: ("warning", _("已暂停：暂停期间证书不作为有效证明")),
    queries.ENDED: ("warning", _("已到期：在有效期内曾经有效")),
    queries.WITHDRAWN: ("danger", _("已撤销：证书和电子凭证均已失效")),
}
LONGEST_TOKEN = 8000
published = partial(kept, anywhere=True)


def asking(request: HttpRequest) -> HttpResponseBase:
    """The form; what it sends leads to the number's own address, which can be kept and passed on."""
    number = request.GET.get("number", "").strip()[:40].replace("/", "")
    return redirect("portal:check-number", number=number) if number else _empty(request)


@published
def _empty(_request: HttpRequest) -> Made:
    return drawn("portal/check.html", {}), HTML, 200


@published
def answer(request: HttpRequest, number: str) -> Made:
    found = queries.check(number)
    if found.problem == "unknown":
        visitors.count_guess(request)
    return drawn("portal/checked.html", _shown(found)), HTML, 404 if found.problem else 200


class TokenForm(forms.Form):
    token = forms.CharField(
        label=_("电子凭证"),
        help_text=_("粘贴完整内容，以 eyJ 开头，中间有两个点"),
        max_length=LONGEST_TOKEN,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )


@require_http_methods(("GET", "HEAD", "POST"))
@public
def credential(request: HttpRequest) -> HttpResponse:
    """Check a pasted credential; it is read and not kept."""
    if request.method != "POST":
        return render(request, "portal/check_credential.html", {"form": TokenForm()})
    form = TokenForm(request.POST)
    if not form.is_valid():
        return render(request, "portal/check_credential.html", {"form": form}, status=422)
    try:
        visitors.count_guess(request)
    except Refusal as refusal:
        form.add_error(None, refusal.message)
        return render(request, "portal/check_credential.html", {"form": form}, status=refusal.status)
    found = queries.check_token(form.cleaned_data["token"])
    context = {"form": form, "problem": found.problem, **(_shown(found.answer) if found.answer else {})}
    return render(request, "portal/check_credential.html", {**context, "checked": True})


@published
def keys(_request: HttpRequest) -> Made:
    """All our public keys (RFC 7517)."""
    return _json(queries.published_keys()), JSON, 200


@published
def key(_request: HttpRequest, kid: str) -> Made:
    """One public key, as the `kid` of a credential names it."""
    found = next((k for k in queries.published_keys()["keys"] if k["kid"] == kid), None)
    if found is None:
        raise Http404
    return _json(found), JSON, 200


@published
def issuer(_request: HttpRequest, code: str) -> Made:
    """The profile of the body in whose name a title is awarded (Open Badges 3.0)."""
    found = queries.issuer_profile(code)
    if found is None:
        raise Http404
    return _json(found), JSON, 200


@published
def status(_request: HttpRequest, purpose: str, n: int) -> Made:
    """A status list, signed."""
    token = credentials.status_list(purpose, n) if purpose in PURPOSES else None
    if token is None:
        raise Http404
    return token.encode(), TOKEN, 200


def _shown(found: Answer) -> dict[str, Any]:
    tone, words = STATUSES.get(found.status, ("danger", ""))
    level = gettext(LEVELS[Level(found.level)]) if found.level else ""
    return {"answer": found, "tone": tone, "words": words, "level": level}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
