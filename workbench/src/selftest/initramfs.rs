// SPDX-License-Identifier: GPL-2.0

//! Compiles programs for a machine, and packs the initramfs that they are run from.

use super::programs::{Program, INIT, TESTS};
use crate::builder::Builder;
use crate::console::Log;
use crate::error::{Context, Result};
use crate::process::Cmd;
use crate::run::kunit_py::Kunit;
use crate::settings::Arch;
use crate::stamp::write_whole;
use crate::toolchain::{self, Sysroot, Toolbox, Tools};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// For machines that Debian's archive has no busybox for.
const PROMPT: &str = "selftest/prompt.c";

/// What goes into an initramfs, as gen_init_cpio takes it.
struct Initramfs<'a> {
    kernel: &'a Kunit,
    compiler: Cmd,
    dir: PathBuf,
    list: String,
    log: &'a Log,
}

/// Compiles them, and packs the initramfs. Returns where it is.
pub(super) fn pack(
    b: &Builder,
    kernel: &Kunit,
    programs: &[Program],
    log: &Log,
) -> Result<PathBuf> {
    let initramfs = with_programs(b, kernel, programs, log)?;

    initramfs.pack("initramfs.cpio")
}

/// The same with a shell.
pub(super) fn pack_with_shell(
    b: &Builder,
    kernel: &Kunit,
    programs: &[Program],
    log: &Log,
) -> Result<PathBuf> {
    let mut initramfs = with_programs(b, kernel, programs, log)?;

    match has_busybox(kernel.arch) {
        true => {
            let busybox = b
                .ensure(Sysroot(Tools::Shell))?
                .cmd("cat")
                .arg("/usr/bin/busybox")
                .checked()?;
            let to = initramfs.dir.join("busybox");
            write_whole(&to, &busybox.stdout)?;
            initramfs.add("/bin/busybox", &to);
            initramfs.list.push_str("slink /bin/sh busybox 0777 0 0\n");
        }
        false => {
            let prompt = b.settings.dirs.workbench.join(PROMPT);
            let to = initramfs.compile("sh", &[prompt], &[])?;
            initramfs.add("/bin/sh", &to);
        }
    }
    initramfs.pack("shell.cpio")
}

/// A program of Debian's, from `tools`, with its libraries, and with files that it reads.
pub(super) fn pack_with_debians(
    b: &Builder,
    kernel: &Kunit,
    tools: &Toolbox,
    program: &str,
    files: &[(PathBuf, &str)],
    log: &Log,
) -> Result<PathBuf> {
    let mut initramfs = with_programs(b, kernel, &[], log)?;
    let from = format!("/usr/bin/{program}");
    let needed = tools.cmd("ldd").arg(&from).checked()?.text();
    let mut dirs = BTreeSet::new();

    initramfs.copy(tools, &from, &format!("/bin/{program}"))?;
    // "libc.so.6 => /lib/.../libc.so.6 (0x...)", and what loads them without the arrow.
    for library in needed
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
    {
        let above = Path::new(library).ancestors().skip(1);
        dirs.extend(
            above
                .filter(|dir| dir.parent().is_some())
                .map(PathBuf::from),
        );
        initramfs.copy(tools, library, library)?;
    }
    // One comes before those that are in it, here as in the archive.
    let dirs = dirs.iter().fold(String::new(), |mut list, dir| {
        let _ = writeln!(list, "dir {} 0755 0 0", dir.display());
        list
    });
    initramfs.list.insert_str(0, &dirs);
    for (file, name) in files {
        initramfs.add(name, file);
    }
    initramfs.pack("debians.cpio")
}

/// Programs of the kernel's selftests/mm, and one that runs the commands of a file.
pub(super) fn pack_with_tests(
    b: &Builder,
    kernel: &Kunit,
    programs: &[&str],
    runner: &Program,
    (name, commands): (&str, &str),
    log: &Log,
) -> Result<PathBuf> {
    let mut initramfs = with_programs(b, kernel, std::slice::from_ref(runner), log)?;
    let file = initramfs.dir.join("commands");
    let flags = initramfs.with_headers(b)?;

    write_whole(&file, commands.as_bytes())?;
    initramfs.add(name, &file);
    initramfs.list.push_str("nod /dev/zero 0666 0 0 c 1 5\n");
    for program in programs {
        let sources: Vec<PathBuf> = [program, "vm_util", "thp_settings", "uffd-common"]
            .iter()
            // Only those of userfaultfd have what that asks for.
            .filter(|part| **part != "uffd-common" || program.starts_with("uffd-"))
            .map(|part| kernel.tree.join(TESTS).join(format!("mm/{part}.c")))
            .filter(|source| source.is_file())
            .collect();
        let to = initramfs.compile(program, &sources, &flags)?;
        initramfs.add(&format!("/bin/{program}"), &to);
    }
    initramfs.pack("tests.cpio")
}

/// Whether Debian's archive has one that runs there, in the part for this machine's processor.
fn has_busybox(arch: Arch) -> bool {
    matches!(arch, Arch::Um | Arch::X86_64)
}

