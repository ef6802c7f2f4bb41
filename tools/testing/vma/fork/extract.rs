// SPDX-License-Identifier: GPL-2.0

//! Takes functions out of kernel sources, or prints headers without some definitions.
//!
//! ```text
//! extract take LIST KERNEL: prints the functions which LIST says to take
//! extract leave LIST KERNEL: prints the header, without what LIST says to leave
//! ```
//!
//! It does not parse C. It relies on the kernel's coding style: a definition starts in the first
//! column and ends with a closing brace there. A function that is missing, or there twice, is an
//! error.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    process::ExitCode, //
};

/// A list in sources/.
#[derive(Default)]
struct List {
    /// File, function, and whether the file has to have it.
    take: Vec<(String, String, bool)>,
    /// Header, and what to leave of it.
    leave: Vec<(String, String)>,
    prototypes: BTreeMap<String, String>,
    /// What other functions call instead of a function.
    via: Vec<(String, String)>,
}

impl List {
    fn parse(text: &str) -> Result<Self, String> {
        let mut list = Self::default();

        for (nr, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or("").trim();
            let Some((verb, rest)) = line.split_once(char::is_whitespace) else {
                if line.is_empty() {
                    continue;
                }
                return Err(format!("line {}: \"{line}\"?", nr + 1));
            };
            let mut words = rest.split_whitespace().map(str::to_string);
            let file = words.next().unwrap_or_default();

            match verb {
                "take" => list
                    .take
                    .extend(words.map(|name| (file.clone(), name, true))),
                "may" => list
                    .take
                    .extend(words.map(|name| (file.clone(), name, false))),
                "leave" => list.leave.extend(words.map(|name| (file.clone(), name))),
                "via" => list.via.extend(words.map(|other| (file.clone(), other))),
                "is" => {
                    let (name, prototype) = rest
                        .split_once(':')
                        .ok_or_else(|| format!("line {}: no prototype", nr + 1))?;

                    list.prototypes.insert(name.to_string(), normal(prototype));
                }
                _ => return Err(format!("line {}: \"{verb}\"?", nr + 1)),
            }
        }
        Ok(list)
    }

    fn files(&self) -> Vec<&str> {
        let take = self.take.iter().map(|(file, ..)| file.as_str());
        let mut files: Vec<_> = take
            .chain(self.leave.iter().map(|(file, _)| file.as_str()))
            .collect();

        files.sort();
        files.dedup();
        files
    }
}

/// Normalizes a prototype: without spacing, and without words that do not change how the function
/// is called.
fn normal(prototype: &str) -> String {
    let spaced = prototype
        .replace('*', " * ")
        .replace('(', " ( ")
        .replace(',', " , ");
    let words = spaced.replace(')', " ) ");
    let meant = words.split_whitespace().filter(|word| {
        !matches!(
            *word,
            "static" | "inline" | "extern" | "VISIBLE_IF_KUNIT" | "__latent_entropy" | "__init"
        )
    });

    meant.collect::<Vec<_>>().join(" ")
}

/// Whether `text` has `name` as a whole word; returns what follows it.
fn after_word<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';

    text.match_indices(name).find_map(|(at, _)| {
        let rest = &text[at + name.len()..];

        (!text[..at].ends_with(part_of_word) && !rest.starts_with(part_of_word)).then_some(rest)
    })
}

/// Whether a definition may start with this line.
fn starts(line: &str) -> bool {
    line.starts_with(|c: char| c.is_alphabetic() || c == '_') && !line.ends_with(':')
}

/// Finds the lines of each definition of the function `name`: first, body's first, end.
fn functions(lines: &[&str], name: &str) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();

    for (first, line) in lines.iter().enumerate() {
        if !starts(line) {
            continue;
        }
        // A prototype has no body, and may take more than one line.
        let Some(len) = lines[first..]
            .iter()
            .take(12)
            .position(|l| l.contains([';', '{']))
        else {
            continue;
        };
        let head = lines[first..=first + len].join(" ");
        let before_body = head.split(['{', ';']).next().unwrap_or("");
        let args = after_word(before_body, name);

        if !args.is_some_and(|args| args.trim_start().starts_with('('))
            || !head[before_body.len()..].starts_with('{')
        {
            continue;
        }
        // An empty one may be on one line.
        let end = if lines[first + len].trim_end().ends_with('}') {
            Some(first + len + 1)
        } else {
            let close = lines[first + len..]
                .iter()
                .position(|l| l.trim_end() == "}");

            close.map(|close| first + len + close + 1)
        };
        found.extend(end.map(|end| (first, first + len, end)));
    }
    // Heads of two lines match from their second one, too.
    found.dedup_by(|next, prev| next.0 < prev.2);
    found
}

