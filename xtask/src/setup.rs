//! What the system must have: finds what is missing, installs it on Debian and its kin, names it elsewhere.
//!
//! It looks for the thing itself (a program, a header, a library) and not for a package, so it is quiet on any
//! system that has what is needed, however it came there.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::{python, steps};

/// What the set-up is for: tests need hosts and a display besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// To build, bundle and play.
    Build,
    /// To test as well.
    Test,
}

/// How to see that something is there.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// A program on the path.
    Program(&'static str),
    /// A library with its headers, as pkg-config knows it.
    Headers(&'static str),
    /// A shared library, by its name in the loader's cache.
    Library(&'static str),
    /// A folder with a file whose name begins so.
    File(&'static str, &'static str),
    /// A Python that can make environments.
    Python,
}

/// Something that must be there, and the package that brings it. An empty name: it always comes with another one.
#[derive(Debug, Clone, Copy)]
struct Need {
    sign: Sign,
    purpose: Purpose,
    debian: &'static str,
    fedora: &'static str,
    arch: &'static str,
}

const fn need(
    sign: Sign,
    purpose: Purpose,
    debian: &'static str,
    fedora: &'static str,
    arch: &'static str,
) -> Need {
    Need { sign, purpose, debian, fedora, arch }
}

/// On Linux. macOS and Windows have all but a compiler, which Rust needs there anyway.
const NEEDS: [Need; 19] = [
    need(Sign::Program("c++"), Purpose::Build, "g++", "gcc-c++", "gcc"),
    need(Sign::Program("pkg-config"), Purpose::Build, "pkg-config", "pkgconf-pkg-config", "pkgconf"),
    need(Sign::Headers("alsa"), Purpose::Build, "libasound2-dev", "alsa-lib-devel", "alsa-lib"),
    need(
        Sign::Headers("jack"),
        Purpose::Build,
        "libjack-jackd2-dev",
        "pipewire-jack-audio-connection-kit-devel",
        "jack2",
    ),
    need(Sign::Library("libGL.so.1"), Purpose::Build, "libgl1", "libglvnd-glx", "libglvnd"),
    need(Sign::Library("libEGL.so.1"), Purpose::Build, "libegl1", "libglvnd-egl", "libglvnd"),
    need(Sign::Library("libX11-xcb.so.1"), Purpose::Build, "libx11-xcb1", "libX11-xcb", "libx11"),
    need(Sign::Library("libXcursor.so.1"), Purpose::Build, "libxcursor1", "libXcursor", "libxcursor"),
    need(
        Sign::Library("libxkbcommon-x11.so.0"),
        Purpose::Build,
        "libxkbcommon-x11-0",
        "libxkbcommon-x11",
        "libxkbcommon-x11",
    ),
    // What the VST3 host of the tests opens.
    need(Sign::Library("libXext.so.6"), Purpose::Test, "libxext6", "libXext", "libxext"),
    need(Sign::Library("libXinerama.so.1"), Purpose::Test, "libxinerama1", "libXinerama", "libxinerama"),
    need(Sign::Library("libXrandr.so.2"), Purpose::Test, "libxrandr2", "libXrandr", "libxrandr"),
    need(Sign::Library("libatomic.so.1"), Purpose::Test, "libatomic1", "libatomic", "gcc-libs"),
    need(Sign::Library("libvulkan.so.1"), Purpose::Test, "libvulkan1", "vulkan-loader", "vulkan-icd-loader"),
    need(
        Sign::File("/usr/lib/*/dri", "swrast_dri.so"),
        Purpose::Test,
        "libgl1-mesa-dri",
        "mesa-dri-drivers",
        "mesa",
    ),
    need(
        Sign::File("/usr/share/vulkan/icd.d", "lvp_icd"),
        Purpose::Test,
        "mesa-vulkan-drivers",
        "mesa-vulkan-drivers",
        "vulkan-swrast",
    ),
    need(Sign::Program("Xvfb"), Purpose::Test, "xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb"),
    need(Sign::Program("xdotool"), Purpose::Test, "xdotool", "xdotool", "xdotool"),
    need(Sign::Python, Purpose::Test, "python3-venv", "python3", "python"),
];

/// Makes sure that the system has what `purpose` needs. Says nothing if it has.
///
/// # Errors
/// If something is missing that cannot be installed from here; the error names it for this platform.
pub fn run(purpose: Purpose) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return elsewhere(purpose);
    }
    let missing = missing(purpose);
    if missing.is_empty() {
        return Ok(());
    }
    if !on_path("apt-get") {
        bail!("{}", names_for_this_linux(&missing));
    }
    install(&missing)?;
    let left = self::missing(purpose);
    if !left.is_empty() {
        eprintln!(
            "── still not found where it was looked for, going on: {}",
            list(&left, |need| need.debian)
        );
    }
    Ok(())
}

