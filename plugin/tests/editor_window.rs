//! The window, tried as a composer would: by pointer and keys, without a display; and looked at, in both themes.

#[path = "editor_window/drawing.rs"]
mod drawing;
#[path = "editor_window/panel.rs"]
mod panel;
#[path = "editor_window/pictures.rs"]
mod pictures;
#[path = "editor_window/refusing.rs"]
mod refusing;
#[path = "editor_window/scene.rs"]
mod scene;
#[path = "editor_window/signs.rs"]
mod signs;
#[path = "editor_window/slots.rs"]
mod slots;
#[path = "editor_window/window.rs"]
mod window;
