//! The window, drawn on with a real pointer: alone, inside a CLAP host and inside a VST3 host.

use std::ffi::CString;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use clack_extensions::gui::{GuiApiType, GuiConfiguration, PluginGui, Window};
use image::RgbImage;
use neume::session::Session;
use neume::state::InstanceState;

use crate::bundle;
use crate::clap_host::Instrument;
use crate::display::Display;
use crate::vst3;

/// Those by which a program is asked to end: by Ctrl-C, by the system, by the end of its terminal.
const SIGNALS: [libc::c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// A program that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Pixels that differ visibly, inside a box.
fn changed(before: &RgbImage, after: &RgbImage, x: std::ops::Range<u32>, y: std::ops::Range<u32>) -> usize {
    let far = |(a, b): (u8, u8)| a.abs_diff(b) > 24;
    let pixels = y.flat_map(|y| x.clone().map(move |x| (x, y)));
    pixels
        .filter(|&(x, y)| {
            let (before, after) = (before.get_pixel(x, y).0, after.get_pixel(x, y).0);
            before.into_iter().zip(after).any(far)
        })
        .count()
}

/// More than one flat colour.
fn shows_something(picture: &RgbImage) -> bool {
    let mut colours: Vec<[u8; 3]> = picture.pixels().step_by(97).map(|pixel| pixel.0).collect();
    colours.sort_unstable();
    colours.dedup();
    colours.len() > 8
}

/// A stroke across the middle of the pad, wherever exactly the pad lies: from left to right, with a bow.
fn stroke((width, height): (u32, u32)) -> Vec<(u32, u32)> {
    let point = |along: f32| {
        let x = (0.16 + 0.44 * along) * width as f32;
        let y = (0.47 - 0.06 * (along * std::f32::consts::PI).sin()) * height as f32;
        (x as u32, y as u32)
    };
    (0..=24).map(|i| point(i as f32 / 24.0)).collect()
}

/// Draws the stroke on a window at the display's corner and looks for the ink and for what was read from it.
fn draw_and_look(display: &Display, size: (u32, u32), name: &str) {
    // One hand at a time: a software renderer that shares its cores with two others is too slow to be watched.
    static HAND: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _hand = HAND.lock().unwrap_or_else(|left| left.into_inner());
    display.picture_when("the editor", shows_something);
    let before = display.picture_at_rest();
    before.save(bundle::artefacts().join(format!("{name}_opened.png"))).unwrap();
    let path = stroke(size);
    display.drag(&path);
    let inked = |picture: &RgbImage| {
        let hit = |&&(x, y): &&(u32, u32)| changed(&before, picture, x - 2..x + 3, y - 2..y + 3) > 0;
        path.iter().filter(hit).count()
    };
    display.picture_when("the ink along the stroke", |picture| inked(picture) + 2 >= path.len());
    // The panel of matches is to the right of the pad: what it says follows from the reading of the new drawing.
    let (panel, rows) = (size.0 * 73 / 100..size.0 * 98 / 100, size.1 * 8 / 100..size.1 * 60 / 100);
    display.picture_when("another match in the panel", |picture| {
        changed(&before, picture, panel.clone(), rows.clone()) > 100
    });
    let after = display.picture_at_rest();
    after.save(bundle::artefacts().join(format!("{name}.png"))).unwrap();
    assert!(inked(&after) + 2 >= path.len(), "the ink stays");
}

/// The standalone window on a display, with a home of its own.
fn standalone(display: &Display, home: &Path) -> Running {
    let mut command = Command::new(bundle::neume());
    // SAFETY: nothing but system calls. What a shell ignores for those that it starts is not ignored here.
    unsafe {
        command.pre_exec(|| {
            let failed = SIGNALS.map(|signal| libc::signal(signal, libc::SIG_DFL)).contains(&libc::SIG_ERR);
            if failed { Err(std::io::Error::last_os_error()) } else { Ok(()) }
        })
    };
    let program = command
        .env("DISPLAY", display.name())
        .env_remove("WAYLAND_DISPLAY")
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home)
        .env("XDG_CONFIG_HOME", home)
        .env("XDG_DATA_HOME", home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Running(program)
}

#[test]
fn a_stroke_on_the_standalone_window_is_inked_and_read() {
    let display = Display::start();
    let home = tempfile::tempdir().unwrap();
    let mut running = standalone(&display, home.path());
    let size = display.largest_window();
    draw_and_look(&display, size, "standalone");
    assert_eq!(running.0.try_wait().unwrap(), None, "the program is still running");
}

#[test]
fn a_signal_ends_the_standalone_window_and_what_was_drawn_is_kept() {
    let display = Display::start();
    for signal in SIGNALS {
        let home = tempfile::tempdir().unwrap();
        let mut running = standalone(&display, home.path());
        let size = display.largest_window();
        draw_and_look(&display, size, "signal");
        // SAFETY: it is our own child, which was not waited for.
        assert_eq!(unsafe { libc::kill(running.0.id() as libc::pid_t, signal) }, 0);
        assert_eq!(running.0.wait().unwrap().code(), Some(128 + signal));
        let session = Session::open(&home.path().join("neume"));
        let state = session.state.expect("it was kept");
        let first = InstanceState::first().slots[0].sketch.strokes.len();
        assert_eq!((state.slots[0].sketch.strokes.len(), session.told), (first + 1, None));
    }
}

#[test]
fn a_stroke_on_the_editor_in_a_vst3_host_is_inked_and_read() {
    let display = Display::start();
    let home = tempfile::tempdir().unwrap();
    let program = vst3::host("show")
        .env("DISPLAY", display.name())
        .env("XDG_CONFIG_HOME", home.path())
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut running = Running(program);
    let size = display.largest_window();
    draw_and_look(&display, size, "vst3_host");
    drop(running.0.stdin.take());
    let ended = running.0.wait().unwrap();
    assert!(ended.success(), "the host with the editor ended with {ended}");
}

/// The editor's window finds its display by the environment, so this test is a process of its own: it runs itself
/// again with the display in `DISPLAY`.
#[test]
fn a_stroke_on_the_editor_in_a_clap_host_is_inked_and_read() {
    const INSIDE: &str = "NEUME_TEST_INSIDE_DISPLAY";
    let Some(window) = std::env::var_os(INSIDE) else {
        let display = Display::start();
        let window = display.window(1180, 780);
        let home = tempfile::tempdir().unwrap();
        let program = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "window::a_stroke_on_the_editor_in_a_clap_host_is_inked_and_read",
                "--nocapture",
            ])
            .env(INSIDE, window.to_string())
            .env("DISPLAY", display.name())
            .env("XDG_CONFIG_HOME", home.path())
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut running = Running(program);
        draw_and_look(&display, (1180, 780), "clap_host");
        // Told to close, the host closes the editor, plays on and ends well.
        drop(running.0.stdin.take());
        let ended = running.0.wait().unwrap();
        assert!(ended.success(), "the host with the editor ended with {ended}");
        return;
    };
    host_the_editor(window.to_str().unwrap().parse().unwrap());
}

