"""The network vote: who stands for it, in an order of each voter's own, and one vote a day."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from yanzhen.engines.programmes import polls, queries
from yanzhen.engines.programmes.actions import voting
from yanzhen.engines.programmes.models import Round
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.portal.visitors import mine
from yanzhen.foundation.errors import Refusal

SIZE = 40
LARGEST_PAGE = 10_000
LONGEST = 40


@require_safe
@login_required
@mine
def listing(request: AccountRequest, pk: int) -> HttpResponse:
    """Who stands for the vote; `q` searches by name, unit or number. Shown to those who may vote, while it runs."""
    round_ = _round(pk)
    shut = voting.shut(round_) or voting.not_a_voter(request.user)
    asked = request.GET.get("q", "").strip()[:LONGEST]
    rows = [] if shut else polls.standing_for(round_, request.user, asked=asked)
    page = _asked_page(request)
    context = {
        "round": round_,
        "window": round_.window(round_.stage),
        "shut": shut,
        "asked": asked,
        "rows": rows[(page - 1) * SIZE : page * SIZE],
        "count": len(rows),
        "names": _shows_names(round_),
        "cast": None if shut else polls.cast_today(round_, request.user),
        "previous": page - 1,
        "following": page + 1 if len(rows) > page * SIZE else 0,
    }
    return render(request, "portal/selection/votes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@mine
def one(request: AccountRequest, pk: int, number: str) -> HttpResponse:
    """One who stands for the vote: what was done, and the button that votes."""
    round_ = _round(pk)
    row = polls.one_standing(round_, number)
    shut = voting.shut(round_) or voting.not_a_voter(request.user)
    if row is None or (shut and request.method != "POST"):
        raise Http404
    status, refused = 200, ""
    if request.method == "POST":
        try:
            voting.vote(row, actor=request.user)
        except Refusal as refusal:
            status, refused = refusal.status, refusal.message
        else:
            messages.success(request, gettext("已投票。明天还可以再投一票"))
            return HttpResponseRedirect(reverse("portal:votes", args=[pk]), status=303)
    context = {
        "round": round_,
        "row": row,
        "told": [] if shut else polls.told_of(row),
        "names": _shows_names(round_) and not shut,
        "own": row.person_id is not None and row.person_id == request.user.person_id,
        "cast": polls.cast_today(round_, request.user),
        "refused": refused,
    }
    return render(request, "portal/selection/vote.html", context, status=status)


def _round(pk: int) -> Round:
    """Return a round that has come to a vote; what takes no votes now says why."""
    found = queries.public_round(pk)
    if found is None or polls.stage_of(found) is None:
        raise Http404
    return found


def _shows_names(round_: Round) -> bool:
    return "names" in round_.stage_now.shows


def _asked_page(request: AccountRequest) -> int:
    asked = request.GET.get("page", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    return min(max(number, 1), LARGEST_PAGE)
