// SPDX-License-Identifier: GPL-2.0

//! What is changed in a function: the operators, over its syntax tree.

use super::ast::{Extent, Node};
use super::text;
use std::collections::HashMap;

/// A change of the file's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) operator: String,
    pub(super) extent: Extent,
    pub(super) replacement: String,
}

/// How far limits are shifted: VMAs and page tables begin and end at pages.
const STEP: &str = "PAGE_SIZE";

/// All edits of a function, in the order of its text.
pub(super) fn edits(file: &str, function: &Node) -> Vec<Edit> {
    let mut finder = Finder {
        file,
        labels: HashMap::new(),
        edits: Vec::new(),
    };
    let body = function.children.iter().filter(|n| n.is("CompoundStmt"));

    for body in body {
        finder.find_labels(body);
        finder.visit(body);
    }
    finder.edits.sort_by_key(|edit| edit.extent.start);
    finder.edits
}

struct Finder<'a> {
    file: &'a str,
    /// By clang's ids.
    labels: HashMap<String, String>,
    edits: Vec<Edit>,
}

impl Finder<'_> {
    fn find_labels(&mut self, node: &Node) {
        if node.is("LabelStmt") {
            self.labels.insert(node.decl_id.clone(), node.name.clone());
        }
        for child in &node.children {
            self.find_labels(child);
        }
    }

    fn add(&mut self, operator: impl Into<String>, extent: Extent, replacement: String) {
        // Lines keep their numbers.
        let lines = |text: &str| text.matches('\n').count();
        let lost = lines(&self.file[extent.clone()]).saturating_sub(lines(&replacement));

        self.edits.push(Edit {
            operator: operator.into(),
            extent,
            replacement: replacement + &"\n".repeat(lost),
        });
    }

    fn text(&self, node: &Node) -> Option<(Extent, &str)> {
        let extent = node.extent(self.file)?;
        Some((extent.clone(), &self.file[extent]))
    }

    fn visit(&mut self, node: &Node) {
        if node.is_in_macro() {
            return;
        }
        match node.kind.as_str() {
            "CompoundStmt" => node.children.iter().for_each(|child| self.delete(child)),
            "LabelStmt" => node.children.iter().for_each(|child| self.delete(child)),
            "IfStmt" => {
                self.force(node, node.children.first());
                node.children[1..].iter().for_each(|body| self.delete(body));
            }
            "WhileStmt" => {
                self.force(node, node.children.first());
                node.children[1..].iter().for_each(|body| self.delete(body));
            }
            "DoStmt" => self.force(node, node.children.get(1)),
            "ForStmt" => self.force(node, node.children.get(3)),
            "ConditionalOperator" => self.force(node, node.children.first()),
            "GotoStmt" => self.goto(node),
            "ReturnStmt" => self.value("return", node.children.first()),
            "BinaryOperator" => self.binary(node),
            "UnaryOperator" => self.unary(node),
            "VarDecl" => self.assigned("init", node.type_name(), node.children.first()),
            "CallExpr" => self.call(node),
            _ => (),
        }
        for child in &node.children {
            self.visit(child);
        }
    }

    /// A statement. Locks and flags have names of their own, for the table.
    fn delete(&mut self, node: &Node) {
        const NOT: [&str; 4] = ["CompoundStmt", "DeclStmt", "LabelStmt", "NullStmt"];
        // That is the condition forced to be false.
        let forced = node.is("IfStmt") && !node.has_else;

        if node.kind.is_empty() || NOT.contains(&node.kind.as_str()) || forced {
            return;
        }
        let operator = match node.callee() {
            Some(name) if name.contains("lock") => "lock",
            Some(name) if name.contains("flag") || name.ends_with("_in_rcu") => "flag",
            _ => "delete",
        };
        if let Some(extent) = node.extent(self.file) {
            let whole = match self.file[..extent.end].ends_with([';', '}']) {
                true => ";",
                false => "",
            };
            self.add(operator, extent, whole.into());
        }
    }

    /// A condition, both ways; its side effects stay.
    fn force(&mut self, node: &Node, condition: Option<&Node>) {
        let Some((extent, text)) = condition.and_then(|node| self.text(node)) else {
            return;
        };
        // A loop that is a macro has no condition in the file.
        if !node.is("ConditionalOperator")
            && node
                .extent(self.file)
                .is_none_or(|all| all.start >= extent.start)
        {
            return;
        }
        let (yes, no) = (format!("({text}) || 1"), format!("({text}) && 0"));

        self.add("true", extent.clone(), yes);
        self.add("false", extent, no);
    }

    fn goto(&mut self, node: &Node) {
        let Some(extent) = node.extent(self.file) else {
            return;
        };
        let mut labels: Vec<String> = self
            .labels
            .iter()
            .filter(|(id, _)| **id != node.target_label_decl_id)
            .map(|(_, name)| name.clone())
            .collect();

        labels.sort();
        for label in labels {
            self.add(
                format!("goto-{label}"),
                extent.clone(),
                format!("goto {label}"),
            );
        }
    }

    /// What is returned: success instead, and another value.
    fn value(&mut self, operator: &str, node: Option<&Node>) {
        let Some((extent, text)) = node.and_then(|node| self.text(node)) else {
            return;
        };
        let more = format!("({text}) + 1");

        if text != "0" {
            self.add(format!("{operator}-0"), extent.clone(), "0".into());
        }
        self.add(format!("{operator}-more"), extent, more);
    }

    /// A limit or an error that a variable gets.
    fn assigned(&mut self, operator: &str, name: &str, node: Option<&Node>) {
        let Some((extent, text)) = node.and_then(|node| self.text(node)) else {
            return;
        };
        let (more, less) = (format!("({text}) + {STEP}"), format!("({text}) - {STEP}"));

        match name {
            "unsigned long" => {
                self.add(format!("{operator}-more"), extent.clone(), more);
                self.add(format!("{operator}-less"), extent, less);
            }
            "int" if text.starts_with("-E") => self.value(operator, node),
            _ => (),
        }
    }

    fn binary(&mut self, node: &Node) {
        let [left, right] = &node.children[..] else {
            return;
        };
        if node.opcode == "=" {
            self.assigned("assign", left.type_name(), Some(right));
            return;
        }
        let (Some((first, one)), Some((second, other))) = (self.text(left), self.text(right))
        else {
            return;
        };
        if first.end > second.start {
            return;
        }
        let (one, other) = (one.to_string(), other.to_string());
        let at = text::next_token(self.file, first.end);
        let operator = at..at + node.opcode.len();
        if self.file.get(operator.clone()) != Some(node.opcode.as_str()) {
            return;
        }
        let others: &[(&str, &str)] = match node.opcode.as_str() {
            "<" => &[("le", "<="), ("ge", ">=")],
            "<=" => &[("lt", "<"), ("gt", ">")],
            ">" => &[("ge", ">="), ("le", "<=")],
            ">=" => &[("gt", ">"), ("lt", "<")],
            "==" => &[("ne", "!=")],
            "!=" => &[("eq", "==")],
            "+" => &[("minus", "-")],
            "-" => &[("plus", "+")],
            "&&" => &[("or", "||")],
            "||" => &[("and", "&&")],
            _ => &[],
        };
        for (name, text) in others {
            self.add(*name, operator.clone(), (*text).to_string());
        }
        // The other way is the whole condition's.
        match node.opcode.as_str() {
            "&&" => {
                self.add("left-true", first, format!("(({one}) || 1)"));
                self.add("right-true", second, format!("(({other}) || 1)"));
            }
            "||" => {
                self.add("left-false", first, format!("(({one}) && 0)"));
                self.add("right-false", second, format!("(({other}) && 0)"));
            }
            _ => (),
        }
    }

    fn unary(&mut self, node: &Node) {
        let (name, other) = match node.opcode.as_str() {
            "++" => ("decrement", "--"),
            "--" => ("increment", "++"),
            _ => return,
        };
        if let Some((extent, text)) = self.text(node) {
            let changed = text.replace(&node.opcode, other);
            self.add(name, extent, changed);
        }
    }

    /// Arguments of one type are swapped, limits shifted, switches turned.
    fn call(&mut self, node: &Node) {
        let arguments: Vec<(Extent, String, String)> = node.children[1..]
            .iter()
            .filter_map(|node| {
                let (extent, text) = self.text(node)?;
                Some((extent, text.to_string(), node.type_name().to_string()))
            })
            .collect();
        let ordered = arguments
            .windows(2)
            .all(|two| two[0].0.end <= two[1].0.start);
        if arguments.len() + 1 != node.children.len() || !ordered {
            return;
        }
        for (n, (extent, text, name)) in arguments.iter().enumerate() {
            let number = n + 1;
            let mut shift = |what: &str, text| {
                self.add(format!("arg{number}-{what}"), extent.clone(), text);
            };
            match name.as_str() {
                "unsigned long" => {
                    shift("more", format!("({text}) + {STEP}"));
                    shift("less", format!("({text}) - {STEP}"));
                }
                "bool" | "_Bool" => shift("not", format!("!({text})")),
                _ => (),
            }
            for (m, (other, words, their)) in arguments.iter().enumerate().skip(n + 1) {
                if their != name || words == text {
                    continue;
                }
                let between = &self.file[extent.end..other.start];
                self.add(
                    format!("swap{number}-{}", m + 1),
                    extent.start..other.end,
                    format!("{words}{between}{text}"),
                );
                // Over what is between them, as it is.
                debug_assert!(!between.is_empty());
            }
        }
    }
}
