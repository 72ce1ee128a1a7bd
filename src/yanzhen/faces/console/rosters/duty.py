"""On duty: at the desk or away, what one tells the next shift, and having read it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.domains.hotline.rosters import queries, rules
from yanzhen.domains.hotline.rosters.actions import duty
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import page, see_other, sent
from yanzhen.faces.console.rosters.frame import WAYS, act
from yanzhen.faces.console.rosters.mine import own_shift
from yanzhen.faces.http import AccountRequest


@page("POST")
def presence(request: AccountRequest) -> HttpResponse:
    away = request.POST.get("away") == "1"
    duty.set_presence(away=away, actor=request.user)
    messages.success(
        request,
        gettext("已设为暂离：来电排到最后，无人可接时仍会响铃") if away else gettext("已设为在岗"),
    )
    return see_other(reverse("console:my-shifts"))


@page(*WAYS)
def handing_over(request: AccountRequest, pk: int) -> HttpResponse:
    row = own_shift(request, pk)
    form = act_form(
        {
            "note": text_field(
                gettext("交接内容"),
                help_text=gettext("待办事项、未回电话、系统异常；手机号和证件号会自动遮蔽，请写工单号"),
            )
        },
        sent(request),
    )
    return act(
        request,
        form,
        lambda given: duty.write_hand_over(row, note=given["note"], actor=request.user),
        label=gettext("交班：%(span)s") % {"span": rules.spelled(row.starts_at, row.ends_at)},
        done=gettext("已交班，接班人确认后不能再改"),
        back=reverse("console:my-shifts"),
    )


@page("POST")
def taking_over(request: AccountRequest, pk: int) -> HttpResponse:
    """Say that one has read a note of the shift before."""
    now = timezone.now()
    rows = queries.mine(request.user, now)[:2]
    note = next((n for row in rows for n in queries.hand_overs_for(row) if n.pk == pk), None)
    if note is None:
        raise Http404(gettext("没有这份交接，或已经确认过"))
    duty.read_hand_over(note, actor=request.user)
    messages.success(request, gettext("已确认接班"))
    return see_other(reverse("console:my-shifts"))
