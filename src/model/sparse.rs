//! Copy-on-write values that take the space of a pointer at their default.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value that is the same for every job that has not been begun.
pub(crate) trait Blank: Clone + Default + 'static {
    /// Returns the default value.
    fn blank() -> &'static Self;
}

/// A value that takes the room of a pointer until it is first changed: most of 100,000 jobs have not been
/// begun. A copy shares it until one of the two is changed.
#[derive(Debug, Clone)]
pub(crate) struct Sparse<T>(Option<Arc<T>>);

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
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

#[cfg(test)]
impl<T> Sparse<T> {
    /// Returns the number of owners of the value.
    pub(crate) fn holders(&self) -> usize {
        self.0.as_ref().map_or(0, Arc::strong_count)
    }
}

impl<T: PartialEq> Sparse<T> {
    /// Shares the allocation of `other` if the two values are equal.
    pub(crate) fn share(&mut self, other: &Self) {
        if self.0 == other.0 {
            self.0.clone_from(&other.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Default, PartialEq)]
    struct Note(u32);

    static BLANK: Note = Note(0);

    impl Blank for Note {
        fn blank() -> &'static Self {
            &BLANK
        }
    }

    #[test]
    fn a_default_value_is_not_allocated() {
        let mut note: Sparse<Note> = Sparse::default();
        assert_eq!((&*note, note.0.is_none()), (&Note(0), true));
        (*note).0 = 3;
        assert_eq!(*note, Note(3));
    }
    #[test]
    fn equal_values_are_shared_until_changed() {
        let note = |number: u32| -> Sparse<Note> { Sparse(Some(Arc::new(Note(number)))) };
        let (mut one, mut other) = (note(3), note(3));
        one.share(&other);
        assert!(Arc::ptr_eq(one.0.as_ref().unwrap(), other.0.as_ref().unwrap()));
        (*other).0 = 4;
        assert_eq!((&*one, &*other), (&Note(3), &Note(4)));
        one.share(&other);
        assert_eq!(*one, Note(3));
    }
}
