"""Taking appeals in from other systems."""

from __future__ import annotations

from typing import Annotated

from ninja import Header, Router, Status
from pydantic import Field

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.faces.api.auth import ApiRequest
from yanzhen.faces.api.schemas import REFUSED, AppealIn, Problem, ReceiptOut, local
from yanzhen.faces.filing import file_appeal

router = Router(tags=["诉求"])
Key = Annotated[str, Field(min_length=1, max_length=128, description="一件诉求一个；重发用同一个")]


@router.post("/appeals", response={201: ReceiptOut, REFUSED: Problem}, summary="报送诉求")
def create_appeal(
    request: ApiRequest, appeal: AppealIn, idempotency_key: Annotated[Key, Header()]
) -> Status[ReceiptOut]:
    filed = file_appeal(
        Appeal(**appeal.model_dump()),
        actor=request.auth,
        channel=Case.Channel.API,
        sender=f"account:{request.auth.pk}",
        key=idempotency_key,
    )
    return Status(
        201,
        ReceiptOut(
            number=filed.number, check_code=filed.check_code, state=filed.state, due_at=local(filed.due_at)
        ),
    )
