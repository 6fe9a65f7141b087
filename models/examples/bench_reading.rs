//! How long a reading takes on one thread, of a drawing on the pad and of a photograph: rasterising, the network, putting its
//! answers in words, and all of it; the convolutions alone and a training step of them, beside candle's own `conv2d`; and
//! the same network in onnxruntime, where a `python3` with `numpy`, `onnx` and `onnxruntime` is to be found.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use candle_core::{DType, Device, Tensor, Var};
use image::Rgba;
use neume_models::conv::{ConvConfig, conv2d};
use neume_models::raster::{network_input, paint};
use neume_models::{Legend, NetworkInput, Point, RasterLayer, Rgb, Sketch, SketchNet, Stroke};

const ROUNDS: usize = 300;
/// Training steps of each kind.
const STEPS: usize = 30;
const WEIGHTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/weights/sketch.safetensors");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/onnx_reading.py");

fn main() -> Result<()> {
    let net = SketchNet::embedded()?;
    let sketch = wave();
    let input = network_input(&sketch)?;
    let shape = (1, NetworkInput::ROWS, NetworkInput::COLUMNS, NetworkInput::CHANNELS);
    let x = Tensor::from_slice(&input.pixels, shape, &Device::Cpu)?;

    println!("{:34} {:>9} {:>9}", "on one thread", "median ms", "best ms");
    stages(&net, "drawing", &sketch)?;
    stages(&net, "photograph", &photograph(&sketch))?;
    time(ROUNDS, "network, in tensors as in training", || net.forward(&x).map(drop))?;
    convolutions_alone(&x)?;
    beside_onnxruntime(&net, &x, &input)
}

/// The stages of a reading, and all of them.
fn stages(net: &SketchNet, what: &str, sketch: &Sketch) -> Result<()> {
    let legend = Legend::default();
    let input = network_input(sketch)?;
    let answers = net.answers(input.clone())?;
    time(ROUNDS, &format!("{what}: raster"), || network_input(sketch).map(NetworkInput::recycle))?;
    time(ROUNDS, &format!("{what}: network, one look"), || net.output(&input.pixels).map(drop))?;
    time(ROUNDS, &format!("{what}: answers in words"), || {
        answers.reading(&legend, input.is_certain).map(drop)
    })?;
    time(ROUNDS, &format!("{what} to reading, all of it"), || net.read(sketch, &legend).map(drop))?;
    Ok(())
}

/// The drawing on a sheet in slanting light, with the grain of a camera.
fn photograph(sketch: &Sketch) -> Sketch {
    let (width_px, height_px) = (1024, 683);
    let mut picture = paint(sketch, width_px, height_px, Some(Rgb([236, 232, 220])));
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let light = 0.8 + 0.2 * x as f32 / width_px as f32;
        let grain = ((x * 7919 + y * 104_729) % 13) as f32 - 6.0;
        let Rgba([r, g, b, _]) = pixel;
        [r, g, b].into_iter().for_each(|v| *v = (f32::from(*v) * light + grain) as u8);
    }
    let raster = RasterLayer { width_px, height_px, rgba: picture.into_raw().into() };
    Sketch { strokes: Vec::new(), raster: Some(raster) }
}

fn wave() -> Sketch {
    let at = |i: usize| i as f32 / 200.0;
    let points = (0..=200).map(|i| Point { x: at(i), y: 0.5 + 0.1 * (20.0 * at(i)).sin(), secs: at(i) });
    Sketch {
        strokes: vec![Stroke { points: points.collect(), rgb: Rgb::BLACK, width_norm: 0.01 }],
        raster: None,
    }
}

fn time<E>(rounds: usize, what: &str, mut run: impl FnMut() -> Result<(), E>) -> Result<(), E> {
    let mut millis = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let start = Instant::now();
        run()?;
        millis.push(start.elapsed().as_secs_f64() * 1e3);
    }
    millis.sort_by(f64::total_cmp);
    println!("{what:34} {:9.3} {:9.3}", millis[rounds / 2], millis[0]);
    Ok(())
}

