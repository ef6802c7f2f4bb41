// SPDX-License-Identifier: GPL-2.0

//! Results for other programs: JUnit's XML, and KernelCI's KCIDB JSON.

use minijinja::HtmlEscape;
use serde_json::{json, Value};
use std::time::Duration;

/// What came of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Result {
    pub(super) id: String,
    /// How long all layers took.
    pub(super) took: Duration,
    pub(super) verdict: Verdict,
    /// What has killed it, why it cannot be, or where it is.
    pub(super) said: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Killed,
    Explained,
    Survived,
    /// Killed, although an explanation says that no test can.
    Wrong,
}

fn escaped(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();

    HtmlEscape(&text).to_string()
}

/// A mutant is a test case: it passes if something kills it.
pub(super) fn junit(base: &str, results: &[Result]) -> String {
    let count = |bad: fn(Verdict) -> bool| results.iter().filter(|one| bad(one.verdict)).count();
    let failures = count(|one| matches!(one, Verdict::Survived | Verdict::Wrong));
    let skipped = count(|one| one == Verdict::Explained);
    let took: Duration = results.iter().map(|one| one.took).sum();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"mutants-{base}\" \
         tests=\"{}\" failures=\"{failures}\" skipped=\"{skipped}\" time=\"{:.3}\">\n",
        results.len(),
        took.as_secs_f64()
    );

    for one in results {
        let function = one.id.split('.').nth(1).unwrap_or_default();
        let said = escaped(&one.said);
        let inside = match one.verdict {
            Verdict::Killed => format!("<system-out>{said}</system-out>"),
            Verdict::Explained => format!("<skipped message=\"{said}\"/>"),
            Verdict::Survived | Verdict::Wrong => format!("<failure message=\"{said}\"/>"),
        };
        text.push_str(&format!(
            "  <testcase classname=\"{function}\" name=\"{}\" time=\"{:.3}\">{inside}</testcase>\n",
            escaped(&one.id),
            one.took.as_secs_f64()
        ));
    }
    text + "</testsuite>\n"
}

/// The same for KCIDB, version 5.3 of its schema: a test of a build of a checkout each.
pub(super) fn kcidb(base: &str, tree: &str, results: &[Result]) -> Value {
    const ORIGIN: &str = "forkfailure";
    let id = |what: &str| format!("{ORIGIN}:{what}");
    let (checkout, build) = (id(tree), id(&format!("{tree}-mutants")));
    let path = |one: &Result| {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
        let id: String = one.id.chars().filter(|c| word(*c)).collect();
        format!("mutants.{id}")
    };
    let tests: Vec<Value> = results
        .iter()
        .map(|one| {
            json!({
                "id": id(&format!("{tree}-{}", one.id)),
                "build_id": build,
                "origin": ORIGIN,
                "path": path(one),
                "duration": one.took.as_secs_f64(),
                "comment": one.said,
                "status": match one.verdict {
                    Verdict::Killed => "PASS",
                    Verdict::Explained => "SKIP",
                    Verdict::Survived | Verdict::Wrong => "FAIL",
                },
            })
        })
        .collect();

    json!({
        "version": { "major": 5, "minor": 3 },
        "checkouts": [{ "id": checkout, "origin": ORIGIN, "tree_name": base, "valid": true }],
        "builds": [{ "id": build, "checkout_id": checkout, "origin": ORIGIN, "status": "PASS" }],
        "tests": tests,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Vec<Result> {
        let result = |id: &str, verdict, said: &str| Result {
            id: id.into(),
            took: Duration::from_millis(2500),
            verdict,
            said: said.into(),
        };
        vec![
            result("mmap.f.true.1", Verdict::Killed, "a < b"),
            result("mmap.f.le.2", Verdict::Explained, "why"),
            result("mmap.f.lt.3", Verdict::Survived, "mm/mmap.c:7"),
        ]
    }

    #[test]
    fn a_survivor_is_a_failure() {
        let text = junit("6.18", &results());

        assert!(text.contains("tests=\"3\" failures=\"1\" skipped=\"1\" time=\"7.500\""));
        assert!(text.contains("<system-out>a &lt; b</system-out>"), "{text}");
        assert!(text.contains(
            "name=\"mmap.f.lt.3\" time=\"2.500\"><failure message=\"mm&#x2f;mmap.c:7\"/>"
        ));
        let all = kcidb("6.18", "0123", &results());
        let status = |n: usize| all["tests"][n]["status"].as_str().map(str::to_string);
        assert_eq!(status(0).as_deref(), Some("PASS"));
        assert_eq!(status(1).as_deref(), Some("SKIP"));
        assert_eq!(status(2).as_deref(), Some("FAIL"));
        assert_eq!(all["tests"][0]["build_id"], all["builds"][0]["id"]);
    }
}
