//! The fused convolution on which both networks run: im2col and one matrix product an image, with bias
//! and ReLU added while the result is still warm, and a backward pass of its own.
//!
//! Tensors are NHWC (images, rows, columns, channels), so that im2col copies whole runs of channels; this
//! is several times faster than candle's `conv2d`. A forward pass stays on the thread that calls it. In
//! training (feature `train`), and only inside a rayon pool that the caller installed, the images of a
//! batch are spread over that pool. On other devices than the CPU candle's own convolution serves.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Storage, Tensor, bail};

/// How far the window steps, what surrounds the picture, and whether negative results become zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvConfig {
    /// Steps of the window down and across, at least 1.
    pub stride: [usize; 2],
    /// Rows of zeros above and below, columns of zeros on either side.
    pub padding: [usize; 2],
    /// Whether a ReLU follows.
    pub relu: bool,
}

impl ConvConfig {
    /// A 3x3 window with its centre on every second pixel, followed by a ReLU: half the size of the input.
    pub const HALVE: ConvConfig = ConvConfig { stride: [2, 2], padding: [1, 1], relu: true };
    /// A 3x3 window with its centre on every pixel, followed by a ReLU: the size of the input.
    pub const KEEP: ConvConfig = ConvConfig { stride: [1, 1], padding: [1, 1], relu: true };
}

/// Convolves `x` (n, h, w, c_in) with `weight` (kernel_h, kernel_w, c_in, c_out) and adds `bias` (c_out).
/// The result is (n, h_out, w_out, c_out) with `h_out = (h + 2 * padding - kernel_h) / stride + 1`.
///
/// # Errors
/// Shapes that do not fit, and types other than `f32`.
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: &Tensor, config: &ConvConfig) -> Result<Tensor> {
    if !is_fused(x) {
        return conv2d_elsewhere(x, weight, bias, config);
    }
    let (x, weight, bias) = (x.contiguous()?, weight.contiguous()?, bias.contiguous()?);
    x.apply_op3(&weight, &bias, Fused(*config))
}

/// `x` (n, c_in) times `weight` (c_in, c_out) plus `bias` (c_out), on the calling thread: (n, c_out).
///
/// # Errors
/// Shapes that do not fit, and types other than `f32`.
pub fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor, relu: bool) -> Result<Tensor> {
    let (n, c_in) = x.dims2()?;
    let (_, c_out) = weight.dims2()?;
    let config = ConvConfig { stride: [1, 1], padding: [0, 0], relu };
    let rows = x.reshape((1, n, 1, c_in))?; // (1, n, 1, c_in): every row is a pixel
    conv2d(&rows, &weight.reshape((1, 1, c_in, c_out))?, bias, &config)?.reshape((n, c_out))
}

/// Whether the operations of our own serve for a tensor: they know the CPU only. On other devices candle's do.
pub(crate) fn is_fused(x: &Tensor) -> bool {
    #[cfg(test)]
    if as_elsewhere::is_on() {
        return false;
    }
    x.device().is_cpu()
}

/// Lets a test run on the CPU what other devices run.
#[cfg(test)]
pub(crate) mod as_elsewhere {
    use std::cell::Cell;

    thread_local!(static ON: Cell<bool> = const { Cell::new(false) });

    pub(crate) fn is_on() -> bool {
        ON.get()
    }

    /// Does `work` with candle's own operations, on this thread.
    pub(crate) fn run<T>(work: impl FnOnce() -> T) -> T {
        ON.set(true);
        let done = work();
        ON.set(false);
        done
    }
}

