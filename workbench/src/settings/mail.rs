// SPDX-License-Identifier: GPL-2.0

//! The variables that are about mails.

use super::{given, number, switch};
use crate::cli::Args;
use crate::error::{Error, Result};
use std::path::PathBuf;

/// What goes into mails.
#[derive(Clone, Debug)]
pub(crate) struct MailSettings {
    pub(crate) version: u32,
    pub(crate) signoff: bool,
    pub(crate) rfc: bool,
    pub(crate) in_reply_to: Option<String>,
    pub(crate) send: bool,
    /// A clone of mainline, to take authors and texts from.
    pub(crate) upstream: Option<PathBuf>,
    /// Reproducers may be public.
    pub(crate) public: bool,
}

impl MailSettings {
    pub(super) fn read(args: &Args) -> Result<MailSettings> {
        Ok(MailSettings {
            version: number("VERSION", &args.version, "the number of a version")?.unwrap_or(1),
            signoff: switch("SIGNOFF", &args.signoff)?,
            rfc: switch("RFC", &args.rfc)?,
            in_reply_to: message_id(&args.in_reply_to)?,
            send: consent("SEND", &args.send, "leave it out for a dry run")?,
            upstream: given(&args.upstream).map(PathBuf::from),
            public: consent("PUBLIC", &args.public, "leave it out, or set it to yes")?,
        })
    }
}

/// A variable that is yes or not set.
fn consent(name: &str, value: &Option<String>, otherwise: &str) -> Result<bool> {
    match given(value) {
        None => Ok(false),
        Some("yes") => Ok(true),
        Some(other) => Err(Error::usage(format!(
            "{name}={other} is not yes: {otherwise}"
        ))),
    }
}

fn message_id(value: &Option<String>) -> Result<Option<String>> {
    let Some(id) = given(value) else {
        return Ok(None);
    };
    let inner = match id.strip_prefix('<') {
        Some(rest) => rest.strip_suffix('>'),
        None => Some(id),
    };

    inner
        .filter(|inner| inner.contains('@') && !inner.contains([' ', '\t', '<', '>']))
        .map(|_| Some(id.to_string()))
        .ok_or_else(|| Error::usage(format!("IN_REPLY_TO={id} is not a message id")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_a_whole_word() {
        let message = |change: fn(&mut Args)| {
            let mut args = Args::default();
            change(&mut args);
            let error = MailSettings::read(&args).expect_err("nonsense");
            error.message().to_string()
        };

        assert_eq!(
            message(|args| args.send = Some("no".into())),
            "SEND=no is not yes: leave it out for a dry run"
        );
        assert_eq!(
            message(|args| args.public = Some("1".into())),
            "PUBLIC=1 is not yes: leave it out, or set it to yes"
        );
        assert_eq!(
            message(|args| args.version = Some("two".into())),
            "VERSION=two is not the number of a version"
        );
        assert_eq!(
            message(|args| args.in_reply_to = Some("x".into())),
            "IN_REPLY_TO=x is not a message id"
        );
    }
}
