//! The one place for what the composer can ask of the window, and for the keys that ask it.
//!
//! Under baseview keys arrive as letters, digits and navigation only, so no shortcut needs more than those.

use egui::{Key, Modifiers};
use neume_models::Sketch;

use super::editing::Editing;
use super::state::{Ink, Tab, Tool};
use super::{files, pad, search_view, theme};
use crate::handoff::SLOTS;

/// Something to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    /// Take the last step back.
    Undo,
    /// Do the step that was taken back again.
    Redo,
    /// Remove all ink.
    Clear,
    /// Write the drawing to a `.neume` file.
    Save,
    /// Read the drawing from a `.neume` file.
    Open,
    /// Put a picture under the strokes.
    ImportPicture,
    /// Write the drawing as a PNG.
    ExportPicture,
    /// Take over the signs of a language's file.
    ImportLanguage,
    /// Write the language to a file.
    ExportLanguage,
    /// Write the language as a page, SVG or PNG.
    PrintLanguage,
    /// Take a tool.
    Tool(Tool),
    /// Dip the pen.
    Ink(Ink),
    /// Choose a slot, 0..[`SLOTS`].
    Slot(usize),
    /// Choose the slot before.
    PreviousSlot,
    /// Choose the slot behind.
    NextSlot,
    /// A thicker pen.
    Louder,
    /// A thinner pen.
    Softer,
    /// Look for sounds in the bank.
    Search,
    /// Change light and dark.
    ToggleTheme,
}

impl Command {
    /// What it is called on screen, and for those who do not see it.
    pub fn label(self) -> &'static str {
        match self {
            Command::Undo => "Undo",
            Command::Redo => "Redo",
            Command::Clear => "Clear the pad",
            Command::Save => "Save the drawing",
            Command::Open => "Open a drawing",
            Command::ImportPicture => "Import a picture",
            Command::ExportPicture => "Export as PNG",
            Command::ImportLanguage => "Import a language",
            Command::ExportLanguage => "Export the language",
            Command::PrintLanguage => "Print the language",
            Command::Tool(Tool::Pen) => "Pen",
            Command::Tool(Tool::Line) => "Line",
            Command::Tool(Tool::Eraser) => "Eraser",
            Command::Ink(_) => "Ink",
            Command::Slot(_) => "Slot",
            Command::PreviousSlot => "Previous slot",
            Command::NextSlot => "Next slot",
            Command::Louder => "Thicker",
            Command::Softer => "Thinner",
            Command::Search => "Search sounds",
            Command::ToggleTheme => "Light or dark",
        }
    }

    /// The keys, for a tooltip.
    pub fn keys(self) -> Option<&'static str> {
        let mac = cfg!(target_os = "macos");
        let pair = |pc, apple| Some(if mac { apple } else { pc });
        match self {
            Command::Undo => pair("Ctrl Z", "⌘ Z"),
            Command::Redo => pair("Ctrl Y", "⌘ Y"),
            Command::Save => pair("Ctrl S", "⌘ S"),
            Command::Open => pair("Ctrl O", "⌘ O"),
            Command::ImportPicture => pair("Ctrl I", "⌘ I"),
            Command::ExportPicture => pair("Ctrl E", "⌘ E"),
            Command::Search => pair("Ctrl F", "⌘ F"),
            Command::Clear => Some("Delete"),
            Command::Tool(Tool::Pen) => Some("P"),
            Command::Tool(Tool::Line) => Some("L"),
            Command::Tool(Tool::Eraser) => Some("E"),
            Command::PreviousSlot => Some("Page up"),
            Command::NextSlot => Some("Page down"),
            Command::Louder => Some("W"),
            Command::Softer => Some("Q"),
            Command::ToggleTheme => Some("T"),
            Command::ImportLanguage
            | Command::ExportLanguage
            | Command::PrintLanguage
            | Command::Slot(_)
            | Command::Ink(_) => None,
        }
    }
}

