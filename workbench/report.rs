// SPDX-License-Identifier: GPL-2.0

//! Judges a run of the suites.
//!
//! ```text
//! report verdict --label TEXT --status N --seconds N --json FILE --log FILE --suites "A B"
//! report control --label TEXT --status N --seconds N --json FILE --log FILE --suites "A B" --console FILE
//! report coverage --label TEXT --seconds N --json FILE --functions "A B" --expected FILE --root DIR \
//!     --strip DIR
//! report caught --log FILE [--ended exit|timeout]
//! report caught --harness FILE
//! report cover --template FILE --runs DIR --names "A B" --label TEXT
//! ```
//!
//! `verdict` ends well only if all tests passed and failure points were swept. `control` looks at
//! a kernel without the fix and ends well only if that kernel failed, in one of the project's own
//! suites and by the defect or by an assertion: a kernel that did not build, boot or finish shows
//! nothing.
//!
//! `cover` fills the numbers of what was run last into a cover letter.
//!
//! All read what `kunit.py` leaves: its JSON result and the log of the kernel's console.

mod breakages;
mod coverage;
mod matrix;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::process::ExitCode;

// ------------------------------------------------------------------------------------------------
// JSON, as much as kunit.py writes.

#[derive(Debug, PartialEq)]
enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn parse(text: &str) -> Result<Json, String> {
        let mut parser = Parser {
            bytes: text.as_bytes(),
            at: 0,
        };
        let value = parser.value()?;
        parser.space();
        if parser.at != parser.bytes.len() {
            return Err(parser.error("more after the end"));
        }
        Ok(value)
    }

    fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    fn list(&self) -> &[Json] {
        match self {
            Json::List(list) => list,
            _ => &[],
        }
    }

    fn number(&self) -> Option<u64> {
        match self {
            Json::Number(n) if *n >= 0.0 => Some(*n as u64),
            _ => None,
        }
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn error(&self, what: &str) -> String {
        format!("{what} at byte {}", self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        if self.peek() != Some(byte) {
            return Err(self.error(&format!("no '{}'", byte as char)));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, String> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("no value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self) -> Result<Json, String> {
        self.space();
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            _ => self.digits(),
        }
    }

    fn digits(&mut self) -> Result<Json, String> {
        let start = self.at;
        while matches!(
            self.peek(),
            Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
        ) {
            self.at += 1;
        }
        std::str::from_utf8(&self.bytes[start..self.at])
            .ok()
            .and_then(|digits| digits.parse().ok())
            .map(Json::Number)
            .ok_or_else(|| self.error("no value"))
    }

    fn object(&mut self) -> Result<Json, String> {
        let mut members = Vec::new();
        self.expect(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.expect(b':')?;
            members.push((key, self.value()?));
            self.space();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b'}')?;
            return Ok(Json::Object(members));
        }
    }

    fn array(&mut self) -> Result<Json, String> {
        let mut list = Vec::new();
        self.expect(b'[')?;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(list));
        }
        loop {
            list.push(self.value()?);
            self.space();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b']')?;
            return Ok(Json::List(list));
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let mut text = Vec::new();
        self.expect(b'"')?;
        loop {
            let byte = self.peek().ok_or_else(|| self.error("unfinished string"))?;
            self.at += 1;
            match byte {
                b'"' => return String::from_utf8(text).map_err(|_| self.error("not UTF-8")),
                b'\\' => {
                    let escape = self.peek().ok_or_else(|| self.error("unfinished string"))?;
                    self.at += 1;
                    match escape {
                        b'n' => text.push(b'\n'),
                        b't' => text.push(b'\t'),
                        b'r' => text.push(b'\r'),
                        b'b' => text.push(8),
                        b'f' => text.push(12),
                        b'u' => {
                            let code = self
                                .bytes
                                .get(self.at..self.at + 4)
                                .and_then(|hex| std::str::from_utf8(hex).ok())
                                .and_then(|hex| u32::from_str_radix(hex, 16).ok())
                                .ok_or_else(|| self.error("bad escape"))?;
                            self.at += 4;
                            // Names of tests are never surrogate pairs.
                            let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                            text.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
                        }
                        other => text.push(other),
                    }
                }
                other => text.push(other),
            }
        }
    }
}

