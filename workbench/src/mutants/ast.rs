// SPDX-License-Identifier: GPL-2.0

//! A function as clang has parsed it: what `-ast-dump=json` prints, and where its nodes are in the
//! text. A node of a macro's body cannot be edited in place, so it stands for the whole call.

use super::text;
use crate::error::{Context, Error, Result};
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Node {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) opcode: String,
    pub(super) storage_class: String,
    /// Of a goto, the id of its label, and of a label, its own.
    pub(super) target_label_decl_id: String,
    pub(super) decl_id: String,
    pub(super) has_else: bool,
    #[serde(rename = "type")]
    ty: Type,
    loc: Place,
    range: Range,
    #[serde(rename = "inner")]
    pub(super) children: Vec<Node>,
    /// What a name refers to.
    pub(super) referenced_decl: Referenced,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Referenced {
    pub(super) name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Type {
    qual_type: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Range {
    begin: Place,
    end: Place,
}

/// A place in the text, or two if it is in a macro: where the token is, and where the outermost
/// macro is called.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Place {
    offset: Option<usize>,
    tok_len: usize,
    included_from: Option<serde_json::Value>,
    spelling_loc: Option<Box<Place>>,
    expansion_loc: Option<Box<Place>>,
    is_macro_arg_expansion: bool,
}

/// Bytes of the file, the end exclusive.
pub(super) type Extent = std::ops::Range<usize>;

impl Place {
    /// The token, if it is in the file: not in a macro, or an argument of one.
    fn token(&self) -> Option<Extent> {
        let place = match (&self.expansion_loc, &self.spelling_loc) {
            (Some(call), Some(token)) if call.is_macro_arg_expansion => token,
            (None, None) => self,
            _ => return None,
        };
        let at = place.offset.filter(|_| place.included_from.is_none())?;
        Some(at..at + place.tok_len)
    }

    /// The macro call that it comes from.
    fn call(&self, file: &str) -> Option<Extent> {
        let call = self.expansion_loc.as_deref()?;
        let at = call.offset.filter(|_| call.included_from.is_none())?;
        Some(at..text::call_end(file, at + call.tok_len))
    }
}

impl Node {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    pub(super) fn type_name(&self) -> &str {
        &self.ty.qual_type
    }

    /// Where it is in the file.
    pub(super) fn extent(&self, file: &str) -> Option<Extent> {
        let (begin, end) = (&self.range.begin, &self.range.end);
        if let (Some(first), Some(last)) = (begin.token(), end.token()) {
            return (first.start < last.end).then_some(first.start..last.end);
        }
        let first = begin.call(file).or_else(|| begin.token())?;
        let last = end.call(file).or_else(|| end.token())?;
        (first.start < last.end).then_some(first.start..last.end)
    }

    /// Whether it is of a macro's body, from beginning to end.
    pub(super) fn is_in_macro(&self) -> bool {
        self.range.begin.token().is_none() && self.range.end.token().is_none()
    }

    /// Where the name of what is declared is.
    pub(super) fn name_at(&self) -> Option<Extent> {
        self.loc.token()
    }

    /// The function that is called, if it is called by its name.
    pub(super) fn callee(&self) -> Option<&str> {
        let mut node = self.is("CallExpr").then(|| self.children.first())??;

        while node.is("ImplicitCastExpr") || node.is("ParenExpr") {
            node = node.children.first()?;
        }
        (!node.referenced_decl.name.is_empty()).then_some(node.referenced_decl.name.as_str())
    }
}

/// The definition of a function, out of all that the filter has let through.
pub(super) fn definition(json: &str, name: &str) -> Result<Node> {
    let nodes = serde_json::Deserializer::from_str(json).into_iter::<Node>();

    for node in nodes {
        let node = node.or_say(|| format!("cannot read clang's syntax tree of {name}()"))?;
        let has_body = || node.children.iter().any(|child| child.is("CompoundStmt"));
        if node.is("FunctionDecl") && node.name == name && has_body() {
            return Ok(node);
        }
    }
    Err(Error::failed(format!(
        "clang's syntax tree has no definition of {name}()"
    )))
}