fn missing(purpose: Purpose) -> Vec<Need> {
    let needed = NEEDS.iter().filter(|need| need.purpose <= purpose);
    needed.filter(|need| !is_there(need.sign)).copied().collect()
}

fn is_there(sign: Sign) -> bool {
    match sign {
        Sign::Program(name) => on_path(name),
        Sign::Headers(name) => succeeds("pkg-config", &["--exists", name]),
        Sign::Library(name) => loader_knows(name),
        Sign::File(folder, begins) => file_begins(folder, begins),
        Sign::Python => python::find().is_some(),
    }
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Whether a file in `folder` begins so; a `*` in the folder stands for any name.
fn file_begins(folder: &str, begins: &str) -> bool {
    let names = |folder: &Path| -> Vec<std::path::PathBuf> {
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    };
    let folders = match folder.split_once("/*") {
        None => vec![folder.into()],
        Some((before, after)) => {
            let after = after.trim_start_matches('/');
            let mut inner: Vec<_> = names(Path::new(before)).iter().map(|name| name.join(after)).collect();
            inner.push(Path::new(before).join(after));
            inner.push(Path::new("/usr/lib64").join(after));
            inner
        }
    };
    let begins_so = |path: &std::path::PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(begins))
    };
    folders.iter().any(|folder| names(folder).iter().any(begins_so))
}

fn loader_knows(library: &str) -> bool {
    let cache = ["ldconfig", "/sbin/ldconfig"].iter().find_map(|program| {
        let output = Command::new(program).arg("-p").stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    });
    // Without the cache nothing can be told; the build or the window says what it lacks.
    cache.is_none_or(|cache| cache.lines().any(|line| line.trim_start().starts_with(library)))
}

fn succeeds(program: &str, words: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn list(needs: &[Need], package: impl Fn(&Need) -> &'static str) -> String {
    let mut names: Vec<&str> = needs.iter().map(package).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" ")
}

/// Installs by apt, as root or by sudo.
fn install(missing: &[Need]) -> Result<()> {
    let packages = list(missing, |need| need.debian);
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
    let prefix: &[&str] = match (is_root, on_path("sudo")) {
        (true, _) => &[],
        (false, true) => &["sudo"],
        (false, false) => bail!("missing, and neither root nor sudo is at hand: apt-get install {packages}"),
    };
    eprintln!("── missing on this system: {packages}");
    if !is_root {
        eprintln!("── sudo may ask for your password");
        steps::show("become root", Command::new("sudo").arg("--validate"))?;
    }
    let apt = |words: &[&str]| {
        let all: Vec<&str> =
            prefix.iter().chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]).copied().collect();
        let mut command = Command::new(all[0]);
        command.args(&all[1..]).args(["-q", "-y"]).args(words);
        command
    };
    steps::quietly("refresh the package lists", &mut apt(&["update"]))?;
    let mut words = vec!["install", "--no-install-recommends"];
    words.extend(packages.split(' '));
    steps::quietly(&format!("install {packages}"), &mut apt(&words))
}

fn names_for_this_linux(missing: &[Need]) -> String {
    let advice = if on_path("dnf") {
        format!("sudo dnf install {}", list(missing, |need| need.fedora))
    } else if on_path("pacman") {
        format!("sudo pacman -S --needed {}", list(missing, |need| need.arch))
    } else {
        format!("the packages that Debian calls {}", list(missing, |need| need.debian))
    };
    format!("this system lacks something; install it and run this again:\n  {advice}")
}

/// macOS and Windows: a C++ compiler, and for the tests a Python.
fn elsewhere(purpose: Purpose) -> Result<()> {
    if cfg!(target_os = "macos") && !succeeds("c++", &["--version"]) {
        bail!("there is no C++ compiler; install it and run this again:\n  xcode-select --install");
    }
    if purpose == Purpose::Test && python::find().is_none() {
        let advice = if cfg!(windows) { "winget install Python.Python.3.12" } else { "brew install python" };
        bail!("there is no Python 3.10 or newer; install it and run this again:\n  {advice}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_nobody_has_is_missing() {
        assert!(on_path("cargo"));
        assert!(!is_there(Sign::Program("a-program-that-nobody-has")));
    }

    #[test]
    fn each_package_is_named_once() {
        let libraries: Vec<Need> =
            NEEDS.into_iter().filter(|need| matches!(need.sign, Sign::Library(_))).collect();
        let names = list(&libraries, |need| need.arch);
        assert_eq!(names.split(' ').filter(|name| *name == "libglvnd").count(), 1, "{names}");
    }

    #[test]
    fn building_needs_less_than_testing() {
        let count = |purpose| NEEDS.iter().filter(|need| need.purpose <= purpose).count();
        assert!(count(Purpose::Build) < count(Purpose::Test));
        assert_eq!(count(Purpose::Test), NEEDS.len());
    }
}