/// The same by candle's own operations, for devices that have their own convolution.
fn conv2d_elsewhere(x: &Tensor, weight: &Tensor, bias: &Tensor, config: &ConvConfig) -> Result<Tensor> {
    let [stride_h, stride_w] = config.stride;
    let [pad_h, pad_w] = config.padding;
    let x = x.permute((0, 3, 1, 2))?; // (n, c_in, h, w)
    let x = x.pad_with_zeros(2, pad_h, pad_h)?.pad_with_zeros(3, pad_w, pad_w)?.contiguous()?;
    let weight = weight.permute((3, 2, 0, 1))?.contiguous()?; // (c_out, c_in, kernel_h, kernel_w)
    let y = if stride_h == stride_w {
        x.conv2d(&weight, 0, stride_h, 1, 1)?
    } else {
        let every = x.conv2d(&weight, 0, 1, 1, 1)?;
        let pick = |len: usize, step: usize| {
            Tensor::from_iter((0..len as u32).step_by(step), every.device()) // candle has one stride for both
        };
        let (rows, columns) = (pick(every.dim(2)?, stride_h)?, pick(every.dim(3)?, stride_w)?);
        every.index_select(&rows, 2)?.index_select(&columns, 3)?
    };
    let y = y.permute((0, 2, 3, 1))?.contiguous()?.broadcast_add(bias)?; // (n, h_out, w_out, c_out)
    if config.relu { y.relu() } else { Ok(y) }
}

/// Images in one unit of work. The sums over a batch are taken unit by unit, so that the gradients are the
/// same on any number of threads.
#[cfg(feature = "train")]
const UNIT: usize = 4;

/// im2col works through the rows of the output in pieces of about this many numbers, which stay in the L2 cache.
const PIECE: usize = 1 << 15;

/// The numbers of one convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kernel<'a> {
    /// Rows and columns of the window.
    pub(crate) size: [usize; 2],
    /// (kernel_h, kernel_w, c_in, c_out)
    pub(crate) weight: &'a [f32],
    /// (c_out)
    pub(crate) bias: &'a [f32],
}

/// Every size of one convolution, checked once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Geometry {
    images: usize,
    h: usize,
    w: usize,
    c_in: usize,
    kernel: [usize; 2],
    h_out: usize,
    w_out: usize,
    c_out: usize,
    config: ConvConfig,
}

impl Geometry {
    fn new(x: &Shape, weight: &Shape, bias: &Shape, config: ConvConfig) -> Result<Geometry> {
        let (images, h, w, c_in) = x.dims4()?;
        let (kernel_h, kernel_w, weight_in, c_out) = weight.dims4()?;
        if weight_in != c_in || bias.dims() != [c_out] {
            bail!("the convolution {config:?} of {weight:?} and {bias:?} does not fit {x:?}");
        }
        Geometry::sized(images, [h, w, c_in], [kernel_h, kernel_w], c_out, config)
    }

    /// That of one image (h, w, c_in).
    pub(crate) fn of_image(size: [usize; 3], kernel: &Kernel<'_>, config: ConvConfig) -> Result<Geometry> {
        let geometry = Geometry::sized(1, size, kernel.size, kernel.bias.len(), config)?;
        if kernel.weight.len() != geometry.window() * geometry.c_out {
            bail!("{} weights do not fit {geometry:?}", kernel.weight.len());
        }
        Ok(geometry)
    }

    fn sized(
        images: usize,
        [h, w, c_in]: [usize; 3],
        kernel: [usize; 2],
        c_out: usize,
        config: ConvConfig,
    ) -> Result<Geometry> {
        let ([kernel_h, kernel_w], [pad_h, pad_w]) = (kernel, config.padding);
        let fits = kernel_h >= 1 && kernel_w >= 1 && h + 2 * pad_h >= kernel_h && w + 2 * pad_w >= kernel_w;
        if !fits || config.stride.contains(&0) {
            bail!("the convolution {config:?} with a window of {kernel:?} does not fit {h} x {w} pixels");
        }
        Ok(Geometry {
            images,
            h,
            w,
            c_in,
            kernel,
            h_out: (h + 2 * pad_h - kernel_h) / config.stride[0] + 1,
            w_out: (w + 2 * pad_w - kernel_w) / config.stride[1] + 1,
            c_out,
            config,
        })
    }

