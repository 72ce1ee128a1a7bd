"""The certificates of a round: printed by the worker, watched, fetched."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.programmes.certificates import actions, queries
from yanzhen.faces.console.pages import page, see_other
from yanzhen.faces.console.results.framing import framed, round_or_404
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Refusal


@page("GET", "HEAD")
def certificates(request: AccountRequest, pk: int) -> HttpResponse:
    """How far the printing is, what could not be printed and why, and the archives."""
    round_ = round_or_404(request, pk)
    counts = queries.counts(round_)
    runs = queries.runs(round_)
    last = counts["printed"]
    bundles = [
        (first, first + 1, min(first + actions.BUNDLE, last)) for first in range(0, last, actions.BUNDLE)
    ]
    return framed(
        request, round_, "console:results-certificates", "console/results/certificates.html", counts=counts, runs=runs,
        newest=runs[0] if runs else None, may_award=request.user.has_right(actions.AWARD, round_), bundles=bundles,
    )  # fmt: skip


@page("POST")
def issuing(request: AccountRequest, pk: int) -> HttpResponse:
    round_ = round_or_404(request, pk)
    try:
        run = actions.issue(round_, actor=request.user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, gettext("已开始制作，共 %s 份") % run.all)
    return see_other(reverse("console:results-certificates", args=[pk]))


@page("GET", "HEAD")
def fetching(request: AccountRequest, pk: int, first: int) -> FileResponse:
    """Hand over one archive; the names in it are the numbers."""
    round_ = round_or_404(request, pk)
    if not 0 <= first < queries.counts(round_)["printed"]:
        raise Http404(gettext("没有这一包证书"))
    archive = actions.bundle(round_, first, actor=request.user)
    name = gettext("证书-%(round)s-%(first)s.zip") % {"round": round_.pk, "first": first + 1}
    return FileResponse(archive, as_attachment=True, filename=name, content_type="application/zip")
