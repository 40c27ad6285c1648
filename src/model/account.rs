//! The account that a journal belongs to.

use std::hash::{BuildHasher as _, RandomState};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::SecretText;
use super::tag::base32;

/// An account at an address, which a run uses.
#[derive(Debug, Clone)]
pub struct Account {
    /// The API id.
    pub id: SecretText,
    /// The origin of the address: scheme, host and port.
    pub origin: String,
    /// Where the id comes from, such as a profile. Never the id itself.
    pub source: String,
}

/// The account of a campaign, as its journal records it: salted hashes, from which no id can be found by trial in a
/// list that was hashed before, and the names for messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountMark {
    salt: String,
    id: String,
    origin: String,
    /// The address in a readable form.
    pub address: String,
    /// Where the id came from.
    pub source: String,
}

impl AccountMark {
    /// Returns the mark of `account` with a new salt.
    pub fn new(account: &Account) -> Self {
        // Both states are seeded by the system.
        let part = |number: u8| RandomState::new().hash_one(number);
        let salt = format!("{:016x}{:016x}", part(0), part(1));
        Self {
            id: hash(&salt, account.id.expose()),
            origin: hash(&salt, &account.origin),
            salt,
            address: account.origin.clone(),
            source: account.source.clone(),
        }
    }

    /// Checks whether this is the mark of `account`.
    pub fn is_of(&self, account: &Account) -> bool {
        self.id == hash(&self.salt, account.id.expose())
            && self.origin == hash(&self.salt, &account.origin)
    }
}

fn hash(salt: &str, text: &str) -> String {
    base32(&Sha256::digest([salt, text].concat()), 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, origin: &str) -> Account {
        Account { id: SecretText::new(id), origin: origin.into(), source: "profile `a`".into() }
    }

    #[test]
    fn a_mark_fits_its_account_alone_and_hides_the_id() {
        let own = account("my-own-id", "https://api.example");
        let mark = AccountMark::new(&own);
        assert!(mark.is_of(&own));
        assert!(!mark.is_of(&account("another", "https://api.example")));
        assert!(!mark.is_of(&account("my-own-id", "https://api.example:8443")));
        let json = serde_json::to_string(&mark).unwrap();
        assert!(!json.contains("my-own-id"), "{json}");
        assert_ne!(AccountMark::new(&own), mark, "each mark has a salt of its own");
        assert_eq!(serde_json::from_str::<AccountMark>(&json).unwrap(), mark);
    }
}
