//! What most jobs have nothing of yet: [`Sparse`].

use std::ops::{Deref, DerefMut};

/// A value that is the same for every job that has not been begun.
pub(crate) trait Blank: Default + 'static {
    /// That value.
    fn blank() -> &'static Self;
}

/// A value that takes the room of a pointer until it is first changed: most of 100,000 jobs have not been
/// begun.
#[derive(Debug, Clone)]
pub(crate) struct Sparse<T>(Option<Box<T>>);

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Blank> Deref for Sparse<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or_else(|| T::blank())
    }
}

impl<T: Blank> DerefMut for Sparse<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Note(u32);

    static BLANK: Note = Note(0);

    impl Blank for Note {
        fn blank() -> &'static Self {
            &BLANK
        }
    }

    #[test]
    fn it_reads_as_blank_and_takes_no_room_until_it_is_changed() {
        let mut note: Sparse<Note> = Sparse::default();
        assert_eq!((&*note, note.0.is_none()), (&Note(0), true));
        (*note).0 = 3;
        assert_eq!(*note, Note(3));
    }
}
