"""What can be set, in the metadata file under plugins: {"feature_api": {"max_rows": 100}}."""

import dataclasses

from datasette.utils import StartupError


@dataclasses.dataclass(frozen=True)
class Settings:
    anonymous_reads: bool = False  # whether values can be read without a token
    max_body_bytes: int = 1 << 20
    max_body_seconds: int = 10
    max_head_bytes: int = 1 << 16  # of the request's line and headers
    max_head_seconds: int = 10
    max_connections: int = 500  # of those that are waited for the longest goes when one more comes
    max_rows: int = 1000  # of an ingest
    max_entities: int = 1000  # of a lookup

    @classmethod
    def of(cls, datasette):
        given = datasette.plugin_config("feature_api") or {}
        types = {field.name: field.type for field in dataclasses.fields(cls)}
        for name, value in given.items():
            if name not in types:
                raise StartupError(f"feature_api: there is no setting '{name}'; there are {', '.join(types)}")
            if type(value) is not types[name] or (types[name] is int and value < 1):
                expected = "true or false" if types[name] is bool else "a whole number above 0"
                raise StartupError(f"feature_api: {name} is {value!r} where {expected} belongs")
        return cls(**given)
