//! Everything that is said of a sound: what its content says, kept by content, and what its name adds.

use neume_models::{Embedding, Families, SoundLabels};
use serde::{Deserialize, Serialize};

use crate::level::{self, Levels};
use crate::names::Hints;
use crate::pieces::{MOST_FRAMES, Outline};
use crate::root::Root;
use crate::samples::Samples;
use crate::{
    Audio, Course, Decision, Decoded, Loop, Placing, Profile, Sound, SoundId, Source, course, decode,
    looping, loudness, pitch,
};

/// What a sound's content says, whatever its file is called. This is what the index keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Frames per second of the samples at rest.
    pub rate_hz: u32,
    /// Length in frames at that rate.
    pub frames: u64,
    /// What tracker and network hear.
    pub root: Root,
    /// What a chunk of the file says of the root.
    pub chunk_midi: Option<f32>,
    /// The file's own loop, or one that was found.
    pub sustain: Option<Loop>,
    /// EBU R128 in LUFS.
    pub loudness_db: f32,
    /// By ear.
    #[serde(with = "crate::packed")]
    pub families: Families,
    /// 0..1.
    pub brightness: f32,
    /// 0..1.
    pub roughness: f32,
    /// From where it begins until the level first comes within 3 dB of its peak.
    pub attack_secs: f32,
    /// How it goes on.
    pub course: Course,
    /// By the sound network.
    #[serde(with = "crate::packed")]
    pub embedding: Embedding,
    /// See [`Sound::overview`].
    #[serde(with = "crate::packed")]
    pub overview: Vec<u8>,
    /// What decoding had to say.
    pub remark: Option<String>,
    /// See [`Sound::tags`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tags: String,
    /// What a chunk of the file says of keys, velocities and level.
    #[serde(default, skip_serializing_if = "Placing::is_nothing")]
    pub placing: Placing,
}

/// Analyses decoded samples; `mono` are theirs by [`heard_mono`], and `labels` what the sound network says of these.
pub fn analyse(decoded: &Decoded, mono: &[f32], labels: &SoundLabels) -> Analysis {
    let audio = &decoded.audio;
    let levels = Levels::of(mono, audio.rate_hz);
    let outline = Outline {
        frames: audio.frames() as u64,
        root_midi: decoded.root_midi,
        sustain: decoded.sustain,
        remark: decoded.remark.clone(),
    };
    Ground {
        outline,
        samples: &Samples::whole(mono),
        levels: &levels,
        attack: audio.part(course::attack_of(&levels, audio.rate_hz)),
        loudness_db: loudness::integrated_db(audio),
        overview: level::overview(&audio.channels),
    }
    .analysis(labels)
}

/// What an analysis stands on.
pub(crate) struct Ground<'a> {
    pub outline: Outline,
    /// As the sound network hears it: the stretches at least that pitch, loop and spectra are sought in.
    pub samples: &'a Samples<'a>,
    /// Of all of these.
    pub levels: &'a Levels,
    /// [`course::attack_of`] the sound, in all channels.
    pub attack: Audio,
    pub loudness_db: f32,
    pub overview: Vec<u8>,
}

impl Ground<'_> {
    pub fn analysis(self, labels: &SoundLabels) -> Analysis {
        let Ground { outline, samples, levels, attack, loudness_db, overview } = self;
        let rate_hz = attack.rate_hz;
        let secs_to =
            |below_db: f32| levels.first_within(below_db).map_or(0.0, |frame| frame as f32 / rate_hz as f32);
        Analysis {
            rate_hz,
            frames: outline.frames,
            root: Root::heard(pitch::hear_in(samples, levels, rate_hz), labels),
            chunk_midi: outline.root_midi,
            sustain: outline.sustain.or_else(|| looping::find_in(samples, levels, rate_hz)),
            loudness_db,
            families: labels.families,
            brightness: labels.brightness,
            roughness: labels.roughness,
            attack_secs: secs_to(3.0) - secs_to(course::SILENT_DB),
            course: Course::measured(samples, levels, &attack),
            embedding: labels.embedding.clone(),
            overview,
            remark: outline.remark,
            tags: String::new(),
            placing: Placing::default(),
        }
    }
}

