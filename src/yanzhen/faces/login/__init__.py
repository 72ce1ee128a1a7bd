"""Logging in: staff accounts are opened by an administrator, and a stranger can not lock anybody out.

Pages and flows are django-allauth's; what is ours is how often one may guess (`tries`, `devices`), when a session ends
(`sessions`), who needs a second factor (`second_factor`) and whom another identity provider may vouch for (`oidc`).
docs/decisions/0009-login.md gives the reasons.
"""
