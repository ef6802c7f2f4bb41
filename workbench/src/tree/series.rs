// SPDX-License-Identifier: GPL-2.0

//! `patches/BASE/`: what the series is made of.
//!
//! `NNNN-subject.patch` is a mail as git format-patch writes it. `NNNN-subject.new` is a commit
//! that brings new files: a Subject and a message like a mail's, `---`, then the path of each new
//! file, one a line. The files themselves are kept whole at the project's top level. A diff may
//! follow, for what the same commit changes in files of the base, such as a Makefile, and in the
//! new files: one that several bases list is kept as [`SHARED_BASE`] has it.
//!
//! Both kinds are one sequence, in the order of their numbers: from 0001 on the section `fix`, what
//! mainline has already; from 0051 on `improve`, what is on top of that and goes to mainline first;
//! from 0101 on `facility`, fault injection for any test; from 0151 on `tests`, those that make use
//! of it; from 0201 on `found`, fixes of bugs that these tests have found in other code. A section
//! may be empty.

use crate::console::read_lossy;
use crate::error::{Context, Error, Result};
use crate::settings::{Settings, SHARED_BASE};
use crate::stamp::Inputs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A part of the series, by the numbers of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) first: u32,
    pub(crate) last: u32,
}

pub(crate) const FIX: Section = Section {
    name: "fix",
    first: 1,
    last: 50,
};
pub(crate) const IMPROVE: Section = Section {
    name: "improve",
    first: 51,
    last: 100,
};
pub(crate) const FACILITY: Section = Section {
    name: "facility",
    first: 101,
    last: 150,
};
pub(crate) const TESTS: Section = Section {
    name: "tests",
    first: 151,
    last: 200,
};
pub(crate) const FOUND: Section = Section {
    name: "found",
    first: 201,
    last: 250,
};
/// In the order in which they apply.
pub(crate) const SECTIONS: [Section; 5] = [FIX, IMPROVE, FACILITY, TESTS, FOUND];

impl Section {
    pub(crate) fn named(name: &str) -> Option<Section> {
        SECTIONS.into_iter().find(|section| section.name == name)
    }

    /// `fix is from 0001 to 0050`
    pub(crate) fn numbers(self) -> String {
        format!(
            "{} is from {:04} to {:04}",
            self.name, self.first, self.last
        )
    }
}

/// The names of all sections, for messages.
pub(crate) fn section_names() -> String {
    SECTIONS.map(|section| section.name).join(" ")
}

/// The files of a base's series.
#[derive(Clone, Debug)]
pub(crate) struct Series<'a> {
    settings: &'a Settings,
}

