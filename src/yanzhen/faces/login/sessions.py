"""Sessions that end after a time without work, and after a working day in any case.

Saving the session at every request would cost a savepoint, an UPDATE and a cookie each. Here the row's own end, which
Django compares whenever it loads a session, is put off by one plain UPDATE a minute at most.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.db import connection
from django.utils import timezone

STRIDE = timedelta(minutes=1)
BEGAN = "began"
LOADED = """
select session_key, session_data, expire_date from django_session where session_key = %s and expire_date > %s
"""
"""As SQL: every request asks it, and the ORM would take longer to write it than the database to answer."""


class SessionStore(db.SessionStore):
    """Ends SESSION_IDLE_SECONDS after the last work, and SESSION_COOKIE_AGE after its key was made."""

    _ends_at: datetime | None = None

    def create(self) -> None:
        """Make a new key, as at log-in; from then the working day counts."""
        self[BEGAN] = int(time.time())
        super().create()

    def prolong(self) -> None:
        """Put off the end of a session that is being worked in."""
        ends_at = self.get_expiry_date()
        if self._ends_at and ends_at - self._ends_at >= STRIDE:
            self.model.objects.filter(session_key=self.session_key).update(expire_date=ends_at)
            self._ends_at = ends_at

    def get_expiry_date(self, **_: Any) -> datetime:
        now = timezone.now()
        began = datetime.fromtimestamp(self.get(BEGAN, now.timestamp()), UTC)
        idle = timedelta(seconds=settings.SESSION_IDLE_SECONDS)
        return min(now + idle, began + timedelta(seconds=settings.SESSION_COOKIE_AGE))

    def get_expiry_age(self, **_: Any) -> int:
        return int((self.get_expiry_date() - timezone.now()).total_seconds())

    def get_expire_at_browser_close(self) -> bool:
        """The cookie has no end of its own: the row's end counts, and it moves."""
        return True

    def _get_session_from_db(self) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(LOADED, [self.session_key, timezone.now()])
            found = cursor.fetchone()
        if found is None:
            self._session_key = None
            self._ends_at = None
            return None
        self._ends_at = found[2]
        return self.model(*found)