/// The network's nine convolutions that look around, one after another and no more, by candle and by ours: forward over one drawing, and a
/// training step over four, forward and back to every weight.
fn convolutions_alone(x: &Tensor) -> Result<()> {
    let layers = layers()?;
    let ours = |x: &Tensor| -> Result<Tensor> {
        layers.iter().try_fold(x.clone(), |x, layer| {
            let config = ConvConfig { stride: [layer.step; 2], padding: [layer.padding; 2], relu: true };
            let (weight, bias) = (layer.weight.as_tensor(), layer.bias.as_tensor());
            Ok(conv2d(&x, &weight.permute((2, 3, 1, 0))?.contiguous()?, bias, &config)?)
        })
    };
    let candles = |x: &Tensor| -> Result<Tensor> {
        layers.iter().try_fold(x.clone(), |x, layer| {
            let y = x.conv2d(layer.weight.as_tensor(), layer.padding, layer.step, 1, 1)?;
            let bias = layer.bias.as_tensor().reshape((1, (), 1, 1))?;
            Ok(y.broadcast_add(&bias)?.relu()?)
        })
    };
    let first = |x: &Tensor| -> Result<Tensor> { Ok(x.permute((0, 3, 1, 2))?.contiguous()?) };
    let off = (ours(x)?.permute((0, 3, 1, 2))? - candles(&first(x)?)?)?.abs()?.flatten_all()?.max(0)?;
    ensure!(off.to_scalar::<f32>()? < 1e-3, "ours and candle's convolutions differ by {off}");

    let (one, four) = (first(x)?, Tensor::cat(&[x, x, x, x], 0)?);
    let four_of_candle = first(&four)?;
    time(ROUNDS, "convolutions alone, ours", || ours(x).map(drop))?;
    time(ROUNDS, "convolutions alone, candle's", || candles(&one).map(drop))?;
    let step = |y: Result<Tensor>| -> Result<()> { Ok(y?.sqr()?.mean_all()?.backward().map(drop)?) };
    time(STEPS, "training step of four, ours", || step(ours(&four)))?;
    time(STEPS, "training step of four, candle's", || step(candles(&four_of_candle)))
}

struct Layer {
    /// (c_out, c_in, k, k)
    weight: Var,
    bias: Var,
    step: usize,
    padding: usize,
}

fn layers() -> Result<Vec<Layer>> {
    let sizes = [
        (4, 24, 4, 4),
        (24, 40, 3, 2),
        (40, 40, 3, 1),
        (40, 64, 3, 2),
        (64, 64, 3, 1),
        (64, 96, 3, 2),
        (96, 96, 3, 1),
        (96, 112, 3, 2),
        (112, 112, 3, 1),
    ];
    let layer = |(c_in, c_out, k, step): (usize, usize, usize, usize)| {
        let padding = if k == 3 { 1 } else { 0 };
        let numbers = (0..c_out * c_in * k * k).map(|i| (i as f32 * 0.7).sin() * 0.05);
        let weight = Tensor::from_iter(numbers, &Device::Cpu)?.reshape((c_out, c_in, k, k))?;
        let bias = Tensor::zeros(c_out, DType::F32, &Device::Cpu)?;
        Ok(Layer { weight: Var::from_tensor(&weight)?, bias: Var::from_tensor(&bias)?, step, padding })
    };
    sizes.into_iter().map(layer).collect()
}

fn beside_onnxruntime(net: &SketchNet, x: &Tensor, input: &NetworkInput) -> Result<()> {
    let picture = std::env::temp_dir().join(format!("neume-bench-{}.f32", std::process::id()));
    let bytes: Vec<u8> = input.pixels.iter().flat_map(|v| v.to_le_bytes()).collect();
    std::fs::write(&picture, bytes).with_context(|| picture.display().to_string())?;
    let said = Command::new("python3").args([SCRIPT, WEIGHTS]).arg(&picture).arg(ROUNDS.to_string()).output();
    std::fs::remove_file(&picture).with_context(|| picture.display().to_string())?;
    let Some(said) = said.ok().filter(|said| said.status.success()) else {
        println!("onnxruntime: not measured; it needs python3 with numpy, onnx and onnxruntime");
        return Ok(());
    };
    let said: serde_json::Value = serde_json::from_slice(&said.stdout)?;
    println!(
        "{:34} {:9.3} {:9.3}",
        "network, onnxruntime",
        millis(&said["median_ms"]),
        millis(&said["best_ms"])
    );
    let ours = net.forward(x)?;
    let last = ours.others.narrow(1, 2, 3)?;
    let ours = Tensor::cat(&[ours.widths, last, ours.hues, ours.others.narrow(1, 0, 2)?], 1)?
        .flatten_all()?
        .to_vec1::<f32>()?;
    let theirs = said["answers"].as_array().context("onnxruntime gave no answers")?;
    let off = ours.iter().zip(theirs).map(|(a, b)| (f64::from(*a) - millis(b)).abs()).fold(0.0, f64::max);
    // A pixel on the edge of what counts as ink falls to either side, and the ends of strokes are completed by ours only.
    ensure!(off < 0.1, "the two networks differ by {off}: they are not the same");
    println!("the two networks' answers differ by {off:.5} at most");
    Ok(())
}

fn millis(value: &serde_json::Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}
