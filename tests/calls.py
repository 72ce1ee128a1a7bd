"""A switchboard for tests: a trunk with its token, seats, and events as a telephone system sends them."""

from __future__ import annotations

import json
import time
from typing import Any

from django.test import Client

from tests.factories import AccountFactory
from tests.hotline import County, county
from yanzhen.domains.hotline.calls.actions import open_trunk
from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.rosters.models import Seat
from yanzhen.faces.cti.auth import signature_of
from yanzhen.foundation.models import Account, Region

AGENT = "case.view case.register call.view call.take call.call_back call.reveal call.listen organisation.view"
CALLER = "13812342046"


class Board:
    """The county's switchboard. `send` gives the answer of the address; an event names only what it changes."""

    def __init__(self, place: County | None = None, *, signed: bool = False) -> None:
        self.place = place or county()
        city = Region.objects.get(code="370100")
        self.trunk, self.token, self.secret = open_trunk("总机", city, actor=None, signed=signed)
        self.agent = self.seat("8001")
        self.client = Client()

    def seat(self, extension: str, *, region: Region | None = None) -> Account:
        account = AccountFactory(grants=[(region or self.place.region.parent, None, AGENT)])
        Seat.objects.create(account=account, extension=extension, address=f"sip:{extension}@127.0.0.1")
        return account

    def send(self, event: str, call: str = "c1", **more: Any) -> Any:
        fields = {"event": event, "callId": call, "direction": "in", "from": CALLER, "to": "053112351"}
        fields |= {"cause": "normalClearing"} if event == "hangup" else {}
        return self.post(json.dumps({**fields, **more}, ensure_ascii=False))

    def post(self, body: str, *, form: bool = False, stamp: int | None = None, **headers: str) -> Any:
        """Send a body as it stands, signed where the trunk asks for it."""
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        if self.secret and not headers:
            at = str(int(time.time()) if stamp is None else stamp)
            signed = signature_of(self.secret, at, body.encode(), kind="sm3")
            headers = {"X-Yanzhen-Timestamp": at, "X-Yanzhen-Signature": f"sm3={signed}"}
        return self.client.generic("POST", f"/cti/{self.token}", body, content_type=kind, headers=headers)

    def ring(self, call: str = "c1", **more: Any) -> Call:
        self.send("newCall", call, **{"user": ["8001"], **more})
        return Call.objects.get(ref=call)

    def answered(self, call: str = "c1", **more: Any) -> Call:
        self.ring(call, **more)
        self.send("answer", call, answeringNumber="8001", **more)
        self.send("hangup", call, **more)
        return Call.objects.get(ref=call)

    def missed(self, call: str = "c1", **more: Any) -> Call:
        self.ring(call, **more)
        self.send("hangup", call, **{"cause": "noAnswer", **more})
        return Call.objects.get(ref=call)