impl Analysis {
    /// Whether every figure is one that analysis can give; what comes from a file may be anything.
    pub(crate) fn is_whole(&self) -> bool {
        let norm = |value: f32| (0.0..=1.0).contains(&value);
        let secs = |value: f32| value.is_finite() && value >= 0.0;
        let midi = |value: Option<f32>| value.is_none_or(|midi| (-256.0..=256.0).contains(&midi));
        decode::RATES_HZ.contains(&self.rate_hz)
            && self.frames <= MOST_FRAMES
            && midi(self.root.midi)
            && norm(self.root.confidence)
            && midi(self.chunk_midi)
            && self.sustain.is_none_or(|l| l.start_frames < l.end_frames && l.end_frames <= self.frames)
            && (loudness::SILENCE_DB..=loudness::LOUDEST_DB).contains(&self.loudness_db)
            && self.families.0.iter().all(|&share| norm(share))
            && norm(self.brightness)
            && norm(self.roughness)
            && secs(self.attack_secs)
            && self.course.is_whole()
            && self.overview.len() == Sound::OVERVIEW_LEN
            && self.placing.is_whole()
    }

    /// The sound of this content under this name, with the root that the composer has decided on.
    pub fn sound(
        &self,
        id: SoundId,
        source: Source,
        name: String,
        hints: &Hints,
        decision: Option<Decision>,
    ) -> Sound {
        let chunk_midi = self.chunk_midi.filter(|_| !hints.is_chunk_empty);
        let root = match decision {
            None => self.root.told(hints, chunk_midi),
            Some(Decision::Name) => self.root.believing(hints, self.chunk_midi),
            Some(Decision::Ear) => self.root,
            Some(Decision::Midi(midi)) => Root { midi: Some(midi), confidence: 1.0 },
        };
        let doubt = self.root.doubt(hints, chunk_midi).filter(|_| decision.is_none());
        Sound {
            id,
            source,
            name,
            class: hints.class.clone(),
            tags: self.tags.clone(),
            rate_hz: self.rate_hz,
            frames: self.frames,
            sustain: self.sustain,
            profile: Profile {
                root_midi: root.midi,
                root_confidence: root.confidence,
                loudness_db: self.loudness_db,
                families: told_families(&self.families, hints),
                brightness: self.brightness,
                roughness: self.roughness,
                attack_secs: self.attack_secs,
                duration_secs: self.frames as f32 / self.rate_hz.max(1) as f32,
                embedding: self.embedding.clone(),
            },
            course: Some(self.course),
            doubt,
            overview: self.overview.clone(),
        }
    }
}

/// A family that the name says outranks the ear, which keeps a tenth.
fn told_families(heard: &Families, hints: &Hints) -> Families {
    let Some(family) = hints.family else { return *heard };
    let mut families = heard.0.map(|p| 0.1 * p);
    families[family.index()] += 0.9;
    Families(families)
}

/// Samples as the sound network hears them: the mean of the channels, or the louder one where they cancel out.
pub fn heard_mono(audio: &Audio) -> Vec<f32> {
    let energy = |samples: &[f32]| samples.iter().map(|s| s * s).sum::<f32>();
    let mono = audio.mono();
    let energies: Vec<f32> = audio.channels.iter().map(|channel| energy(channel)).collect();
    match heard_channel(energy(&mono), &energies) {
        Some(channel) => audio.channels[channel].clone(),
        None => mono,
    }
}

/// The channel that is heard, by the energies of the mean and of each; `None` for the mean.
pub(crate) fn heard_channel(mean: f32, channels: &[f32]) -> Option<usize> {
    let louder = |a: usize, b: usize| if channels[b] > channels[a] { b } else { a };
    let loudest = (0..channels.len()).reduce(louder)?;
    (mean < 0.05 * channels[loudest]).then_some(loudest)
}
