"""The ways in that there are, and the two books that are kept over all of them."""

from __future__ import annotations

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.reconciliation import batches, chain, numbers
from yanzhen.domains.hotline.reconciliation.declare import SOURCES, Source
from yanzhen.domains.hotline.reconciliation.requests import request_source

SOURCES.add(request_source("web", "网上提交", channel=Case.Channel.WEB.value, sender="portal"))
SOURCES.add(
    request_source("api", "接口报送", channel=Case.Channel.API.value, sender="account:%", names_key=True)
)
SOURCES.add(Source("sheets", "表格导入", batches.count, batches.differences))
SOURCES.add(Source("numbers", "编号", numbers.count, numbers.differences, otherwise="整批撤销"))
SOURCES.add(Source("records", "记录链", chain.count, chain.differences, otherwise="整批撤销"))
