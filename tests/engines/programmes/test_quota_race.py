"""Two who recommend at once take turns: the quota holds."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from tests.factories import AccountFactory, LineFactory
from tests.results import dealt
from tests.selection import applied, enterprise, programme, province
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.refusals import MoveRefused
from yanzhen.engines.programmes.declare import Quota
from yanzhen.engines.programmes.models import Application
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import EVERYTHING, database_scope


@pytest.mark.django_db(transaction=True)
def test_the_last_place_of_a_city_is_given_once_though_two_ask_at_a_time():
    round_, _actor = dealt(programme(quota=Quota(places=2, by="city", nominees=1), ratios=(), per_employer=0))
    rows = [applied(round_, unit=enterprise())[0] for _ in range(2)]
    Application.objects.filter(pk__in=[row.pk for row in rows]).update(state="recommend_city", eligible=True)
    actor = AccountFactory(
        grants=[(province(), LineFactory(), "application.view application.recommend_city")]
    )
    said: list[str] = []

    def recommend(pk: int) -> None:
        try:
            with database_scope({EVERYTHING}):
                row = Application.objects.get(pk=pk)
                advance(row, "recommend_city", actor=Account.objects.get(pk=actor.pk), note="同意推荐")
        except MoveRefused as refusal:
            said.append(refusal.message)
        finally:
            connection.close()

    with transaction.atomic():
        advance(Application.objects.get(pk=rows[0].pk), "recommend_city", actor=actor, note="同意推荐")
        second = threading.Thread(target=recommend, args=(rows[1].pk,))
        second.start()
        second.join(0.5)
    second.join()

    assert sorted(Application.objects.values_list("state", flat=True)) == ["recommend_city", "screen"]
    assert len(said) == 1
    assert said[0].count("可推荐 1 人，已推荐 1 人") == 1
