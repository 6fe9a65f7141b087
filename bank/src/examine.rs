//! One file, or one member of a SoundFont, is read, decoded and listened to. Run by the threads of a scan; never panics,
//! whatever the file holds.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use neume_models::SoundLabels;

use crate::analyse::{self, Analysis};
use crate::container::Container;
use crate::names::Hints;
use crate::walk::Found;
use crate::{Decoded, Error, Profile, SoundId, Source, decode, tags};

/// Labels the mono samples of a sound at a rate in Hz.
pub type Listen<'a> = dyn Fn(&[f32], u32) -> Result<SoundLabels, neume_models::Error> + Sync + 'a;

/// What became of one file.
pub(crate) enum Examined {
    /// The content is in the index already.
    Known(SoundId),
    New(SoundId, Box<Analysis>),
    /// No sound, whenever it is looked at again.
    Failed(String),
    /// Not to be read today: the drive may be gone.
    Unread(String),
}

impl Examined {
    pub fn is_sound(&self) -> bool {
        matches!(self, Examined::Known(_) | Examined::New(..))
    }
}

/// Something to be listened to.
pub(crate) enum Job {
    File(Found),
    /// A member of a container, by its position there.
    Member(Arc<Container>, PathBuf, String, usize),
}

/// Reads, decodes, listens. Never panics, whatever the file holds.
pub(crate) fn examine(folder: &Path, job: &Job, known: &HashSet<SoundId>, listen: &Listen) -> Examined {
    match job {
        Job::File(found) => {
            let path = folder.join(&found.relative);
            let bytes = match decode::read(&path) {
                Ok(bytes) => bytes,
                Err(Error::File { cause, .. }) => return Examined::Unread(cause),
                Err(error) => return Examined::Failed(cause_of(error)),
            };
            let id = SoundId::of(&bytes);
            if known.contains(&id) {
                return Examined::Known(id);
            }
            let tags = tags::of(&bytes);
            match label(id, || decode::decode_bytes(bytes, &path), listen) {
                Examined::New(id, says) => Examined::New(id, Box::new(Analysis { tags, ..*says })),
                other => other,
            }
        }
        Job::Member(container, _, member, _) => {
            let recording = match container.recording(member) {
                Ok(recording) => recording,
                Err(error) => return Examined::Failed(cause_of(error)),
            };
            if known.contains(&recording.id) {
                return Examined::Known(recording.id);
            }
            label(recording.id, || recording.decode(), listen)
        }
    }
}

/// What is said of a sound that lies in no bank, whatever it is called: the content of a file that `path` names.
///
/// # Errors
/// [`Error::File`] where it is no sound, or silent.
pub fn profile_of(content: Vec<u8>, path: &Path, listen: &Listen) -> Result<Profile, Error> {
    let id = SoundId::of(&content);
    match label(id, || decode::decode_bytes(content, path), listen) {
        Examined::New(_, says) => {
            let source = Source::File(path.to_path_buf());
            Ok(says.sound(id, source, String::new(), &Hints::default(), None).profile)
        }
        Examined::Failed(cause) | Examined::Unread(cause) => {
            Err(Error::File { path: path.to_path_buf(), cause })
        }
        Examined::Known(_) => Err(Error::File { path: path.to_path_buf(), cause: "is known".to_string() }),
    }
}

/// Decodes a sound that is not known yet, and listens to it.
fn label(id: SoundId, decode: impl FnOnce() -> Result<Decoded, Error>, listen: &Listen) -> Examined {
    let labelled = catch_unwind(AssertUnwindSafe(|| {
        let decoded = decode().map_err(cause_of)?;
        let mono = analyse::heard_mono(&decoded.audio);
        if mono.iter().all(|sample| sample.abs() < SILENT) {
            return Err("the sound is silent".to_string());
        }
        let labels = listen(&mono, decoded.audio.rate_hz).map_err(|error| error.to_string())?;
        Ok(analyse::analyse(&decoded, &mono, &labels))
    }));
    match labelled {
        Ok(Ok(says)) => Examined::New(id, Box::new(says)),
        Ok(Err(cause)) => Examined::Failed(cause),
        Err(_) => Examined::Failed("the analysis gave up on this sound".to_string()),
    }
}

/// Samples below this, linear, are silence: -100 dB.
const SILENT: f32 = 1e-5;

/// The cause without the path, which stands beside it in the report.
pub(crate) fn cause_of(error: Error) -> String {
    match error {
        Error::File { cause, .. } => cause,
        Error::Limit { what, found, limit, .. } => format!("{what} of {found} is over the limit of {limit}"),
        other => other.to_string(),
    }
}
