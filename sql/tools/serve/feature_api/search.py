"""What the registry and the freshness of its groups are, for those who look around."""


def features(groups, name="", tag="", owner="", status="", group=""):
    """The features for which all holds that was asked; a name by any part of it, a tag also by its group's."""
    found = [_feature(each, column) for each in groups.values() for column in each.values]
    return [
        f for f in found
        if name.lower() in f["name"].lower() and tag in ("", *f["tags"]) and owner in ("", f["owner"])
        and status in ("", f["status"]) and group in ("", f["group"])
    ]


def _feature(group, column):
    about = column.about or {}
    return {
        "group": group.name, "name": column.name, "type": column.type, "unit": about.get("unit"), "description": about.get("description"),
        "owner": about.get("owner") or group.owner, "tags": list(dict.fromkeys((*about.get("tags", ()), *group.tags))),
        "status": about.get("status", group.status), "default": about.get("default"), "rules": column.rules,
    }


def health(session):
    """How fresh each group is, as the view feature_freshness says; `unknown` before its stage has run."""
    names = ("state", "newest_timestamp", "newest_available", "age_hours", "expected_every_hours", "rows")
    known = {}
    if session.conn.execute("SELECT 1 FROM sqlite_schema WHERE name = 'feature_freshness'").fetchone():
        known = {name: dict(zip(names, values)) for name, *values in session.conn.execute(
            "SELECT group_name, state, newest_timestamp, newest_available, age_hours, expected_every_hours, n_rows FROM feature_freshness")}
    groups = [
        {"group": group.name} | known.get(group.name, dict.fromkeys(names) | {"state": "unknown", "expected_every_hours": group.expected_every_hours})
        for group in session.groups.values() if group.status in ("active", "deprecated")
    ]
    return {"status": "late" if any(group["state"] == "late" for group in groups) else "ok", "groups": groups}
