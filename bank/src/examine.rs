//! One file, or one member of a SoundFont, is read, decoded and listened to. Run by the threads of a scan; never panics,
//! whatever the file holds.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use neume_models::SoundLabels;

use crate::analyse::Analysis;
use crate::container::Container;
use crate::names::Hints;
use crate::walk::Found;
use crate::{Content, Error, Profile, SoundId, Source, chunks, long, tags};

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

/// Reads, decodes, listens; a long sound is left in the middle where the scan is cancelled, also while its content is
/// named. Never panics, whatever the file holds.
pub(crate) fn examine(
    folder: &Path,
    job: &Job,
    known: &HashSet<SoundId>,
    listen: &Listen,
    cancel: &AtomicBool,
) -> Examined {
    match job {
        Job::File(found) => {
            let path = folder.join(&found.relative);
            let content = match Content::open(&path) {
                Ok(content) => content,
                Err(Error::File { cause, .. }) => return Examined::Unread(cause),
                Err(error) => return Examined::Failed(cause_of(error)),
            };
            let id = match content.id(&|| cancel.load(Ordering::Relaxed)) {
                Ok(id) => id,
                Err(cause) => return Examined::Unread(cause.to_string()),
            };
            if known.contains(&id) {
                return Examined::Known(id);
            }
            let examined = label(id, || {
                let tags = tags::of(&content);
                let placing = chunks::placing(&content);
                Ok(Analysis { tags, placing, ..long::hear(&content, &path, listen, cancel)? })
            });
            match examined {
                // So may a sound look that was left in the middle.
                Examined::Failed(cause) if cancel.load(Ordering::Relaxed) => Examined::Unread(cause),
                examined => examined,
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
            label(recording.id, || long::hear_decoded(&recording.decode().map_err(cause_of)?, listen))
        }
    }
}

/// What is said of a sound that lies in no bank, whatever it is called: the content of a file that `path` names.
///
/// # Errors
/// [`Error::File`] where it is no sound, or silent.
pub fn profile_of(content: &Content, path: &Path, listen: &Listen) -> Result<Profile, Error> {
    match label(SoundId([0; 16]), || long::hear(content, path, listen, &AtomicBool::new(false))) {
        Examined::New(id, says) => {
            let source = Source::File(path.to_path_buf());
            Ok(says.sound(id, source, String::new(), &Hints::default(), None).profile)
        }
        Examined::Failed(cause) | Examined::Unread(cause) => {
            Err(Error::File { path: path.to_path_buf(), cause })
        }
        Examined::Known(_) => Err(Error::File { path: path.to_path_buf(), cause: "is known".to_string() }),
    }
}

/// What is said of a sound that is not known yet.
fn label(id: SoundId, hear: impl FnOnce() -> Result<Analysis, String>) -> Examined {
    match catch_unwind(AssertUnwindSafe(hear)) {
        Ok(Ok(says)) => Examined::New(id, Box::new(says)),
        Ok(Err(cause)) => Examined::Failed(cause),
        Err(_) => Examined::Failed("the analysis gave up on this sound".to_string()),
    }
}

/// The cause without the path, which stands beside it in the report.
pub(crate) fn cause_of(error: Error) -> String {
    match error {
        Error::File { cause, .. } => cause,
        Error::Limit { what, found, limit, .. } => format!("{what} of {found} is over the limit of {limit}"),
        other => other.to_string(),
    }
}
