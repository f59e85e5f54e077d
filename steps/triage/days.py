"""Which day is meant by a day without its year, by the name of a day, or by the end of a week."""

import calendar
from datetime import date, timedelta

# 'until 3 November', read on 22 November, most likely means the one just past; 'until 3 August' the next one.
RECENT_DAYS = 60


def day_of(day: int, month: int, year: int | None, *, night: date, created: date | None) -> date | None:
    """Return a day; without its year the next one after ``created``, or about ``night``. None if there is none."""
    if year is not None:
        try:
            return date(year, month, day)
        except ValueError:
            return None
    if not 1 <= month <= 12:
        return None
    years = range(night.year - 5, night.year + 6) if created is None else range(created.year, created.year + 5)
    days = [date(y, month, day) for y in years if 1 <= day <= calendar.monthrange(y, month)[1]]
    earliest = created or night - timedelta(days=RECENT_DAYS)
    return next((candidate for candidate in days if candidate >= earliest), None)


def end_of_month(month: int, year: int | None, *, night: date, created: date | None) -> date:
    """Return the last day of a month; without its year the next one after ``created``, or about ``night``."""
    earliest = created or night - timedelta(days=RECENT_DAYS)
    years = (year,) if year else range(earliest.year, earliest.year + 2)
    days = [date(one, month, calendar.monthrange(one, month)[1]) for one in years]
    return next((day for day in days if day >= earliest), days[-1])


def next_weekday(number: int, today: date) -> date:
    """Return the next Monday (0) to Sunday (6), today included."""
    return today + timedelta(days=(number - today.weekday()) % 7)


def end_of(unit: str, today: date) -> date:
    """Return the last day of this week, month or year."""
    if unit == "year":
        return date(today.year, 12, 31)
    if unit == "month":
        return today.replace(day=calendar.monthrange(today.year, today.month)[1])
    return next_weekday(6, today)
