//! Something for each of a few fields: [`ByField`].

use super::field::Field;

/// What stands under each field, in the order of the fields. A row has a handful of them, so a short
/// list is smaller and quicker than a tree.
#[derive(Debug, Clone)]
pub(super) struct ByField<T>(Vec<(Field, T)>);

impl<T> ByField<T> {
    /// Nothing yet.
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    fn place(&self, field: Field) -> Result<usize, usize> {
        self.0.binary_search_by_key(&field, |(field, _)| *field)
    }

    /// What stands under `field`.
    pub(super) fn get(&self, field: Field) -> Option<&T> {
        self.place(field).ok().map(|place| &self.0[place].1)
    }

    /// Whether anything stands under `field`.
    pub(super) fn contains(&self, field: Field) -> bool {
        self.place(field).is_ok()
    }

    /// Puts `value` under `field`; what stood there is returned.
    pub(super) fn insert(&mut self, field: Field, value: T) -> Option<T> {
        match self.place(field) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, value)),
            Err(place) => {
                self.0.insert(place, (field, value));
                None
            }
        }
    }

    /// Takes away what stands under `field`.
    pub(super) fn remove(&mut self, field: Field) -> Option<T> {
        let place = self.place(field).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Forgets all but what stands under `fields`, and gives the memory back.
    pub(super) fn keep(&mut self, fields: &[Field]) {
        self.0.retain(|(field, _)| fields.contains(field));
        self.0.shrink_to_fit();
    }

    /// Whether there is nothing.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything, in the order of the fields.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Field, &T)> {
        self.0.iter().map(|(field, value)| (*field, value))
    }

    /// The fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        self.iter().map(|(field, _)| field)
    }
}

impl<T: Clone> ByField<T> {
    /// Takes over all of another's, which win over those that are here.
    pub(super) fn overlay(&mut self, other: &Self) {
        for (field, value) in other.iter() {
            self.insert(field, value.clone());
        }
    }
}

impl<T> Default for ByField<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> FromIterator<(Field, T)> for ByField<T> {
    fn from_iter<I: IntoIterator<Item = (Field, T)>>(values: I) -> Self {
        let mut by_field = Self::new();
        for (field, value) in values {
            by_field.insert(field, value);
        }
        by_field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts_and_the_order_is_that_of_the_fields() {
        let mut values: ByField<u8> = [(Field::Persona, 1), (Field::Id, 2), (Field::Persona, 3)]
            .into_iter()
            .collect();
        let mut sorted = vec![Field::Persona, Field::Id];
        sorted.sort_unstable();
        assert_eq!(values.fields().collect::<Vec<_>>(), sorted);
        assert_eq!(values.insert(Field::Id, 4), Some(2));
        assert_eq!(values.get(Field::Persona), Some(&3));
        assert_eq!(values.remove(Field::Persona), Some(3));
        assert!(!values.contains(Field::Persona) && !values.is_empty());
        values.insert(Field::Text, 7);
        values.keep(&[Field::Id]);
        assert!(!values.contains(Field::Text));
        values.overlay(&[(Field::Id, 5)].into_iter().collect());
        assert_eq!(values.get(Field::Id), Some(&5));
    }
}
