"""The notice as the organiser sees it: what the public will read, its versions and evidence, and the decision after it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.notices import publishing, queries
from yanzhen.engines.programmes.notices.models import VENUES, Notice
from yanzhen.engines.programmes.notices.works import LIST_RENEW
from yanzhen.engines.programmes.results import queries as standing
from yanzhen.engines.programmes.results.shadow import shadow
from yanzhen.engines.programmes.results.works import LIST_AWARD
from yanzhen.engines.programmes.works.asking import ask
from yanzhen.faces.console import works
from yanzhen.faces.console.forms import text_field
from yanzhen.faces.console.pages import page
from yanzhen.faces.console.results.framing import WAYS, Look, form_page, framed, round_or_404
from yanzhen.faces.console.works import ASKED
from yanzhen.faces.http import AccountRequest


@page("GET", "HEAD")
def notice(request: AccountRequest, pk: int) -> HttpResponse:
    round_ = round_or_404(request, pk)
    shown = bool(round_.programme.of_kind("notice"))
    listed = publishing.ordered(round_) if shown else []
    versions = list(queries.versions(round_))
    return framed(
        request, round_, "console:results-notice", "console/results/notice.html", shown=shown,
        preview=publishing.rows(round_, listed) if shown else [], versions=versions,
        stale=queries.stale(round_) if versions else None, differs=standing.differs(round_),
        against=standing.against_award(round_), open=queries.open_of(round_).count(),
        postings=queries.postings(versions[0]) if versions else [], venues=VENUES,
        can_publish=_can_publish(round_, versions), deciding=round_.stage_now.kind == "decide",
        **works.standing(round_, LIST_AWARD, LIST_RENEW),
    )  # fmt: skip


@page(*WAYS)
def publishing_(request: AccountRequest, pk: int) -> HttpResponse:
    round_ = _with_notice(request, pk)
    first = publishing.newest(round_) is None
    over, _down = publishing.ends_of(round_, timezone.now())
    until = gettext("现在发布，公示至 %s；名单再变则重新起算") % f"{timezone.localtime(over):%Y-%m-%d %H:%M}"
    label = gettext("更换理由（选填）") if first else gettext("更换理由")
    fields = {"why": text_field(label, required=not first, help_text=until)}
    return form_page(
        request, fields, lambda given: publishing.publish(round_, actor=request.user, **given),
        label=gettext("发布公示：%s") % round_, done=gettext("已发布公示"), back=_back(pk),
        template="console/results/publish.html", rows=publishing.rows(round_, publishing.ordered(round_)),
    )  # fmt: skip


@page(*WAYS)
def renewing(request: AccountRequest, pk: int) -> HttpResponse:
    """Make the list follow its rules again, with every place that changes shown before."""
    round_ = _with_notice(request, pk)
    look = Look(lambda: shadow(round_))
    fields = {
        "why": text_field(gettext("理由"), help_text=gettext("写入记录和新的公示；公示期重新起算")),
        "seen_mark": look.field(),
    }
    return form_page(
        request, fields, lambda given: ask(round_, LIST_RENEW, actor=request.user, **given),
        label=gettext("按规则重算并更新：%s") % round_, done=gettext(ASKED), back=_back(pk),
        template="console/results/change.html", look=look,
    )  # fmt: skip


@page(*WAYS)
def posting(request: AccountRequest, pk: int) -> HttpResponse:
    """Register that the notice hung at a venue, with its photograph."""
    round_ = _with_notice(request, pk)
    newest = publishing.newest(round_)
    if newest is None:
        raise Http404(gettext("还没有公示"))
    fields: dict[str, forms.Field] = {
        "venue": forms.ChoiceField(
            label=gettext("公示地点"), choices=[(code, gettext(VENUES[code])) for code in newest.venues]
        ),
        "where": forms.CharField(
            label=gettext("张贴处"), max_length=120, help_text=gettext("如公司东门公告栏")
        ),
        "posted_on": forms.DateField(
            label=gettext("张贴日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        ),
        "photo": forms.FileField(
            label=gettext("照片"), widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png"})
        ),
    }

    def act(given: dict[str, Any]) -> None:
        publishing.post(newest, organisation=None, actor=request.user, **given)

    return form_page(
        request, fields, act, label=gettext("登记张贴凭证：%s") % round_, done=gettext("已登记张贴凭证"), back=_back(pk)
    )  # fmt: skip


@page(*WAYS)
def awarding(request: AccountRequest, pk: int) -> HttpResponse:
    round_ = round_or_404(request, pk)
    count = standing.listed(round_).count()
    help_text = gettext("名单上的 %s 件全部认定，不能部分认定；认定后不能撤回，只能逐人撤销") % count
    fields = {"note": text_field(gettext("说明（选填）"), required=False, help_text=help_text)}
    return form_page(
        request, fields, lambda given: ask(round_, LIST_AWARD, actor=request.user, **given),
        label=gettext("认定：%s") % round_, done=gettext(ASKED), back=_back(pk),
    )  # fmt: skip


def _can_publish(round_: Round, versions: list[Notice]) -> bool:
    """Tell whether the frozen list is there and is not what the public sees already."""
    stands = round_.stage_now.kind in publishing.WITH_NOTICE and standing.differs(round_) is None
    return stands and (not versions or queries.stale(round_) is not None)


def _with_notice(request: AccountRequest, pk: int) -> Round:
    round_ = round_or_404(request, pk)
    if not round_.programme.of_kind("notice"):
        raise Http404(gettext("本轮方案没有公示环节"))
    return round_


def _back(pk: int) -> str:
    return reverse("console:results-notice", args=[pk])
