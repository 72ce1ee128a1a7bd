"""Ways to make one score of several judges' scores, by name. Each keeps the plain mean beside what it gives.

The methods that only count and sum stay in Decimal, so that a half is rounded as on paper; the two-way model is fitted
in binary floating point, of which six decimals are told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import pairwise
from statistics import median

from yanzhen.engines.programmes.scoring.marks import EXACT, ScoreInput, mean
from yanzhen.engines.programmes.scoring.twoway import Fit, fit, refuse_unconnected
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.registry import Registry

DIGITS = 28
TOLD = Decimal("1e-6")
"""What is told of a binary floating-point number: the same on every processor."""

Parameters = Mapping[str, Decimal]
Values = Mapping[int, list[Decimal]]
"""The numbers given to each application, in the order of the judges' ids."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of a method, `low` and `high` included; `whole` takes no fraction."""

    code: str
    label: str
    default: Decimal
    low: Decimal
    high: Decimal
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Scores by application (only those with a number), and the fit where judges were taken apart."""

    scores: Mapping[int, Decimal]
    fit: Fit | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """`score` takes the input, the numbers by application, their plain means and the parameters."""

    code: str
    label: str
    note: str
    """What the panel should know before it chooses this."""
    score: Callable[[ScoreInput, Values, Mapping[int, Decimal], Parameters], Outcome]
    parameters: tuple[Parameter, ...] = ()
    rising: tuple[str, ...] = ()
    """Parameters of which each has to be above the one before: else ends meet and everybody has one score."""

    def read(self, given: Mapping[str, Decimal | int]) -> dict[str, Decimal]:
        """Return every parameter, defaults filled in; raises Invalid for an unknown one or a value out of bounds or order."""
        known = {parameter.code: parameter for parameter in self.parameters}
        if unknown := sorted(given.keys() - known.keys()):
            named = "、".join(known) or "无"
            raise Invalid(f"计分方法“{self.label}”没有参数 {'、'.join(unknown)}；可用的参数：{named}。")
        values = {code: _read(known[code], given.get(code)) for code in sorted(known)}
        if any(values[low] >= values[high] for low, high in pairwise(self.rising)):
            told = "、".join(f"{known[code].label} {values[code]}" for code in self.rising)
            raise Invalid(f"计分方法“{self.label}”的参数须依次增大：{told}。")
        return values


METHODS: Registry[Method] = Registry("scoring method")


def dispersion(values: list[Decimal]) -> Decimal | None:
    """Standard deviation of a sample; None of fewer than two."""
    if len(values) < 2:
        return None
    middle = sum(values, Decimal(0)) / len(values)
    squares = sum(((value - middle) ** 2 for value in values), Decimal(0))
    return (squares / (len(values) - 1)).sqrt().quantize(TOLD, ROUND_HALF_UP)


def told(value: float) -> Decimal:
    return Decimal(value).quantize(TOLD, ROUND_HALF_UP) + Decimal(0)


def _read(parameter: Parameter, given: Decimal | int | None) -> Decimal:
    value = parameter.default if given is None else Decimal(given)
    fits = value.is_finite() and parameter.low <= value <= parameter.high
    if not fits or (parameter.whole and value % 1):
        kind = "整数" if parameter.whole else "数"
        raise Invalid(
            f"参数“{parameter.label}”须是 {parameter.low:f} 至 {parameter.high:f} 的{kind}，给的是 {value}。"
        )
    return value


def _mean(_given: ScoreInput, _values: Values, means: Mapping[int, Decimal], _p: Parameters) -> Outcome:
    return Outcome(means)


def _drop(_given: ScoreInput, values: Values, means: Mapping[int, Decimal], p: Parameters) -> Outcome:
    drop = int(p["drop"])
    return Outcome(
        {
            application: mean(sorted(found)[drop:-drop]) if len(found) > 2 * drop else means[application]
            for application, found in values.items()
        }
    )


def _median(_given: ScoreInput, values: Values, _means: Mapping[int, Decimal], _p: Parameters) -> Outcome:
    return Outcome({application: median(found).quantize(EXACT) for application, found in values.items()})


def _median700(_given: ScoreInput, _values: Values, means: Mapping[int, Decimal], p: Parameters) -> Outcome:
    if not means:
        return Outcome({})
    middle = median(means.values())
    spread = p["normal"] * median(abs(value - middle) for value in means.values())

    def scaled(value: Decimal) -> Decimal:
        if not spread:
            return p["centre"]
        point = p["centre"] + p["points"] * (value - middle) / spread
        return min(max(point, p["low"]), p["high"]).quantize(EXACT)

    return Outcome({application: scaled(value) for application, value in means.items()})


def _two_way(given: ScoreInput, _values: Values, means: Mapping[int, Decimal], p: Parameters) -> Outcome:
    if not means:
        return Outcome({})
    table = given.table
    refuse_unconnected(table, int(p["least"]))
    found = fit(table, huber=float(p["huber"]), prior=float(p["prior"]))
    scores = map(told, found.corrected.tolist())
    return Outcome(dict(zip(table.applications.tolist(), scores, strict=True)), found)


def outcome(
    method: Method, given: ScoreInput, values: Values, parameters: Parameters
) -> tuple[dict[int, Decimal], Outcome]:
    """Return the plain means and what the method gives, in arithmetic that no caller's context bends."""
    with localcontext() as context:
        context.prec, context.rounding = DIGITS, ROUND_HALF_UP
        means = {application: mean(found) for application, found in values.items()}
        return means, method.score(given, values, means, parameters)


def _p(code: str, label: str, default: str, low: str, high: str, *, whole: bool = False) -> Parameter:
    return Parameter(code, label, Decimal(default), Decimal(low), Decimal(high), whole)


METHODS.add(Method("mean", "平均分", "评委宽严不一时，手紧评委所评的申报吃亏。", _mean))
METHODS.add(
    Method(
        "drop_extremes",
        "去掉最高最低分后平均",
        "按规定可用；五名评委时并不更准。评分份数不够去掉的申报取平均分。",
        _drop,
        (_p("drop", "两端各去掉几份", "1", "1", "5", whole=True),),
    )
)
METHODS.add(Method("median", "中位数", "单个异常评分影响不了结果，但丢掉的信息最多。", _median))
METHODS.add(
    Method(
        "two_way",
        "双向校正（评委宽严与尺度）",
        "须有交叉评审或共同标杆；校正分与平均分并列公布，名次规则须在开评前公布。",
        _two_way,
        (
            _p("huber", "偏离几个标准差起降低权重", "1.5", "0.5", "1000000"),
            _p("prior", "把评委尺度拉向 1 的份数", "10", "0", "1000000000"),
            _p("least", "每名评委最少评几份", "8", "2", "1000", whole=True),
        ),
    )
)
METHODS.add(
    Method(
        "median700",
        "中位数 700 分制",
        "用于不同职业之间的比较；公式取自第三方评分程序，不是世界技能组织的正式算法。",
        _median700,
        (
            _p("centre", "中位数对应的分数", "700", "0", "10000"),
            _p("points", "一个标准差对应的分数", "30", "0.000001", "10000"),
            _p("normal", "绝对中位差换算系数", "1.4826", "0.000001", "100"),
            _p("low", "最低分", "0", "0", "10000"),
            _p("high", "最高分", "1000", "0", "10000"),
        ),
        rising=("low", "centre", "high"),
    )
)
