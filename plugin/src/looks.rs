//! How windows look, remembered for the user: the theme, and the size at which they open. Written on a thread of its
//! own, for a disk may be slow, which the next one and the owner wait for.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nice_plug::prelude::nice_warn;

use crate::editor::{LEAST_SIZE, Theme, USUAL_SIZE};
use crate::preferences;

/// What is remembered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Width and height in points, whole ones.
    pub size: [f32; 2],
}

/// The look of an instance's window, and the one that is remembered.
pub struct Looks {
    folder: Option<PathBuf>,
    now: Look,
    kept: Look,
    since: Instant,
    writing: Option<JoinHandle<()>>,
}

/// How long a size must hold before it is remembered: a hand that drags a window passes many.
const PATIENCE: Duration = Duration::from_secs(1);

impl Looks {
    /// What is remembered for this user, and what is wrong with it.
    pub fn find() -> (Looks, Option<String>) {
        Looks::of(preferences::folder())
    }

    /// What is remembered in a folder.
    pub fn of(folder: Option<PathBuf>) -> (Looks, Option<String>) {
        let mut wrong = None;
        let theme = remembered(folder.as_deref(), "theme", &mut wrong).unwrap_or_default();
        let size = remembered(folder.as_deref(), "window", &mut wrong).unwrap_or(Size(USUAL_SIZE)).0;
        let kept = Look { theme, size: [size[0].max(LEAST_SIZE[0]), size[1].max(LEAST_SIZE[1])] };
        (Looks { folder, now: kept, kept, since: Instant::now(), writing: None }, wrong)
    }

    /// As it is now.
    pub fn now(&self) -> Look {
        self.now
    }

    /// The window has this size now, in points.
    pub fn resized(&mut self, size: [f32; 2]) {
        let size = size.map(f32::round);
        if size != self.now.size {
            self.now.size = size;
            self.since = Instant::now();
        }
    }

    /// Looks whether there is something to remember.
    pub fn follow(&mut self, theme: Theme) {
        self.now.theme = theme;
        if theme != self.kept.theme || (self.now != self.kept && self.since.elapsed() > PATIENCE) {
            self.remember();
        }
    }

    fn remember(&mut self) {
        self.rest();
        let (before, now) = (std::mem::replace(&mut self.kept, self.now), self.now);
        let Some(folder) = self.folder.clone() else { return };
        let write = move || {
            let mut wanted = Vec::new();
            if now.theme != before.theme {
                wanted.push(("theme", label(now.theme).to_string()));
            }
            if now.size != before.size {
                wanted.push(("window", format!("{} x {}", now.size[0], now.size[1])));
            }
            for (name, text) in wanted {
                if let Err(cause) = preferences::remember_in(&folder.join(name), &text) {
                    nice_warn!("the look of the window is not remembered: {cause}");
                }
            }
        };
        self.writing = std::thread::Builder::new().name("neume looks".to_string()).spawn(write).ok();
    }

    fn rest(&mut self) {
        if let Some(writing) = self.writing.take()
            && writing.join().is_err()
        {
            nice_warn!("the thread that remembers the look of the window had failed");
        }
    }
}

impl Drop for Looks {
    fn drop(&mut self) {
        if self.now != self.kept {
            self.remember();
        }
        self.rest();
    }
}

fn remembered<T: FromStr<Err = String>>(
    folder: Option<&Path>,
    name: &str,
    wrong: &mut Option<String>,
) -> Option<T> {
    let found = preferences::remembered(&folder?.join(name));
    found.inspect_err(|cause| *wrong = Some(format!("{cause}; the usual one serves"))).ok().flatten()
}

fn label(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

impl FromStr for Theme {
    type Err = String;

    fn from_str(text: &str) -> Result<Theme, String> {
        let themes = [Theme::Light, Theme::Dark];
        let found = themes.into_iter().find(|&theme| label(theme) == text.trim());
        found.ok_or_else(|| "it says neither light nor dark".to_string())
    }
}

/// Width and height in points: `1180 x 780`.
struct Size([f32; 2]);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        const MOST: f32 = 16_384.0;
        let sides: Vec<f32> = text.split('x').filter_map(|side| side.trim().parse().ok()).collect();
        match sides[..] {
            [width, height] if (1.0..=MOST).contains(&width) && (1.0..=MOST).contains(&height) => {
                Ok(Size([width, height]))
            }
            _ => Err("it says no width and height in points, as in 1180 x 780".to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_and_the_size_of_the_window_are_there_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let inside = Some(folder.path().join("not there yet"));
        let usual = Look { theme: Theme::Dark, size: USUAL_SIZE };
        let (mut looks, wrong) = Looks::of(inside.clone());
        assert_eq!((looks.now(), wrong), (usual, None));
        looks.follow(Theme::Dark);
        drop(looks);
        assert!(!folder.path().join("not there yet").exists(), "nothing was chosen");
        let (mut looks, _) = Looks::of(inside.clone());
        looks.follow(Theme::Light);
        looks.resized([1400.4, 900.0]);
        drop(looks);
        let (mut looks, wrong) = Looks::of(inside.clone());
        assert_eq!((looks.now(), wrong), (Look { theme: Theme::Light, size: [1400.0, 900.0] }, None));
        looks.resized([300.0, 2000.0]);
        looks.follow(Theme::Dark);
        drop(looks);
        let (looks, _) = Looks::of(inside);
        let size = [LEAST_SIZE[0], 2000.0];
        assert_eq!(looks.now(), Look { theme: Theme::Dark, size }, "everything has its place when it opens");
    }

    #[test]
    fn a_look_that_is_garbage_is_named_and_the_usual_one_serves() {
        let folder = tempfile::tempdir().unwrap();
        for (name, garbage) in
            [("theme", "purple"), ("window", "1180"), ("window", "NaN x 5"), ("window", "-3 x 1e9")]
        {
            let path = folder.path().join(name);
            std::fs::write(&path, garbage).unwrap();
            let (looks, wrong) = Looks::of(Some(folder.path().to_path_buf()));
            assert_eq!(looks.now(), Look { theme: Theme::Dark, size: USUAL_SIZE });
            assert!(wrong.unwrap().contains(&path.display().to_string()));
            std::fs::remove_file(path).unwrap();
        }
    }
}
