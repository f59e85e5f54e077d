"""Records of the inbox read and redacted on a cluster by Ray Data, with the functions of one machine, in their order.

What needs other records, and the index, is done where the night runs: what a record repeats, and what it corrects.
"""

import pickle
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
import ray
import ray.data
from ray.exceptions import RayError

from steps.code import code_sha256
from steps.compute.cluster import connect, told
from steps.compute.worker import check_code
from steps.errors import SlumberError, in_one_line
from steps.ingest.parsed import ParsedRecord
from steps.ingest.prepare import Made, read_and_prepared
from steps.settings import ComputeSettings

_CHUNK = 20_000  # records that are in memory at once
_WORTH = 500  # records below which they are read here before a cluster has begun
_CODE = "steps.ingest.prepare"


def made_on_cluster(
    records: Iterable[ParsedRecord], compute: ComputeSettings, *, night: str, max_chars: int
) -> Iterator[tuple[ParsedRecord, Made]]:
    """Yield each record with what is made of it; one that repeats what was met comes as it is. See ``prepare``."""
    how: dict[str, Any] = {"night": night, "max_chars": max_chars}
    rest = iter(records)
    while chunk := list(islice(rest, _CHUNK)):
        new = [n for n, record in enumerate(chunk) if record.repeats is None]
        if len(new) < _WORTH:
            made = {n: read_and_prepared(chunk[n], **how) for n in new}
        else:
            made = dict(zip(new, _mapped([chunk[n] for n in new], compute, how), strict=True))
        for n, record in enumerate(chunk):
            yield made.get(n, (record, None))


def _mapped(
    records: list[ParsedRecord], compute: ComputeSettings, how: dict[str, Any]
) -> list[tuple[ParsedRecord, Made]]:
    layout = connect(compute)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.enable_operator_progress_bars = context.print_on_execution_start = False
    blocks = min(len(records), 4 * layout.count * max(layout.cpus, 1))
    rows = [{"number": n, "record": pickle.dumps(record)} for n, record in enumerate(records)]
    read = ray.data.from_items(rows, override_num_blocks=blocks).map_batches(
        read_batch,
        batch_size=None,
        batch_format="pyarrow",
        fn_kwargs={"code": code_sha256(_CODE), "how": how},
    )
    try:
        made: dict[int, bytes] = {row["number"]: row["made"] for row in read.iter_rows()}
    except RayError as error:
        raise told(error) or SlumberError(
            f"The Ray cluster did not read the inbox ({in_one_line(error)[:200]}): look at its nodes, then run the "
            "night again."
        ) from error
    return [pickle.loads(made[n]) for n in range(len(records))]


def read_batch(batch: pa.Table, *, code: str, how: dict[str, Any]) -> pa.Table:
    """Read and prepare a batch of pickled records."""
    check_code(code, _CODE)
    made = [pickle.dumps(read_and_prepared(pickle.loads(record), **how)) for record in batch["record"].to_pylist()]
    return pa.table({"number": batch["number"], "made": pa.array(made, pa.large_binary())})