// ------------------------------------------------------------------------------------------------
// kunit.py's result.

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// What each test of a run came to.
#[derive(Debug, Default)]
struct Outcome {
    /// `suite.test` and its status, in the order they ran.
    tests: Vec<(String, String)>,
    /// What `kunit.py` could not make sense of, such as tests announced that never came.
    errors: u64,
}

impl Outcome {
    fn parse(text: &str) -> Result<Outcome, String> {
        let json = Json::parse(text)?;
        let mut outcome = Outcome {
            errors: json
                .get("misc")
                .and_then(|misc| misc.get("errors"))
                .and_then(Json::number)
                .ok_or("no count of errors")?,
            ..Outcome::default()
        };
        outcome.collect(&json, "");
        Ok(outcome)
    }

    fn collect(&mut self, group: &Json, prefix: &str) {
        for case in group.get("test_cases").map_or(&[][..], Json::list) {
            let name = case.get("name").and_then(Json::text).unwrap_or("?");
            let status = case.get("status").and_then(Json::text).unwrap_or("?");
            self.tests
                .push((format!("{prefix}{name}"), status.to_string()));
        }
        for sub in group.get("sub_groups").map_or(&[][..], Json::list) {
            let name = sub.get("name").and_then(Json::text).unwrap_or("?");
            self.collect(sub, &format!("{prefix}{name}."));
        }
    }

    /// All that is neither a pass nor a skip is a failure, crashes included.
    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (_, status) in &self.tests {
            match status.as_str() {
                "PASS" => counts.passed += 1,
                "SKIP" => counts.skipped += 1,
                _ => counts.failed += 1,
            }
        }
        counts
    }

    fn of_suite<'a>(&'a self, suite: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.tests
            .iter()
            .map(|(name, status)| (name.as_str(), status.as_str()))
            .filter(move |(name, _)| {
                name.strip_prefix(suite)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
    }
}

// ------------------------------------------------------------------------------------------------
// The kernel's log.

/// One sweep, as the suites report it.
struct Sweep<'a> {
    test: &'a str,
    /// Of what, if the test sweeps more than one thing.
    scenario: &'a str,
    mode: &'a str,
    /// How many points, or why it was not made.
    swept: Result<u64, &'a str>,
}

/// The sweep that a line reports, or the line if it is not as it should:
/// `fault-sweep: TEST[/SCENARIO] mode=MODE points=N failed=N tolerated=N`, or, of one that was not
/// made, `fault-sweep: TEST[/SCENARIO] mode=MODE none: WHY`.
fn sweep_in(line: &str) -> Option<Result<Sweep<'_>, String>> {
    let (_, rest) = line.split_once("fault-sweep: ")?;
    Some(read_sweep(rest).ok_or_else(|| line.trim().to_string()))
}

fn read_sweep(said: &str) -> Option<Sweep<'_>> {
    let (name, rest) = said.split_once(" mode=")?;
    let (mode, rest) = rest.split_once(' ')?;
    let (test, scenario) = name.split_once('/').unwrap_or((name, ""));
    let number = |key: &str| {
        let words = rest.split_whitespace();
        let (_, value) = words
            .filter_map(|word| word.split_once('='))
            .find(|(found, _)| *found == key)?;

        value.parse::<u64>().ok()
    };
    let swept = match rest.strip_prefix("none: ") {
        Some(why) => Err(why.trim()),
        None => {
            number("failed")?;
            number("tolerated")?;
            Ok(number("points")?)
        }
    };

    Some(Sweep {
        test,
        scenario,
        mode,
        swept,
    })
}

/// Adds points to those of a mode, in a list in the order in which modes first came.
fn add_points<'a>(modes: &mut Vec<(&'a str, u64)>, mode: &'a str, points: u64) {
    match modes.iter_mut().find(|(known, _)| *known == mode) {
        Some((_, sum)) => *sum += points,
        None => modes.push((mode, points)),
    }
}

