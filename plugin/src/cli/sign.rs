//! `neume sign`: drawings that mean something because somebody said so.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};
use neume::language::Language;
use neume::library::Library;
use neume::signs::{Kept, Likeness, Shape, Signs};
use neume_models::echo::ECHOES;
use serde::Serialize;

use super::args::open_sketch;
use super::progress;
use super::report::{emit, shown};

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
    /// Where the networks ran.
    device: String,
}

#[derive(Serialize)]
struct Named {
    file: String,
    sign: String,
    similarity: f32,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let Arguments::Classify(Classify { support, query }) = arguments;
    let mut reader = Reader { library: Library::shared(), code: ExitCode::SUCCESS };
    let language = reader.language_of(support)?;
    let signs = reader.learn(&language);
    let files = entries(query, |path| path.is_file())?;
    ensure!(!files.is_empty(), "{}: there is no drawing in it", query.display());
    let bar = progress::bar("reading", files.len() as u64);
    let mut named = Vec::new();
    for file in files {
        if let Some(best) = bar.suspend(|| reader.name(&file, &signs)) {
            let file = file.display().to_string();
            named.push(Named { file, sign: best.name, similarity: best.similarity });
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let code = reader.code;
    if named.is_empty() {
        return Ok(code);
    }
    let report = Report { signs: named, device: reader.library.device().1 };
    emit(json, &report, || {
        let line = |named: &Named| {
            format!("{:5.2}  {:20} {}", named.similarity, shown(&named.sign), shown(&named.file))
        };
        report.signs.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(code)
}

/// What came of a drawing; a failure is told, and known at the exit.
fn heard<T>(opened: Result<T>, code: &mut ExitCode) -> Option<T> {
    opened
        .inspect_err(|error| {
            super::complain(error);
            *code = ExitCode::FAILURE;
        })
        .ok()
}

/// What names drawings and remembers whether one could not be read.
struct Reader {
    library: Arc<Library>,
    code: ExitCode,
}

impl Reader {
    /// The language in which every folder is a sign.
    fn language_of(&mut self, support: &Path) -> Result<Language> {
        let folders = entries(support, |path| path.is_dir())?;
        ensure!(!folders.is_empty(), "{}: there is no folder of a sign in it", support.display());
        let mut language = Language::default();
        let mut names = Vec::new();
        for folder in folders {
            let name =
                folder.file_name().map(|name| name.to_string_lossy().trim().to_string()).unwrap_or_default();
            ensure!(!names.contains(&name), "{}: another folder has the same name", folder.display());
            for file in entries(&folder, |path| path.is_file())? {
                let taught = self.teach(&mut language, &name, &file);
                heard(taught, &mut self.code);
            }
            let can_be_read = language.sign(&name).is_some();
            ensure!(can_be_read, "{}: there is no drawing in it that can be read", folder.display());
            names.push(name);
        }
        if let Some(lost) = names.iter().find(|name| language.sign(name).is_none()) {
            bail!("{}: each of its drawings is one of another sign too", support.join(lost).display());
        }
        Ok(language)
    }

    /// Teaches a drawing. One that was an example of another sign is that no more, which is said.
    fn teach(&self, language: &mut Language, name: &str, file: &Path) -> Result<()> {
        let named = || file.display().to_string();
        let drawing = Arc::new(open_sketch(file)?);
        if drawing.raster.is_some() {
            // In a picture the network tells ink from what is printed there.
            self.library.shape_of(&drawing).with_context(named)?;
        }
        let of_others = |language: &Language| -> usize {
            let others = language.signs.iter().filter(|sign| sign.name != name);
            others.map(|sign| sign.examples.len()).sum()
        };
        let before = of_others(language);
        language.teach(name, drawing).with_context(named)?;
        if of_others(language) < before {
            super::say(format!("{}: it is a drawing of another sign too; it counts as `{name}`", named()));
        }
        Ok(())
    }

    fn learn(&mut self, language: &Language) -> Signs {
        let (signs, failed) = practised(language, &self.library);
        for cause in failed {
            heard::<()>(Err(anyhow::Error::msg(cause)), &mut self.code);
        }
        signs
    }

    /// The sign that a drawing resembles most.
    fn name(&mut self, file: &Path, signs: &Signs) -> Option<Likeness> {
        let shape = open_sketch(file)
            .and_then(|sketch| Shape::of(&sketch, &self.library).with_context(|| file.display().to_string()));
        let recognised = signs.look_closely(&mut heard(shape, &mut self.code)?, &self.library);
        recognised.likely.into_iter().next()
    }
}

/// The signs of a language in all their forms, and which of their drawings cannot be read and why.
pub fn practised(language: &Language, library: &Library) -> (Signs, Vec<String>) {
    let mut signs = Signs::default();
    if language.signs.is_empty() {
        return (signs, Vec::new());
    }
    let kept = Kept::open(library);
    let count: usize = language.signs.iter().map(|sign| sign.examples.len()).sum();
    let bar = progress::bar("learning", (count + count.min(Signs::PRACTISED) * ECHOES) as u64);
    let failed = signs.learn_by(language, library, &|drawing| {
        bar.inc(1);
        kept.shape(drawing, library)
    });
    while signs.practise(library) {
        bar.inc(1);
    }
    bar.finish_and_clear();
    kept.keep(&[&signs]);
    (signs, failed)
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