    /// Rows, columns and channels of the output.
    pub(crate) fn size_out(&self) -> [usize; 3] {
        [self.h_out, self.w_out, self.c_out]
    }

    /// Columns of the input.
    pub(crate) fn width(&self) -> usize {
        self.w
    }

    /// Rows of the input under the window at a row of the output.
    pub(crate) fn rows_under(&self, row: usize) -> std::ops::Range<usize> {
        let top = row * self.config.stride[0];
        let pad = self.config.padding[0];
        top.saturating_sub(pad)..(top + self.kernel[0]).saturating_sub(pad).min(self.h)
    }

    /// Columns of the input under the window at a column of the output.
    pub(crate) fn columns_under(&self, column: usize) -> std::ops::Range<usize> {
        let left = column * self.config.stride[1];
        let pad = self.config.padding[1];
        left.saturating_sub(pad)..(left + self.kernel[1]).saturating_sub(pad).min(self.w)
    }

    /// Numbers in one image of the input.
    fn len_in(&self) -> usize {
        self.h * self.w * self.c_in
    }

    /// Numbers in one image of the output.
    pub(crate) fn len_out(&self) -> usize {
        self.h_out * self.w_out * self.c_out
    }

    /// Numbers under the window: the columns of the im2col matrix.
    fn window(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.c_in
    }

    /// Rows of the output in one piece of work.
    fn rows_a_piece(&self) -> usize {
        (PIECE / (self.w_out * self.window()).max(1)).clamp(1, self.h_out.max(1))
    }

    /// Numbers in the im2col matrix of a piece.
    fn len_of_piece(&self) -> usize {
        self.rows_a_piece() * self.w_out * self.window()
    }

    /// Whether the window is one pixel, so that the input is its own im2col matrix.
    fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.config.stride == [1, 1] && self.config.padding == [0, 0]
    }

    /// Calls `run(at_in, at_cols, len)` for every run of the input that lies under the window at an output
    /// row: `len` numbers from `at_in` of the image belong at `at_cols` of the matrix, whose row 0 is
    /// the first output pixel of row `first`.
    fn for_each_run(&self, first: usize, rows: usize, mut run: impl FnMut(usize, usize, usize)) {
        for row in 0..rows {
            for column in 0..self.w_out {
                let at = (row * self.w_out + column) * self.window();
                self.for_each_run_at([first + row, column], at, &mut run);
            }
        }
    }

    /// The same for one pixel of the output, whose row of the matrix begins at `at`.
    fn for_each_run_at(
        &self,
        [row, column]: [usize; 2],
        at: usize,
        run: &mut impl FnMut(usize, usize, usize),
    ) {
        let ([kernel_h, kernel_w], [pad_h, pad_w]) = (self.kernel, self.config.padding);
        let left = column * self.config.stride[1];
        let from = pad_w.saturating_sub(left).min(kernel_w);
        let to = (self.w + pad_w).saturating_sub(left).min(kernel_w);
        for ky in 0..kernel_h {
            let y = row * self.config.stride[0] + ky;
            if y < pad_h || y >= self.h + pad_h || from >= to {
                continue;
            }
            let at_in = ((y - pad_h) * self.w + left + from - pad_w) * self.c_in;
            run(at_in, at + (ky * kernel_w + from) * self.c_in, (to - from) * self.c_in);
        }
    }

    /// Whether the window at a pixel of the output lies inside the picture.
    pub(crate) fn is_inside(&self, [row, column]: [usize; 2]) -> bool {
        self.rows_under(row).len() == self.kernel[0] && self.columns_under(column).len() == self.kernel[1]
    }
}

/// The convolution as an operation of candle's graph.
struct Fused(ConvConfig);

