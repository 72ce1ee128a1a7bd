"""What the tests of the console share: a browser without scripts, and forms filled in as a person would."""

from __future__ import annotations

import html
import re
from typing import Any

from django.test import Client

from yanzhen.foundation.models import Account


def browser(account: Account) -> Client:
    client = Client(headers={"accept": "text/html"})
    client.force_login(account)
    return client


def text(response: Any) -> str:
    """Return what can be read on the page, without markup."""
    body = response.content.decode().partition("<main")[2]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


def url(path: str, number: str) -> str:
    return f"/console/cases/{number}/{path}"


def hidden(response: Any, name: str) -> str:
    """Return the value of a hidden field of the form on the page."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', response.content.decode())
    assert found, f"no hidden {name}"
    return html.unescape(found[1])


def fill(client: Client, address: str, **values: Any) -> Any:
    """Open a form's page and send it back filled in."""
    page = client.get(address)
    seen = re.search(r'name="seen"[^>]*value="(\d+)"', page.content.decode())
    return client.post(address, {**({"seen": seen[1]} if seen else {}), **values})
