//! Saved states to open: with drawings in every slot, damaged, and from the future.

use std::sync::Arc;

use neume::handoff::SLOTS;
use neume::state::{BankRef, InstanceState, SlotState};
use neume_models::{Point, Rgb, Sketch, Stroke};

/// A wavy line at a height, in a colour.
pub fn line(y_norm: f32, width_norm: f32, rgb: Rgb) -> Sketch {
    let points = (0..=60).map(|i| {
        let along = i as f32 / 60.0;
        Point { x: 0.1 + 0.8 * along, y: y_norm + 0.004 * (20.0 * along).sin(), secs: along }
    });
    Sketch { strokes: vec![Stroke { points: points.collect(), rgb, width_norm }], raster: None }
}

/// `saved`, with another drawing in each slot.
pub fn state_with_drawings(saved: &[u8]) -> Vec<u8> {
    with_instance_state(saved, |state| {
        for index in 0..SLOTS {
            let along = index as f32 / SLOTS as f32;
            let rgb = Rgb([(40 + 12 * index) as u8, (200 - 9 * index) as u8, 60]);
            let sketch = line(0.2 + 0.6 * along, 0.01 + 0.04 * along, rgb);
            state.slots[index] =
                SlotState { name: format!("line {index}"), sketch: Arc::new(sketch), chosen: None };
        }
    })
}

/// `saved`, matched against a folder of sounds.
pub fn state_with_bank(saved: &[u8], folder: &std::path::Path) -> Vec<u8> {
    with_instance_state(saved, |state| {
        state.bank = BankRef::Folder(folder.to_path_buf());
        state.slots.iter_mut().for_each(|slot| slot.chosen = None);
    })
}

/// `saved`, as a version of the instrument that is not written yet would save it.
pub fn state_from_the_future(saved: &[u8]) -> Vec<u8> {
    with_field(saved, |field| {
        let mut value: serde_json::Value = serde_json::from_str(field).unwrap();
        value["version"] = serde_json::json!(InstanceState::VERSION + 1);
        value["slots"] = serde_json::json!({ "by": "a tree of them" });
        value.to_string()
    })
}

/// States that no instrument saved, each with what is wrong with it.
pub fn damaged(saved: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let json = &saved[8..];
    let noise: Vec<u8> = (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut claims_much = u64::MAX.to_le_bytes().to_vec();
    claims_much.extend(json);
    vec![
        ("empty", Vec::new()),
        ("three bytes", saved[..3].to_vec()),
        ("noise", noise.clone()),
        ("noise of a true length", framed(&noise)),
        ("cut in half", saved[..saved.len() / 2].to_vec()),
        ("half of it with a true length", framed(&json[..json.len() / 2])),
        ("of a length that is not there", claims_much),
        ("other JSON", framed(br#"{"version":"1","tracks":[1,2,3]}"#)),
        ("an empty field", with_field(saved, |_| String::new())),
        (
            "a field cut in half",
            with_field(saved, |field| field.chars().take(field.chars().count() / 2).collect()),
        ),
        ("a field of another type", with_field(saved, |_| r#"["a","list"]"#.to_string())),
        ("deeply nested", with_field(saved, |_| "[".repeat(100_000))),
    ]
}

fn with_instance_state(saved: &[u8], change: impl Fn(&mut InstanceState)) -> Vec<u8> {
    with_field(saved, |field| {
        let mut state: InstanceState = serde_json::from_str(field).expect("the field is an InstanceState");
        change(&mut state);
        serde_json::to_string(&state).unwrap()
    })
}

/// The wrapper's state is a length, and JSON whose one field is ours, itself JSON in a string.
fn with_field(saved: &[u8], change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut state: serde_json::Value = serde_json::from_slice(&saved[8..]).expect("the state is JSON");
    let field = state["fields"]["state"].as_str().expect("the state holds the sketches").to_string();
    state["fields"]["state"] = serde_json::Value::String(change(&field));
    framed(state.to_string().as_bytes())
}

/// The JSON of a state, for people to read.
pub fn json(saved: &[u8]) -> Vec<u8> {
    let state: serde_json::Value = serde_json::from_slice(&saved[8..]).expect("the state is JSON");
    serde_json::to_vec_pretty(&state).unwrap()
}

/// JSON as a state: its length stands before it.
pub fn framed(json: &[u8]) -> Vec<u8> {
    let mut state = (json.len() as u64).to_le_bytes().to_vec();
    state.extend(json);
    state
}
