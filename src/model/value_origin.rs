//! The origin of a setting.

use std::path::Path;

/// The origin of a setting. What came along with a folder may make a run more careful, never less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueOrigin<'a> {
    /// Given by the user: on the command line, in the environment, in a profile, or in a file that one of these names.
    User,
    /// In a file that came along with a folder and may be from another person: a manifest or a `.env` file.
    CameAlong(&'a Path),
}

impl ValueOrigin<'_> {
    /// Whether keys with the origins `keys` may be sent to an address with this origin. An address that came along gets
    /// only keys of the same file.
    pub fn may_receive(self, keys: [Self; 2]) -> bool {
        match self {
            Self::User => true,
            Self::CameAlong(_) => keys.into_iter().all(|key| key == self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sent_to_an_address_of_the_user_or_of_their_own_file() {
        let user = ValueOrigin::User;
        let [file, other] = ["a/.env", ".env"].map(|file| ValueOrigin::CameAlong(Path::new(file)));
        for (address, keys, expected) in [
            (user, [user, user], true),
            (user, [file, user], true),
            (user, [file, other], true),
            (file, [file, file], true),
            (file, [user, user], false),
            (file, [file, user], false),
            (file, [user, file], false),
            (file, [file, other], false),
            (file, [other, other], false),
        ] {
            assert_eq!(address.may_receive(keys), expected, "{address:?} {keys:?}");
        }
    }
}