/// Finds the lines of each structure or macro `name`.
fn others(lines: &[&str], name: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();

    for (first, line) in lines.iter().enumerate() {
        let rest = line
            .strip_prefix("struct ")
            .and_then(|rest| rest.strip_prefix(name));
        let end = if rest.is_some_and(|rest| rest.trim() == "{") {
            lines[first..].iter().position(|line| line.starts_with('}'))
        } else if rest.is_some_and(|rest| rest.trim() == "{};") {
            Some(0)
        } else {
            let mut words = line.split_whitespace();
            let macro_name = words.next() == Some("#define")
                && words
                    .next()
                    .is_some_and(|word| word.split('(').next() == Some(name));

            if !macro_name {
                continue;
            }
            lines[first..].iter().position(|line| !line.ends_with('\\'))
        };

        found.extend(end.map(|len| (first, first + len + 1)));
    }
    found
}

struct Sources<'a> {
    kernel: &'a str,
    texts: BTreeMap<String, String>,
}

impl<'a> Sources<'a> {
    fn new(kernel: &'a str, list: &List) -> Result<Self, String> {
        let mut texts = BTreeMap::new();

        for file in list.files() {
            let path = format!("{kernel}/{file}");
            let text = fs::read_to_string(&path).map_err(|err| format!("{path}: {err}"))?;

            texts.insert(file.to_string(), text);
        }
        Ok(Self { kernel, texts })
    }

    fn lines(&self, file: &str) -> Vec<&str> {
        self.texts[file].lines().collect()
    }

    /// Prints prototypes of all functions, then the functions.
    fn take(&self, list: &List) -> Result<String, String> {
        let mut heads = String::new();
        let mut bodies = String::new();

        for (file, name, needed) in &list.take {
            let lines = self.lines(file);
            let (name, which) = match name.split_once('/') {
                Some((name, which)) => (name, which.parse().unwrap_or(0)),
                None => (name.as_str(), 0),
            };
            let mut found = functions(&lines, name);

            if which > 0 {
                found = found.get(which - 1).copied().into_iter().collect();
            }
            let &[(first, body, end)] = found.as_slice() else {
                if found.is_empty() && !needed {
                    continue;
                }
                return Err(format!("{file}: {} definitions of {name}()", found.len()));
            };
            let head = lines[first..=body].join(" ");
            let head = head.split('{').next().unwrap_or("").trim();

            if let Some(expected) = list.prototypes.get(name) {
                let actual = normal(head);

                if actual != *expected {
                    return Err(format!(
                        "{file}: {name}() is\n  {actual}\nand no longer\n  {expected}"
                    ));
                }
            }
            let others = || list.via.iter().filter(|(called, _)| called != name);

            let _ = writeln!(heads, "{head};");
            for (called, other) in others() {
                let _ = writeln!(bodies, "#define {called} {other}");
            }
            let _ = writeln!(bodies, "#line {} \"{}/{file}\"", first + 1, self.kernel);
            let _ = writeln!(bodies, "{}\n", lines[first..end].join("\n"));
            for (called, _) in others() {
                let _ = writeln!(bodies, "#undef {called}");
            }
        }
        for name in list.prototypes.keys() {
            let taken = |taken: &str| taken.split('/').next() == Some(name);

            if !list.take.iter().any(|(_, name, _)| taken(name)) {
                return Err(format!("the prototype of {name}(), which is not taken"));
            }
        }
        Ok(format!("{heads}\n{bodies}"))
    }

