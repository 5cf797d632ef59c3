"""The OpenAPI description of the groups that are there."""

STATUSES = ("draft", "active", "deprecated", "archived")
JSON = "application/json"

TYPES = {"numerical": "number", "integer": "integer", "boolean": "boolean", "embedding": "array"}  # all others are text

SENTENCES = {
    400: "The request cannot be read, or asks for what the group does not have",
    401: "No token, or one that is not known",
    403: "The token is not for this",
    404: "No such group, or no row of this entity as of this moment",
    408: "The body has not arrived in time",
    409: "The group is computed by a stage",
    413: "The body is larger than the limit, or has too many rows or entities",
    415: "The body is not application/json",
    422: "The batch is refused whole, nothing was stored: more rows break a rule than the group allows, or one names a feature that is not there. Of a lookup: an id is a float",
    503: "The database is being written to, or is not there, or cannot be read; try again",
}


def describe(groups, settings):
    served = [group for group in groups if group.has_table and group.status != "archived"]
    schemas, paths = dict(COMMON), {**DESCRIPTIONS}
    for group in served:
        schemas[f"{group.name}.features"] = features_schema(group)
        schemas[f"{group.name}.answer"] = answer_schema(group)
        schemas[f"{group.name}.lookup"] = lookup_schema(group, settings)
        path = "/".join(f"{{{key.name}}}" for key in group.keys)
        paths[f"/features/{group.name}/{path}"] = {"get": read_operation(group)}
        paths[f"/features/{group.name}"] = {"post": lookup_operation(group)}
        if not group.is_computed:
            schemas[f"{group.name}.rows"] = rows_schema(group, settings)
            paths[f"/ingest/{group.name}/{path}"] = {"post": ingest_operation(group)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "athlete", "version": "1",
            "description": "Feature groups: values as they were known at a moment, validated ingest, and the registry.",
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


# --- schemas of a group ---


def value_schema(column, nullable):
    """The column's JSON type, with what its definition says of it."""
    kind = json_type(column)
    schema = {"type": [kind, "null"] if nullable else kind}
    if kind == "array":
        schema["items"] = {"type": ["number", "null"]}
    about = column.about or {}
    if words := "; ".join(word for word in (about.get("description"), about.get("unit") and f"in {about['unit']}") if word):
        schema["description"] = words
    if about.get("unit"):
        schema["x-unit"] = about["unit"]
    return schema


def json_type(column):
    return TYPES.get(column.type, {"INTEGER": "integer", "REAL": "number"}.get(column.storage, "string"))


def row_value_schema(column, nullable):
    """The same of a row that is to be brought in, with the rules that JSON Schema has a word for."""
    schema = value_schema(column, nullable)
    if json_type(column) in ("number", "integer"):
        schema |= {word: column.rules[rule] for rule, word in (("min", "minimum"), ("max", "maximum")) if rule in column.rules}
    if "allowed" in column.rules:
        schema["enum"] = [*column.rules["allowed"], *([None] if nullable else [])]
    if "pattern" in column.rules:
        schema["x-glob"] = column.rules["pattern"]
    return schema


def key_schema(key):
    limits = {"TEXT": {"minLength": 1}, "INTEGER": {"minimum": -(2**63), "maximum": 2**63 - 1, "format": "int64"}}
    return value_schema(key, False) | limits.get(key.storage, {})


def nullable(column):
    return not column.rules.get("not_null")


def features_schema(group):
    return {
        "type": "object", "description": f"{group.description} (version {group.version})", "additionalProperties": False,
        "properties": {column.name: value_schema(column, nullable(column)) for column in group.values},
    }


def answer_schema(group):
    return of_object(
        entity=of_object(**{key.name: key_schema(key) for key in group.keys}),
        event_timestamp=value_schema(group.timestamp, True) | {"description": "what the row describes"},
        available_at=value_schema(group.available, True) | {"description": "when it became known"},
        age_days={"type": ["number", "null"], "description": "from what the row describes to as_of"},
        features={"oneOf": [ref(f"{group.name}.features"), {"type": "null"}], "description": "null: no row as of this moment"},
    )


def body_key_schema(key):
    """In a body an id is the same as number and as text."""
    digits = {"type": "string", "pattern": "^-?[0-9]{1,18}$"}
    either = {"TEXT": {"type": "integer"}, "INTEGER": digits}.get(key.storage)
    return {"anyOf": [key_schema(key), either]} if either else key_schema(key)


def lookup_schema(group, settings):
    entity = body_key_schema(group.keys[0])
    if len(group.keys) > 1:
        entity = {"type": "array", "prefixItems": [body_key_schema(key) for key in group.keys], "items": False, "minItems": len(group.keys)}
    return of_object(
        ("entities",), entities={"type": "array", "minItems": 1, "maxItems": settings.max_entities, "items": entity},
        features=names_schema(group), as_of=AS_OF,
    )


def names_schema(group):
    return {"type": "array", "minItems": 1, "items": {"enum": [column.name for column in group.values]}, "description": "some only"}


def rows_schema(group, settings):
    keys = {key.name for key in group.keys}
    columns = [column for column in group.columns if column.name not in keys]
    row = {
        "type": "object", "additionalProperties": False,
        "properties": {column.name: row_value_schema(column, nullable(column) or column is group.available) for column in columns},
        "required": [c.name for c in columns if not nullable(c) and c is not group.available and (c.about or {}).get("default") is None],
    }
    return of_object(rows={"type": "array", "minItems": 1, "maxItems": settings.max_rows, "items": row})


# --- operations of a group ---


def read_operation(group):
    features = query("features", names_schema(group)) | {"style": "form", "explode": False}
    return operation(
        f"read_{group.name}", f"{group.description}: of one, as of a moment", (400, 401, 403, 404),
        schema=of_object(**OF_GROUP, **answer_schema(group)["properties"]), parameters=[*path_parameters(group), query("as_of", AS_OF), features],
    )


def lookup_operation(group):
    return operation(
        f"look_up_{group.name}", f"{group.description}: of many, as of a moment", (400, 401, 403, 404, 408, 413, 415, 422),
        schema=of_object(**OF_GROUP, rows={"type": "array", "items": ref(f"{group.name}.answer")}), body=ref(f"{group.name}.lookup"),
    )


def ingest_operation(group):
    return operation(
        f"ingest_{group.name}",
        f"Bring rows into {group.name}; each is judged by the group's rules, and more than {group.reject_limit:.0%} of rejects refuse the batch",
        (400, 401, 403, 404, 408, 409, 413, 415, 422), schema=ref("ingest"), parameters=path_parameters(group), body=ref(f"{group.name}.rows"),
    )


def path_parameters(group):
    return [{"name": key.name, "in": "path", "required": True, "schema": key_schema(key)} for key in group.keys]


# --- parts ---


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def of_object(required=None, **properties):
    return {"type": "object", "properties": properties, "required": list(properties if required is None else required), "additionalProperties": False}


def query(name, schema):
    return {"name": name, "in": "query", "schema": schema}


def operation(name, summary, refusals, schema, parameters=(), body=None, secured=True):
    found = {
        "operationId": name, "summary": summary,
        "responses": {"200": {"description": "The answer", "content": {JSON: {"schema": schema}}}} | {
            str(status): {"description": SENTENCES[status], "content": {JSON: {"schema": ref("error")}}} for status in (*refusals, 503)},
    }
    if parameters:
        found["parameters"] = list(parameters)
    if body:
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    if secured:
        found["security"] = [{"token": []}]
    return found


def listed(**properties):
    return {"type": "array", "items": of_object(**properties)}


TEXT, TEXT_OR_NULL, NUMBER_OR_NULL = {"type": "string"}, {"type": ["string", "null"]}, {"type": ["number", "null"]}
TIME = {"type": ["string", "number", "null"]}
NAMES = {"type": "array", "items": TEXT}
COUNT = {"type": "integer", "minimum": 0}
AS_OF = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}],
    "description": "a day or an instant; without it now. Only what was known by then is an answer", "examples": ["2025-10-20T06:00:00Z"],
}
OF_GROUP = {"group": TEXT, "version": TEXT, "as_of": {"type": ["string", "number"], "description": "the moment that was asked for"}}

