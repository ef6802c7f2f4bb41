// SPDX-License-Identifier: GPL-2.0

//! Procedural macro that makes a KUnit suite of a module.

use proc_macro::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// Whether this is the content of `#[test]`'s brackets.
fn is_test(attribute: &Group) -> bool {
    attribute.delimiter() == Delimiter::Bracket && attribute.stream().to_string() == "test"
}

/// Takes the `#[test]`s out of a module's items, and returns the names of the functions that had
/// them.
fn take_tests(items: TokenStream) -> (TokenStream, Vec<Ident>) {
    let mut rest = TokenStream::new();
    let mut names = Vec::new();
    let mut marked = false;
    let mut tokens = items.into_iter().peekable();

    while let Some(token) = tokens.next() {
        match (&token, tokens.peek()) {
            (TokenTree::Punct(p), Some(TokenTree::Group(g)))
                if p.as_char() == '#' && is_test(g) =>
            {
                tokens.next();
                marked = true;
                continue;
            }
            (TokenTree::Ident(i), Some(TokenTree::Ident(name)))
                if marked && i.to_string() == "fn" =>
            {
                names.push(name.clone());
                marked = false;
            }
            _ => (),
        }
        rest.extend([token]);
    }
    if marked {
        panic!("`#[test]` should only be applied to functions");
    }
    (rest, names)
}

/// A function with the type that KUnit wants, for each test.
fn wrapper(name: &Ident) -> String {
    format!(
        r#"
        unsafe extern "C" fn kunit_run_{name}(_: *mut ::kernel::bindings::kunit) {{
            assert!(::kernel::kunit::suite::is_ok({name}()));
        }}
        "#
    )
}

/// Its entry in the list of the suite's tests.
fn case(name: &Ident) -> String {
    format!(r#"case(::kernel::c_str!("{name}"), kunit_run_{name}), "#)
}

pub(crate) fn kunit_tests(attr: TokenStream, ts: TokenStream) -> TokenStream {
    let suite = attr.to_string();
    let mut outer: Vec<TokenTree> = ts.into_iter().collect();
    let items = match outer.pop() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => group.stream(),
        _ => panic!("`#[kunit_tests]` should only be applied to modules with a body"),
    };
    let (items, names) = take_tests(items);

    // An assertion that fails is to fail the test, not to take the kernel down.
    let before = format!(
        r#"
        #[allow(unused_macros)]
        macro_rules! assert {{
            ($condition:expr $(,)?) => {{
                ::kernel::kunit_assert!("{suite}", ::core::file!(), 0, $condition)
            }};
        }}
        #[allow(unused_macros)]
        macro_rules! assert_eq {{
            ($left:expr, $right:expr $(,)?) => {{
                ::kernel::kunit_assert_eq!("{suite}", ::core::file!(), 0, $left, $right)
            }};
        }}
        "#
    );
    let wrappers: String = names.iter().map(wrapper).collect();
    let cases: String = names.iter().map(case).collect();
    let after = format!(
        r#"
        {wrappers}
        const _: () = {{
            use ::kernel::kunit::suite::*;

            static CASES: Cases<{}> = Cases::new([{cases} NO_CASE]);
            static SUITE: Suite = Suite::new(::kernel::c_str!("{suite}"), &CASES);

            #[used]
            #[link_section = ".kunit_test_suites"]
            static ENTRY: Entry = Entry::new(&SUITE);
        }};
        "#,
        names.len() + 1
    );

    let mut body: TokenStream = before.parse().unwrap();
    body.extend(items);
    body.extend(after.parse::<TokenStream>().unwrap());

    let mut result: TokenStream = "#[cfg(CONFIG_KUNIT = \"y\")]".parse().unwrap();
    result.extend(outer);
    result.extend([TokenTree::Group(Group::new(Delimiter::Brace, body))]);
    result
}
