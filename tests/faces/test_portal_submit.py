from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hotline import County, county
from yanzhen.domains.hotline.models import Case
from yanzhen.faces.portal import visitors
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Attachment, Replay, Tally

pytestmark = pytest.mark.django_db

BODY = "工地自八月起没有发工资，班组二十人，找项目部多次没有结果。"
PHONE = "13812345678"
NAME = "王建设"
CODE = re.compile(r"\b[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}\b")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c626001000000ffff03000006000557bfabd40000000049454e44ae426082"
)


def filled(home: County, /, **more: Any) -> dict[str, Any]:
    return {
        "token": str(uuid.uuid4()),
        "body": BODY,
        "region": home.region.code,
        "phone": PHONE,
        "name": NAME,
    } | more


def send(client: Client, form: dict[str, Any]) -> Any:
    return client.post("/submit/", form, headers={"Accept": "text/html"})


def page(response: Any) -> str:
    return str(response.content.decode())


def test_the_story_and_the_place_are_enough_for_an_anonymous_appeal():
    place = county()

    response = send(
        Client(), {"token": str(uuid.uuid4()), "body": BODY, "region": place.region.code, "anonymous": "on"}
    )

    case = Case.objects.get()
    assert (response.status_code, response["Location"]) == (303, "/receipt/")
    assert (case.body, case.anonymous, case.channel, case.started_by, case.caller_mask) == (
        BODY,
        True,
        "web",
        None,
        "匿名",
    )


def test_what_people_type_on_a_phone_is_understood():
    place = county()

    send(
        Client(),
        filled(
            place,
            phone="＋86 138 1234 5678",  # noqa: RUF001  # the same
            amount_yuan="１２，８００.５元",  # noqa: RUF001  # as a Chinese keyboard types it
            headcount=" 20 ",
            category="02",
        ),
    )

    case = Case.objects.get()
    assert (str(case.amount_yuan), case.headcount, case.category_id) == ("12800.50", 20, "02")
    assert case.phone_tail_hash


@pytest.mark.parametrize(
    "phone", ["+86 139-0531-0033", "8613905310033", "139 0531 0033", "(+86)139.0531.0033"]
)
def test_a_phone_is_taken_as_people_write_it(phone):
    place = county()

    send(Client(), filled(place, phone=phone))

    case = Case.objects.get()
    assert bytes(case.phone_hash) == crypto.keyed_hash("13905310033", purpose="phone")
    assert case.caller_mask.endswith("139****0033")


def test_the_receipt_shows_number_check_code_and_dates_and_neither_stands_in_an_address():
    client = Client()
    response = send(client, filled(county()))

    receipt = page(client.get("/receipt/"))

    case = Case.objects.get()
    (code,) = set(CODE.findall(receipt))
    assert case.number in receipt
    assert receipt.count("最迟") >= 3
    assert code not in response["Location"]
    assert case.number not in response["Location"]
    assert "no-store" in client.get("/receipt/")["Cache-Control"]


def test_only_the_browser_that_filed_it_can_open_the_receipt():
    client = Client()
    send(client, filled(county()))

    stranger = Client().get("/receipt/")

    assert stranger.status_code == 404
    assert Case.objects.get().number not in page(stranger)


def test_a_receipt_that_was_put_away_can_not_be_opened_again():
    client = Client()
    send(client, filled(county()))

    client.post("/receipt/put-away/")

    assert client.get("/receipt/").status_code == 404


def test_the_receipt_cookie_can_not_be_forged():
    client = Client()
    send(client, filled(county()))
    client.cookies["receipt"] = client.cookies["receipt"].value[:-1] + "x"

    assert client.get("/receipt/").status_code == 404


def test_the_same_form_sent_twice_is_one_case_with_one_receipt():
    client = Client()
    form = filled(county())

    receipts = []
    for _ in range(2):
        assert send(client, form).status_code == 303
        receipts.append(CODE.findall(page(client.get("/receipt/"))))

    assert Case.objects.count() == 1
    assert receipts[0] == receipts[1] != []
    assert receipts[0][0] not in str(Replay.objects.get().answer)


def test_a_sent_form_with_another_story_asks_before_it_becomes_a_second_case():
    client = Client()
    form = filled(county())
    send(client, form)

    asked = send(client, form | {"body": "另一件事：食堂卫生很差，多人吃坏肚子。"})
    token = re.search(r'name="token" value="([^"]+)"', page(asked))
    assert token is not None
    assert (asked.status_code, Case.objects.count()) == (422, 1)

    send(client, form | {"body": "另一件事：食堂卫生很差，多人吃坏肚子。", "token": token[1]})

    assert Case.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"body": "欠薪"}, "至少 10 个字"),
        ({"region": ""}, "请选择事发地"),
        ({"phone": "12345"}, "手机号应为 11 位"),
        ({"phone": ""}, "请留手机号以便答复"),
        ({"anonymous": "on"}, "匿名诉求不保存手机号"),
        ({"amount_yuan": "很多"}, "id_amount_yuan"),
        ({"headcount": "0"}, "id_headcount"),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(change, reason):
    form = filled(county(), employer="某建筑公司", place="工业南路工地", **change)

    response = send(Client(), form)

    shown = page(response)
    assert response.status_code == 422
    assert reason in shown
    assert 'aria-invalid="true"' in shown
    for typed in ("body", "employer", "place", "phone", "name"):
        assert form[typed] in shown
    assert not Case.objects.exists()