COMMON = {
    "error": {"type": "object", "required": ["status", "error"], "properties": {"status": {"type": "integer"}, "error": TEXT}},
    "ingest": of_object(
        group=TEXT, version=TEXT, entity={"type": "object"}, rows=COUNT, new=COUNT,
        changed=COUNT | {"description": "rows that replace others, which are now in the history"}, same=COUNT, rejected=COUNT,
        rejects=listed(row=COUNT | {"description": "place in the request, from 0"}, feature=TEXT_OR_NULL, rule=TEXT,
                       value={"description": "as it came"}, reason=TEXT),
    ),
}

DESCRIPTIONS = {
    "/groups": {"get": operation("groups", "The feature groups", (400,), secured=False, schema=of_object(groups=listed(
        name=TEXT, version=TEXT, status={"enum": STATUSES}, description=TEXT, entity=TEXT, keys=NAMES, owner=TEXT_OR_NULL, tags=NAMES,
        stage=TEXT_OR_NULL | {"description": "that computes it"}, expected_every_hours=NUMBER_OR_NULL, features=NAMES)))},
    "/features": {"get": operation(
        "features", "The features, by any part of a name, by tag, owner, status and group", (400,), secured=False,
        parameters=[query("name", TEXT), query("tag", TEXT), query("owner", TEXT), query("status", {"enum": STATUSES}), query("group", TEXT)],
        schema=of_object(features=listed(
            group=TEXT, name=TEXT, type=TEXT, unit=TEXT_OR_NULL, description=TEXT_OR_NULL, owner=TEXT_OR_NULL, tags=NAMES,
            status={"enum": STATUSES}, default={}, rules={"type": "object"})))},
    "/health": {"get": operation("health", "How fresh each group is", (400,), secured=False, schema=of_object(
        status={"enum": ["ok", "late"]}, groups=listed(
            group=TEXT, state={"enum": ["fresh", "late", "empty", "not expected", "unknown"]}, newest_timestamp=TIME, newest_available=TIME,
            age_hours=NUMBER_OR_NULL, expected_every_hours=NUMBER_OR_NULL, rows={"type": ["integer", "null"]})))},
    "/openapi.json": {"get": operation("openapi", "This description", (400,), secured=False, schema={"type": "object"})},
}
