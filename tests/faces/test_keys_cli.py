"""`yanzhen keys`: a rotation reaches everything that is sealed, whoever sealed it, and loses none of it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from click.testing import CliRunner
from django.utils import timezone

from tests.calls import Board
from tests.factories import AccountFactory, LineFactory
from tests.hotline import County, county
from yanzhen.domains.hotline.actions import reveal_caller
from yanzhen.domains.hotline.models import Case
from yanzhen.faces.cli.keys import keys_command
from yanzhen.faces.login import second_factor
from yanzhen.foundation import crypto, keys
from yanzhen.foundation.models import DataKey
from yanzhen.foundation.outbox.endpoints import register_endpoint
from yanzhen.foundation.people import register_person

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105  # of these tests alone


def run(*arguments: str) -> list[str]:
    done = CliRunner().invoke(keys_command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output.splitlines()


def sealed_everywhere(place: County) -> tuple[Case, TOTP, RecoveryCodes]:
    """Two callers, one who left nothing, a person with a phone, and an account with both kinds of second factor."""
    case = place.case(name="张建国", phone="13812345678")
    place.case()
    place.case(anonymous=True, name="", phone="")
    clerk = AccountFactory(grants=[(place.region, None, "person.edit")])
    register_person(name="李四", phone="13900000000", region=place.region, line=LineFactory(), actor=clerk)
    return case, TOTP.activate(clerk, SECRET), RecoveryCodes.activate(clerk)


def work_off() -> None:
    while sum(store.seal_again(1) for store in keys.STORES):
        pass


def test_every_store_of_the_product_is_reached_and_stays_readable_half_way_and_at_the_end():
    place = county()
    case, phone, codes = sealed_everywhere(place)
    Board(place, signed=True).missed()
    register_endpoint(
        actor=AccountFactory(grants=[(place.region, None, "outbox.edit")]), name="接收端", url="https://example.com/",
        kinds=["procedure.moved"], region=place.region, line=LineFactory(), resolver=lambda *_: ["93.184.216.34"],
    )  # fmt: skip
    before = (codes.generate_codes(), decrypt(phone.instance.data["secret"]))
    newest = keys.rotate().pk

    def readable() -> None:
        case.refresh_from_db()
        assert reveal_caller(case, actor=place.handler, reason="轮换途中核对") == {
            "name": "张建国",
            "phone": "13812345678",
        }
        for row in (phone.instance, codes.instance):
            row.refresh_from_db()
        assert (codes.generate_codes(), decrypt(phone.instance.data["secret"])) == before

    for store in keys.STORES:
        assert store.seal_again(1) == (0 if store.code == "person.id_number" else 1)
    readable()
    work_off()
    readable()

    assert {store.code: dict(store.count()) for store in keys.STORES} == {
        "person.id_number": {},
        "person.phone": {newest: 1},
        "hotline.caller": {newest: 2},
        "call.party": {newest: 1},
        "call.back": {newest: 1},
        "call.event": {newest: 2},
        "call.trunk": {newest: 1},
        "outbox.secret": {newest: 1},
        "login.second_factor": {newest: 2},
    }


def test_a_used_recovery_code_stays_used_and_a_code_of_the_phone_still_lets_in():
    _, phone, codes = sealed_everywhere(county())
    spent = codes.generate_codes()[0]
    assert codes.validate_code(spent)
    keys.rotate()
    work_off()

    after = RecoveryCodes(Authenticator.objects.get(pk=codes.instance.pk))
    totp = TOTP(Authenticator.objects.get(pk=phone.instance.pk))
    now = format_hotp_value(hotp_value(SECRET, int(timezone.now().timestamp()) // 30))

    assert (after.validate_code(spent), len(after.get_unused_codes())) == (False, 9)
    assert totp.validate_code(now)


def test_what_is_sealed_for_the_second_factor_is_sealed_under_the_key_that_it_is_counted_under():
    _, phone, codes = sealed_everywhere(county())

    texts = [phone.instance.data["secret"], codes.instance.data["seed"]]

    assert {crypto.key_of(base64.b64decode(text)) for text in texts} == {crypto.newest_key()}
    assert dict(second_factor._count()) == {crypto.newest_key(): 2}


def test_the_command_rotates_and_says_how_far_the_work_is():
    sealed_everywhere(county())
    first = crypto.newest_key()
    today = f"{timezone.localtime():%Y-%m-%d}"

    fresh = run("status")
    rotated = run("rotate")
    second = DataKey.objects.latest("pk").pk
    half = run("status")
    work_off()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        keys.retire()
    done = run("status")

    under = ["    人员手机号 1", "    诉求人姓名和电话 2", "    动态验证码密钥 2"]
    assert [line.split("  ")[0::2] for line in fresh if line.startswith("第")] == [[f"第 {first} 号", "现用"]]
    assert (fresh[1:4], fresh[-1]) == (under, "全部密文都在现用密钥下。")
    assert rotated[0].startswith(f"已启用第 {second} 号数据密钥。")
    assert half[0].startswith(f"第 {second} 号  {today}")
    assert half[1].startswith(f"第 {first} 号  {today}")
    assert half[1].endswith("旧，待改封")
    assert (half[2:5], half[-1]) == (under, "还有 5 项在旧密钥下，等待后台任务改封。")
    assert done[4].endswith(" 停用")
    assert (done[1:4], done[-1]) == (under, "全部密文都在现用密钥下。")


def test_an_installation_without_a_key_is_told_what_to_run():
    DataKey.objects.all().delete()

    assert run("status") == ["还没有数据密钥：请运行 yanzhen init。"]


def test_the_worker_finds_the_jobs_and_what_they_have_to_reach():
    program = (
        "import django, json; django.setup()\n"
        "from procrastinate.contrib.django import app; app.perform_import_paths()\n"
        "from yanzhen.foundation.keys import STORES\n"
        "print(json.dumps([sorted(app.tasks), [store.code for store in STORES]]))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    tasks, stores = json.loads(done.stdout)
    assert {"yanzhen.foundation.keys.seal_again", "yanzhen.foundation.keys.follow_up"} <= set(tasks)
    assert {"person.id_number", "person.phone", "hotline.caller"} < set(stores)
