//! Days of commits, as people write them.

use super::GitError;
use crate::workspace::visible;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The day of a commit where it was made: `2026-03-01`.
pub(super) fn day(time: git2::Time) -> String {
    let (year, month, day) = civil((time.seconds() + i64::from(time.offset_minutes()) * 60).div_euclid(DAY));
    format!("{year:04}-{month:02}-{day:02}")
}

/// The moment that is meant by `2026-03-01` or `2 weeks ago`, in seconds since 1970. `now` is such a moment.
///
/// # Errors
/// When it is neither.
pub(crate) fn parse(text: &str, now: i64) -> Result<i64, GitError> {
    let wrong = || {
        let text: String = text.chars().take(60).collect();
        GitError::Arguments(format!(
            "`since`: `{}` is no day; write `2026-03-01` or `2 weeks ago`",
            visible(&text)
        ))
    };
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c == '.').filter(|word| !word.is_empty()).collect();
    if let [number, unit] | [number, unit, "ago"] = words.as_slice() {
        let number: i64 = number.parse().map_err(|_| wrong())?;
        let days = match unit.trim_end_matches('s') {
            "hour" => return Ok(now.saturating_sub(number.saturating_mul(3_600))),
            "day" => 1,
            "week" => 7,
            "month" => 30,
            "year" => 365,
            _ => return Err(wrong()),
        };
        return Ok(now.saturating_sub(number.saturating_mul(days * DAY)));
    }
    let parts: Vec<i64> =
        text.trim().split('-').map(|part| part.parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
    let [year, month, day] = parts.as_slice() else { return Err(wrong()) };
    let days = days(*year, *month, *day);
    let is_day = (0..10_000).contains(year) && civil(days) == (*year, *month, *day);
    if is_day { Ok(days * DAY) } else { Err(wrong()) }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar, by counting in eras of 400 years that begin in March, so
/// that the leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// The reverse of [`days`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_reverse() {
        for (day, date) in
            [(0, (1970, 1, 1)), (-1, (1969, 12, 31)), (11_016, (2000, 2, 29)), (20_819, (2027, 1, 1))]
        {
            assert_eq!(civil(day), date);
            assert_eq!(days(date.0, date.1, date.2), day);
        }
        for day in -200_000..200_000 {
            let (y, m, d) = civil(day);
            assert_eq!(days(y, m, d), day);
        }
    }

    #[test]
    fn days_are_read_as_people_write_them() {
        let now = 1_000 * DAY;
        for (text, wanted) in [
            ("2000-02-29", 11_016 * DAY),
            ("2 weeks ago", now - 14 * DAY),
            ("1 day", now - DAY),
            ("3.hours.ago", now - 3 * 3_600),
        ] {
            assert_eq!(parse(text, now).expect(text), wanted);
        }
        for text in
            ["", "yesterday", "2001-02-29", "2001-13-01", "-1-1-1", "99999999999-1-1", "x weeks", "--since=1"]
        {
            assert!(parse(text, now).is_err(), "{text}");
        }
    }
}