    /// Prints a header without some of its definitions.
    fn leave(&self, list: &List) -> Result<String, String> {
        let mut out = String::new();
        let mut headers: Vec<_> = list.leave.iter().map(|(file, _)| file).collect();

        headers.dedup();
        for file in headers {
            let lines = self.lines(file);
            let mut kept = vec![true; lines.len()];

            for (_, name) in list.leave.iter().filter(|(of, _)| of == file) {
                let mut found = others(&lines, name);

                found.extend(
                    functions(&lines, name)
                        .iter()
                        .map(|&(first, _, end)| (first, end)),
                );
                if found.is_empty() {
                    return Err(format!("{file}: no definition of {name}"));
                }
                for (first, end) in found {
                    kept[first..end].fill(false);
                }
                for (nr, line) in lines.iter().enumerate() {
                    let declared = starts(line)
                        && line.ends_with(");")
                        && after_word(line, name).is_some_and(|args| args.starts_with('('));

                    kept[nr] &= !declared;
                }
            }
            let _ = writeln!(out, "#line 1 \"{}/{file}\"", self.kernel);
            for (line, kept) in lines.iter().zip(kept) {
                let _ = writeln!(out, "{}", if kept { line } else { "" });
            }
        }
        Ok(out)
    }
}

fn run(args: &[&str]) -> Result<String, String> {
    let &[what, path, kernel] = args else {
        return Err("usage: extract take|leave LIST KERNEL".to_string());
    };
    let text = fs::read_to_string(path).map_err(|err| format!("{path}: {err}"))?;
    let list = List::parse(&text).map_err(|err| format!("{path}: {err}"))?;

    match what {
        "take" => Sources::new(kernel, &list)?.take(&list),
        "leave" => Sources::new(kernel, &list)?.leave(&list),
        _ => Err(format!("\"{what}\"?")),
    }
}

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();

    match run(&args) {
        Ok(out) => {
            print!("{out}");
            ExitCode::SUCCESS
        }
        Err(err) => {
            eprintln!("extract: {err}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
int taken(struct a *a);
static __latent_entropy int taken(struct a *a,
				  int b)
{
	if (b) {
		return 1;
	}
	return other(a);
}

static inline void short(void) {}

#if 0
int twice(void)
{
}
#else
int twice(void)
{
}
#endif

struct left {
	int a;
};
#define left_too(a) \\
	(a)
static int left_declared(void);
";

    fn sources() -> Sources<'static> {
        Sources {
            kernel: "tree",
            texts: BTreeMap::from([("file".to_string(), TEXT.to_string())]),
        }
    }

    fn take(list: &str) -> Result<String, String> {
        sources().take(&List::parse(list)?)
    }

    #[test]
    fn function_is_taken_whole() {
        let taken = take("take file taken short").unwrap();

        assert!(taken.contains("#line 2 \"tree/file\"\nstatic __latent_entropy int taken("));
        assert!(taken.contains("\treturn other(a);\n}\n"));
        assert!(taken.contains("static inline void short(void) {}\n"));
    }

    #[test]
    fn prototype_is_checked() {
        let right = "take file taken\nis taken: int taken(struct a *a, int b)";
        let wrong = "take file taken\nis taken: int taken(struct a *a)";

        assert!(take(right).is_ok());
        assert!(take(wrong).unwrap_err().contains("no longer"));
        assert!(take("is taken: int taken(void)").is_err());
    }

    #[test]
    fn what_is_missing_or_twice_is_an_error() {
        assert!(take("take file missing")
            .unwrap_err()
            .contains("0 definitions"));
        assert!(take("may file missing").is_ok());
        assert!(take("take file twice")
            .unwrap_err()
            .contains("2 definitions"));
        assert!(take("take file twice/2").unwrap().contains("#line 18"));
        assert!(take("take file twice/3").is_err());
        assert!(take("took file taken").is_err());
    }

    #[test]
    fn calls_go_to_another_function() {
        let taken = take("take file taken short\nvia taken checked").unwrap();
        let define = "#define taken checked\n#line 11 \"tree/file\"\n";
        let around = format!("{define}static inline void short(void) {{}}");

        assert!(taken.contains(&around) && taken.matches("#define").count() == 1);
        assert!(taken.ends_with("#undef taken\n"));
    }

    #[test]
    fn header_keeps_its_lines_but_not_what_is_left() {
        let leave = |list: &str| sources().leave(&List::parse(list).unwrap());
        let header = leave("leave file left left_too short").unwrap();

        assert_eq!(header.lines().count(), TEXT.lines().count() + 1);
        assert!(!header.contains("left_too") && !header.contains("struct left"));
        assert!(header.contains("return other(a)"));
        assert!(leave("leave file left_declared").is_err());
    }
}
