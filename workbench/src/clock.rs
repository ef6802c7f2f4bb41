// SPDX-License-Identifier: GPL-2.0

//! Dates and times, for people. All are UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The time now, for people.
pub(crate) fn now_said() -> String {
    said(now())
}

/// A time in seconds since 1970, for people.
pub(crate) fn said(when: u64) -> String {
    let (year, month, day) = date_of(when / 86_400);
    let (hour, minute, _) = time_of(when);

    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

/// The time of day now, UTC.
pub(crate) fn time_of_day() -> String {
    let (hour, minute, second) = time_of(now());

    format!("{hour:02}:{minute:02}:{second:02}")
}

/// Hour, minute and second of a time in seconds since 1970.
fn time_of(when: u64) -> (u64, u64, u64) {
    (when / 3600 % 24, when / 60 % 60, when % 60)
}

/// Year, month and day of a number of days since 1970.
fn date_of(mut days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!(date_of(0), (1970, 1, 1));
        assert_eq!(date_of(11_016), (2000, 2, 29));
        assert_eq!(date_of(20_781), (2026, 11, 24));
    }

    #[test]
    fn times_are_said() {
        assert_eq!(said(0), "1970-01-01 00:00 UTC");
        assert_eq!(said(951_868_799), "2000-02-29 23:59 UTC");
        assert_eq!(time_of(951_868_799), (23, 59, 59));
    }
}
