// SPDX-License-Identifier: GPL-2.0

//! Procedural macro that turns the body of a KUnit test into a fault sweep.

use proc_macro::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};

/// The attribute's arguments.
#[derive(Default)]
struct Options {
    /// Calls of `Sweep`'s builder methods.
    builder: TokenStream,
    setup: Option<TokenStream>,
    check: Option<TokenStream>,
}

const USAGE: &str = "`#[fault_sweep]` takes `allocators(slab, page, percpu)`, `user_copies`, \
     `functions(\"FUNCTION\", ...)`, `dma_mappings`, \
     `modes(once, forever, pair, signal)`, `cap = NUMBER`, `allow_success`, `accept(ERROR, ...)`, \
     `ignore_leaks`, `kept_by(\"FUNCTION\", ...)`, `allow_empty`, `warm_up`, `after = FUNCTION`, \
     `setup = FUNCTION` and `check = FUNCTION`";

/// Tokens that are not the user's.
fn ours(text: &str) -> TokenStream {
    text.parse().unwrap()
}

fn group(delimiter: Delimiter, content: TokenStream) -> TokenTree {
    TokenTree::Group(Group::new(delimiter, content))
}

/// Makes `&[...]` of the list in parentheses that comes next, each element as `element` has it.
fn slice(
    tokens: &mut impl Iterator<Item = TokenTree>,
    element: impl Fn(TokenTree) -> TokenStream,
) -> TokenStream {
    let Some(TokenTree::Group(list)) = tokens.next() else {
        panic!("{USAGE}");
    };
    let mut slice = ours("&");

    slice.extend([group(
        Delimiter::Bracket,
        list.stream().into_iter().flat_map(element).collect(),
    )]);
    slice
}

/// Makes `Allocator::Slab` of `slab`.
fn variant(ty: &str, token: TokenTree) -> TokenStream {
    let TokenTree::Ident(name) = token else {
        return token.into();
    };
    let text = name.to_string();
    let (first, rest) = text.split_at(1);
    let mut variant = ours(&format!("::kernel::kunit::fault::{ty}::"));

    variant.extend([TokenTree::Ident(Ident::new(
        &(first.to_uppercase() + rest),
        name.span(),
    ))]);
    variant
}

/// Makes a string for C of a literal.
fn c_string(token: TokenTree) -> TokenStream {
    if !matches!(token, TokenTree::Literal(_)) {
        return token.into();
    }
    let mut string = ours("::kernel::c_str!");

    string.extend([group(Delimiter::Parenthesis, token.into())]);
    string
}

/// Takes the tokens of one argument's value, up to the next comma that is not part of it: as those
/// in `pair::<A, B>` and `|state, outcome| ...` are.
fn value(tokens: &mut impl Iterator<Item = TokenTree>) -> TokenStream {
    match tokens.next() {
        Some(TokenTree::Punct(p)) if p.as_char() == '=' => (),
        _ => panic!("{USAGE}"),
    }

    let mut value = Vec::new();
    let mut generics = 0; // how deep in generic arguments
    let mut parameters = false; // between the bars of a closure
    let mut returns = false; // in the type that a closure returns

    for token in tokens {
        let previous = match value.last() {
            Some(TokenTree::Punct(p)) => Some((p.as_char(), p.spacing())),
            _ => None,
        };
        let begins = match value.last() {
            None => true,
            Some(TokenTree::Ident(i)) => i.to_string() == "move",
            Some(_) => false,
        };
        let arrow = previous == Some(('-', Spacing::Joint));
        // After an operand it means "less than".
        let opens = value.is_empty() || matches!(previous, Some((p, _)) if !"<>?".contains(p));

        match &token {
            TokenTree::Punct(p) => match p.as_char() {
                '|' if parameters || begins => parameters = !parameters,
                _ if parameters => (),
                ',' if generics == 0 => break,
                '<' if generics > 0 || returns || opens => generics += 1,
                '>' if arrow => returns |= generics == 0,
                '>' if generics > 0 => generics -= 1,
                _ => (),
            },
            TokenTree::Group(g) if g.delimiter() == Delimiter::Brace => returns = false,
            _ => (),
        }
        value.push(token);
    }
    if value.is_empty() {
        panic!("{USAGE}");
    }
    value.into_iter().collect()
}

fn parse_options(attr: TokenStream) -> Options {
    let mut options = Options::default();
    let mut tokens = attr.into_iter();

    while let Some(token) = tokens.next() {
        let name = match token {
            TokenTree::Ident(name) => name.to_string(),
            TokenTree::Punct(p) if p.as_char() == ',' => continue,
            _ => panic!("{USAGE}"),
        };
        let argument = match name.as_str() {
            "allocators" => slice(&mut tokens, |token| variant("Allocator", token)),
            "modes" => slice(&mut tokens, |token| variant("Mode", token)),
            "accept" => slice(&mut tokens, TokenStream::from),
            "functions" | "kept_by" => slice(&mut tokens, c_string),
            "cap" | "after" => value(&mut tokens),
            "user_copies" | "dma_mappings" | "allow_success" | "ignore_leaks" | "allow_empty"
            | "warm_up" => TokenStream::new(),
            "setup" => {
                options.setup = Some(value(&mut tokens));
                continue;
            }
            "check" => {
                options.check = Some(value(&mut tokens));
                continue;
            }
            _ => panic!("{USAGE}, not `{name}`"),
        };

        options.builder.extend(ours(&format!(".{name}")));
        options
            .builder
            .extend([group(Delimiter::Parenthesis, argument)]);
    }
    options
}

pub(crate) fn fault_sweep(attr: TokenStream, ts: TokenStream) -> TokenStream {
    let options = parse_options(attr);
    let mut tokens = ts.into_iter();

    // Everything before `fn`, that is, the other attributes, goes on the outer function.
    let mut outer = TokenStream::new();
    let keyword = loop {
        match tokens.next() {
            Some(TokenTree::Ident(i)) if i.to_string() == "fn" => break TokenTree::Ident(i),
            Some(token) => outer.extend([token]),
            None => panic!("`#[fault_sweep]` should only be applied to functions"),
        }
    };
    let name = match tokens.next() {
        Some(TokenTree::Ident(name)) => TokenTree::Ident(name),
        _ => panic!("`#[fault_sweep]` cannot find the name of the function"),
    };

    // The body keeps its tokens, and so the places that the compiler and assertions name. Its
    // function has the name of the outer one: another name might be one of the user's.
    let mut content: TokenStream = [keyword.clone(), name.clone()].into_iter().collect();
    content.extend(tokens);

    // The user's expressions are nothing but arguments, where no variable of ours can be seen.
    let mut arguments = TokenStream::new();
    let (method, ignore) = match options.setup {
        Some(setup) => {
            arguments.extend(setup);
            arguments.extend(ours(","));
            (".run_body_with", "|_, _| ::core::result::Result::Ok(())")
        }
        None => (".run_body", "|_| ::core::result::Result::Ok(())"),
    };
    arguments.extend([name.clone()]);
    arguments.extend(ours(","));
    arguments.extend(options.check.unwrap_or_else(|| ours(ignore)));

    content.extend(ours("::kernel::kunit::fault::Sweep::new()"));
    content.extend(options.builder);
    content.extend(ours(method));
    content.extend([group(Delimiter::Parenthesis, arguments)]);

    let mut result = outer;
    result.extend([keyword, name]);
    result.extend(ours("() -> ::kernel::error::Result"));
    result.extend([group(Delimiter::Brace, content)]);
    result
}
