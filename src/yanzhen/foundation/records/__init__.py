"""Records: what happened, written in the transaction of the change, sealed soon after, provable to an outsider.

`record` and `record_many` write, `history` reads, `seal` puts committed records under a signed Merkle root that
leaves the database, `verify` compares all of it. docs/explanation/records.md tells the whole of it.
"""

from yanzhen.foundation.records.export import export
from yanzhen.foundation.records.read import histories, history, lists_that_showed, names_of, seen_by
from yanzhen.foundation.records.seal import seal, seal_loop, sealing_lag
from yanzhen.foundation.records.standalone import Finding
from yanzhen.foundation.records.verify import verify
from yanzhen.foundation.records.write import insert_selected, record, record_many

__all__ = [
    "Finding",
    "export",
    "histories",
    "history",
    "insert_selected",
    "lists_that_showed",
    "names_of",
    "record",
    "record_many",
    "seal",
    "seal_loop",
    "sealing_lag",
    "seen_by",
    "verify",
]
