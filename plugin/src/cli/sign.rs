//! `neume sign`: drawings that mean something because somebody said so.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use neume::library::Library;
use neume_models::SignEmbedding;
use neume_models::sign_net::similarity_to;
use serde::Serialize;

use super::args::open_sketch;
use super::progress;
use super::report::emit;

/// What to do with signs.
#[derive(Debug, Subcommand)]
pub enum Arguments {
    Classify(Classify),
}

/// Names the sign that each drawing resembles most.
///
/// A drawing that cannot be opened, or is empty, is a line on stderr, and the exit status is 1.
#[derive(Debug, Args)]
pub struct Classify {
    /// A folder that holds a folder for each sign, with one example or more in it.
    #[arg(long, value_name = "FOLDER")]
    support: PathBuf,
    /// A folder of drawings to be named.
    #[arg(long, value_name = "FOLDER")]
    query: PathBuf,
}

#[derive(Serialize)]
struct Report {
    signs: Vec<Named>,
}

#[derive(Serialize)]
struct Named {
    file: String,
    sign: String,
    similarity: f32,
}

/// A sign and where its examples lie.
struct Sign {
    name: String,
    examples: Vec<SignEmbedding>,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let Arguments::Classify(Classify { support, query }) = arguments;
    let mut reader = Reader { library: Library::shared(), code: ExitCode::SUCCESS };
    let signs = signs_of(support, &mut reader)?;
    let files = entries(query, |path| path.is_file())?;
    ensure!(!files.is_empty(), "{}: there is no drawing in it", query.display());
    let bar = progress::bar("reading", files.len() as u64);
    let mut named = Vec::new();
    for file in files {
        let embedding = bar.suspend(|| reader.embed(&file));
        if let Some(embedding) = embedding {
            let likeness = |sign: &Sign| similarity_to(&embedding, sign.examples.iter());
            let best = signs.iter().map(|sign| (sign, likeness(sign))).max_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((sign, similarity)) = best {
                named.push(Named { file: file.display().to_string(), sign: sign.name.clone(), similarity });
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let code = reader.code;
    if named.is_empty() {
        return Ok(code);
    }
    let report = Report { signs: named };
    emit(json, &report, || {
        let line = |named: &Named| format!("{:5.2}  {:20} {}", named.similarity, named.sign, named.file);
        report.signs.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(code)
}

fn signs_of(support: &Path, reader: &mut Reader) -> Result<Vec<Sign>> {
    let folders = entries(support, |path| path.is_dir())?;
    ensure!(!folders.is_empty(), "{}: there is no folder of a sign in it", support.display());
    let mut signs = Vec::new();
    let bar = progress::bar("learning", folders.len() as u64);
    for folder in folders {
        let files = entries(&folder, |path| path.is_file())?;
        let examples: Vec<SignEmbedding> =
            bar.suspend(|| files.iter().filter_map(|file| reader.embed(file)).collect());
        ensure!(!examples.is_empty(), "{}: there is no drawing in it that can be read", folder.display());
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        signs.push(Sign { name, examples });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(signs)
}

/// What opens drawings and remembers whether one could not be read.
struct Reader {
    library: std::sync::Arc<Library>,
    code: ExitCode,
}

impl Reader {
    fn embed(&mut self, file: &Path) -> Option<SignEmbedding> {
        let embedded = open_sketch(file)
            .and_then(|sketch| self.library.embed_sign(&sketch).with_context(|| file.display().to_string()));
        embedded
            .inspect_err(|error| {
                super::complain(error);
                self.code = ExitCode::FAILURE;
            })
            .ok()
    }
}

/// What lies in a folder and is wanted, by name; hidden files are not.
fn entries(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>> {
    let named = || folder.display().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(named)? {
        let entry = entry.with_context(named)?;
        let path = entry.path();
        if wanted(&path) && !entry.file_name().to_string_lossy().starts_with('.') {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
