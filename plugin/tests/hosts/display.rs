//! A display of its own for a test: Xvfb on a free number, with a real pointer, and pictures of what it shows.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    ConfigureWindowAux, ConnectionExt, CreateWindowAux, ImageFormat, MapState, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

/// Longest that a test waits for something to be shown. It ends at once when it is.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whose turn it is: windows are drawn in software here, and several at once starve each other.
static TURN: Mutex<()> = Mutex::new(());

/// A virtual display, one at a time; it ends with its owner.
pub struct Display {
    _turn: MutexGuard<'static, ()>,
    server: Child,
    name: String,
    x: RustConnection,
    root: Window,
}

impl Display {
    /// Width and height.
    pub const SIZE_PX: (u16, u16) = (1280, 900);

    /// Starts one on a number that is free.
    pub fn start() -> Display {
        // A test that failed leaves nothing half done here.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let (width, height) = Display::SIZE_PX;
        let screen = format!("{width}x{height}x24");
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &screen, "+extension", "GLX", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts; `cargo xtask setup` installs it");
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let name = format!(":{}", line.trim());
        let (x, screen) = RustConnection::connect(Some(&name)).expect("the display answers");
        let root = x.setup().roots[screen].root;
        Display { _turn: turn, server, name, x, root }
    }

    /// What `DISPLAY` must be for a program to show itself here.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The size of the largest window, once there is one; it is moved to the display's corner.
    pub fn largest_window(&self) -> (u32, u32) {
        let start = Instant::now();
        loop {
            let windows = self.x.query_tree(self.root).unwrap().reply().unwrap().children;
            let largest = windows.into_iter().filter_map(|window| self.visible_size(window)).max();
            if let Some((width, height, window)) = largest.filter(|(width, _, _)| *width > 300) {
                let corner = ConfigureWindowAux::new().x(0).y(0);
                self.x.configure_window(window, &corner).unwrap().check().unwrap();
                return (width, height);
            }
            assert!(start.elapsed() < PATIENCE, "no window showed");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn visible_size(&self, window: Window) -> Option<(u32, u32, Window)> {
        let visible =
            self.x.get_window_attributes(window).ok()?.reply().ok()?.map_state == MapState::VIEWABLE;
        let geometry = self.x.get_geometry(window).ok()?.reply().ok()?;
        visible.then_some((geometry.width.into(), geometry.height.into(), window))
    }

    /// All that is shown.
    pub fn picture(&self) -> RgbImage {
        let (width, height) = Display::SIZE_PX;
        let image = self.x.get_image(ImageFormat::Z_PIXMAP, self.root, 0, 0, width, height, u32::MAX);
        let data = image.unwrap().reply().unwrap().data;
        RgbImage::from_fn(width.into(), height.into(), |x, y| {
            let at = 4 * (y as usize * usize::from(width) + x as usize);
            Rgb([data[at + 2], data[at + 1], data[at]])
        })
    }

    /// The picture once `wanted` holds of it.
    pub fn picture_when(&self, what: &str, mut wanted: impl FnMut(&RgbImage) -> bool) -> RgbImage {
        let start = Instant::now();
        loop {
            let picture = self.picture();
            if wanted(&picture) {
                return picture;
            }
            if start.elapsed() > PATIENCE {
                let path = crate::bundle::artefacts().join("never_shown.png");
                picture.save(&path).unwrap();
                panic!("{what} never showed; what did is in {}", path.display());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The picture once nothing has moved for a while. The bar at the top shows the load, which always moves.
    pub fn picture_at_rest(&self) -> RgbImage {
        const BAR_PX: u32 = 44;
        let below = |picture: &RgbImage| {
            image::imageops::crop_imm(picture, 0, BAR_PX, picture.width(), picture.height() - BAR_PX)
                .to_image()
        };
        let mut last = below(&self.picture());
        let mut since = Instant::now();
        self.picture_when("a picture at rest", |picture| {
            let now = below(picture);
            if now != last {
                last = now;
                since = Instant::now();
            }
            since.elapsed() > Duration::from_millis(1500)
        })
    }

    /// A plain window for a plugin to live in.
    pub fn window(&self, width: u16, height: u16) -> Window {
        let window = self.x.generate_id().unwrap();
        let class = WindowClass::INPUT_OUTPUT;
        self.x
            .create_window(0, window, self.root, 0, 0, width, height, 0, class, 0, &CreateWindowAux::new())
            .unwrap()
            .check()
            .unwrap();
        self.x.map_window(window).unwrap().check().unwrap();
        window
    }

    /// Presses the pointer at the first point, moves it along the others and lets it go: real pointer events.
    pub fn drag(&self, points: &[(u32, u32)]) {
        let mut words = Vec::new();
        for (index, (x, y)) in points.iter().enumerate() {
            words.extend(["mousemove".to_string(), x.to_string(), y.to_string()]);
            if index == 0 {
                words.extend(["sleep", "0.05", "mousedown", "1"].map(String::from));
            }
            words.extend(["sleep", "0.02"].map(String::from));
        }
        words.extend(["mouseup", "1", "mousemove", "2", "2"].map(String::from));
        let status = Command::new("xdotool").args(words).env("DISPLAY", &self.name).status();
        assert!(status.expect("xdotool starts; `cargo xtask setup` installs it").success());
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
