"""Filters of a list: a plain GET form over declared fields. What every kind of subject has is here."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.utils import timezone

from yanzhen.engines.procedures.declare import Procedure
from yanzhen.engines.search.declare import Searchable
from yanzhen.engines.search.finding import LONGEST, Found, find
from yanzhen.faces import staff
from yanzhen.faces.console import choices
from yanzhen.faces.looks import KeptForm, KeptSelect
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, Organisation
from yanzhen.foundation.regions import prefixes

Rows = QuerySet[Any]
OPEN = "open"
ME, NOBODY = "我", "未指定"
"""Words that the filter for the handler understands beside names."""
DAY = timedelta(days=1)
DUE = (
    ("overdue", "已超期"),
    ("day", "24 小时内到期"),
    ("warning", "临近到期"),
    ("ok", "期限内"),
    ("none", "无在走时限"),
)
ANY = "全部"
MANY_NAMED = 500
"""Of more there are so many rows that any list soon comes upon them."""
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
"""Days that may be asked for; farther ones run out of the calendar when a day is added."""
DAYS = (MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY))


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())


def day_field(label: str, name: str, lookup: str, *, shift: int = 0) -> django_filters.Filter:
    """Filter a date-time field by a day of the calendar; `shift` days are added to it."""

    def narrow(rows: Rows, at: datetime) -> Rows:
        return rows.filter(**{f"{name}__{lookup}": at + timedelta(days=shift)})

    return since_field(label, narrow)


def since_field(label: str, narrow: Callable[[Rows, datetime], Rows]) -> django_filters.Filter:
    """Filter by a day of the calendar; `narrow` takes the instant at which it begins."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return django_filters.DateFilter(
        label=label,
        method=lambda rows, _name, value: narrow(rows, midnight(value)),
        widget=widget,
        validators=DAYS,
    )


def choice_field(
    label: str, given: Any, narrow: Callable[[Rows, str, str], Rows] | None = None, **more: Any
) -> django_filters.ChoiceFilter:
    """Filter by one of `given` (pairs, groups, or a function that returns them)."""
    if narrow:
        more["method"] = narrow
    widget = KeptSelect(given)
    return django_filters.ChoiceFilter(label=label, choices=given, empty_label=ANY, widget=widget, **more)


def state_field(procedure: Procedure) -> django_filters.ChoiceFilter:
    """Filter by one state of the procedure, or by all that are not final."""

    final = {state.code for state in procedure.states if state.final}

    def narrow(rows: Rows, _name: str, value: str) -> Rows:
        if value != OPEN:
            rows = rows.filter(state=value)
        # of a running state it follows; said all the same, for the small indexes of what is running
        return rows if value in final else rows.filter(ended_at=None)

    states = [(OPEN, "在办（未办结）"), *((s.code, s.label) for s in procedure.states)]
    return choice_field("状态", states, narrow)


def _within(rows: Any, code: str) -> Rows:
    found: Rows = rows.within(prefixes(code))
    return found


class WordsField(forms.CharField):
    """Words to search for; its value is what they found, so that the page can mark them."""

    def __init__(self, *, searchable: Searchable, **more: Any) -> None:
        super().__init__(**more)
        self.searchable = searchable

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return find(self.searchable, text) if text else None
        except Invalid as problem:
            raise forms.ValidationError(str(problem)) from None


class WordsFilter(django_filters.CharFilter):  # type: ignore[misc]  # django-filter ships no types
    field_class = WordsField


def words_field(searchable: Searchable, label: str) -> WordsFilter:
    """Filter by words of the texts, by the number, and by what else the declaration knows."""

    def narrow(rows: Rows, _name: str, found: Found) -> Rows:
        return found.narrow(rows)

    return WordsFilter(label=label, method=narrow, searchable=searchable, max_length=LONGEST)