fn with_programs<'a>(
    b: &Builder,
    kernel: &'a Kunit,
    programs: &[Program],
    log: &'a Log,
) -> Result<Initramfs<'a>> {
    let workbench = &b.settings.dirs.workbench;
    let dir = kernel.objects.join("initramfs");
    let mut initramfs = Initramfs {
        kernel,
        compiler: compiler(b, kernel)?,
        dir,
        list: String::from(
            "dir /dev 0755 0 0\nnod /dev/console 0600 0 0 c 5 1\nnod /dev/null 0666 0 0 c 1 3\n\
             dir /bin 0755 0 0\n",
        ),
        log,
    };

    std::fs::create_dir_all(&initramfs.dir)
        .or_say(|| format!("cannot make {}", initramfs.dir.display()))?;
    let init = initramfs.compile("init", &[workbench.join(INIT)], &[])?;
    initramfs.add("/init", &init);
    for program in programs {
        let sources: Vec<PathBuf> = program
            .sources
            .iter()
            .map(|source| match program.in_tree {
                true => kernel.tree.join(TESTS).join(source),
                false => workbench.join(source),
            })
            .collect();
        let to = initramfs.compile(program.name, &sources, &[])?;
        initramfs.add(&format!("/bin/{}", program.name), &to);
    }
    Ok(initramfs)
}

/// Debian's cross compilers have a C library of their own, so they are among the machine's tools.
fn compiler(b: &Builder, kernel: &Kunit) -> Result<Cmd> {
    let own = kernel.toolbox.clone();
    let machines = || -> Result<Toolbox> {
        let toolbox = toolchain::of_machine(b, kernel.arch)?;
        Ok(toolbox.unwrap_or_else(|| own.clone()))
    };
    let cmd = match kernel.arch {
        Arch::Um | Arch::X86_64 => own.cmd("clang"),
        Arch::Arm64 => machines()?.cmd("aarch64-linux-gnu-gcc"),
        Arch::Ppc32 => machines()?.cmd("powerpc-linux-gnu-gcc"),
    };

    Ok(cmd.args(["-O2", "-Wall", "-Werror"]))
}

impl Initramfs<'_> {
    fn add(&mut self, name: &str, file: &Path) {
        let _ = writeln!(self.list, "file {name} {} 0755 0 0", file.display());
    }

    /// What the kernel's own selftests are compiled with: its headers, and those that say which
    /// libraries there are, which is none.
    fn with_headers(&self, b: &Builder) -> Result<Vec<String>> {
        let headers = self.dir.join("headers");
        let tree = &self.kernel.tree;

        std::fs::create_dir_all(&headers)
            .or_say(|| format!("cannot make {}", headers.display()))?;
        let make = self.kernel.toolbox.make(&b.settings, tree);
        let cmd = make
            .arg(format!("O={}", headers.display()))
            .arg(format!("ARCH={}", self.kernel.arch.in_kernel()))
            .args(["LLVM=1", "headers"]);
        self.log.run_checked(&cmd)?;
        write_whole(&headers.join("local_config.h"), b"")?;
        Ok([
            "-w".to_string(),
            "-D_GNU_SOURCE=".to_string(),
            "-U_FORTIFY_SOURCE".to_string(),
            format!("-I{}", headers.display()),
            format!("-I{}", tree.display()),
            format!("-isystem{}", headers.join("usr/include").display()),
            format!("-isystem{}", tree.join("tools/include/uapi").display()),
            "-lrt".to_string(),
            "-lpthread".to_string(),
            "-lm".to_string(),
        ]
        .into())
    }

    /// Takes a file out of a sysroot.
    fn copy(&mut self, tools: &Toolbox, from: &str, name: &str) -> Result<()> {
        let content = tools.cmd("cat").arg(from).checked()?.stdout;
        let to = self
            .dir
            .join(Path::new(name).file_name().unwrap_or_default());

        write_whole(&to, &content)?;
        self.add(name, &to);
        Ok(())
    }

    /// Static, since there is no library where they run.
    fn compile(&self, name: &str, sources: &[PathBuf], flags: &[String]) -> Result<PathBuf> {
        let to = self.dir.join(name);
        let cmd = self
            .compiler
            .clone()
            .arg("-static")
            .arg("-I")
            .arg(self.kernel.tree.join(TESTS))
            .arg("-o")
            .arg(&to)
            .args(sources)
            .args(flags);

        self.log.run_checked(&cmd)?;
        Ok(to)
    }

    fn pack(&self, name: &str) -> Result<PathBuf> {
        let archive = self.dir.join(name);
        let packer = self.dir.join("gen_init_cpio");
        let source = self.kernel.tree.join("usr/gen_init_cpio.c");
        let clang = self.kernel.toolbox.cmd("clang").arg("-O2");
        let file = self.dir.join("list");

        self.log
            .run_checked(&clang.arg("-o").arg(&packer).arg(source))?;
        write_whole(&file, self.list.as_bytes())?;
        let packed = self
            .kernel
            .toolbox
            .cmd(&packer.to_string_lossy())
            .arg(&file)
            .checked()?;
        write_whole(&archive, &packed.stdout)?;
        Ok(archive)
    }
}