def test_an_empty_form_names_the_field_of_every_reason():
    response = send(Client(), {"token": "", "body": "", "region": ""})

    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == []
    assert {"body", "region"} <= set(response.context["form"].errors)


def test_an_appeal_that_begins_with_a_mark_is_taken():
    send(Client(), filled(county(), body="！！！工地欠我三个月工资，一直不给。"))

    assert Case.objects.get().title == "工地欠我三个月工资，一直不给"


def test_a_form_that_comes_back_says_that_the_files_must_be_chosen_again():
    form = filled(county(), body="欠薪", evidence=SimpleUploadedFile("工资条.png", PNG, "image/png"))

    assert "重新选择" in page(send(Client(), form))


def test_files_come_with_the_appeal():
    files = [SimpleUploadedFile(f"工资条{n}.png", PNG, "image/png") for n in range(3)]

    response = send(Client(), filled(county(), evidence=files))

    assert response.status_code == 303
    assert sorted(Attachment.objects.values_list("name", "subject_id")) == [
        (f"工资条{n}.png", str(Case.objects.get().pk)) for n in range(3)
    ]


def test_a_file_that_is_refused_takes_the_appeal_with_it_so_that_it_can_be_sent_again():
    form = filled(
        county(), evidence=SimpleUploadedFile("合同.pdf", b"MZ\x90\x00 not a pdf", "application/pdf")
    )

    refused = send(Client(), form)
    mended = send(Client(), {**form, "evidence": ""})

    assert (refused.status_code // 100, mended.status_code) == (4, 303)
    assert BODY in page(refused)
    assert Case.objects.count() == 1


def test_more_than_three_files_are_refused():
    files = [SimpleUploadedFile(f"{n}.png", PNG, "image/png") for n in range(4)]

    response = send(Client(), filled(county(), evidence=files))

    assert (response.status_code, Case.objects.exists()) == (422, False)
    assert "最多上传 3 个文件" in page(response)


def test_a_program_that_fills_in_every_field_is_stopped():
    response = send(Client(), filled(county(), website="http://example.com"))

    assert (response.status_code, Case.objects.exists()) == (422, False)


def test_one_address_can_not_flood_the_hotline_and_is_told_when_to_come_back():
    place = county()
    send(Client(), filled(place))
    Tally.objects.update(count=visitors.SUBMIT)

    response = send(Client(), filled(place))

    assert (response.status_code, Case.objects.count()) == (429, 1)
    assert int(response["Retry-After"]) > 0
    assert "12351" in page(response)
    assert BODY in page(response)
    assert "127.0.0.1" not in str(list(Tally.objects.values_list("key", flat=True)))


def test_a_form_from_another_site_is_not_taken():
    response = Client(enforce_csrf_checks=True).post("/submit/", filled(county()))

    assert (response.status_code, Case.objects.exists()) == (403, False)


def test_the_places_are_grouped_by_city_for_those_without_scripts():
    place = county()

    form = page(Client().get("/submit/"))

    assert re.search(
        rf'<optgroup label="区划370100">\s*<option value="370100">.*</option>\s*<option value="{place.region.code}">',
        form,
    )


@pytest.mark.parametrize("path", ["/", "/submit/", "/track/", "/help/", "/privacy/"])
def test_every_page_reads_without_an_account_and_runs_no_inline_script(path):
    county()

    response = Client().get(path)

    assert response.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page(response))


@pytest.mark.parametrize("path", ["/", "/help/", "/track/", "/submit/"])
def test_opening_a_page_costs_no_statement_once_the_places_are_known(path):
    county()
    Client().get(path)

    with CaptureQueriesContext(connection) as context:
        Client().get(path)

    assert len(context) == 0


def test_filing_by_the_form_costs_few_statements():
    place = county()
    client = Client()
    send(client, filled(place))

    with CaptureQueriesContext(connection) as context:
        response = send(client, filled(place))

    assert response.status_code == 303
    statements = [q["sql"][:90] for q in context.captured_queries if "SAVEPOINT" not in q["sql"]]
    assert len(statements) <= 12, "\n".join(statements)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    phone=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    name=st.text(alphabet="赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", min_size=2, max_size=4),
)
def test_what_the_portal_answers_never_holds_phone_or_name(phone, name):
    place = county()
    client = Client()
    sent = send(client, filled(place, phone=phone, name=name))
    receipt = client.get("/receipt/")
    number = Case.objects.latest("pk").number
    (code,) = set(CODE.findall(page(receipt)))
    answers = [
        receipt,
        *(client.post("/track/", {"number": number, "secret": s}) for s in (code, phone[-4:], "wrong")),
        client.get("/"),
        client.get("/submit/"),
    ]
    Tally.objects.all().delete()

    for answer in (sent, *answers):
        everything = page(answer) + str(answer.headers) + str(answer.cookies)
        assert phone not in everything
        assert name not in everything
