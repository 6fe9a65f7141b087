//! What can go wrong with a drawing, a language or weights.

/// An input that the models refuse, with its cause. Files are named by the caller, who knows their paths.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // Each message says what its fields hold.
pub enum Error {
    #[error("the pad is empty: there is no ink to read")]
    EmptyPad,
    #[error("the picture is of one dark colour everywhere: there is no paper to tell ink from")]
    OneColour,
    #[error("the scale `{0}` is not LOW-HIGH in MIDI notes 0 to 127, for example 69-80")]
    Scale(String),
    #[error("{what}: {found} is over the limit of {limit}")]
    Limit { what: &'static str, found: u64, limit: u64 },
    #[error("the picture cannot be read: {0}")]
    Picture(String),
    #[error("the sketch file is damaged: {0}")]
    SketchFile(String),
    #[error("the sketch file is of version {found}; this Neume reads up to version {known}")]
    FutureSketch { found: u32, known: u32 },
    #[error("the weights do not fit the network: {0}")]
    Weights(String),
    #[error("the network failed: {0}")]
    Network(String),
    #[error("the training data cannot teach this: {0}")]
    TrainingData(String),
}

impl From<candle_core::Error> for Error {
    fn from(cause: candle_core::Error) -> Error {
        Error::Network(cause.to_string())
    }
}
