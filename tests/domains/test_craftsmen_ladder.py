"""The ladder: conditions, what an award makes, counts by highest title and by titles, presets."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.craftsmen import Works
from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from tests.selection import open_round, programme, worker
from yanzhen.domains.craftsmen import eligibility
from yanzhen.domains.craftsmen.actions.conferring import ConferRefused, on_award
from yanzhen.domains.craftsmen.actions.sanctions import end_sanction, enter_sanction
from yanzhen.domains.craftsmen.indicators import PERSONS, TITLES_HELD
from yanzhen.domains.craftsmen.queries.people import held, highest_held, sanctions
from yanzhen.domains.craftsmen.titles import ALL, LADDER, RANKS, Role, highest, role_of
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.indicators.declare import Period
from yanzhen.engines.indicators.figures import breakdowns, figure, records
from yanzhen.engines.programmes.actions import applying
from yanzhen.engines.programmes.declare import PROGRAMMES, read
from yanzhen.engines.programmes.eligibility import problems_with
from yanzhen.engines.programmes.models import Application
from yanzhen.engines.programmes.unfold import procedure_of
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Employment, Person

pytestmark = pytest.mark.django_db
PRESETS = tuple(f"craftsmen_{title.code}" for title in LADDER)
NOW = date(2026, 3, 4)
EVER = Period(date(2000, 1, 1), date(2100, 1, 1))


def application(here: Works, person: Person | None = None, **fields: Any) -> Application:
    """An application as a condition sees it; never saved."""
    given = {
        "person": person or here.person(),
        "organisation": here.unit,
        "region": here.region,
        "answers": {},
    }
    return Application(**(given | fields))


def awarded(here: Works, title: str = "qilu_craftsman") -> Application:
    """An application that stands as awarded, without the way there."""
    round_ = open_round(
        AccountFactory(grants=[(here.province, LineFactory(), "programme.view programme.edit round.run")]),
        programme(title=title, code=f"t{Application.objects.count()}"),
    )
    person, account = worker(here.unit)
    row = applying.apply(
        round_, person=person, organisation=here.unit, title="测试", actor=account
    ).application
    Application.objects.filter(pk=row.pk).update(state="awarded", awarded_at=timezone.now())
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("code", PRESETS)
def test_a_preset_can_be_stored_and_unfolds(code: str):
    preset = PROGRAMMES[code]

    assert read(preset.plain()) == preset
    assert problems_with(preset.conditions) == []
    assert [s.code for s in procedure_of(preset, 1).states][:5] == [
        "draft", "recommend_unit", "recommend_county", "recommend_city", "screen",
    ]  # fmt: skip


def test_the_quotas_of_the_notice_and_the_lower_title_are_in_the_presets():
    found = {code: PROGRAMMES[code] for code in PRESETS}

    assert [p.quota.places for p in found.values()] == [50, 10, 10]
    assert [[c.given["title"] for c in p.conditions if c.rule == "holds_title"] for p in found.values()] == [
        [], ["qilu_craftsman"], ["qilu_master"],
    ]  # fmt: skip


@given(st.lists(st.sampled_from(sorted(RANKS))))
def test_the_highest_title_is_one_of_those_held_and_decides_the_role(codes: list[str]):
    top = highest(codes)

    assert (top in codes) == bool(codes)
    assert all(RANKS[code] <= RANKS[top] for code in codes)
    assert role_of(top) in Role
    assert (role_of(top) == Role.FOLLOWER) == (not codes)


def test_a_title_counts_only_in_good_standing(here: Works):
    person = here.person()
    asked = application(here, person)
    rule = {"title": "qilu_craftsman"}

    none = eligibility.holds_title(asked, NOW, rule)
    honour = here.honour(person, "qilu_craftsman")
    good = eligibility.holds_title(asked, NOW, rule)
    Honour.objects.filter(pk=honour.pk).update(state="suspended")
    suspended = eligibility.holds_title(asked, NOW, rule)

    assert (none.answer, good.answer, suspended.answer) == ("no", "yes", "no")
    assert good.evidence == f"honours.honour#{honour.pk}"
    assert "已暂停" in suspended.reason
    assert eligibility.holds_title(asked, NOW, {"title": "nation_craftsman"}).answer == "open"


@pytest.mark.parametrize(
    ("on", "answer"), [(date(2028, 4, 30), "no"), (date(2028, 5, 1), "yes"), (NOW, "no")]
)
def test_who_was_honoured_within_the_years_is_told_when(here: Works, on: date, answer: str):
    person = here.titled("qilu_craftsman")

    told = eligibility.not_honoured_within(application(here, person), on, {"years": 3})

    assert told.answer == answer
    assert "2025-05-01 获“齐鲁工匠”" in told.reason
    assert eligibility.not_honoured_within(application(here), on, {"years": 3}).answer == "yes"


def test_a_sanction_bars_until_its_last_day_and_nothing_known_is_open(here: Works):
    person = here.person()
    asked = application(here, person)

    unknown = eligibility.no_open_sanction(asked, NOW, {})
    clear = {"kind": "clear", "starts_on": date(2026, 1, 1), "ends_on": date(2026, 6, 30), "source": "市纪委"}
    enter_sanction(person, actor=here.officer, **clear)
    cleared = eligibility.no_open_sanction(asked, NOW, {})
    bad = enter_sanction(
        person, kind="party", starts_on=date(2026, 2, 1), ends_on=None, source="市纪委", actor=here.officer
    )
    barred = eligibility.no_open_sanction(asked, NOW, {})
    end_sanction(bad, ends_on=NOW - timedelta(days=1), reason="处分期满", actor=here.officer)
    after = eligibility.no_open_sanction(asked, NOW, {})

    assert [t.answer for t in (unknown, cleared, barred, after)] == ["open", "yes", "no", "yes"]
    assert "党纪" not in barred.reason


def test_what_a_sanction_lacks_is_said_and_nothing_is_kept(here: Works):
    given = {"starts_on": NOW, "source": "", "actor": here.officer}

    with pytest.raises(Invalid) as refused:
        enter_sanction(here.person(), kind="clear", ends_on=None, **given)

    assert set(refused.value.data["fields"]) == {"source", "ends_on"}


def test_sanctions_are_entered_and_seen_only_with_the_right_over_the_place(here: Works):
    elsewhere = RegionFactory(code="371702")
    strangers = [
        AccountFactory(grants=[(elsewhere, None, "sanction.view sanction.edit")]),
        AccountFactory(grants=[(here.region, LineFactory(code="court"), "sanction.view sanction.edit")]),
    ]
    given = {"kind": "party", "starts_on": NOW, "ends_on": None, "source": "市纪委"}
    row = enter_sanction(here.person(), actor=here.officer, **given)
    for stranger in strangers:
        with pytest.raises(NotAllowed):
            enter_sanction(here.person(), actor=stranger, **given)
        assert list(sanctions(stranger)) == []
    assert list(sanctions(here.officer)) == [row]


def test_the_front_line_is_what_was_said_and_a_post_on_record_bears_out(here: Works):
    person = here.person()
    said = application(here, person, answers={"front_line": True})

    answers = [
        eligibility.front_line(application(here, person), NOW, {}).answer,
        eligibility.front_line(application(here, person, answers={"front_line": False}), NOW, {}).answer,
        eligibility.front_line(said, NOW, {}).answer,
    ]
    Employment.objects.create(
        person=person, organisation=here.unit, post="电焊工", starts_on=date(2015, 1, 1)
    )

    assert [*answers, eligibility.front_line(said, NOW, {}).answer] == ["open", "no", "open", "yes"]


@pytest.mark.parametrize(
    ("level", "answer"), [("初级工", "no"), ("技师", "open"), ("特级技师", "open"), ("", "open")]
)
def test_a_skill_level_below_is_refused_and_one_above_is_to_be_seen(here: Works, level: str, answer: str):
    asked = application(here, answers={"level": level})

    assert eligibility.skill_level(asked, NOW, {"question": "level", "least": "技师"}).answer == answer


def test_an_award_makes_the_honour_once(here: Works):
    row = awarded(here)

    on_award(row.round, [row.pk], here.officer)

    honour = Honour.objects.get()
    assert (honour.person_id, honour.title, honour.source_id) == (row.person_id, "qilu_craftsman", row.pk)
    with pytest.raises(ConferRefused, match="已经授予"):
        on_award(row.round, [row.pk], here.officer)
    assert Honour.objects.count() == 1


def test_the_ladder_is_checked_again_at_the_award_and_nothing_is_written(here: Works):
    row = awarded(here, title="qilu_master")

    with pytest.raises(Invalid, match="须从有效的“齐鲁工匠”中产生"):
        on_award(row.round, [row.pk], here.officer)

    assert Honour.objects.count() == 0
    here.titled("qilu_craftsman", person=row.person)
    on_award(row.round, [row.pk], here.officer)
    assert set(Honour.objects.values_list("title", flat=True)) == {"qilu_craftsman", "qilu_master"}


def test_what_is_not_awarded_yet_is_not_conferred(here: Works):
    row = awarded(here)
    Application.objects.filter(pk=row.pk).update(state="noticed")

    with pytest.raises(ConferRefused, match="还没有认定"):
        on_award(row.round, [row.pk], here.officer)


def test_people_are_counted_once_by_the_highest_title_and_titles_each(here: Works):
    other = OrganisationFactory(
        region=RegionFactory(code="370202"), line=here.unit.line, industry="B0610", kind="enterprise"
    )
    here.titled("qilu_craftsman", "qilu_master", "luban_chief", "nation_craftsman")
    here.titled("qilu_craftsman", "qilu_master")
    lost = here.titled("qilu_craftsman", "qilu_master", unit=other)
    Honour.objects.filter(person=lost, title="qilu_master").update(state="withdrawn")
    scope = {"account": here.officer, "region": here.province, "period": EVER}

    persons, titles = figure(PERSONS, **scope), figure(TITLES_HELD, **scope)
    by_title = breakdowns([PERSONS], by="title", **scope)[PERSONS.code]

    assert (persons.value, titles.value) == (3, 7)
    assert {key: each.value for key, each in by_title.parts.items()} == {
        "nation_craftsman": 1, "qilu_master": 1, "qilu_craftsman": 1,
    }  # fmt: skip
    assert sum(each.value for each in by_title.parts.values()) == by_title.whole.value == 3
    assert records(PERSONS, **scope).count() == 3


def test_the_counts_by_highest_title_always_sum_to_the_persons(here: Works):
    codes = [title.code for title in ALL]
    for n in range(8):
        wanted = [c for i, c in enumerate(codes) if n >> (i % 3) & 1]
        reached = [
            c for c in codes[:3] if any(codes.index(w) >= codes.index(c) for w in wanted if w in codes[:3])
        ]
        here.titled(*reached, *(w for w in wanted if w not in codes[:3]))

    rows = list(highest_held(here.officer))

    assert (
        len(rows)
        == len({row.person_id for row in rows})
        == held(here.officer).values("person").distinct().count()
    )
    for row in rows:
        own = held(here.officer).filter(person=row.person_id).values_list("title", flat=True)
        assert row.title == highest(own)


def test_holders_of_another_place_or_line_are_not_counted(here: Works):
    here.titled("qilu_craftsman")
    strangers = [
        AccountFactory(grants=[(RegionFactory(code="371702"), None, "honour.view")]),
        AccountFactory(grants=[(here.region, LineFactory(code="court"), "honour.view")]),
    ]

    assert [highest_held(stranger).count() for stranger in strangers] == [0, 0]
