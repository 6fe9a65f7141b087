//! The sheet of one sound: waveform and spectrogram on one axis of time, and its profile under them.

use neume::editor::theme::{Theme, Tokens};
use neume::figures::fixed;
use neume::page::{Lettering, Page, hex, shortened, width_of};
use neume_bank::{Course, Evidence, Instrument, Sound};
use neume_models::Family;
use neume_models::legend::{note_and_cents, note_name};

use super::bank_show::told_by;
use super::colour_map::ColourMap;
use super::overview::Overview;
use super::plot::{Axis, tick_text};
use super::report::file_of;

const WIDTH: f32 = 1400.0;
const HEIGHT: f32 = 990.0;
const MARGIN: f32 = 72.0;
/// Of waveform and spectrogram, inside of their labels.
const LEFT: f32 = MARGIN + 52.0;
const ACROSS: f32 = WIDTH - MARGIN - LEFT;
const WAVE: [f32; 4] = [LEFT, 138.0, ACROSS, 150.0];
const SPECTRUM: [f32; 4] = [LEFT, 318.0, ACROSS, 300.0];
const PROFILE_TOP: f32 = 690.0;
/// Levels that the spectrogram shows, in dB below the loudest.
const RANGE_DB: f32 = 80.0;

/// What is drawn.
pub struct Sheet<'a> {
    /// The sound.
    pub sound: &'a Sound,
    /// What it belongs to.
    pub instrument: &'a Instrument,
    /// How it looks, in [`Sheet::COLUMNS`].
    pub overview: Overview,
    /// Its channels.
    pub channels: usize,
    /// How it goes.
    pub course: Course,
    /// Who said what it is.
    pub evidence: Option<&'a Evidence>,
    /// On paper or on slate.
    pub theme: Theme,
}

