// SPDX-License-Identifier: GPL-2.0

//! What a page must have, and must not.

use super::{render, sample, Page, STYLE};
use crate::error::Result;
use std::collections::{HashMap, HashSet};

/// To look at them: `REPORT_SAMPLES=DIR cargo test report`
#[test]
fn samples_can_be_looked_at() -> Result<()> {
    let pages = [
        ("good", sample::page()),
        ("bad", sample::bad_page()),
        ("empty", Page::default()),
    ];
    for (name, page) in pages {
        let text = render(&page)?;
        assert!(text.trim_end().ends_with("</html>"));
        if let Some(folder) = std::env::var_os("REPORT_SAMPLES") {
            let path = std::path::Path::new(&folder).join(format!("{name}.html"));
            std::fs::write(path, text).expect("written");
        }
    }
    Ok(())
}

#[test]
fn all_of_it_is_told() -> Result<()> {
    let text = render(&sample::page())?;

    for what in [
        "✓ All that was run is as it should be",
        "10 runs, 63\u{202f}634 failure points swept in the kernel, 1\u{202f}012\u{202f}015 failures",
        "2 not run",
        "anonymous, 5th generation",
        "<td class=\"s5\">346</td>",
        "<abbr title=\"no CONFIG_HUGETLB_PAGE\">",
        "246/249 lines, 121/126 branches; 2 explained, 0 wrong",
        "width:97%",
        "2 caught, 1 survived as they must, 0 wrong",
        "132 passed, 0 failed",
        "tear_down_vmas",
        "the series changed since",
        "make bisect BASE=6.18",
        "7\u{a0}min 08\u{a0}s",
    ] {
        assert!(text.contains(what), "no {what}");
    }
    assert!(!text.contains("✗"));
    Ok(())
}

#[test]
fn what_is_bad_is_named() -> Result<()> {
    let text = render(&sample::bad_page())?;

    for what in [
        "✗ Not as it should be: 6.18.15 um; 6.18.15 um, unfixed; ",
        "anonymous, pool: not swept, and no reason given",
        "<td class=\"hole bad\">?</td>",
        "does not show the defect",
        "the kernel ran into the time limit",
        "unreached, and workbench",
        "✗ wrong",
    ] {
        assert!(text.contains(what), "no {what}");
    }
    assert!(!text.contains("All that was run"));
    Ok(())
}

#[test]
fn without_the_suites_there_is_no_verdict() -> Result<()> {
    let mut page = sample::page();
    page.suites.clear();
    let text = render(&page)?;

    assert!(text.contains("? The suites have not been run"));
    assert!(!text.contains("All that was run") && !text.contains("Sweeps by test"));
    Ok(())
}

#[test]
fn texts_are_escaped() -> Result<()> {
    let evil = "<script>alert(\"1\" & '2')</script>";
    let mut page = sample::page();
    page.version = evil.into();
    page.suites[0].wrong = vec![evil.into()];
    page.controls[0].shown = vec![evil.into()];
    page.not_run[0].command = evil.into();
    let text = render(&page)?;

    assert!(text.contains("&lt;script&gt;"));
    assert!(!text.contains("<script"));
    Ok(())
}

/// Between a quote and the next, after each `name="`.
fn attributes<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let begin = format!(" {name}=\"");
    let rests = text.split(&begin).skip(1);
    rests.filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn it_needs_nothing_else() -> Result<()> {
    let text = render(&sample::page())?;

    for what in [
        "<script", "<link", "<img", "src=", "url(", "@import", "http://", "https://",
    ] {
        assert!(!text.contains(what), "{what}");
    }
    let ids: Vec<&str> = attributes(&text, "id");
    let unique: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "an id twice");
    for link in attributes(&text, "href") {
        let id = link.strip_prefix('#').expect("a link out of the page");
        assert!(unique.contains(id), "{link} leads nowhere");
    }
    for id in attributes(&text, "aria-labelledby") {
        assert!(unique.contains(id), "nothing is called {id}");
    }
    Ok(())
}

#[test]
fn tags_are_closed() -> Result<()> {
    for page in [sample::page(), sample::bad_page(), Page::default()] {
        let text = render(&page)?;
        let mut open = Vec::new();
        for tag in text.split('<').skip(1) {
            let name: String = tag
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
                .collect();
            match name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop().as_deref(), Some(name), "{tag}"),
                None if matches!(name.as_str(), "" | "meta") => (),
                None => open.push(name),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
    Ok(())
}

/// The relative luminance of `#rrggbb`, as WCAG has it.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour");
        match f64::from(value) / 255.0 {
            low if low <= 0.04045 => low / 12.92,
            high => ((high + 0.055) / 1.055).powf(2.4),
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn colours_have_contrast() {
    let mut pairs: Vec<(String, String)> = [
        ("text", "back"),
        ("text", "panel"),
        ("muted", "back"),
        ("link", "back"),
        ("link", "good-back"),
        ("link", "bad-back"),
        ("link", "open-back"),
        ("good", "good-back"),
        ("bad", "bad-back"),
        ("open", "open-back"),
        ("text", "good-back"),
        ("text", "bad-back"),
        ("text", "open-back"),
    ]
    .map(|(one, other)| (one.to_string(), other.to_string()))
    .to_vec();
    pairs.extend((1..=6).map(|shade| (format!("on{shade}"), format!("heat{shade}"))));

    // Light, then dark.
    let themes: Vec<&str> = STYLE.split(":root {").skip(1).take(2).collect();
    assert_eq!(themes.len(), 2);
    for theme in themes {
        let block = theme.split('}').next().unwrap_or_default();
        let colours: HashMap<&str, &str> = block
            .lines()
            .filter_map(|line| {
                line.trim()
                    .strip_prefix("--")?
                    .strip_suffix(';')?
                    .split_once(": ")
            })
            .collect();
        for (one, other) in &pairs {
            let found = contrast(colours[one.as_str()], colours[other.as_str()]);
            assert!(found >= 4.5, "{one} on {other}: {found:.2}");
        }
    }
}
