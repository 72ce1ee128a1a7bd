"""Who may not inspect an application: who applied, who filled it in, who works there, and who is tied to the applicant."""

from __future__ import annotations

from yanzhen.engines.programmes.models import Application
from yanzhen.engines.programmes.panels import field
from yanzhen.engines.programmes.panels.models import Bar, Judge
from yanzhen.foundation.models import Account, Employment


def conflicts(account: Account, application: Application) -> list[str]:
    """Return the reasons, as people read them, by the records as they are now."""
    reasons = []
    if account.person_id is not None and account.person_id == application.person_id:
        reasons.append("是申报人本人")
    if account.pk == application.started_by_id:
        reasons.append("是填报人")
    if application.organisation_id is not None and _works_at(account, application.organisation_id):
        reasons.append(field.REASONS[field.EMPLOYER])
    if Bar.objects.filter(judge__account=account, application=application).exists():
        reasons.append(field.REASONS[field.DECLARED])
    seat = Judge(account=account)
    return reasons + [
        field.REASONS[name] for name, tied in field.TIES.items() if list(tied([seat], [application]))
    ]


def _works_at(account: Account, organisation: int) -> bool:
    if account.organisation_id == organisation:
        return True
    held = Employment.objects.filter(person=account.person_id, organisation=organisation, ends_on=None)
    return account.person_id is not None and held.exists()