impl<'a> Series<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Series<'a> {
        Series { settings }
    }

    /// All files, in order.
    fn all(&self) -> Vec<(u32, PathBuf)> {
        numbered(&self.settings.patches())
    }

    /// The files of a section, in order.
    pub(crate) fn files(&self, section: Section) -> Vec<PathBuf> {
        self.all()
            .into_iter()
            .filter(|(number, _)| (section.first..=section.last).contains(number))
            .map(|(_, file)| file)
            .collect()
    }

    /// Sections that have patches.
    pub(crate) fn sections(&self) -> Vec<Section> {
        let has_files = |section: &Section| !self.files(*section).is_empty();

        SECTIONS.into_iter().filter(has_files).collect()
    }

    /// Whether there is a fix: newer bases have it themselves.
    pub(crate) fn has_fix(&self) -> bool {
        !self.files(FIX).is_empty()
    }

    /// Those, or SECTION, if it is one of them.
    pub(crate) fn chosen_sections(&self) -> Result<Vec<Section>> {
        let here = self.sections();
        let Some(name) = &self.settings.section else {
            return Ok(here);
        };
        let chosen = here.iter().find(|section| section.name == name);

        chosen.map(|section| vec![*section]).ok_or_else(|| {
            let known: Vec<&str> = here.iter().map(|section| section.name).collect();
            Error::usage(format!(
                "no section {name} of linux {}: known are {}",
                self.settings.base,
                known.join(" ")
            ))
        })
    }

    /// The new files that the series lists, in order.
    pub(crate) fn new_files(&self) -> Vec<String> {
        let files = self.all().into_iter();

        files.flat_map(|(_, file)| listed_files(&file)).collect()
    }

    /// The new files that other bases list.
    pub(crate) fn listed_elsewhere(&self) -> Vec<String> {
        let (own, all) = (
            self.settings.patches(),
            self.settings.dirs.top.join("patches"),
        );
        let dirs = std::fs::read_dir(all).into_iter().flatten().flatten();

        dirs.map(|entry| entry.path())
            .filter(|dir| dir.is_dir() && *dir != own)
            .flat_map(|dir| numbered(&dir))
            .flat_map(|(_, file)| listed_files(&file))
            .collect()
    }

    /// The new files that this base has a diff for, instead of writing them anew.
    pub(crate) fn shared_files(&self) -> Vec<String> {
        if self.settings.base == SHARED_BASE {
            return Vec::new();
        }
        let dir = self.settings.dirs.top.join("patches").join(SHARED_BASE);
        let files = numbered(&dir).into_iter();

        files.flat_map(|(_, file)| listed_files(&file)).collect()
    }

    /// Fails for files that no section has and for new files that cannot be.
    pub(crate) fn check(&self) -> Result<()> {
        for (number, file) in self.all() {
            let in_section = |section: &Section| (section.first..=section.last).contains(&number);

            if !SECTIONS.iter().any(in_section) {
                return Err(Error::usage(format!(
                    "{}: no section has that number: {}",
                    self.settings.shown(&file),
                    SECTIONS.map(Section::numbers).join(", ")
                )));
            }
            for path in listed_files(&file) {
                self.check_listed(&file, &path)?;
            }
        }
        Ok(())
    }

    /// Fails for paths that could also be this project's own, or are no paths at all.
    fn check_listed(&self, list: &Path, path: &str) -> Result<()> {
        let list = self.settings.shown(list);
        if !is_kernel_path(path) {
            return Err(Error::usage(format!(
                "{list}: {path} cannot be a new file: not a path below a kernel folder"
            )));
        }
        match std::fs::symlink_metadata(self.settings.dirs.top.join(path)) {
            Ok(found) if found.is_file() || found.is_symlink() => Ok(()),
            _ => Err(Error::usage(format!(
                "{list}: {path} is not there: add the file, or take the line out"
            ))),
        }
    }

    /// All that the commits are made from.
    pub(crate) fn inputs(&self) -> Result<Inputs> {
        let mut inputs = Inputs::default();

        for (_, file) in self.all() {
            inputs = inputs.add_file(&file);
            for path in listed_files(&file) {
                let file = self.settings.dirs.top.join(&path);
                let mode = if is_executable(&file) { "x" } else { "-" };
                inputs = inputs.add(&path, mode.as_bytes()).add_file(&file);
            }
        }
        Ok(inputs)
    }
}

/// The patches and lists of a folder, in the order of their names.
pub(crate) fn numbered(dir: &Path) -> Vec<(u32, PathBuf)> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (number, rest) = name.split_at_checked(4)?;
            let digits = number.bytes().all(|byte| byte.is_ascii_digit());
            let kind = name.ends_with(".patch") || name.ends_with(".new");
            let wanted = digits && kind && rest.starts_with('-') && entry.path().is_file();
            wanted.then(|| Some((number.parse().ok()?, entry.path())))?
        })
        .collect();

    files.sort_by(|one, other| one.1.file_name().cmp(&other.1.file_name()));
    files
}

/// Whether a path is one below a kernel folder, and not one of this project's own.
pub(crate) fn is_kernel_path(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    let own =
        ["workbench", "patches", "build", ".ci"].contains(&first) || first.starts_with(".git");
    let at_top = !path.contains('/') && (path == "Makefile" || path.starts_with("README"));
    let no_path = path.split('/').any(|part| ["", ".", ".."].contains(&part));

    !own && !at_top && !no_path
}

/// Whether a file is a list of new files.
pub(crate) fn is_list(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "new")
}

/// The new files that a `.new` file lists.
pub(crate) fn listed_files(list: &Path) -> Vec<String> {
    if !is_list(list) {
        return Vec::new();
    }
    read_lossy(list)
        .lines()
        .skip_while(|line| *line != "---")
        .skip(1)
        .take_while(|line| !line.starts_with("diff --git "))
        .filter(|line| !line.trim().is_empty())
        .map(str::to_string)
        .collect()
}

pub(crate) fn is_executable(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|file| file.permissions().mode() & 0o100 != 0)
}

/// The patch that a mail or a list has, from its first diff on.
pub(crate) fn diff_of(file: &Path) -> Result<Vec<u8>> {
    let text = std::fs::read(file).or_say(|| format!("cannot read {}", file.display()))?;
    let mark = b"diff --git ";
    let start = match text.starts_with(mark) {
        true => Some(0),
        false => {
            let at = text.windows(mark.len() + 1);
            let mut at = at.enumerate();
            at.find(|(_, window)| window[0] == b'\n' && &window[1..] == mark)
                .map(|(at, _)| at + 1)
        }
    };
    Ok(start.map_or_else(Vec::new, |start| text[start..].to_vec()))
}