/// How many points each test has swept, by mode, in the order of the log.
fn points_per_test(log: &str) -> Vec<(String, Vec<(&str, u64)>)> {
    let mut tests: Vec<(String, Vec<(&str, u64)>)> = Vec::new();
    let mut suite = "";
    for line in log.lines() {
        // Cases with parameters have subtests of their own, further in.
        if let Some(name) = line.strip_prefix("    # Subtest: ") {
            suite = name.trim();
        }
        let Some(Ok(Sweep {
            test,
            mode,
            swept: Ok(points),
            ..
        })) = sweep_in(line)
        else {
            continue;
        };
        let name = format!("{suite}.{test}");
        if tests.last().is_none_or(|(last, _)| *last != name) {
            tests.push((name, Vec::new()));
        }
        let Some((_, modes)) = tests.last_mut() else {
            continue;
        };
        add_points(modes, mode, points);
    }
    tests.retain(|(_, modes)| modes.iter().any(|(_, points)| *points > 0));
    tests
}

/// Whether the kernel, or a detector in it, says that something is wrong, which need not make a
/// test fail. What a test prints itself has its name in front.
fn is_splat(line: &str) -> bool {
    const SPLATS: [&str; 5] = ["WARNING: ", "BUG: ", "INFO: ", "UBSAN: ", "Oops: "];

    SPLATS
        .iter()
        .any(|splat| line.trim_start().starts_with(splat))
        || line.contains("suspected memory leaks")
}

fn has_ktap_header(log: &str) -> bool {
    log.lines()
        .any(|line| line.trim().ends_with("KTAP version 1") || line.contains("TAP version 14"))
}

/// What `dup_mmap()` stores in place of a VMA where it stopped is `XA_ZERO_ENTRY`; these are the
/// ways in which it being dereferenced as a VMA is reported, on UML, on x86-64 and by KASAN.
const MARKER: [&str; 3] = [
    "Kernel mode fault at addr 0x406",
    "address: 0000000000000406",
    "in range [0x0000000000000400-0x0000000000000407]",
];

/// Where a failed fork takes its address space down.
const TEARDOWN: [&str; 3] = ["flush_tlb_mm", "exit_mmap", "dup_mm"];

#[derive(Debug, PartialEq)]
enum Control {
    /// The kernel failed as it must: where, and the lines that show it.
    Failed(String, Vec<String>),
    /// Something else went wrong, so this run shows nothing.
    Broken(String),
    /// The kernel without the fix passes.
    Passed,
}