impl CustomOp3 for Fused {
    fn name(&self) -> &'static str {
        "fused-convolution"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let geometry = Geometry::new(x_layout.shape(), weight_layout.shape(), bias_layout.shape(), self.0)?;
        let (x, weight, bias) =
            (numbers(x, x_layout)?, numbers(weight, weight_layout)?, numbers(bias, bias_layout)?);
        let mut y = vec![0.0; geometry.images * geometry.len_out()];
        if !y.is_empty() {
            forward(&geometry, x, weight, bias, &mut y);
        }
        let shape = (geometry.images, geometry.h_out, geometry.w_out, geometry.c_out);
        Ok((CpuStorage::F32(y), shape.into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let geometry = Geometry::new(x.shape(), weight.shape(), bias.shape(), self.0)?;
        let mut grad = with_numbers(&grad.contiguous()?, |grad| Ok(grad.to_vec()))?;
        if self.0.relu {
            with_numbers(y, |y| {
                grad.iter_mut().zip(y).for_each(|(grad, y)| *grad = if *y > 0.0 { *grad } else { 0.0 });
                Ok(())
            })?;
        }
        let mut grad_bias = vec![0.0; geometry.c_out];
        for pixel in grad.chunks(geometry.c_out.max(1)) {
            grad_bias.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += v);
        }
        let wants_x = x.track_op();
        let (grad_x, grad_weight) = with_numbers(x, |x| {
            with_numbers(weight, |weight| Ok(backward(&geometry, x, weight, &grad, wants_x)))
        })?;
        let device = x.device();
        let grad_x = wants_x.then(|| Tensor::from_vec(grad_x, x.shape(), device)).transpose()?;
        Ok((
            grad_x,
            Some(Tensor::from_vec(grad_weight, weight.shape(), device)?),
            Some(Tensor::from_vec(grad_bias, bias.shape(), device)?),
        ))
    }
}

/// The `f32` of a contiguous tensor.
pub(crate) fn numbers<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let CpuStorage::F32(all) = storage else { bail!("the fused convolution knows f32 only") };
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&all[from..to]),
        None => bail!("the fused convolution wants contiguous tensors"),
    }
}

/// Lends the `f32` of a contiguous tensor on the CPU.
pub(crate) fn with_numbers<T>(tensor: &Tensor, then: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => then(numbers(storage, layout)?),
        _ => bail!("the fused convolution ran on the CPU, its gradient is elsewhere"),
    }
}

fn forward(geometry: &Geometry, x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32]) {
    let kernel = Kernel { size: geometry.kernel, weight, bias };
    let image = |x: &[f32], y: &mut [f32]| forward_image(geometry, x, &kernel, y);
    #[cfg(feature = "train")]
    if geometry.images > 1 && rayon::current_thread_index().is_some() {
        use rayon::prelude::*;
        let pairs = x.par_chunks(geometry.len_in()).zip(y.par_chunks_mut(geometry.len_out()));
        pairs.for_each(|(x, y)| image(x, y));
        return;
    }
    for (x, y) in x.chunks(geometry.len_in()).zip(y.chunks_mut(geometry.len_out())) {
        image(x, y);
    }
}

/// Convolves one image.
pub(crate) fn forward_image(geometry: &Geometry, x: &[f32], kernel: &Kernel<'_>, y: &mut [f32]) {
    let rows_a_piece = geometry.rows_a_piece();
    let a_row = geometry.w_out * geometry.c_out;
    with_scratch(geometry.len_of_piece(), |cols| {
        for (piece, y) in y.chunks_mut(rows_a_piece * a_row).enumerate() {
            let cols = im2col(geometry, x, piece * rows_a_piece, y.len() / a_row, cols);
            multiply(geometry, cols, kernel, y);
        }
    });
}

