"""Which alerts nobody has been told of yet, and telling them: at least once, since what was told is written down afterwards."""

from common.database import NOW
from common.program import printable

SAID_CHARACTERS, LINE_CHARACTERS = 4000, 200  # of a text that anybody may have written

TITLES = {
    "risk": "overtraining risk, athlete", "drift": "drift in", "estimated_loss": "a larger error is expected of", "realized_loss": "a larger error of",
    "freshness": "late:", "failure": "failed:",
}  # fmt: skip

# A channel is told of what is open, and of what has been since it was first asked to tell anything, taken or not; that an alert closed,
# after that it opened, whatever the clock says.
PENDING = """
    WITH first AS (SELECT MIN(first_at) AS at FROM ops_alert_deliveries WHERE channel = ?1),
    event AS (
        SELECT alert_id, 'opened' AS event, opened_at AS at, closed_at IS NULL OR closed_at >= (SELECT at FROM first) AS is_due FROM ops_alerts
        UNION ALL
        SELECT alert_id, 'closed', closed_at, 1 FROM ops_alerts WHERE closed_at IS NOT NULL
    )
    SELECT e.alert_id, e.event, a.key || '-' || e.event, a.kind, a.subject, a.message, a.opened_at, a.closed_at, a.n_bad
    FROM event AS e
    JOIN ops_alerts AS a USING (alert_id)
    LEFT JOIN ops_alert_deliveries AS d ON (d.alert_id, d.event, d.channel) = (e.alert_id, e.event, ?1)
    WHERE d.delivered_at IS NULL AND (e.is_due OR d.attempts > 0)
      AND (e.event = 'opened' OR EXISTS (SELECT 1 FROM ops_alert_deliveries AS o WHERE (o.alert_id, o.event, o.channel) = (e.alert_id, 'opened', ?1) AND o.delivered_at IS NOT NULL))
    ORDER BY e.at, e.alert_id"""
ATTEMPTED = f"""
    INSERT INTO ops_alert_deliveries (alert_id, event, channel, attempts, first_at, attempted_at, delivered_at, fault)
    VALUES (?1, ?2, ?3, 1, {NOW}, {NOW}, CASE WHEN ?4 IS NULL THEN {NOW} END, ?4)
    ON CONFLICT (alert_id, event, channel) DO UPDATE
    SET attempts = attempts + 1, attempted_at = excluded.attempted_at, delivered_at = excluded.delivered_at, fault = excluded.fault"""


def deliver(db, channels):
    """How often somebody was told, and what went wrong, a sentence for each channel that did not take everything."""
    told, faults = 0, []
    for channel in channels:
        for _ in range(2):  # what opened, then what closed
            for alert_id, event, *rest in db.execute(PENDING, (channel.name,)).fetchall():
                fault = channel.tell(*text(event, *rest), event == "opened")
                db.execute(ATTEMPTED, (alert_id, event, channel.name, fault))
                if fault is not None:
                    faults.append(f"{channel.name}: {fault}")
                    break
                told += 1
            else:
                continue
            break  # who did not take one is not asked to take the others now
    return told, faults


def text(event, key, kind, subject, message, opened_at, closed_at, n_bad):
    """The title, which becomes a header of a mail and has one line, and the body."""
    title = one_line(f"athlete: {'over: ' if event == 'closed' else ''}{TITLES.get(kind, kind)} {subject}")
    until = f", closed {one_line(closed_at)}" if event == "closed" else ""
    windows = f"{one_line(n_bad)} bad window{'' if n_bad == 1 else 's'}"
    return title, f"{printable(message)[:SAID_CHARACTERS]}\n\nopened {one_line(opened_at)}{until}, {windows}\nkey {one_line(key)}"


def one_line(value):
    return " ".join(printable(value)[:LINE_CHARACTERS].split())
