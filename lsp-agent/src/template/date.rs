//! Dates as `strftime` of C and Python writes them, in English.

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SECONDS_OF_DAY: i64 = 86_400;

/// `now`, in seconds since 1970 by the clock that is shown, as `format` says. What it asks for that is not known stays
/// as it is.
pub(super) fn strftime(now: i64, format: &str) -> String {
    let days = now.div_euclid(SECONDS_OF_DAY);
    let second = now.rem_euclid(SECONDS_OF_DAY);
    let (year, month, day) = civil(days);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    let (month_name, day_name) = (MONTHS[place(month - 1)], DAYS[place((days + 4).rem_euclid(7))]);
    let noon = if hour < 12 { "AM" } else { "PM" };
    let hour_of_12 = (hour + 11) % 12 + 1;
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let (dash, letter) = match letters.next() {
            Some('-') => ("-", letters.next()),
            letter => ("", letter),
        };
        let two = |number: i64| if dash.is_empty() { format!("{number:02}") } else { number.to_string() };
        match letter {
            Some('Y') => text.push_str(&year.to_string()),
            Some('y') => text.push_str(&two(year.rem_euclid(100))),
            Some('m') => text.push_str(&two(month)),
            Some('d') => text.push_str(&two(day)),
            Some('e') => text.push_str(&format!("{day:2}")),
            Some('H') => text.push_str(&two(hour)),
            Some('I') => text.push_str(&two(hour_of_12)),
            Some('M') => text.push_str(&two(minute)),
            Some('S') => text.push_str(&two(second % 60)),
            Some('p') => text.push_str(noon),
            Some('j') => text.push_str(&format!("{:03}", days - days_before(year) + 1)),
            Some('B') => text.push_str(month_name),
            Some('b' | 'h') => text.push_str(&month_name[..3]),
            Some('A') => text.push_str(day_name),
            Some('a') => text.push_str(&day_name[..3]),
            Some('F') => text.push_str(&format!("{year}-{month:02}-{day:02}")),
            Some('T') => text.push_str(&format!("{hour:02}:{minute:02}:{:02}", second % 60)),
            Some('%') => text.push('%'),
            Some(other) => text.extend(['%'].into_iter().chain(dash.chars()).chain([other])),
            None => text.push_str(&format!("%{dash}")),
        }
    }
    text
}

/// Year, month and day of so many days after 1970-01-01, in the Gregorian calendar (Hinnant, "chrono-compatible
/// low-level date algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    // Eras of 400 years, which begin in March so that leap days come last.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Days from 1970-01-01 to a year's first.
fn days_before(year: i64) -> i64 {
    let before = year - 1;
    let leaps = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    (year - 1970) * 365 + leaps(before) - leaps(1969)
}

fn place(number: i64) -> usize {
    usize::try_from(number).expect("months and weekdays are counted from zero")
}