/// Convolves one image at some pixels of the output only, counted row by row, and leaves the others as they are.
pub(crate) fn forward_at(
    geometry: &Geometry,
    x: &[f32],
    kernel: &Kernel<'_>,
    places: &[usize],
    y: &mut [f32],
) {
    let (window, c_out) = (geometry.window(), geometry.c_out);
    let a_piece = (PIECE / window.max(1)).max(2);
    with_scratch(a_piece * (window + c_out), |scratch| {
        let (cols, sums) = scratch.split_at_mut(a_piece * window);
        for places in places.chunks(a_piece) {
            // A product of one row would be summed in another order than those of many.
            let twice = [places[0]; 2];
            let places = if places.len() == 1 { &twice } else { places };
            let (cols, sums) = (&mut cols[..places.len() * window], &mut sums[..places.len() * c_out]);
            for (i, place) in places.iter().enumerate() {
                look(geometry, x, [place / geometry.w_out, place % geometry.w_out], i * window, cols);
            }
            multiply(geometry, cols, kernel, sums);
            for (place, sum) in places.iter().zip(sums.chunks(c_out)) {
                y[place * c_out..][..c_out].copy_from_slice(sum);
            }
        }
    });
}

/// The output (pixels, c_out) of an im2col matrix (pixels, window).
fn multiply(geometry: &Geometry, cols: &[f32], kernel: &Kernel<'_>, y: &mut [f32]) {
    let (window, c_out) = (geometry.window(), geometry.c_out);
    y.chunks_mut(c_out).for_each(|pixel| pixel.copy_from_slice(kernel.bias));
    add_product(y, [y.len() / c_out, window, c_out], cols, [window, 1], kernel.weight, [c_out, 1]);
    if geometry.config.relu {
        y.iter_mut().for_each(|v| *v = v.max(0.0));
    }
}

/// The gradients of input (empty unless wanted) and weights.
fn backward(
    geometry: &Geometry,
    x: &[f32],
    weight: &[f32],
    grad: &[f32],
    wants_x: bool,
) -> (Vec<f32>, Vec<f32>) {
    let mut grad_x = vec![0.0; if wants_x { x.len() } else { 0 }];
    let mut grad_weight = vec![0.0; weight.len()];
    if grad.is_empty() {
        return (grad_x, grad_weight);
    }
    #[cfg(feature = "train")]
    if geometry.images > 1 && rayon::current_thread_index().is_some() {
        use rayon::prelude::*;
        let (step_in, step_out) = (geometry.len_in() * UNIT, geometry.len_out() * UNIT);
        let unit = |(x, grad): (&[f32], &[f32]), grad_x: &mut [f32]| {
            let mut sum = vec![0.0; weight.len()];
            backward_images(geometry, x, weight, grad, grad_x, &mut sum);
            sum
        };
        let pairs = x.par_chunks(step_in).zip(grad.par_chunks(step_out));
        let sums: Vec<Vec<f32>> = if wants_x {
            pairs.zip(grad_x.par_chunks_mut(step_in)).map(|(pair, grad_x)| unit(pair, grad_x)).collect()
        } else {
            pairs.map(|pair| unit(pair, &mut [])).collect()
        };
        for sum in sums {
            grad_weight.iter_mut().zip(&sum).for_each(|(total, part)| *total += part);
        }
        return (grad_x, grad_weight);
    }
    backward_images(geometry, x, weight, grad, &mut grad_x, &mut grad_weight);
    (grad_x, grad_weight)
}

/// Adds the gradients of some images to `grad_weight` and, unless it is empty, to `grad_x`.
fn backward_images(
    geometry: &Geometry,
    x: &[f32],
    weight: &[f32],
    grad: &[f32],
    grad_x: &mut [f32],
    grad_weight: &mut [f32],
) {
    let (window, c_out, len_in) = (geometry.window(), geometry.c_out, geometry.len_in());
    let rows_a_piece = geometry.rows_a_piece();
    with_scratch(geometry.len_of_piece(), |cols| {
        let mut grad_cols = vec![0.0; if grad_x.is_empty() { 0 } else { cols.len() }];
        for (image, grad) in grad.chunks(geometry.len_out()).enumerate() {
            let x = &x[image * len_in..][..len_in];
            for (piece, grad) in grad.chunks(rows_a_piece * geometry.w_out * c_out).enumerate() {
                let (first, pixels) = (piece * rows_a_piece, grad.len() / c_out);
                let rows = pixels / geometry.w_out;
                let cols = im2col(geometry, x, first, rows, cols);
                add_product(grad_weight, [window, pixels, c_out], cols, [1, window], grad, [c_out, 1]);
                if !grad_x.is_empty() {
                    let grad_cols = &mut grad_cols[..pixels * window];
                    grad_cols.fill(0.0);
                    add_product(grad_cols, [pixels, c_out, window], grad, [c_out, 1], weight, [1, c_out]);
                    let grad_x = &mut grad_x[image * len_in..][..len_in];
                    geometry.for_each_run(first, rows, |at_in, at_cols, len| {
                        let from = &grad_cols[at_cols..at_cols + len];
                        grad_x[at_in..at_in + len].iter_mut().zip(from).for_each(|(to, v)| *to += v);
                    });
                }
            }
        }
    });
}

