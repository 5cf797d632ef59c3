"""Every group in this folder as a feature view, as its Parquet files tell: keys, times, lookback, types and units.

    feast apply
    FeatureStore(".").get_historical_features(entity_df, features=["<group>:<feature>", …], filter_by_created_timestamp=True)

With filter_by_created_timestamp a value is used from available_at on and not before; without it Feast uses values that were not
known yet. A view holds the superseded versions beside the current rows, so that the past is seen as it was believed then.
The files are read by DuckDB: pip install "feast[duckdb]". A group whose times are numbers, or texts of no known form, is left out:
Feast needs timestamps.
"""

import datetime
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq
from feast import Entity, FeatureView, Field, FileSource, ValueType, types
from feast.data_format import ParquetFormat

FOLDER = pathlib.Path(__file__).resolve().parent


def of_arrow(kind):
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return types.UnixTimestamp
    if pa.types.is_list(kind):
        return types.Array(types.Float32)
    if pa.types.is_boolean(kind):
        return types.Bool
    if pa.types.is_floating(kind):
        return types.Float64
    if pa.types.is_integer(kind):
        return types.Int64
    return types.Bytes if pa.types.is_binary(kind) else types.String


def told(field):
    return {k.decode(): v.decode() for k, v in (field.metadata or {}).items() if not k.startswith(b"PARQUET:")}


def lookback(days):
    """Feast takes 0 for no limit; the shortest time that it knows stands for it."""
    return None if days is None else max(datetime.timedelta(days=days), datetime.timedelta(microseconds=1))


for path in sorted(FOLDER.iterdir()):
    file = next(path.rglob("*.parquet"), None) if path.is_dir() and not path.name.startswith(".") else None
    schema = pq.read_schema(file) if file else None
    if schema is None or b"athlete.group" not in (schema.metadata or {}):
        continue
    group = json.loads(schema.metadata[b"athlete.group"])
    if not all(pa.types.is_timestamp(schema.field(group[time]).type) for time in ("timestamp", "available")):
        continue
    entities = []
    for key in group["keys"]:
        is_number = pa.types.is_integer(schema.field(key).type)
        entities.append(Entity(name=key, join_keys=[key], value_type=ValueType.INT64 if is_number else ValueType.STRING))
        globals()[f"entity_{key}"] = entities[-1]
    apart = {*group["keys"], group["timestamp"], group["available"], "superseded_at", "superseded_by"}
    fields = [
        Field(name=f.name, dtype=of_arrow(f.type), description=told(f).get("description", ""), tags={k: v for k, v in told(f).items() if k != "description"})
        for f in schema if f.name not in apart and b"type" in (f.metadata or {})  # a time's text has none
    ]  # fmt: skip
    keys = [Field(name=key, dtype=of_arrow(schema.field(key).type)) for key in group["keys"]]
    globals()[f"view_{group['feature_group']}"] = FeatureView(
        name=group["feature_group"], entities=entities, ttl=lookback(group["lookback_days"]), schema=[*keys, *fields],
        source=FileSource(
            name=f"{group['feature_group']}_files", path=str(path), file_format=ParquetFormat(),
            timestamp_field=group["timestamp"], created_timestamp_column=group["available"]),
        description=group["description"], owner=group["owner"] or "", tags={"version": group["version"]},
    )  # fmt: skip
