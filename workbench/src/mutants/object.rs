// SPDX-License-Identifier: GPL-2.0

//! Which copies of a function have the code of the unchanged one.

use super::mutant::Function;
use super::program::copy_name;
use crate::error::Result;
use crate::toolchain::Toolbox;
use regex::Regex;
use std::collections::HashMap;
use std::path::Path;

/// The numbers of the mutants in an object file that compile to the same code.
pub(super) fn same(toolbox: &Toolbox, object: &Path, functions: &[Function]) -> Result<Vec<usize>> {
    let listing = toolbox
        .cmd("llvm-objdump")
        .args(["-dr", "--no-leading-addr", "--no-show-raw-insn"])
        .arg(object)
        .read()?;
    let code = codes(&listing);
    let mut numbers = Vec::new();

    for function in functions {
        let Some(unchanged) = code.get(copy_name(&function.name, 0).as_str()) else {
            continue;
        };
        for mutant in &function.mutants {
            let mine = code.get(copy_name(&function.name, mutant.number).as_str());
            if mine == Some(unchanged) {
                numbers.push(mutant.number);
            }
        }
    }
    Ok(numbers)
}

/// The code of each function, without what follows from where it is.
fn codes(listing: &str) -> HashMap<&str, String> {
    let mut all: HashMap<&str, String> = HashMap::new();
    let mut name = "";
    let rules: Vec<(Regex, &str)> = [
        // A copy's own name, numbers of local variables, addresses.
        (r"__\d+\b", ""),
        (r"\.\d+\b", ""),
        (r"0x[0-9a-f]+ <", "<"),
        (r"^\s*[0-9a-f]{8,}:", ""),
    ]
    .into_iter()
    .filter_map(|(rule, to)| Regex::new(rule).ok().map(|rule| (rule, to)))
    .collect();

    for line in listing.lines() {
        if let Some(found) = line.strip_suffix(">:").and_then(|l| l.split_once('<')) {
            name = found.1;
            continue;
        }
        let mut line = line.trim().to_string();
        for (rule, to) in &rules {
            line = rule.replace_all(&line, *to).into_owned();
        }
        // Between functions.
        if !line.starts_with("nop") && !line.starts_with("int3") && !line.is_empty() {
            let code = all.entry(name).or_default();
            code.push_str(line.trim());
            code.push('\n');
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_compared_without_addresses() {
        let listing = "\n00000000 <f__0>:\n\tpushq\t%rbp\n\tjmp\t0x10 <f__0+0x10>\n\
                       \t\t0000000000000001:  R_X86_64_32S\t.data.once+0x2\n\tnop\n\n\
                       00000020 <f__7>:\n\tpushq\t%rbp\n\tjmp\t0x30 <f__7+0x10>\n\
                       \t\t0000000000000021:  R_X86_64_32S\t.data.once+0x2\n\n\
                       00000040 <f__8>:\n\tpushq\t%rbx\n";
        let code = codes(listing);

        assert_eq!(code["f__0"], code["f__7"]);
        assert_ne!(code["f__0"], code["f__8"]);
    }
}
