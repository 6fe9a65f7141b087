//! Which threads the networks run on. A process of its own: what is looked for exists once in a process.

use std::sync::atomic::AtomicBool;

use neume::library::Library;
use neume_models::{Legend, Point, Rgb, Sketch, Stroke};

#[test]
fn networks_never_wake_the_global_pool() {
    let folder = tempfile::tempdir().unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 22_050,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut tone = hound::WavWriter::create(folder.path().join("tone.wav"), spec).unwrap();
    (0..22_050).for_each(|i| tone.write_sample(((i as f32 * 0.1).sin() * 9_000.0) as i16).unwrap());
    tone.finalize().unwrap();
    // SAFETY: the only test of this process has started no other thread yet.
    unsafe { std::env::set_var("NEUME_CACHE", folder.path().join("cache")) };

    let library = Library::shared();
    let points = (0..20).map(|i| Point { x: 0.04 * i as f32, y: 0.5, secs: 0.0 }).collect();
    let stroke = Stroke { points, rgb: Rgb([30, 40, 200]), width_norm: 0.03 };
    let sketch = Sketch { strokes: vec![stroke], raster: None };
    library.read(&sketch, &Legend::default()).unwrap();
    library.embed_sign(&library.shape_of(&sketch).unwrap()).unwrap();
    library.open(folder.path(), false, &mut |_| {}, &AtomicBool::new(false)).unwrap();

    // The global pool can be made once: that it can be made now says that nobody has used it.
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("the global pool sleeps");
}