def typed_field(*names: str) -> django_filters.CharFilter:
    """Filter by a part of the number or of one of the fields `names`: for kinds of which there are thousands at most."""

    def narrow(rows: Rows, _name: str, text: str) -> Rows:
        found = Q(number__icontains=text)
        for name in names:
            found |= Q(**{f"{name}__icontains": text})
        return rows.filter(found)

    return django_filters.CharFilter(label="编号、关键词", method=narrow, max_length=80)


def unit_field(label: str) -> django_filters.CharFilter:
    """Filter by a part of the name of the unit in charge."""

    def narrow(rows: Rows, _name: str, text: str) -> Rows:
        return _of_those_named(rows, "organisation", Organisation, text)

    return django_filters.CharFilter(label=label, method=narrow, max_length=80)


def _of_those_named(rows: Rows, field: str, model: type[Account | Organisation], part: str) -> Rows:
    """Keep the rows of those who have `part` in their name.

    Who they are is asked first: the planner guesses wrongly what a part of a name leaves, and finds their rows at once.
    """
    known = staff.named(model, part, MANY_NAMED)
    condition: dict[str, Any] = (
        {f"{field}__name__contains": part} if known is None else {f"{field}__in": known}
    )
    return rows.filter(**condition)


class _Lent(dict[str, django_filters.Filter]):
    """Declared filters; a set of them takes the filters as they are but for whose they are, which is what it changes."""

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, django_filters.Filter]:
        return {name: _lent(each) for name, each in self.items()}


def _lent(declared: django_filters.Filter) -> django_filters.Filter:
    one = copy(declared)
    if declared.method is not None:
        one.method = declared.method  # binds it to this one
    return one


class SubjectFilters(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Filters by the columns that every subject has. A kind of subject adds its words, its states and its own columns."""

    region = choice_field("行政区划", choices.regions, lambda rows, _, code: _within(rows, code))
    due = choice_field("时限", DUE, lambda rows, _, value: rows.filter(due_q(value)))
    organisation = unit_field("承办单位")
    handler = django_filters.CharFilter(
        label="承办人", method="of_handler", max_length=40, help_text=f"姓名；或填“{ME}”“{NOBODY}”"
    )
    first: tuple[str, ...] = ("q", "state", "region", "due")
    """Filters that stand open; the others are folded away until they are used."""

    @classmethod
    def get_filters(cls) -> dict[str, django_filters.Filter]:
        return _Lent(super().get_filters())

    def get_form_class(self) -> type[forms.Form]:
        """Return the class of the form: one for all requests, but where what is offered depends on who asks."""
        if any(isinstance(each, django_filters.ModelChoiceFilter) for each in self.filters.values()):
            return super().get_form_class()  # type: ignore[no-any-return]  # django-filter ships no types
        made = _FORMS.get(type(self))
        if made is None:
            fields = {name: each.field for name, each in self.filters.items()}
            made = _FORMS[type(self)] = type(f"{type(self).__name__}Form", (KeptForm,), fields)
            made.base_fields = _Shared(made.base_fields)
        return made

    def of_handler(self, rows: Rows, _name: str, text: str) -> Rows:
        text = text.strip()
        if text == ME:
            return rows.filter(handler=self.request.user)
        if text == NOBODY:
            return rows.filter(handler=None)
        return _of_those_named(rows, "handler", Account, text)


class _Shared(dict[str, forms.Field]):
    """Fields that nothing changes once they are made: a form takes them as they are instead of a copy of each."""

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, forms.Field]:
        return dict(self)


_FORMS: dict[type[SubjectFilters], type[forms.Form]] = {}


def due_q(value: str) -> Q:
    """Rows whose earliest clock has run out, runs out within a day, is within its warning, has not come to it, or that have none."""
    now = timezone.now()
    warned = Q(warn_at__lte=now)
    return {
        "overdue": Q(due_at__lt=now),
        "day": Q(due_at__gte=now, due_at__lt=now + DAY),
        "warning": Q(due_at__gte=now) & warned,
        "ok": Q(due_at__gte=now) & ~warned,
        "none": Q(due_at=None),
    }[value]
