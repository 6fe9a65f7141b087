//! `neume bank root`: where a name and a sure ear say different roots, the composer decides.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Result, bail};
use clap::Args;
use neume_bank::decisions::decide;
use neume_bank::{Decision, ScanOptions, Sound};

use super::report::{emit, file_of, root_text, shown};
use super::{banks, sound_name};

/// See [`super::banks::Arguments::Root`].
#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder of sounds.
    folder: PathBuf,
    /// Sounds, as `neume bank list` calls them; without any, those in doubt.
    files: Vec<OsString>,
    /// Whose word counts from now on: ear, name, a MIDI note such as 60.25, or open to take a decision back. Without it,
    /// the sounds in doubt are listed.
    #[arg(long, value_name = "WHOSE")]
    from: Option<Whose>,
}

/// Whose word counts; `None` for nobody's.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Whose(Option<Decision>);

impl FromStr for Whose {
    type Err = String;

    fn from_str(text: &str) -> Result<Whose, String> {
        let midi =
            || text.parse::<f32>().ok().filter(|midi| (0.0..=127.0).contains(midi)).map(Decision::Midi);
        match text {
            "ear" => Ok(Whose(Some(Decision::Ear))),
            "name" => Ok(Whose(Some(Decision::Name))),
            "open" => Ok(Whose(None)),
            _ => midi()
                .map(|midi| Whose(Some(midi)))
                .ok_or_else(|| format!("`{text}` is neither ear, name, open nor a MIDI note from 0 to 127")),
        }
    }
}

#[derive(serde::Serialize)]
struct Roots {
    sounds: Vec<Root>,
}

#[derive(serde::Serialize)]
struct Root {
    file: String,
    /// As it is now.
    root_midi: Option<f32>,
    /// What its name, a table or a chunk says, where that is in doubt.
    told_midi: Option<f32>,
    /// What is heard, likewise.
    heard_midi: Option<f32>,
}

impl Root {
    fn of(sound: &Sound) -> Root {
        Root {
            file: file_of(sound),
            root_midi: sound.profile.root_midi,
            told_midi: sound.doubt.map(|doubt| doubt.told_midi),
            heard_midi: sound.doubt.map(|doubt| doubt.heard_midi),
        }
    }

    fn line(&self) -> String {
        let doubt = match (self.told_midi, self.heard_midi) {
            (Some(told), heard) => format!("  called {}, heard {}", root_text(Some(told)), root_text(heard)),
            _ => String::new(),
        };
        format!("{:<44} {:>9}{doubt}\n", shown(&self.file), root_text(self.root_midi))
    }
}

/// Runs the command.
///
/// # Errors
/// A folder that cannot be scanned, a sound that is not in it, a decision that cannot be kept.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let mut bank = banks::scan(&arguments.folder, false)?.bank;
    let mut chosen: Vec<&Sound> = bank.sounds.iter().filter(|sound| sound.doubt.is_some()).collect();
    if !arguments.files.is_empty() {
        chosen = Vec::new();
        for file in &arguments.files {
            let before = chosen.len();
            chosen.extend(bank.sounds.iter().filter(|sound| sound_name::is(sound, file)));
            if chosen.len() == before {
                bail!("{}: holds no sound `{}`", arguments.folder.display(), file.display());
            }
        }
    }
    let ids: Vec<_> = chosen.into_iter().map(|sound| sound.id).collect();
    if let Some(Whose(decision)) = arguments.from {
        decide(&arguments.folder, &ScanOptions::default(), &ids, decision)?;
        bank = banks::scan(&arguments.folder, false)?.bank;
    }
    let mut sounds: Vec<Root> =
        bank.sounds.iter().filter(|sound| ids.contains(&sound.id)).map(Root::of).collect();
    sounds.sort_by(|a, b| a.file.cmp(&b.file));
    let roots = Roots { sounds };
    emit(json, &roots, || match roots.sounds.is_empty() {
        true => "no sound is called by another note than is heard".to_string(),
        false => roots.sounds.iter().map(Root::line).collect(),
    })?;
    Ok(ExitCode::SUCCESS)
}