impl Sheet<'_> {
    /// Columns of the waveform and of the spectrogram.
    pub const COLUMNS: [usize; 2] = [2 * ACROSS as usize, ACROSS as usize];

    /// The page as SVG.
    pub fn draw(&self) -> String {
        let mut page = Page::new([WIDTH, HEIGHT], &hex(self.tokens().pad));
        self.title_on(&mut page);
        self.waveform_on(&mut page);
        self.spectrogram_on(&mut page);
        self.time_on(&mut page);
        self.course_on(&mut page, [MARGIN, PROFILE_TOP]);
        self.families_on(&mut page, [520.0, PROFILE_TOP]);
        self.measures_on(&mut page, [1000.0, PROFILE_TOP]);
        page.finish()
    }

    fn tokens(&self) -> &'static Tokens {
        self.theme.tokens()
    }

    fn family(&self) -> Family {
        self.sound.profile.families.best().0
    }

    fn secs(&self) -> f32 {
        self.sound.profile.duration_secs.max(1e-3)
    }

    /// The column of a time.
    fn x_of(&self, secs: f32) -> f32 {
        LEFT + ACROSS * (secs / self.secs()).clamp(0.0, 1.0)
    }

    /// Words of a size, with weight or without, receding or not.
    fn words(
        &self,
        page: &mut Page,
        at: [f32; 2],
        (size, strong, dim): (f32, bool, bool),
        anchor: &'static str,
        words: &str,
    ) {
        let colour = hex(if dim { self.tokens().dim } else { self.tokens().text });
        page.text(at, Lettering { size, strong, colour: &colour, anchor }, words);
    }

    fn title_on(&self, page: &mut Page) {
        let name = shortened(&self.sound.name, 48);
        self.words(page, [MARGIN, 80.0], (34.0, true, false), "start", &name);
        let channels = if self.channels == 1 { "mono" } else { "stereo" };
        let length = time_text(self.sound.profile.duration_secs);
        let mut words = format!("{length}  ·  {} Hz {channels}", self.sound.rate_hz);
        let file = file_of(self.sound);
        if file != self.sound.name {
            words = format!("{}  ·  {words}", shortened(&file, 80));
        }
        if self.instrument.name != self.sound.name {
            words += &format!("  ·  of {}", shortened(&self.instrument.name, 40));
        }
        if let Some(remark) = self.evidence.and_then(|evidence| evidence.remark.as_ref()) {
            words += &format!("  ·  {}", shortened(remark, 60));
        }
        self.words(page, [MARGIN, 108.0], (14.0, false, true), "start", &words);
        let label = self.family().label();
        let width = width_of(label, 15.0, true) + 32.0;
        page.fill([WIDTH - MARGIN - width, 56.0, width, 30.0], 15.0, &self.hue(self.family()));
        let paper = hex(self.tokens().pad);
        let style = Lettering { size: 15.0, strong: true, colour: &paper, anchor: "middle" };
        page.text([WIDTH - MARGIN - width / 2.0, 76.5], style, label);
    }

    fn hue(&self, family: Family) -> String {
        hex(self.theme.family(family))
    }

    fn waveform_on(&self, page: &mut Page) {
        let [x, y, w, h] = WAVE;
        let tokens = self.tokens();
        let silences = [(0.0, self.course.lead_secs), (self.secs() - self.course.trail_secs, self.secs())];
        for (from, to) in silences {
            let (left, right) = (self.x_of(from), self.x_of(to));
            if right - left > 0.5 {
                page.fill([left, y, right - left, h], 0.0, &hex(tokens.pad_black_row));
            }
            if right - left > 60.0 {
                let at = [(left + right) / 2.0, y + 14.0];
                self.words(
                    page,
                    at,
                    (11.0, false, true),
                    "middle",
                    &format!("silent {}", time_text(to - from)),
                );
            }
        }
        self.loop_on(page);
        page.line(&[[x, y + h / 2.0], [x + w, y + h / 2.0]], 1.0, &hex(tokens.line));
        let columns = self.overview.waveform();
        let peak = columns.iter().fold(1e-6f32, |peak, &(low, high)| peak.max(high).max(-low));
        let at = |i: usize, value: f32| [x + 0.5 * i as f32, y + h / 2.0 - 0.46 * h * value / peak];
        let upper = columns.iter().enumerate().map(|(i, &(_, high))| at(i, high.max(0.004 * peak)));
        let lower = columns.iter().enumerate().rev().map(|(i, &(low, _))| at(i, low.min(-0.004 * peak)));
        let corners: Vec<[f32; 2]> = upper.chain(lower).collect();
        page.polygon(&corners, &self.hue(self.family()));
        let attack = self.x_of(self.sound.profile.attack_secs);
        page.dashed(&[[attack, y - 4.0], [attack, y + h]], 1.4, &hex(tokens.accent));
        let is_left = attack > x + 0.8 * w;
        let label = [attack + if is_left { -6.0 } else { 6.0 }, y + h - 6.0];
        let words = format!("attack {}", time_text(self.sound.profile.attack_secs));
        self.words(page, label, (11.0, false, true), if is_left { "end" } else { "start" }, &words);
        page.frame(WAVE, &hex(tokens.line));
        let peak_db = fixed(20.0 * peak.log10(), 1).replace('-', "−");
        self.words(page, [x - 10.0, y + 12.0], (11.0, false, true), "end", &format!("{peak_db} dB"));
    }

    fn loop_on(&self, page: &mut Page) {
        let [_, y, _, h] = WAVE;
        let Some(sustain) = self.sound.sustain else { return };
        let secs = |frames: u64| frames as f32 / self.sound.rate_hz.max(1) as f32;
        let (from, to) = (secs(sustain.start_frames), secs(sustain.end_frames));
        let (left, right) = (self.x_of(from), self.x_of(to));
        let accent = hex(self.tokens().accent);
        page.open("opacity=\"0.16\"");
        page.fill([left, y, (right - left).max(1.0), h], 0.0, &accent);
        page.close();
        let fade = self.x_of(to - secs(sustain.crossfade_frames));
        page.open("opacity=\"0.3\"");
        page.polygon(&[[fade, y + h], [right, y], [right, y + h]], &accent);
        page.close();
        for (edge, inwards) in [(left, 7.0), (right, -7.0)] {
            page.line(
                &[[edge + inwards, y], [edge, y], [edge, y + h], [edge + inwards, y + h]],
                1.6,
                &accent,
            );
        }
        let words = format!("loop {}", time_text(to - from));
        let at = ((left + right) / 2.0).clamp(LEFT + 60.0, LEFT + ACROSS - 60.0);
        self.words(page, [at, y - 8.0], (12.0, false, true), "middle", &words);
    }

    fn spectrogram_on(&self, page: &mut Page) {
        let [x, y, w, h] = SPECTRUM;
        let top_hz = (0.5 * self.sound.rate_hz as f32).clamp(1_000.0, 18_000.0);
        let hz = Axis::Log(30.0, top_hz);
        let colours = ColourMap::of(self.theme);
        let picture = self.overview.spectrogram(hz, RANGE_DB, h as u32, |level| colours.at(level));
        page.picture(&picture, SPECTRUM);
        let row = |value: f32| y + h - hz.along(value) * h;
        for tick in hz.ticks(5).into_iter().filter(|tick| *tick < top_hz) {
            page.line(&[[x - 5.0, row(tick)], [x, row(tick)]], 1.0, &hex(self.tokens().faint));
            self.words(page, [x - 10.0, row(tick) + 4.0], (11.0, false, true), "end", &tick_text(tick));
        }
        self.words(page, [x - 10.0, y + h + 16.0], (11.0, false, true), "end", "Hz");
        if let Some(root) = self.sound.profile.root_midi.filter(|midi| midi.is_finite()) {
            let root_hz = 440.0 * 2f32.powf((root - 69.0) / 12.0);
            if (30.0..top_hz).contains(&root_hz) {
                let end = x + w;
                page.line(&[[end, row(root_hz)], [end + 8.0, row(root_hz)]], 2.0, &hex(self.tokens().accent));
                let name = note_name(root.round() as i32);
                self.words(page, [end + 12.0, row(root_hz) + 4.0], (12.0, true, false), "start", &name);
            }
        }
        page.frame(SPECTRUM, &hex(self.tokens().line));
        self.scale_on(page, &colours);
    }

    /// What the colours of the spectrogram mean.
    fn scale_on(&self, page: &mut Page, colours: &ColourMap) {
        const STEPS: usize = 60;
        let ([x, y, w, h], wide) = (SPECTRUM, 180.0);
        let (left, top) = (x + w - wide - 44.0, y + h + 26.0);
        for step in 0..STEPS {
            let [r, g, b, _] = colours.at(step as f32 / (STEPS - 1) as f32).0;
            let part = wide / STEPS as f32;
            page.fill(
                [left + part * step as f32, top, part + 0.3, 8.0],
                0.0,
                &format!("#{r:02x}{g:02x}{b:02x}"),
            );
        }
        self.words(page, [left - 8.0, top + 8.0], (11.0, false, true), "end", &format!("−{RANGE_DB:.0}"));
        self.words(page, [left + wide + 8.0, top + 8.0], (11.0, false, true), "start", "0 dB");
    }

    fn time_on(&self, page: &mut Page) {
        let [_, y, _, h] = SPECTRUM;
        for tick in time_ticks(self.secs()) {
            let x = self.x_of(tick);
            page.line(
                &[[x, WAVE[1] + WAVE[3]], [x, WAVE[1] + WAVE[3] + 5.0]],
                1.0,
                &hex(self.tokens().faint),
            );
            let words = match tick {
                0.0 => "0 s".to_string(),
                _ if self.secs() < MINUTES_SECS => tick_text(tick),
                _ => clock_text(tick),
            };
            if x < LEFT + ACROSS - 4.0 {
                self.words(page, [x, WAVE[1] + WAVE[3] + 19.0], (11.0, false, true), "middle", &words);
            }
            page.line(&[[x, y + h], [x, y + h + 5.0]], 1.0, &hex(self.tokens().faint));
        }
    }

    /// Root, loudness and times, as words.
    fn course_on(&self, page: &mut Page, [x, y]: [f32; 2]) {
        let profile = &self.sound.profile;
        self.words(page, [x, y], (13.0, true, true), "start", "Root");
        let root = profile.root_midi.filter(|midi| midi.is_finite());
        self.words(
            page,
            [x, y + 46.0],
            (40.0, true, false),
            "start",
            &root.map_or("no pitch".to_string(), note_and_cents),
        );
        self.bar_on(page, [x, y + 62.0, 320.0, 6.0], profile.root_confidence, &hex(self.tokens().accent));
        let mut words = format!("{:.0} % sure", 100.0 * profile.root_confidence);
        if let Some(evidence) = self.evidence {
            words += &format!(", {}", told_by(evidence.root_by));
            let heard = evidence.heard_root.and_then(|root| root.midi);
            if let (Some(heard), Some(root)) = (heard, root)
                && (heard - root).abs() > 0.5
            {
                words += &format!("; the ear hears {}", note_and_cents(heard));
            }
        }
        self.words(page, [x, y + 88.0], (13.0, false, true), "start", &words);
        let decay = format!("{} until 20 dB lower", time_text(self.course.decay_secs));
        let attack = format!("{}, {} LUFS", time_text(profile.attack_secs), fixed(self.course.attack_db, 1));
        let lines = [
            ("Loudness", format!("{} LUFS", fixed(profile.loudness_db, 1)).replace('-', "−")),
            ("Attack", attack.replace('-', "−")),
            ("Decay", decay),
            (
                "Silence",
                format!(
                    "{} before, {} behind",
                    time_text(self.course.lead_secs),
                    time_text(self.course.trail_secs)
                ),
            ),
        ];
        for (i, (what, value)) in lines.iter().enumerate() {
            let line = y + 124.0 + 24.0 * i as f32;
            self.words(page, [x, line], (13.0, false, true), "start", what);
            self.words(page, [x + 84.0, line], (13.0, false, false), "start", value);
        }
    }

    /// A bar for the probability of each family, in its hue.
    fn families_on(&self, page: &mut Page, [x, y]: [f32; 2]) {
        self.words(page, [x, y], (13.0, true, true), "start", "Family");
        if let Some(evidence) = self.evidence {
            self.words(page, [x + 60.0, y], (13.0, false, true), "start", &told_by(evidence.family_by));
        }
        let best = self.family();
        for (i, family) in Family::ALL.into_iter().enumerate() {
            let line = y + 24.0 + 17.5 * i as f32;
            let share = self.sound.profile.families.get(family);
            self.words(
                page,
                [x + 76.0, line + 4.0],
                (12.0, family == best, family != best),
                "end",
                family.label(),
            );
            self.bar_on(page, [x + 88.0, line - 4.5, 250.0, 9.0], share, &self.hue(family));
            if share >= 0.005 {
                let words = format!("{:.0} %", 100.0 * share);
                self.words(
                    page,
                    [x + 386.0, line + 4.0],
                    (12.0, family == best, family != best),
                    "end",
                    &words,
                );
            }
        }
    }

    fn measures_on(&self, page: &mut Page, [x, y]: [f32; 2]) {
        let profile = &self.sound.profile;
        let measures = [
            ("Brightness", ["dark", "bright"], profile.brightness),
            ("Roughness", ["mellow", "harsh"], profile.roughness),
            ("Noisiness", ["tone", "noise"], self.course.noisiness),
        ];
        let wide = WIDTH - MARGIN - x;
        for (i, (what, [low, high], value)) in measures.into_iter().enumerate() {
            let top = y + 78.0 * i as f32;
            self.words(page, [x, top], (13.0, true, true), "start", what);
            self.words(page, [x + wide, top], (13.0, true, false), "end", &format!("{value:.2}"));
            self.bar_on(page, [x, top + 12.0, wide, 9.0], value, &hex(self.tokens().accent));
            self.words(page, [x, top + 38.0], (11.0, false, true), "start", low);
            self.words(page, [x + wide, top + 38.0], (11.0, false, true), "end", high);
        }
    }

    fn bar_on(&self, page: &mut Page, [x, y, w, h]: [f32; 4], share: f32, colour: &str) {
        page.fill([x, y, w, h], h / 2.0, &hex(self.tokens().pad_octave));
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        if share > 0.0 {
            page.fill([x, y, (w * share).max(h.min(2.0)), h], h / 2.0, colour);
        }
    }
}

