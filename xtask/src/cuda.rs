//! `cargo xtask cuda`: builds `models/cuda`, the library that runs the networks on CUDA. No GPU is needed to build it.
//!
//! Takes the CUDA toolkit of the system, or else the parts of it that are needed from PyPI, into `target/cuda`. No other
//! command runs this: Neume is built and tested without CUDA.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::{paths, python, steps};

/// CUDA 13.0, the oldest of its series: the driver compiles the kernels, and one that knows an older CUDA refuses what a
/// newer one made.
const WHEELS: [&str; 8] = [
    "nvidia-cuda-nvcc==13.0.88",
    "nvidia-cuda-crt==13.0.88",
    "nvidia-nvvm==13.0.88",
    "nvidia-cuda-cccl==13.0.85",
    "nvidia-cuda-runtime==13.0.96",
    "nvidia-cuda-nvrtc==13.0.88",
    "nvidia-cublas==13.0.2.14",
    "nvidia-curand==10.4.0.35",
];

/// The oldest GPUs that CUDA 13 knows (Turing, 2018); newer ones compile the same kernels for themselves.
const COMPUTE_CAP: &str = "75";

/// Finds or fetches CUDA, builds, and lays the library beside the bundles.
pub fn run() -> Result<()> {
    ensure!(
        cfg!(any(target_os = "linux", windows)),
        "there is no CUDA on this system; on macOS Metal is built into Neume"
    );
    let started = Instant::now();
    let toolkit = match of_system() {
        Some(toolkit) => toolkit,
        None => of_wheels()?,
    };
    eprintln!("── CUDA: {}", toolkit.display());
    let target = paths::target().join("cuda/build");
    let mut build = steps::cargo();
    build.args(["build", "--release", "--locked"]).current_dir(paths::root().join("models/cuda"));
    build.env("CARGO_TARGET_DIR", &target).env("CUDA_HOME", &toolkit).env("CUDA_PATH", &toolkit);
    build.env("NVCC", nvcc(&toolkit)).env("PATH", path_with(&toolkit.join("bin"))?);
    if std::env::var_os("CUDA_COMPUTE_CAP").is_none() {
        build.env("CUDA_COMPUTE_CAP", COMPUTE_CAP);
    }
    build.env("LIBRARY_PATH", toolkit.join("lib"));
    steps::show("build models/cuda; the first time takes ten minutes or more", &mut build)?;

    let name = format!("{}neume_cuda{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let (from, to) = (target.join("release").join(&name), paths::bundled().join(&name));
    fs::create_dir_all(paths::bundled())?;
    fs::copy(&from, &to).with_context(|| format!("{}: cannot be copied", from.display()))?;
    let mb = fs::metadata(&to)?.len() as f64 / 1e6;
    println!("{}: {mb:.1} MB, built in {:.0} s", to.display(), started.elapsed().as_secs_f32());
    println!(
        "Lay it beside the plugin or `neume`, or name it in NEUME_CUDA; CUDA's own libraries may lie beside it."
    );
    Ok(())
}

fn nvcc(toolkit: &Path) -> PathBuf {
    toolkit.join("bin").join(format!("nvcc{}", std::env::consts::EXE_SUFFIX))
}

fn path_with(folder: &Path) -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path)))?)
}

/// The toolkit that the system has: where its variables say, where nvcc is on the path, or where it usually lies.
fn of_system() -> Option<PathBuf> {
    let named = ["CUDA_HOME", "CUDA_PATH"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).filter_map(|folder| Some(folder.parent()?.to_path_buf()));
    let usual = std::iter::once(PathBuf::from("/usr/local/cuda"));
    named
        .chain(on_path)
        .chain(usual)
        .find(|toolkit| nvcc(toolkit).is_file() && toolkit.join("include/cuda.h").is_file())
}

/// A toolkit out of wheels, fetched on first use.
fn of_wheels() -> Result<PathBuf> {
    ensure!(
        cfg!(target_os = "linux"),
        "there is no nvcc; install the CUDA toolkit from https://developer.nvidia.com/cuda-downloads and run this again"
    );
    let folder = paths::target().join("cuda/kit");
    let toolkit = folder.join("nvidia/cu13");
    let stamp = folder.join("wheels.txt");
    let wanted = WHEELS.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(toolkit);
    }
    let Some(python) = python::find() else {
        bail!("there is no nvcc, and to fetch it Python 3.10 or newer with its venv module is needed");
    };
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let environment = paths::target().join("cuda/python");
    steps::quietly(
        "make a Python environment",
        Command::new(python).args(["-m", "venv", "--clear"]).arg(&environment),
    )?;
    let install = [
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--only-binary=:all:",
        "--no-deps",
        "--target",
    ];
    let mut pip = Command::new(environment.join("bin/python"));
    pip.args(install).arg(&folder).args(WHEELS);
    steps::quietly("fetch CUDA's compiler and libraries from PyPI (0.7 GB)", &mut pip)?;
    make_linkable(&toolkit.join("lib"))?;
    fs::write(&stamp, wanted)?;
    Ok(toolkit)
}

/// Gives the libraries of the wheels the names that a linker looks for, and something to stand for the driver's, which no
/// wheel has: the real one is there where there is a GPU.
fn make_linkable(folder: &Path) -> Result<()> {
    let names: Vec<String> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    for name in names {
        if let Some((plain, _)) = name.split_once(".so.") {
            let link = folder.join(format!("{plain}.so"));
            if !link.exists() {
                link_to(&name, &link)?;
            }
        }
    }
    let empty = ["-shared", "-Wl,-soname,libcuda.so.1", "-x", "c", "/dev/null", "-o"];
    let mut stand_in = Command::new("cc");
    stand_in.args(empty).arg(folder.join("libcuda.so"));
    steps::quietly("make a stand-in for the driver's library", &mut stand_in)
}

#[cfg(unix)]
fn link_to(name: &str, link: &Path) -> Result<()> {
    Ok(std::os::unix::fs::symlink(name, link)?)
}

#[cfg(not(unix))]
fn link_to(_: &str, link: &Path) -> Result<()> {
    bail!("{}: links are made on Linux only", link.display())
}
