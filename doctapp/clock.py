"""The house's only clock: everything stored is UTC; a clinic's wall time is made here."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment in UTC; the only `datetime.now` of the house."""
    return datetime.now(UTC)


def wall_start(day: date, minutes: int, zone: str) -> datetime | None:
    """The UTC moment of so many wall-clock minutes after the midnight that opens `day`.

    None where that wall time does not exist; the first of the two where it comes twice (domain.md, invariant 14).
    """
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    moment = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    exists = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    return moment if exists else None


def local(moment: datetime, zone: str) -> datetime:
    """The wall-clock time of a UTC moment in an IANA zone."""
    return moment.astimezone(ZoneInfo(zone))
