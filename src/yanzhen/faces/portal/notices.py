"""Public notices: the list, its days, its digest and how to check it. docs/howto/results.md says how for the reader."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.engines.programmes.notices import queries
from yanzhen.engines.programmes.notices.actions import against_filing
from yanzhen.engines.programmes.notices.models import Notice
from yanzhen.engines.programmes.notices.publishing import open_until
from yanzhen.faces.portal.kept import HTML, JSON, Made, drawn, kept

OK, GONE = 200, 410


@kept
def listing(_request: HttpRequest) -> Made:
    return drawn("portal/notices/list.html", {"notices": queries.shown(), "now": timezone.now()}), HTML, OK


@kept
def one(_request: HttpRequest, pk: int) -> Made:
    """Show a notice; of one that was replaced or taken down only that it was, when, and its digest."""
    found = _found(pk)
    follower, until = queries.follower(found), open_until(found)
    down = queries.is_down(found)
    context = {
        "notice": found, "until": until, "follower": follower, "down": down, "now": timezone.now(), "proof": queries.proof(found),
        "rows": [] if follower or down else queries.plain_rows(found), "closed": against_filing(found),
        "venues": queries.postings(found),
    }  # fmt: skip
    return drawn("portal/notices/one.html", context), HTML, GONE if down else OK


@kept
def content(_request: HttpRequest, pk: int) -> Made:
    """The bytes that were hashed."""
    found = _found(pk)
    if queries.follower(found) or queries.is_down(found):
        raise Http404(gettext("这一版公示已更换或撤下，名单不再提供"))
    return found.content.encode(), JSON, OK


def _found(pk: int) -> Notice:
    found = queries.notice(pk)
    if found is None:
        raise Http404(gettext("没有这份公示"))
    return found