const PLAIN: [(Key, Command); 10] = [
    (Key::P, Command::Tool(Tool::Pen)),
    (Key::L, Command::Tool(Tool::Line)),
    (Key::E, Command::Tool(Tool::Eraser)),
    (Key::T, Command::ToggleTheme),
    (Key::W, Command::Louder),
    (Key::Q, Command::Softer),
    (Key::Delete, Command::Clear),
    (Key::PageUp, Command::PreviousSlot),
    (Key::PageDown, Command::NextSlot),
    (Key::Num0, Command::Slot(9)),
];

const WITH_COMMAND: [(Key, Command); 7] = [
    (Key::Z, Command::Undo),
    (Key::Y, Command::Redo),
    (Key::S, Command::Save),
    (Key::O, Command::Open),
    (Key::I, Command::ImportPicture),
    (Key::E, Command::ExportPicture),
    (Key::F, Command::Search),
];

const DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// What the keys of this frame ask for; nothing while text is being written.
pub fn pressed(ctx: &egui::Context) -> Vec<Command> {
    if ctx.text_edit_focused() {
        return Vec::new();
    }
    ctx.input_mut(|input| {
        let mut found = Vec::new();
        if input.consume_key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) {
            found.push(Command::Redo);
        }
        let plain = PLAIN.iter().map(|(key, command)| (Modifiers::NONE, *key, *command));
        let with = WITH_COMMAND.iter().map(|(key, command)| (Modifiers::COMMAND, *key, *command));
        let digits = DIGITS.iter().enumerate().map(|(i, key)| (Modifiers::NONE, *key, Command::Slot(i)));
        for (modifiers, key, command) in with.chain(plain).chain(digits) {
            if input.consume_key(modifiers, key) {
                found.push(command);
            }
        }
        found
    })
}

/// Does it.
pub fn run(command: Command, editing: &mut Editing, ctx: &egui::Context) {
    match command {
        Command::Undo => {
            pad::end_gesture(editing);
            editing.undo();
        }
        Command::Redo => {
            pad::end_gesture(editing);
            editing.redo();
        }
        Command::Clear => {
            pad::end_gesture(editing);
            if !editing.sketch().is_empty() {
                editing.step_to(editing.now.slot, Sketch::default());
            }
        }
        Command::Save => files::ask(editing, files::Wish::Save, ctx),
        Command::Open => files::ask(editing, files::Wish::Open, ctx),
        Command::ImportPicture => files::ask(editing, files::Wish::Import, ctx),
        Command::ExportPicture => files::ask(editing, files::Wish::Export, ctx),
        Command::ImportLanguage => files::ask(editing, files::Wish::ImportLanguage, ctx),
        Command::ExportLanguage => files::ask(editing, files::Wish::ExportLanguage, ctx),
        Command::PrintLanguage => files::ask(editing, files::Wish::PrintLanguage, ctx),
        Command::Tool(tool) => {
            pad::end_gesture(editing);
            editing.state.tool = tool;
        }
        Command::Ink(ink) => {
            editing.state.ink = ink;
            if editing.state.tool == Tool::Eraser {
                editing.state.tool = Tool::Pen;
            }
        }
        Command::Slot(slot) => editing.choose_slot(slot),
        Command::PreviousSlot => editing.choose_slot((editing.now.slot + SLOTS - 1) % SLOTS),
        Command::NextSlot => editing.choose_slot((editing.now.slot + 1) % SLOTS),
        Command::Louder | Command::Softer => {
            let step_db = if command == Command::Louder { 2.0 } else { -2.0 };
            let [soft, loud] = editing.now.document.language.legend.loudness_db;
            editing.state.loudness_db = (editing.state.loudness_db + step_db).clamp(soft, loud);
        }
        Command::Search => {
            editing.state.tab = Tab::Bank;
            ctx.memory_mut(|memory| memory.request_focus(search_view::field()));
        }
        Command::ToggleTheme => {
            editing.state.theme = editing.state.theme.other();
            theme::restyle(ctx, editing.state.theme);
            editing.state.styled = Some(editing.state.theme);
        }
    }
}
