//! XML as presets have it, read leniently: of an attribute that is there twice the first counts, a bare `&` is itself, and an
//! element that is never closed ends with the one around it. Nothing is expanded, and depth and attributes are bounded.

use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

/// Elements inside of elements.
const DEEPEST: usize = 64;
const MOST_ATTRIBUTES: usize = 1_000;

/// An element, without its text.
#[derive(Debug, PartialEq)]
pub(super) struct Element {
    pub name: String,
    /// Names and values, in order.
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
}

impl Element {
    /// The outermost element of a text.
    ///
    /// # Errors
    /// Says why it has none.
    pub fn read(text: &str) -> Result<Element, String> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        // Those that are not closed yet, the outermost first.
        let mut open: Vec<Element> = Vec::new();
        loop {
            let done = match reader.read_event().map_err(|cause| no_xml(&cause))? {
                Event::Start(tag) if open.len() < DEEPEST => {
                    open.push(Element::of(&tag)?);
                    continue;
                }
                Event::Start(_) => return Err("its elements are nested too deeply".to_string()),
                Event::Empty(tag) => Element::of(&tag)?,
                Event::End(tag) => {
                    let name = tag.name();
                    let closes = |element: &Element| element.name == name.as_ref();
                    // An end without a beginning ends nothing.
                    let Some(at) = open.iter().rposition(closes) else { continue };
                    let inner = open.drain(at..).rev().reduce(|inner, mut outer| {
                        outer.children.push(inner);
                        outer
                    });
                    let Some(inner) = inner else { continue };
                    inner
                }
                Event::Eof => return Err("it is no XML, or its end is missing".to_string()),
                _ => continue,
            };
            match open.last_mut() {
                Some(around) => around.children.push(done),
                None => return Ok(done),
            }
        }
    }

    fn of(tag: &BytesStart) -> Result<Element, String> {
        let mut attributes = Vec::new();
        // What is no attribute is passed over.
        for attribute in tag.attributes().with_checks(false).flatten() {
            if attributes.len() == MOST_ATTRIBUTES {
                return Err("its elements have too many attributes".to_string());
            }
            let value = unescape(&attribute.value).unwrap_or_else(|_| attribute.value.clone());
            let name: &str = attribute.key.as_ref();
            attributes.push((name.to_string(), value.into_owned()));
        }
        Ok(Element { name: tag.name().as_ref().to_string(), attributes, children: Vec::new() })
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// It and all that is inside of it.
    pub fn everything(&self) -> Vec<&Element> {
        let mut all = vec![self];
        let mut at = 0;
        while at < all.len() {
            let element = all[at];
            all.extend(&element.children);
            at += 1;
        }
        all
    }
}

fn no_xml(cause: &Error) -> String {
    format!("it is no XML ({cause})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_editors_let_pass_is_read() {
        let text = r#"<?xml version="1.0"?><!-- a --><a x="1" x="2"y="b & c &lt;"><b><c/></d><e>Q & A</a>"#;
        let root = Element::read(text).unwrap();
        assert_eq!((root.attribute("x"), root.attribute("y")), (Some("1"), Some("b & c &lt;")));
        let names: Vec<&str> = root.everything().iter().map(|element| element.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "e"]);
    }

    #[test]
    fn what_is_none_is_refused_whatever_its_size() {
        let attributes: String = (0..100_000).map(|i| format!(" a{i}=''")).collect();
        let wide = format!("<a{attributes}/>");
        let entities = "<!DOCTYPE x [<!ENTITY a \"&a;&a;\">]><a>&a;</a>";
        assert_eq!(Element::read(entities).unwrap().children, []);
        for text in [
            "",
            "plain",
            "<",
            "<a",
            "<a><b></b>",
            "</a>",
            &"<a>".repeat(100_000),
            &"<".repeat(100_000),
            &wide,
        ] {
            assert!(Element::read(text).is_err(), "{}", &text[..text.len().min(40)]);
        }
    }
}