fn judge_control(log: &str, console: &str, json: &str, suites: &[&str]) -> Control {
    if suites.is_empty() {
        return Control::Broken("the series has no suites of its own".into());
    }
    if !has_ktap_header(log) {
        let last = log.lines().rev().find(|line| !line.trim().is_empty());
        return Control::Broken(format!(
            "the kernel did not get as far as its tests; the last it said: {}",
            last.unwrap_or("nothing").trim()
        ));
    }
    if console.contains("timed out after") {
        return Control::Broken("the kernel ran into the time limit".into());
    }

    let (mut suite, mut test, mut at) = ("", "", "");
    let mut failed_before = Vec::new();
    let mut lines = log.lines();
    for line in lines.by_ref() {
        let said = line.trim();
        if let Some(name) = said.strip_prefix("# Subtest: ") {
            (suite, test) = (name, "");
        } else if let Some((name, _)) = said.strip_prefix("# ").and_then(|s| s.split_once(": ")) {
            // KUnit says how fast it was when it is over.
            test = name.trim_end_matches(".speed");
        } else if let Some(name) = said
            .strip_prefix("not ok ")
            .and_then(|s| s.split(' ').nth(1))
        {
            failed_before.push(name);
        } else if said.starts_with("RIP: ") {
            at = said;
        }
        let by_marker = MARKER.iter().any(|marker| line.contains(marker));
        if !by_marker && !line.contains("Kernel panic - not syncing") {
            continue;
        }
        if !by_marker {
            return Control::Broken(format!("it panicked of something else: {}", line.trim()));
        }
        if !suites.contains(&suite) {
            return Control::Broken(format!(
                "it panicked outside of the project's suites, in {suite}: {}",
                line.trim()
            ));
        }
        // The trace follows, up to the end of the log.
        let trace: Vec<&str> = lines.collect();
        let mut shown = vec![line.trim().to_string()];
        if TEARDOWN.iter().any(|function| at.contains(function)) {
            shown.push(at.to_string());
        }
        for function in TEARDOWN {
            let call = format!("{function}+0x");
            let found = trace.iter().find(|line| {
                line.split_whitespace().any(|word| {
                    word.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_')
                        .starts_with(&call)
                })
            });
            shown.extend(found.map(|line| line.trim().to_string()));
        }
        if shown.len() == 1 {
            return Control::Broken(format!(
                "no {} in the call trace of: {}",
                TEARDOWN.join(", "),
                line.trim()
            ));
        }
        if !failed_before.is_empty() {
            shown.push(format!("before that failed: {}", failed_before.join(", ")));
        }
        return Control::Failed(format!("{suite}.{test}"), shown);
    }

    let outcome = match Outcome::parse(json) {
        Ok(outcome) => outcome,
        Err(error) => return Control::Broken(format!("kunit.py's result is unreadable: {error}")),
    };
    let mut failed = Vec::new();
    for suite in suites {
        let mut ran = false;
        for (name, status) in outcome.of_suite(suite) {
            ran = true;
            match status {
                "PASS" | "SKIP" => (),
                "FAIL" => failed.push(name.to_string()),
                _ => return Control::Broken(format!("{name} ended as {status}, without a panic")),
            }
        }
        if !ran {
            return Control::Broken(format!("suite {suite} did not run"));
        }
    }
    if failed.is_empty() {
        return Control::Passed;
    }
    let mut shown: Vec<String> = Vec::new();
    let mut rest = log.lines();
    while let Some(line) = rest.next() {
        if line.contains("ASSERTION FAILED") || line.contains("EXPECTATION FAILED") {
            shown.push(line.trim().to_string());
            shown.extend(rest.by_ref().take(2).map(|line| line.trim().to_string()));
            if shown.len() >= 9 {
                break;
            }
        }
    }
    Control::Failed(failed.join(", "), shown)
}

// ------------------------------------------------------------------------------------------------
// The two verdicts.

struct Verdict {
    good: bool,
    text: String,
}

fn verdict(
    label: &str,
    seconds: &str,
    status: &str,
    log: &str,
    json: &str,
    suites: &[&str],
) -> Verdict {
    let mut wrong = Vec::new();
    let mut counts = Counts::default();

    if status != "0" {
        wrong.push(format!("kunit.py ended with exit code {status}"));
    }
    match Outcome::parse(json) {
        Err(error) => wrong.push(format!("kunit.py left no readable result: {error}")),
        Ok(outcome) => {
            counts = outcome.counts();
            // Tests that never reported are in nobody's list.
            if outcome.errors > 0 {
                counts.failed += outcome.errors;
                wrong.push(format!(
                    "kunit.py found {} errors in the kernel's output",
                    outcome.errors
                ));
            }
            for (name, status) in &outcome.tests {
                if status != "PASS" && status != "SKIP" {
                    wrong.push(format!("{name}: {status}"));
                }
            }
            for suite in suites {
                if !outcome.of_suite(suite).any(|(_, status)| status == "PASS") {
                    wrong.push(format!("suite {suite}: no test of it ran and passed"));
                }
            }
        }
    }
    if counts.passed == 0 {
        wrong.push("no test passed".into());
    }

    let mut on_purpose = false;
    for line in log.lines() {
        if line.contains("this test faults on purpose") {
            on_purpose = true;
        } else if line.contains("that was the fault on purpose") {
            on_purpose = false;
        } else if !on_purpose && is_splat(line) {
            wrong.push(format!("the kernel complained: {}", line.trim()));
        }
    }

    let mut points = 0;
    for sweep in log.lines().filter_map(sweep_in) {
        match sweep {
            Ok(sweep) => points += sweep.swept.unwrap_or(0),
            Err(line) => wrong.push(format!("not a sweep's report: {line}")),
        }
    }
    if points == 0 {
        wrong.push("no failure point was swept".into());
    }

    let (mut text, unexplained) = matrix::matrix(log);
    wrong.extend(unexplained);
    let per_test = points_per_test(log);
    if !per_test.is_empty() {
        let _ = writeln!(text, "failure points per test:");
    }
    for (test, modes) in &per_test {
        let modes: Vec<String> = modes
            .iter()
            .map(|(mode, points)| format!("{mode} {points}"))
            .collect();
        let _ = writeln!(text, "    {test:<45} {}", modes.join(", "));
    }
    for what in &wrong {
        let _ = writeln!(text, "error: {what}");
    }
    let skipped = match counts.skipped {
        0 => String::new(),
        n => format!("{n} skipped, "),
    };
    let _ = writeln!(
        text,
        "{label}: {} passed, {} failed, {skipped}{points} failure points swept, {seconds} s",
        counts.passed, counts.failed
    );
    Verdict {
        good: wrong.is_empty() && counts.failed == 0,
        text,
    }
}

