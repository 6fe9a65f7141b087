//! The bundles that hosts load: `neume.clap` and `neume.vst3`, both around one library.
//!
//! The VST3 entry is clap-wrapper's and stands in the same library as the CLAP entry, so the bundler finds both.

use anyhow::{Result, bail};

use crate::{paths, setup, steps};

/// Sets up, builds and bundles.
pub fn run() -> Result<()> {
    setup::run(setup::Purpose::Build)?;
    make()
}

/// Builds in release and bundles.
pub fn make() -> Result<()> {
    steps::show("build the instrument", steps::cargo().args(["build", "--release", "--package", "neume"]))?;
    nice_plug_xtask::bundle(&paths::target(), "neume", &["--release".to_string()], false)?;
    for bundle in ["neume.clap", "neume.vst3"] {
        let path = paths::bundled().join(bundle);
        if !path.exists() {
            bail!("{}: was not made; does the library export its entry?", path.display());
        }
    }
    Ok(())
}
