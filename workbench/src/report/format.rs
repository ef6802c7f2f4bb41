// SPDX-License-Identifier: GPL-2.0

//! Numbers as people read them, and what begins a row about a run.

use minijinja::{Error, HtmlEscape, Value};

/// The first cell of a row about a [`Run`](super::Run): whether it is good, what ran, and when.
pub(super) fn heading(run: Value) -> Result<Value, Error> {
    let text = |name| Ok::<_, Error>(run.get_attr(name)?.to_string());
    let sign = match run.get_attr("good")?.is_true() {
        true => r#"<span class="sign good">✓ good</span>"#,
        false => r#"<span class="sign bad">✗ bad</span>"#,
    };

    Ok(Value::from_safe_string(format!(
        r#"<th scope="row">{sign} {} <small>{}</small></th>"#,
        HtmlEscape(&text("label")?),
        HtmlEscape(&text("date")?)
    )))
}

/// Groups of three digits, with a space that is narrow and no place to break a line.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        // Four digits are read without.
        if at > 0 && digits.len() > 4 && (digits.len() - at) % 3 == 0 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// `32 s`, `7 min 08 s`, `1 h 12 min`
pub(super) fn duration(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match seconds {
        0..120 => format!("{seconds}\u{a0}s"),
        120..3600 => format!("{minutes}\u{a0}min {:02}\u{a0}s", seconds % 60),
        _ => format!("{hours}\u{a0}h {:02}\u{a0}min", minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        let shown = |number| grouped(number).replace('\u{202f}', " ");
        assert_eq!(shown(0), "0");
        assert_eq!(shown(9999), "9999");
        assert_eq!(shown(34730), "34 730");
        assert_eq!(shown(1_012_015), "1 012 015");
    }

    #[test]
    fn durations_have_two_parts_at_most() {
        let shown = |seconds| duration(seconds).replace('\u{a0}', " ");
        assert_eq!(shown(119), "119 s");
        assert_eq!(shown(428), "7 min 08 s");
        assert_eq!(shown(4321), "1 h 12 min");
    }
}