fn control(label: &str, seconds: &str, judged: Control) -> Verdict {
    match judged {
        Control::Failed(place, lines) => Verdict {
            good: true,
            text: format!(
                "failed in {place}:\n    {}\n{label}: fails as it must, {seconds} s\n",
                lines.join("\n    ")
            ),
        },
        Control::Broken(why) => Verdict {
            good: false,
            text: format!(
                "error: {why}\n{label}: the control is broken and shows nothing, {seconds} s\n"
            ),
        },
        Control::Passed => Verdict {
            good: false,
            text: format!("{label}: passes, so the suites do not show the defect, {seconds} s\n"),
        },
    }
}

// ------------------------------------------------------------------------------------------------
// The cover letter.

/// What the suites came to on one architecture: lines for the letter, tests and points.
fn suites_in_words(arch: &str, log: &str, json: &str) -> Result<(String, u64, u64), String> {
    let outcome = Outcome::parse(json).map_err(|error| format!("unreadable result: {error}"))?;
    let counts = outcome.counts();
    if outcome.errors > 0 || counts.failed > 0 || counts.passed == 0 {
        return Err(format!(
            "{} tests passed, {} failed, {} errors: nothing to mail",
            counts.passed, counts.failed, outcome.errors
        ));
    }
    let mut modes: Vec<(&str, u64)> = Vec::new();
    for sweep in log.lines().filter_map(sweep_in) {
        let sweep = sweep.map_err(|line| format!("not a sweep's report: {line}"))?;
        if let Ok(points) = sweep.swept {
            add_points(&mut modes, sweep.mode, points);
        }
    }
    let points = modes.iter().map(|(_, points)| points).sum();
    if points == 0 {
        return Err("no failure point was swept".into());
    }
    let per_mode: Vec<String> = modes
        .iter()
        .filter(|(_, points)| *points > 0)
        .map(|(mode, points)| format!("{mode} {points}"))
        .collect();
    let text = format!(
        "  KUnit, {arch}: {} tests passed, {} failed, {} skipped;\n    {points} failure points swept: {}\n",
        counts.passed,
        counts.failed,
        counts.skipped,
        per_mode.join(", ")
    );
    Ok((text, counts.passed, points))
}

/// Puts the values in place of `@NAME@`. A name without a value is a mistake of the letter.
fn fill(template: &str, values: &[(&str, String)]) -> Result<String, String> {
    let mut filled = String::new();
    for (number, line) in template.lines().enumerate() {
        let mut line = line.to_string();
        for (name, value) in values {
            line = line.replace(&format!("@{name}@"), value.trim_end());
        }
        let left = line.split('@').skip(1).step_by(2).find(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        });
        if let Some(name) = left {
            let known: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "line {}: no value for @{name}@, known are {}",
                number + 1,
                known.join(" ")
            ));
        }
        filled.push_str(&line);
        filled.push('\n');
    }
    Ok(filled)
}

