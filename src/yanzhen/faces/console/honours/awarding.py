"""Recording an honour: awarded by us, or by somebody else."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.honours.actions import Award, award
from yanzhen.engines.honours.declare import title_choices
from yanzhen.engines.honours.models import Honour
from yanzhen.faces import registers
from yanzhen.faces.console.honours.desk import HONOURS
from yanzhen.faces.console.honours.frame import WAYS, acting
from yanzhen.faces.console.pages import detail_url, page, sent
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.console.setup.fields import NamedOrganisation, day_field
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Person
from yanzhen.foundation.people import with_number


class AwardForm(forms.Form):
    title = forms.ChoiceField(label=_("荣誉称号"), choices=lambda: [EMPTY, *title_choices()])
    person = forms.CharField(
        label=_("获得者的身份证号或手机号"),
        help_text=_("须已在人员登记中；号码不保存在荣誉台账里"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    organisation = NamedOrganisation(label=_("所在单位"))
    awarded_on = day_field(_("授予日期"))
    document = forms.CharField(
        label=_("文号（选填）"), help_text=_("由其他单位授予的，必须填写"), max_length=64, required=False
    )


@page(*WAYS)
def awarding(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches("honour.award"):
        raise NotAllowed("您没有“登记荣誉、签发证书”权限")
    made: list[Honour] = []

    def act(given: dict[str, Any]) -> None:
        person = person_named(request, given.pop("person"))
        made.append(award(Award(person=person, **given), actor=request.user))

    return acting(
        request,
        AwardForm(sent(request)),
        act,
        label=gettext("登记荣誉"),
        done=gettext("已登记；由本级授予的，证书编号和电子凭证已经生成"),
        back=lambda: detail_url(HONOURS, made[0].number) if made else reverse("console:list", args=[HONOURS]),
    )


def person_named(request: AccountRequest, text: str) -> Person:
    """Return the person within reach whom the number names; raises Invalid where it names nobody or several."""
    try:
        found = list(registers.people(request.user).filter(with_number(text))[:2])
    except Invalid as refusal:
        raise Invalid(refusal.message, fields={"person": refusal.message}) from None
    if len(found) != 1:
        told = "这个号码有几个人共用，请填身份证号" if found else "没有找到此人，请核对号码，或先登记人员"
        raise Invalid(told, fields={"person": told})
    return found[0]
