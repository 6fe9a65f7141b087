//! Weights that were trained are read with, and those that do not fit harm nothing.

mod cli_command;

use cli_command::Desk;
use neume_models::{Point, Rgb, Sketch, SketchNet, Stroke};

#[test]
fn what_was_trained_reads_and_what_does_not_fit_costs_one_line() {
    let desk = Desk::new();
    let points = (0..60).map(|i| Point { x: 0.1 + 0.013 * i as f32, y: 0.5, secs: 0.0 }).collect();
    let stroke = Stroke { points, rgb: Rgb([30, 60, 160]), width_norm: 0.02 };
    let drawing = Sketch { strokes: vec![stroke], ..Sketch::default() };
    desk.write("a.neume", &drawing.to_file().unwrap());
    let reading = |variables: &[(&str, &str)]| {
        let run = desk.run_in(variables, &["read", "a.neume", "--json"]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let mut reading = run.object()["readings"][0].take();
        reading.as_object_mut().unwrap().remove("millis");
        (reading, run.stderr)
    };
    let (built_in, said) = reading(&[]);
    assert_eq!(said, "");
    // The last layer's bias moved: everything is read a class wider.
    let mut weights = safetensors::SafeTensors::deserialize(SketchNet::EMBEDDED).unwrap().tensors();
    weights.sort_by(|a, b| a.0.cmp(&b.0));
    let moved: Vec<(String, Vec<u8>, Vec<usize>)> = weights
        .iter()
        .map(|(name, view)| {
            let mut bytes = view.data().to_vec();
            if name == "answers.bias" {
                bytes[..4].copy_from_slice(&40.0f32.to_le_bytes());
            }
            (name.clone(), bytes, view.shape().to_vec())
        })
        .collect();
    let views = moved.iter().map(|(name, bytes, shape)| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes);
        (name.as_str(), view.unwrap())
    });
    desk.write("own/sketch.safetensors", &safetensors::serialize(views, None).unwrap());
    let (own, said) = reading(&[("NEUME_WEIGHTS", "own")]);
    assert_eq!(said, "");
    let db = |reading: &serde_json::Value| reading["loudness"]["db"].as_f64().unwrap();
    assert!(db(&own) < db(&built_in) - 5.0, "{} and {}", db(&own), db(&built_in));
    desk.write("other/sketch.safetensors", b"garbage");
    let (other, said) = reading(&[("NEUME_WEIGHTS", "other")]);
    assert_eq!(other, built_in);
    assert!(
        said.contains("other/sketch.safetensors: ") && said.contains("what is built in serves"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    desk.write("home/.local/share/neume/weights/sketch.safetensors", b"garbage");
    let (_, said) = reading(&[]);
    assert!(cfg!(not(target_os = "linux")) || said.contains("weights/sketch.safetensors: "), "{said}");
}
