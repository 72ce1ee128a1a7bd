"""Classifying real citizen messages: cross-validated figures beside a plain character-bigram SVC, and what it costs.

The messages are those of ../shared/data/text (never shipped): each fold learns from the other gold folds and all
silver rows, and is tried on gold that it has not seen. 50,000 rows are made of them with words dropped and swapped.
"""

from __future__ import annotations

import csv
import io
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import zstandard
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from yanzhen.engines.classifier.evaluate import evaluate
from yanzhen.engines.classifier.model import Row, train

DATA = Path(__file__).parents[1].parent / "shared" / "data" / "text"
SILVER = 0.7
LABOUR = "劳动和社会保障"
MANY = 50_000


def run(say: Callable[[str], None]) -> None:
    if not DATA.is_dir():
        say(f"classify: {DATA} is not here, nothing measured")
        return
    gold, silver = _rows("labelled", "label", 1.0), _rows("silver", "team_pred", SILVER)
    labels = [row.label for row in gold]
    ours, plain = [], []
    for inside, outside in StratifiedKFold(5, shuffle=True, random_state=0).split(gold, labels):
        learning, trying = [*(gold[i] for i in inside), *silver], [gold[i] for i in outside]
        report = evaluate(train(learning, precision=0.95), trying, precision=0.95)
        ours.append((report.macro_f1, report.f1[LABOUR], report.top2, report.auto_share))
        plain.append(_plain(learning, trying))
    macro, labour, top2, auto = (statistics.mean(each) for each in zip(*ours, strict=True))
    plain_macro, plain_labour = (statistics.mean(each) for each in zip(*plain, strict=True))
    say(f"classify cv macro-F1 {macro:.3f} labour {labour:.3f} top2 {top2:.3f} auto share at .95 {auto:.3f}")
    say(f"classify cv macro-F1 {plain_macro:.3f} labour {plain_labour:.3f} by plain char bigrams, LinearSVC")
    _costs(say, [*gold, *silver])


def _costs(say: Callable[[str], None], rows: Sequence[Row]) -> None:
    """Time in CPU, as others work on the same machine."""
    many = _many(rows)
    begun = time.process_time()
    model = train(many, precision=0.95)
    say(f"classify train on {MANY:,} rows: {time.process_time() - begun:.1f} s of CPU")
    taken = []
    for row in many[:500]:
        begun = time.process_time()
        model.suggest(row.text)
        taken.append((time.process_time() - begun) * 1000)
    say(f"classify one message by that model: p99 {statistics.quantiles(taken, n=100)[-1]:.1f} ms of CPU")


def _many(rows: Sequence[Row]) -> list[Row]:
    chance = random.Random(0)  # noqa: S311  # made-up texts
    found = []
    for index in range(MANY):
        row = rows[index % len(rows)]
        head, _, body = row.text.partition("\n")
        parts = [part for part in body.split("，") if chance.random() > 0.2]
        chance.shuffle(parts)
        found.append(Row(f"{head}\n{'，'.join(parts)}", row.label, row.weight))
    return found


def _plain(learning: Sequence[Row], trying: Sequence[Row]) -> tuple[float, float]:
    grams = TfidfVectorizer(analyzer="char", ngram_range=(2, 2), min_df=2, sublinear_tf=True)
    machine = make_pipeline(grams, LinearSVC()).fit([r.text for r in learning], [r.label for r in learning])
    guesses, real = machine.predict([row.text for row in trying]), [row.label for row in trying]
    labour = f1_score(real, guesses, labels=[LABOUR], average=None)[0]
    return float(f1_score(real, guesses, average="macro")), float(labour)


def _rows(name: str, label: str, weight: float) -> list[Row]:
    raw = (DATA / f"teddy_messages_{name}.csv.zst").read_bytes()
    text = zstandard.ZstdDecompressor().stream_reader(raw).read().decode()
    return [Row(f"{r['title']}\n{r['body']}", r[label], weight) for r in csv.DictReader(io.StringIO(text))]
