"""Accounts, roles and grants: who may do what, where, on which line."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.utils import timezone

from yanzhen.foundation.scope import Reach, Scoped, prefix_of

GRANTS = """
select g.id, g.region_id, g.line_id, r.rights, before.from_region_id
from foundation_grant g
join foundation_role r on r.code = g.role_id
left join foundation_region_successors before on before.to_region_id = g.region_id
where g.account_id = %s and g.starts_on <= %s and (g.ends_on is null or g.ends_on > %s)
order by g.id
"""
"""As SQL: every request asks it, and the ORM would take longer to write it than the database to answer."""


class Account(AbstractUser):
    """Someone who logs in: staff with grants, or a worker who follows their own record."""

    first_name = None  # type: ignore[assignment]  # Chinese names have one field
    last_name = None  # type: ignore[assignment]
    name = models.CharField("姓名", max_length=64)
    person = models.OneToOneField("foundation.Person", models.PROTECT, null=True, blank=True)
    organisation = models.ForeignKey("foundation.Organisation", models.PROTECT, null=True, blank=True)
    language = models.CharField("语言", max_length=8, blank=True)

    REQUIRED_FIELDS = ["name"]  # Django wants a list

    class Meta:
        verbose_name = verbose_name_plural = "账号"

    def __str__(self) -> str:
        return self.name or self.username

    def cells(self) -> list[tuple[int, Reach, frozenset[str]]]:
        """Return (grant id, reach, rights) of the grants in force; one query, kept for the life of the object.

        A reach over a region also covers the regions that were merged into it.
        """
        cached: list[tuple[int, Reach, frozenset[str]]] | None = self.__dict__.get("_cells")
        if cached is None:
            today = timezone.localdate()
            with connection.cursor() as cursor:
                cursor.execute(GRANTS, [self.pk, today, today])
                grants = cursor.fetchall()
            cells = {}
            for pk, region, line, rights, before in grants:
                for code in filter(None, (region, before)):
                    reach = Reach(prefix_of(code), line)
                    cells[pk, reach] = (pk, reach, frozenset(rights))
            cached = self.__dict__["_cells"] = list(cells.values())
        return cached

    def reaches(self, right: str) -> list[Reach]:
        """Return the cells of the matrix where this account holds `right`."""
        return [reach for _, reach, rights in self.cells() if right in rights]

    def audience_keys(self) -> set[str]:
        """Return the keys of all cells, whatever the right: what row-level security lets the account see."""
        return {reach.key for _, reach, _ in self.cells()}

    def has_right(self, right: str, row: Scoped) -> bool:
        return row.lies_in(self.reaches(right)) and not row.is_kept_from(self)

    def grant_for(self, right: str, row: Scoped) -> int | None:
        """Return the id of the first grant that gives `right` over `row`, for the record."""
        return next(
            (pk for pk, reach, rights in self.cells() if right in rights and row.lies_in([reach])), None
        )


class Role(models.Model):
    """A named bundle of rights, kept as data."""

    code = models.SlugField("代码", max_length=32, primary_key=True)
    name = models.CharField("名称", max_length=32, unique=True)
    rights = ArrayField(models.CharField(max_length=48), verbose_name="权限")

    class Meta:
        ordering = ("code",)
        verbose_name = verbose_name_plural = "角色"

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """`account` holds the rights of `role` over the subtree of `region`, on `line` or (None) on all lines."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="grants", verbose_name="账号")
    role = models.ForeignKey(Role, models.PROTECT, related_name="grants", verbose_name="角色")
    region = models.ForeignKey("foundation.Region", models.PROTECT, related_name="+", verbose_name="行政区划")
    line = models.ForeignKey("foundation.Line", models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField("生效日期", default=timezone.localdate)
    ends_on = models.DateField("失效日期", null=True, blank=True, help_text="不含当日")

    class Meta:
        verbose_name = verbose_name_plural = "授权"
        constraints = (
            models.UniqueConstraint(
                fields=("account", "role", "region", "line"), nulls_distinct=False, name="grant_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id}:{self.role_id}@{self.region_id}"


class Token(models.Model):
    """A key with which a program acts as an account; only its hash is stored."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="tokens")
    issued_by = models.ForeignKey(Account, models.PROTECT, related_name="+", null=True, blank=True)
    """None: the command line."""
    name = models.CharField("用途", max_length=64)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "接口密钥"

    def __str__(self) -> str:
        return self.name
