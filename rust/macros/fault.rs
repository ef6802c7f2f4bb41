// SPDX-License-Identifier: GPL-2.0

//! Procedural macro that turns the body of a KUnit test into a fault sweep.

use proc_macro::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// The attribute's arguments.
#[derive(Default)]
struct Options {
    /// Calls of `Sweep`'s builder methods.
    builder: String,
    setup: Option<String>,
    check: Option<String>,
}

const USAGE: &str = "`#[fault_sweep]` takes `kinds(slab, page, percpu)`, \
     `modes(once, forever, pair, signal)`, `cap = NUMBER`, `may_tolerate`, `may_keep`, \
     `may_be_empty`, `setup = FUNCTION` and `check = FUNCTION`";

/// Makes `Kind::Slab` of `slab`, one for each name in the list.
fn variants(ty: &str, list: &Group) -> String {
    let mut out = String::new();

    for token in list.stream() {
        if let TokenTree::Ident(name) = token {
            let name = name.to_string();
            let (first, rest) = name.split_at(1);
            out += &format!(
                "::kernel::kunit::fault::{ty}::{}{rest}, ",
                first.to_uppercase()
            );
        }
    }
    out
}

/// Takes the tokens of one argument's value, up to the next comma.
fn value(tokens: &mut impl Iterator<Item = TokenTree>) -> String {
    match tokens.next() {
        Some(TokenTree::Punct(p)) if p.as_char() == '=' => (),
        _ => panic!("{USAGE}"),
    }
    tokens
        .take_while(|t| !matches!(t, TokenTree::Punct(p) if p.as_char() == ','))
        .collect::<TokenStream>()
        .to_string()
}

fn parse_options(attr: TokenStream) -> Options {
    let mut options = Options::default();
    let mut tokens = attr.into_iter().peekable();

    while let Some(token) = tokens.next() {
        let name = match token {
            TokenTree::Ident(name) => name.to_string(),
            TokenTree::Punct(p) if p.as_char() == ',' => continue,
            _ => panic!("{USAGE}"),
        };

        match name.as_str() {
            "kinds" | "modes" => {
                let ty = if name == "kinds" { "Kind" } else { "Mode" };
                match tokens.next() {
                    Some(TokenTree::Group(list)) => {
                        options.builder += &format!(".{name}(&[{}])", variants(ty, &list));
                    }
                    _ => panic!("{USAGE}"),
                }
            }
            "cap" => options.builder += &format!(".cap({})", value(&mut tokens)),
            "may_tolerate" | "may_keep" | "may_be_empty" => {
                options.builder += &format!(".{name}()")
            }
            "setup" => options.setup = Some(value(&mut tokens)),
            "check" => options.check = Some(value(&mut tokens)),
            _ => panic!("{USAGE}, not `{name}`"),
        }
    }
    options
}

pub(crate) fn fault_sweep(attr: TokenStream, ts: TokenStream) -> TokenStream {
    let options = parse_options(attr);
    let mut tokens = ts.into_iter().peekable();

    // Everything before `fn`, that is, the other attributes, goes on the outer function.
    let mut outer = TokenStream::new();
    loop {
        match tokens.next() {
            Some(TokenTree::Ident(i)) if i.to_string() == "fn" => break,
            Some(token) => outer.extend([token]),
            None => panic!("`#[fault_sweep]` should only be applied to functions"),
        }
    }
    let name = match tokens.next() {
        Some(TokenTree::Ident(name)) => name,
        _ => panic!("`#[fault_sweep]` cannot find the name of the function"),
    };

    // The body keeps its tokens, and so the places that the compiler and assertions name.
    let mut inner: TokenStream = "fn swept".parse().unwrap();
    inner.extend(tokens);

    let call = match options.setup {
        Some(_) => "swept(&mut state)",
        None => "swept()",
    };
    let setup = match &options.setup {
        Some(setup) => format!("let mut state = {setup}()?;"),
        None => String::new(),
    };
    let check = match (&options.setup, &options.check) {
        (Some(_), Some(check)) => format!("{check}(&mut state, outcome)?;"),
        (None, Some(check)) => format!("{check}(outcome)?;"),
        (_, None) => "drop(outcome);".to_owned(),
    };
    let sweep: TokenStream = format!(
        r#"
        ::kernel::kunit::fault::Sweep::new(){}.run(|run| {{
            {setup}
            let outcome = run.inject(|| {call});
            {check}
            ::core::result::Result::Ok(())
        }}).map(|_| ())
        "#,
        options.builder
    )
    .parse()
    .unwrap();
    inner.extend(sweep);

    let mut result = outer;
    result.extend([TokenTree::Ident(Ident::new("fn", name.span()))]);
    result.extend([TokenTree::Ident(name)]);
    result.extend::<TokenStream>("() -> ::kernel::error::Result".parse().unwrap());
    result.extend([TokenTree::Group(Group::new(Delimiter::Brace, inner))]);
    result
}