/// Opens the editor in a window, plays until the standard input ends, closes it and plays on.
fn host_the_editor(window: u32) {
    let mut instrument = Instrument::active(48_000.0, 480);
    let handle = instrument.instance().plugin_handle();
    let gui: PluginGui = handle.get_extension().expect("it has a window");
    let configuration = GuiConfiguration { api_type: GuiApiType::X11, is_floating: false };
    assert!(gui.is_api_supported(&handle, configuration));
    gui.create(&handle, configuration).unwrap();
    let size = gui.get_size(&handle).expect("it has a size");
    assert!(size.width <= 1180 && size.height <= 780, "{size:?}");
    // SAFETY: the test that started this one keeps the window open until this one has ended.
    unsafe { gui.set_parent(&handle, Window::from_x11_handle(window.into())) }.unwrap();
    gui.suggest_title(&handle, &CString::new("Neume").unwrap());
    // Some hosts show an embedded window explicitly, and some instruments show it by itself.
    let _ = gui.show(&handle);

    let closed = std::thread::spawn(|| {
        let mut nothing = String::new();
        std::io::stdin().read_line(&mut nothing)
    });
    while !closed.is_finished() {
        instrument.play(&[480], 4_800, &[]);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let handle = instrument.instance().plugin_handle();
    gui.destroy(&handle);
    instrument.play(&[480], 48_000, &[]);
}
