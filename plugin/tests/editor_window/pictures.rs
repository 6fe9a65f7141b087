//! The window, looked at: pictures in both themes, at several sizes and scales, through one factory.
//!
//! Drawn by wgpu on Mesa's software Vulkan (`mesa-vulkan-drivers`), without a display. Every picture is written to
//! `target/editor/`; the ones at the usual size are also compared with what is kept in `tests/snapshots`.

use egui_kittest::SnapshotOptions;
use egui_kittest::kittest::Queryable as _;
use neume::editor::{LEAST_SIZE, Tab, Theme, USUAL_SIZE};

use super::scene;
use super::window::{Bench, Window, drop_language, open};

/// Takes a picture of a window and keeps it under `target/editor`.
fn picture(window: &mut Window, name: &str) -> image::RgbaImage {
    let picture = window.render().unwrap_or_else(|cause| {
        panic!("no picture of {name}: {cause}. Is a Vulkan driver there? On Debian: apt install mesa-vulkan-drivers")
    });
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/editor");
    std::fs::create_dir_all(&folder).unwrap();
    picture.save(folder.join(format!("{name}.png"))).unwrap();
    picture
}

/// Compares with the picture that is kept; drivers differ in the last bit of an edge.
fn compare(picture: &image::RgbaImage, name: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let options = SnapshotOptions::new().threshold(1.2).max_failed_pixels(40).output_path(folder);
    egui_kittest::image_snapshot_options(picture, name, &options);
}

fn name(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

#[test]
fn the_window_looks_as_it_is_kept_in_both_themes() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut window = open(scene::bench(theme), USUAL_SIZE, 1.0);
        let picture = picture(&mut window, name(theme));
        assert_eq!(picture.dimensions(), (1180, 780));
        compare(&picture, &format!("editor_{}", name(theme)));
    }
}

#[test]
fn what_a_search_found_looks_as_it_is_kept_in_both_themes() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut window = open(scene::searched(theme), USUAL_SIZE, 1.0);
        window.get_by_label("Search sounds").focus();
        window.run();
        window.get_by_label("Search sounds").type_text("s");
        window.run();
        window.get_by_label("Fits the drawing").click();
        window.run();
        window.get_by_label("Sounds like Viola ensemble").focus();
        window.run();
        let picture = picture(&mut window, &format!("{}_search", name(theme)));
        compare(&picture, &format!("search_{}", name(theme)));
    }
}

#[test]
fn roots_in_doubt_look_as_they_are_kept_in_both_themes() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut window = open(scene::doubtful(theme), USUAL_SIZE, 1.0);
        picture(&mut window, &format!("{}_doubt", name(theme)));
        let mut bench = scene::doubtful(theme);
        bench.state.tab = Tab::Bank;
        let mut window = open(bench, USUAL_SIZE, 1.0);
        let picture = picture(&mut window, &format!("{}_doubts", name(theme)));
        compare(&picture, &format!("doubts_{}", name(theme)));
        picture_of_least(theme);
    }
}

/// The chosen sound in doubt in the smallest window.
fn picture_of_least(theme: Theme) {
    let mut window = open(scene::doubtful(theme), LEAST_SIZE, 1.0);
    picture(&mut window, &format!("{}_doubt_small", name(theme)));
}

#[test]
fn every_size_and_scale_draws() {
    for theme in [Theme::Dark, Theme::Light] {
        let sizes =
            [([900.0, 640.0], 1.0, "small"), ([1600.0, 1000.0], 1.0, "large"), (USUAL_SIZE, 2.0, "fine")];
        for (size, pixels_per_point, what) in sizes {
            let mut window = open(scene::bench(theme), size, pixels_per_point);
            let picture = picture(&mut window, &format!("{}_{what}", name(theme)));
            let wide = (size[0] * pixels_per_point) as u32;
            assert_eq!(picture.width(), wide);
        }
    }
}

#[test]
fn every_view_draws() {
    for theme in [Theme::Dark, Theme::Light] {
        for tab in [Tab::Bank, Tab::Sound, Tab::Look] {
            let mut bench = scene::bench(theme);
            bench.state.tab = tab;
            let mut window = open(bench, USUAL_SIZE, 1.0);
            picture(&mut window, &format!("{}_{}", name(theme), tab.label().to_lowercase()));
        }
        for (open_sign, size, what) in
            [(false, LEAST_SIZE, "signs_small"), (false, USUAL_SIZE, "signs"), (true, USUAL_SIZE, "sign")]
        {
            let mut bench = scene::spoken(theme);
            bench.state.tab = Tab::Signs;
            let mut window = open(bench, size, 1.0);
            if open_sign {
                window.get_by_label("Sign long bow").click();
                window.run();
            }
            picture(&mut window, &format!("{}_{what}", name(theme)));
        }
        for (size, what) in [(LEAST_SIZE, "clash_small"), (USUAL_SIZE, "clash")] {
            let mut bench = scene::spoken(theme);
            bench.state.tab = Tab::Signs;
            let mut window = open(bench, size, 1.0);
            let mut theirs = window.state().editor.document.get().language.clone();
            theirs.sign_mut("rain").unwrap().meaning.pitch_midi = Some(48.0);
            theirs.spoken.family = false;
            drop_language(&mut window, &theirs, "Keep mine");
            picture(&mut window, &format!("{}_{what}", name(theme)));
            window.get_by_label("Keep mine").click();
            window.run();
            picture(&mut window, &format!("{}_{what}_of_signs", name(theme)));
        }
        let mut bench = scene::spoken(theme);
        bench.state.tab = Tab::Signs;
        let mut window = open(bench, USUAL_SIZE, 1.0);
        for label in ["Sign temple bell", "Forget temple bell"] {
            window.get_by_label(label).click();
            window.run();
        }
        picture(&mut window, &format!("{}_forgotten", name(theme)));
        let mut bench = Bench::new(theme);
        bench.state.tab = Tab::Signs;
        picture(&mut open(bench, USUAL_SIZE, 1.0), &format!("{}_no_signs", name(theme)));
        picture(&mut open(Bench::new(theme), LEAST_SIZE, 1.0), &format!("{}_empty", name(theme)));
        picture(&mut open(scene::troubled(theme), LEAST_SIZE, 1.0), &format!("{}_troubled", name(theme)));
        let mut bench = scene::troubled(theme);
        bench.state.tab = Tab::Bank;
        picture(&mut open(bench, USUAL_SIZE, 1.0), &format!("{}_scan", name(theme)));
    }
}