/// Fills a letter's template. Each of the runs named is a folder with what it left; of the
/// suites that is what `kunit.py` wrote, of the others a text. Those that are missing are named.
fn cover(template: &str, runs: &str, names: &[&str], label: &str) -> Result<String, String> {
    let (mut tested, mut missing) = (String::new(), Vec::new());
    let (mut tests, mut points) = (0, 0);
    for name in names {
        let dir = format!("{runs}/{name}");
        if !std::path::Path::new(&dir).is_dir() {
            missing.push(*name);
            continue;
        }
        if let Some(arch) = name.strip_prefix("kunit-") {
            let (text, passed, swept) = suites_in_words(
                arch,
                &read(&format!("{dir}/test.log")),
                &read(&format!("{dir}/result.json")),
            )
            .map_err(|error| format!("{dir}: {error}"))?;
            tested.push_str(&text);
            tests += passed;
            points += swept;
        } else {
            let text = read(&format!("{dir}/text"));
            let _ = writeln!(tested, "  {}", text.trim_end().replace('\n', "\n  "));
        }
    }
    if !missing.is_empty() {
        let _ = writeln!(
            tested,
            "  Not run on this state of the series:\n    {}",
            missing.join(", ")
        );
    }
    fill(
        template,
        &[
            ("TESTED", tested),
            ("TESTS", tests.to_string()),
            ("POINTS", points.to_string()),
            ("VERSION", label.to_string()),
        ],
    )
}

