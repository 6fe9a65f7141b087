//! Tests of the bank through its public door. They write their own files, or take the small ones in `fixtures`.

mod again;
mod analyse;
mod controllers;
mod course;
mod decode;
mod factory;
mod font;
mod hostile;
mod keeping;
mod kinds;
mod labels;
mod languages;
mod layers;
mod map;
mod matching;
mod measures;
mod names;
mod naming;
mod placing;
mod presets;
mod resample;
mod robins;
mod scan;
mod soundfont;
mod spelling;
mod tone;
