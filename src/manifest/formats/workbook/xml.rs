//! A reader of XML parts, one node at a time. It expands no entities of the document's own.

use std::borrow::Cow;
use std::str::FromStr;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::error::ReadError;
use super::package::{Package, Part};

/// The deepest nesting of elements. Sheets need about 10 levels.
const MAX_DEPTH: usize = 200;

/// An XML part.
pub(crate) struct Xml<'p, 'b> {
    reader: Reader<Part<'p, 'b>>,
    buffer: Vec<u8>,
    /// The number of open elements.
    depth: usize,
}

/// A node of an XML part.
pub(crate) enum Node<'x> {
    /// The beginning of an element. An empty element has an end, too.
    Start(Element<'x>),
    /// Text; an element may have several in a row.
    Text(Cow<'x, str>),
    End,
}

/// The tag of an element.
pub(crate) struct Element<'x>(BytesStart<'x>);

impl<'p, 'b> Xml<'p, 'b> {
    /// Opens a part of a package.
    pub(crate) fn open(package: &'p mut Package<'b>, name: &str) -> Result<Self, ReadError> {
        let mut reader = Reader::from_reader(package.part(name)?);
        reader.config_mut().expand_empty_elements = true;
        Ok(Self { reader, buffer: Vec::new(), depth: 0 })
    }

    /// Returns the next node, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Node<'_>>, ReadError> {
        self.buffer.clear();
        self.reader.get_mut().begin_token();
        let node = match self.reader.read_event_into(&mut self.buffer) {
            // Empty elements are expanded, so there are no `Event::Empty`.
            Ok(Event::Start(element) | Event::Empty(element)) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(ReadError::Damaged);
                }
                Node::Start(Element(element))
            }
            Ok(Event::End(_)) => {
                self.depth -= 1;
                Node::End
            }
            Ok(Event::Text(text)) => Node::Text(text.xml10_content()),
            Ok(Event::CData(text)) => Node::Text(text.xml10_content()),
            Ok(Event::GeneralRef(reference)) => {
                let character = reference.resolve_char_ref().map_err(|_| ReadError::Damaged)?;
                let predefined = || resolve_predefined_entity(&reference).map(str::to_owned);
                let text = character.map(String::from).or_else(predefined);
                Node::Text(Cow::Owned(text.ok_or(ReadError::Damaged)?))
            }
            Ok(Event::Eof) if self.depth == 0 => return Ok(None),
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {
                Node::Text(Cow::Borrowed(""))
            }
            Err(_) if self.reader.get_ref().is_exceeded() => {
                return Err(ReadError::TooLarge("the unpacked file"));
            }
            Ok(Event::Eof) | Err(_) => return Err(ReadError::Damaged),
        };
        Ok(Some(node))
    }

    /// Returns the number of open elements.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Skips the rest of the element that was opened last.
    pub(crate) fn skip(&mut self) -> Result<(), ReadError> {
        self.text(&mut String::new(), |_| false)
    }

    /// Appends the text of the element that was opened last, with that of the elements in it that `is_included`
    /// accepts.
    pub(crate) fn text(
        &mut self,
        text: &mut String,
        is_included: impl Fn(&str) -> bool,
    ) -> Result<(), ReadError> {
        let depth = self.depth;
        let mut left_out = None;
        while self.depth >= depth {
            let before = self.depth;
            match self.next()? {
                Some(Node::Start(element)) => {
                    if left_out.is_none() && !is_included(element.name()) {
                        left_out = Some(before);
                    }
                }
                Some(Node::Text(part)) if left_out.is_none() => text.push_str(&part),
                Some(Node::Text(_)) => {}
                Some(Node::End) => {
                    if left_out == Some(self.depth) {
                        left_out = None;
                    }
                }
                None => return Err(ReadError::Damaged),
            }
        }
        Ok(())
    }
}

impl Element<'_> {
    /// Returns the name without the prefix of its namespace.
    pub(crate) fn local_name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// Returns the name with the prefix of its namespace.
    pub(crate) fn name(&self) -> &str {
        self.0.name().into_inner()
    }

    /// Returns the value of an attribute. A `name` without prefix stands for any prefix.
    pub(crate) fn attribute(&self, name: &str) -> Result<Option<Cow<'_, str>>, ReadError> {
        for attribute in self.0.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| ReadError::Damaged)?;
            let key = attribute.key;
            if key.into_inner() == name || key.local_name().into_inner() == name {
                return attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .map(Some)
                    .map_err(|_| ReadError::Damaged);
            }
        }
        Ok(None)
    }

    /// Returns the number in an attribute, or `None` if it is missing or empty.
    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, ReadError> {
        let value = self.attribute(name)?;
        let value = value.as_deref().map(str::trim).filter(|value| !value.is_empty());
        value.map(|value| value.parse().map_err(|_| ReadError::Damaged)).transpose()
    }

    /// Checks whether an attribute is `1` or `true`.
    pub(crate) fn is_set(&self, name: &str) -> Result<bool, ReadError> {
        Ok(matches!(self.attribute(name)?.as_deref(), Some("1" | "true" | "on")))
    }
}
