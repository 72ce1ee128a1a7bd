"""Names of units: what is one unit however it is written, what may be one, and what are two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import OrganisationFactory, RegionFactory
from yanzhen.domains.hotline.names import keys_of, may_be, name_key
from yanzhen.foundation.models import Organisation

PLACES = (
    ("370000", "山东省", "山东", "province"), ("370100", "济南市", "济南", "city"), ("370102", "历下区", "历下", "county"),
    ("370103", "市中区", "市中", "county"), ("370112", "历城区", "历城", "county"), ("370300", "淄博市", "淄博", "city"),
    ("370302", "淄川区", "淄川", "county"), ("370400", "枣庄市", "枣庄", "city"), ("370402", "市中区", "市中", "county"),
)  # fmt: skip


def unit(name: str, region: str, kind: str = "union", aliases: tuple[str, ...] = ()) -> Organisation:
    places = {
        code: RegionFactory(code=code, name=full, short=short, level=level)
        for code, full, short, level in PLACES
    }
    return OrganisationFactory(name=name, region=places[region], kind=kind, aliases=list(aliases))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "written",
    [
        "历下区总工会（演示）", "历下区总工会演示", "历下区总工会", "历下总工会", "济南市历下区总工会（演示）", "山东省济南市历下区总工会",
        "济南历下区总工会", " 济南市 历下区總工會(演示) ", "历下区总工会（原历下区工会联合会）", "济南市历下总工会",
    ],
)  # fmt: skip
def test_a_unit_is_the_accused_however_its_name_is_written(written):
    assert name_key(written) in keys_of(unit("历下区总工会（演示）", "370102"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("written", "name", "region"),
    [
        ("淄川区总工会", "历下区总工会", "370102"),
        ("历城区总工会", "历下区总工会", "370102"),
        ("济南市总工会", "历下区总工会", "370102"),
        ("总工会", "历下区总工会", "370102"),
        ("历下区总工会", "济南市总工会", "370100"),
        ("山东省总工会", "济南市总工会", "370100"),
        ("枣庄市市中区总工会", "济南市市中区总工会", "370103"),
        ("海尔（上海）有限公司", "海尔（青岛）有限公司", "370102"),
    ],
)
def test_two_units_have_no_key_in_common(written, name, region):
    assert name_key(written) not in keys_of(unit(name, region))


@pytest.mark.django_db
def test_a_name_that_two_counties_have_is_that_of_both():
    assert name_key("市中区总工会") in keys_of(unit("济南市市中区总工会", "370103"))
    assert name_key("市中区总工会") in keys_of(unit("枣庄市市中区总工会", "370402"))


@pytest.mark.django_db
def test_a_firm_is_known_without_its_places_and_legal_form_and_by_all_aliases():
    firm = unit("济南市宏达建筑有限公司", "370102", "enterprise", ("宏达集团", "济南建筑四处"))

    keys = keys_of(firm)

    written = ("宏达建筑公司", "历下区宏达建筑", "山东宏达建筑有限责任公司", "宏达集团有限公司", "建筑四处")
    assert [name for name in written if name_key(name) not in keys] == []
    assert name_key("宏达劳务公司") not in keys


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("总工会", True),
        ("厉下区总工会", True),
        ("历下区总公会", True),
        ("历下区总工会职工服务中心", True),
        ("济南市总工会", True),
        ("区总工会", True),
        ("历城区总工会", False),
        ("淄博市淄川区总工会", False),
        ("宏达建筑有限公司", False),
        ("历下区", False),
        ("", False),
    ],
)
def test_a_name_may_mean_a_unit_that_it_does_not_name_in_full(written, near):
    assert may_be(written, unit("历下区总工会（演示）", "370102")) is near


@pytest.mark.django_db
def test_an_office_is_known_by_its_abbreviation():
    office = unit("历下区人力资源和社会保障局", "370102", "government")

    assert may_be("历下区人社局", office)
    assert not may_be("历下区教育局", office)


@given(st.text(max_size=140))
def test_a_key_has_a_key_of_its_own_and_fits_its_column(name):
    key = name_key(name)

    assert len(key) <= 128
    assert bool(key) == bool(name.strip())
    assert name_key(key) == key