/// From here on times are told in minutes, in seconds.
const MINUTES_SECS: f32 = 120.0;

/// A length of time: `12 ms`, `1.25 s`, `4:20`, `1:02:00`.
fn time_text(secs: f32) -> String {
    match secs {
        MINUTES_SECS.. => clock_text(secs),
        0.9995.. => format!("{secs:.2} s"),
        _ => format!("{:.0} ms", 1000.0 * secs),
    }
}

/// Minutes and seconds, and hours where there are any.
fn clock_text(secs: f32) -> String {
    let secs = secs.round() as u64;
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{secs:02}") } else { format!("{minutes}:{secs:02}") }
}

/// Round times for an axis of this length, about ten.
fn time_ticks(secs: f32) -> Vec<f32> {
    if secs < MINUTES_SECS {
        return Axis::Linear(0.0, secs).ticks(10);
    }
    const STEPS_SECS: [u32; 9] = [10, 20, 30, 60, 120, 300, 600, 1_200, 1_800];
    let step = STEPS_SECS.into_iter().map(|step| step as f32).find(|step| secs / step <= 12.0);
    let step = step.unwrap_or_else(|| (secs / 12.0 / 3600.0).ceil() * 3600.0);
    (0..=(secs / step) as usize).map(|tick| tick as f32 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_are_told_as_clocks_tell_them() {
        let cases =
            [(0.0125, "12 ms"), (1.25, "1.25 s"), (119.0, "119.00 s"), (260.0, "4:20"), (3_720.4, "1:02:00")];
        for (secs, words) in cases {
            assert_eq!(time_text(secs), words);
        }
    }

    #[test]
    fn ticks_of_long_sounds_are_whole_minutes_or_hours_and_few() {
        for secs in [120.0, 611.0, 3_600.0, 40_000.0, 86_400.0] {
            let ticks = time_ticks(secs);
            assert!((4..=13).contains(&ticks.len()) && ticks.iter().all(|tick| *tick <= secs), "{ticks:?}");
        }
        assert_eq!(time_ticks(3_600.0)[..3], [0.0, 300.0, 600.0]);
        assert_eq!(time_ticks(86_400.0)[1], 7_200.0);
    }
}