/// The im2col matrix (rows * w_out, window) of some output rows: `x` itself where the window is one pixel,
/// otherwise written into `scratch`.
fn im2col<'a>(
    geometry: &Geometry,
    x: &'a [f32],
    first: usize,
    rows: usize,
    scratch: &'a mut [f32],
) -> &'a [f32] {
    let len = rows * geometry.w_out * geometry.window();
    if geometry.is_pointwise() {
        return &x[first * geometry.w_out * geometry.c_in..][..len];
    }
    let cols = &mut scratch[..len];
    for row in 0..rows {
        for column in 0..geometry.w_out {
            let at = (row * geometry.w_out + column) * geometry.window();
            look(geometry, x, [first + row, column], at, cols);
        }
    }
    cols
}

/// Copies what lies under the window at a pixel of the output to `at` of the im2col matrix.
fn look(geometry: &Geometry, x: &[f32], pixel: [usize; 2], at: usize, cols: &mut [f32]) {
    if !geometry.is_inside(pixel) {
        cols[at..at + geometry.window()].fill(0.0);
    }
    geometry.for_each_run_at(pixel, at, &mut |at_in, at_cols, len| {
        cols[at_cols..at_cols + len].copy_from_slice(&x[at_in..at_in + len]);
    });
}

/// Lends room, for one piece's im2col matrix say; each thread keeps its own, so that a reading allocates little.
pub(crate) fn with_scratch<T>(len: usize, then: impl FnOnce(&mut [f32]) -> T) -> T {
    thread_local!(static SCRATCH: std::cell::RefCell<Vec<f32>> = const { std::cell::RefCell::new(Vec::new()) });
    SCRATCH.with_borrow_mut(|scratch| {
        if scratch.len() < len {
            scratch.resize(len, 0.0);
        }
        then(&mut scratch[..len])
    })
}

/// `dst` (m, n) += `lhs` (m, k) x `rhs` (k, n) on this thread. `dst` is row by row; the strides of the others
/// are [from row to row, from column to column].
pub(crate) fn add_product(
    dst: &mut [f32],
    [m, k, n]: [usize; 3],
    lhs: &[f32],
    lhs_strides: [usize; 2],
    rhs: &[f32],
    rhs_strides: [usize; 2],
) {
    let end = |rows: usize, columns: usize, [row, column]: [usize; 2]| {
        rows.saturating_sub(1) * row + columns.saturating_sub(1) * column
    };
    assert!(dst.len() == m * n && end(m, k, lhs_strides) < lhs.len() && end(k, n, rhs_strides) < rhs.len());
    let ([lhs_rs, lhs_cs], [rhs_rs, rhs_cs]) =
        (lhs_strides.map(|s| s as isize), rhs_strides.map(|s| s as isize));
    // SAFETY: the assertion holds every index that the sizes and strides can reach inside its slice, `dst` is
    // borrowed mutably and so overlaps neither operand, and all three are `f32` as `T` says.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst.as_mut_ptr(),
            1,
            n as isize,
            true,
            lhs.as_ptr(),
            lhs_cs,
            lhs_rs,
            rhs.as_ptr(),
            rhs_cs,
            rhs_rs,
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