fn read(path: &str) -> String {
    // A missing file is an empty one: what is wrong with it is found by who reads it.
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let mut option = HashMap::new();
    while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
        option.insert(name.trim_start_matches('-').to_string(), value);
    }
    let get = |name: &str| option.get(name).map_or("", String::as_str);

    if command == "cover" {
        let names: Vec<&str> = get("names").split_whitespace().collect();
        let template = get("template");
        return match cover(&read(template), get("runs"), &names, get("label")) {
            Ok(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{template}: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let (log, json) = (read(get("log")), read(get("json")));
    let suites: Vec<&str> = get("suites").split_whitespace().collect();
    let verdict = match command.as_str() {
        "verdict" => verdict(
            get("label"),
            get("seconds"),
            get("status"),
            &log,
            &json,
            &suites,
        ),
        "control" => control(
            get("label"),
            get("seconds"),
            judge_control(&log, &read(get("console")), &json, &suites),
        ),
        "coverage" => coverage::coverage(
            get("label"),
            get("seconds"),
            &json,
            &get("functions").split_whitespace().collect::<Vec<_>>(),
            (get("expected"), &read(get("expected"))),
            (get("root"), get("strip")),
            read,
        ),
        "caught" => {
            let ended = option.get("ended").map(String::as_str);
            let caught = match option.get("harness") {
                Some(harness) => breakages::caught_by_harness(&read(harness)),
                None => breakages::caught(&log, ended),
            };
            Verdict {
                good: true,
                text: format!("{}\n", breakages::said(&caught)),
            }
        }
        _ => {
            eprintln!("error: report wants a command, see the top of report.rs");
            return ExitCode::from(2);
        }
    };
    print!("{}", verdict.text);
    if verdict.good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWEEPS: &str = "\
KTAP version 1
1..1
    KTAP version 1
    # Subtest: fork_failure
    1..2
    # anon: fault-sweep: anon/written mode=once points=106 failed=106 tolerated=0
    # anon: fault-sweep: anon/written mode=forever points=44 failed=43 tolerated=1
    ok 1 anon
    ok 2 shared
ok 1 fork_failure
";

    const PANIC: &str = "\
KTAP version 1
1..1
    KTAP version 1
    # Subtest: fork_failure
    1..2
    # tree: EXPECTATION FAILED at lib/kunit/fault-sweep.c:253
    not ok 1 tree
    # anon: fault-sweep: anon/untouched mode=once points=5 failed=5 tolerated=0
RIP: 0033:flush_tlb_mm+0x3a/0xb0
Kernel panic - not syncing: Kernel mode fault at addr 0x406, ip 0x6002f9a4
CPU: 0 UID: 0 PID: 24 Comm: kunit_try_catch
Stack:
Call Trace:
 [<600d2a6b>] tlb_finish_mmu+0x2b/0x90
 [<600cf2aa>] exit_mmap+0x15a/0x220
 [<60031d33>] dup_mm+0x103/0x440
";

    fn result(status: &str, errors: u64) -> String {
        format!(
            r#"{{"name": "KUnit Test Group", "misc": {{"errors": {errors}}}, "test_cases": [],
               "sub_groups": [{{"name": "fork_failure", "sub_groups": [], "kernel": null,
                 "test_cases": [{{"name": "anon", "status": "{status}"}},
                                {{"name": "shared", "status": "PASS"}}]}}]}}"#
        )
    }

    fn judge(status: &str, log: &str, json: &str) -> Verdict {
        verdict("6.18.15 um", "215", status, log, json, &["fork_failure"])
    }

    #[test]
    fn all_passed_and_swept_is_good() {
        let verdict = judge("0", SWEEPS, &result("PASS", 0));
        assert!(verdict.good);
        assert_eq!(
            verdict.text,
            "failure points per test:\n    \
             fork_failure.anon                             once 106, forever 44\n\
             6.18.15 um: 2 passed, 0 failed, 150 failure points swept, 215 s\n"
        );
    }

    #[test]
    fn each_way_to_be_bad_is_named() {
        let named = |verdict: Verdict, what: &str| {
            assert!(!verdict.good, "{what}");
            assert!(
                verdict.text.contains(what),
                "{what} not in {}",
                verdict.text
            );
        };
        named(judge("1", SWEEPS, &result("PASS", 0)), "exit code 1");
        named(
            judge("0", SWEEPS, &result("FAIL", 0)),
            "fork_failure.anon: FAIL",
        );
        named(
            judge("0", SWEEPS, &result("ERROR", 0)),
            "1 passed, 1 failed",
        );
        named(judge("0", SWEEPS, &result("PASS", 3)), "2 passed, 3 failed");
        named(judge("0", SWEEPS, ""), "no readable result");
        named(
            judge("0", "KTAP version 1\n", &result("PASS", 0)),
            "no failure point was swept",
        );
        let splat = format!("{SWEEPS}\nWARNING: possible circular locking dependency detected\n");
        named(judge("0", &splat, &result("PASS", 0)), "complained");
        let zero = SWEEPS.replace("points=44", "points=0");
        let zero = zero.replace("points=106", "points=0");
        named(
            judge("0", &zero, &result("PASS", 0)),
            "no failure point was swept",
        );
        let garbled = SWEEPS.replace("tolerated=1", "toler");
        named(
            judge("0", &garbled, &result("PASS", 0)),
            "not a sweep's report",
        );
        let other = result("PASS", 0).replace("fork_failure", "fork_failure_of_others");
        named(
            judge("0", SWEEPS, &other),
            "suite fork_failure: no test of it ran",
        );
    }

    #[test]
    fn skipped_tests_are_counted_apart() {
        let verdict = judge("0", SWEEPS, &result("SKIP", 0));
        assert!(verdict.good);
        assert!(verdict
            .text
            .contains("1 passed, 0 failed, 1 skipped, 150 failure"));
    }

    #[test]
    fn the_panic_at_the_marker_is_the_defect() {
        match judge_control(PANIC, "", "", &["fork_failure"]) {
            Control::Failed(place, lines) => {
                assert_eq!(place, "fork_failure.anon");
                assert_eq!(lines.len(), 5);
                assert!(lines[0].contains("0x406"));
                assert!(lines[1].contains("flush_tlb_mm+0x3a"));
                assert!(lines[2].contains("exit_mmap+0x15a"));
                assert!(lines[4].contains("before that failed: tree"));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn other_ends_break_the_control() {
        let broken = |log: &str, console: &str, json: &str| match judge_control(
            log,
            console,
            json,
            &["fork_failure"],
        ) {
            Control::Broken(why) => why,
            other => panic!("{other:?}"),
        };
        assert!(broken("Checking PTRACE\n", "", "").contains("Checking PTRACE"));
        assert!(broken("", "", "").contains("nothing"));
        assert!(broken(SWEEPS, "timed out after 300 seconds", "").contains("time limit"));
        assert!(broken(&PANIC.replace("0x406", "0x40"), "", "").contains("something else"));
        assert!(broken(&PANIC.replace("fork_failure", "rust_kvec"), "", "").contains("rust_kvec"));
        let elsewhere = PANIC
            .replace("flush_tlb_mm", "f")
            .replace("exit_mmap", "g")
            .replace("dup_mm", "do_exit_mmap");
        assert!(broken(&elsewhere, "", "").contains("no flush_tlb_mm"));
        assert!(broken(SWEEPS, "", "").contains("unreadable"));
        assert!(broken(SWEEPS, "", &result("ERROR", 0)).contains("without a panic"));
        let missing = result("PASS", 0).replace("fork_failure", "other");
        assert!(broken(SWEEPS, "", &missing).contains("did not run"));
        assert!(matches!(
            judge_control(PANIC, "", "", &[]),
            Control::Broken(_)
        ));
    }

    #[test]
    fn a_failed_assertion_is_the_defect_too() {
        let log = SWEEPS.replace(
            "    ok 1 anon",
            "    # anon: ASSERTION FAILED at mm/tests/fork_failure.rs:10\n    Expected a == b\n    not ok 1 anon",
        );
        match judge_control(&log, "", &result("FAIL", 0), &["fork_failure"]) {
            Control::Failed(place, lines) => {
                assert_eq!(place, "fork_failure.anon");
                assert!(lines[0].contains("ASSERTION FAILED"));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_kernel_that_passes_is_no_control() {
        let judged = judge_control(SWEEPS, "", &result("PASS", 0), &["fork_failure"]);
        assert_eq!(judged, Control::Passed);
        assert!(!control("6.18.15 um", "1", judged).good);
    }

    #[test]
    fn a_letter_has_the_numbers_of_the_run() {
        let (text, tests, points) = suites_in_words("um", SWEEPS, &result("PASS", 0)).unwrap();
        assert_eq!((tests, points), (2, 150));
        assert_eq!(
            text,
            "  KUnit, um: 2 tests passed, 0 failed, 0 skipped;\n    \
             150 failure points swept: once 106, forever 44\n"
        );
        for (log, json) in [
            (SWEEPS, result("FAIL", 0)),
            (SWEEPS, result("PASS", 1)),
            (SWEEPS, String::new()),
            ("KTAP version 1\n", result("PASS", 0)),
        ] {
            assert!(suites_in_words("um", log, &json).is_err());
        }
        assert!(suites_in_words(
            "um",
            &SWEEPS.replace("tolerated=1", "toler"),
            &result("PASS", 0)
        )
        .is_err());
    }

    #[test]
    fn a_letter_is_filled_or_refused() {
        let values = [("A", "1".to_string()), ("B_C", "x\ny\n".to_string())];
        assert_eq!(
            fill("a@b.c\n@A@ of @A@\n@B_C@\n", &values),
            Ok("a@b.c\n1 of 1\nx\ny\n".into())
        );
        let error = fill("\nx @NOPE@\n", &values).unwrap_err();
        assert_eq!(error, "line 2: no value for @NOPE@, known are A B_C");
        let nothing_run = cover("@TESTED@", "/nonexistent", &["kunit-um", "vma"], "6.18.15");
        assert_eq!(
            nothing_run,
            Ok("  Not run on this state of the series:\n    kunit-um, vma\n".into())
        );
    }

    #[test]
    fn json_is_read_as_python_writes_it() {
        let json =
            Json::parse(" {\"a\": [1, -2.5e1, true, false, null], \"b\\u0041\\n\": \"\u{e4}\"} ");
        assert_eq!(
            json,
            Ok(Json::Object(vec![
                (
                    "a".into(),
                    Json::List(vec![
                        Json::Number(1.0),
                        Json::Number(-25.0),
                        Json::Bool(true),
                        Json::Bool(false),
                        Json::Null,
                    ])
                ),
                ("bA\n".into(), Json::Text("\u{e4}".into())),
            ]))
        );
        for bad in ["", "{", "[1,]", "{\"a\" 1}", "\"a", "1 2", "nul"] {
            assert!(Json::parse(bad).is_err(), "{bad}");
        }
    }
}
