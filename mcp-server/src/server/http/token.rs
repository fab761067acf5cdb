//! The token that every HTTP request carries: random, in a file that only its user can read.

#![expect(clippy::disallowed_methods, reason = "the token's file is no file of the workspace")]

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Characters of a token: 32 random bytes as hexadecimal digits.
const LENGTH: usize = 64;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file or its folder cannot be used.
    #[error("cannot use the token file `{path}`")]
    File { path: PathBuf, source: io::Error },
    /// Others could know the token, or have put it there.
    #[error("the token file `{path}` {what}; delete it, and the next start makes a new one")]
    Unsafe { path: PathBuf, what: &'static str },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes for a token: {0}")]
    Random(getrandom::Error),
}

/// The secret of one user's servers. Compared in constant time, never printed.
pub(super) struct Token {
    hash: blake3::Hash,
    path: PathBuf,
}

impl Token {
    /// The token of this state folder; made when there is none.
    ///
    /// # Errors
    /// When the file is not its user's own and secret.
    pub(super) fn open(state: &Path) -> Result<Self, TokenError> {
        let path = state.join("http-token");
        let failed = |source| TokenError::File { path: path.clone(), source };
        let text = match open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(state, &path)?;
                open(&path).map_err(failed)?
            }
            opened => opened.map_err(|error| unless_link(&path, error))?,
        };
        let refused = |what| TokenError::Unsafe { path: path.clone(), what };
        secret(&text).map_err(refused)?;
        let mut token = String::new();
        // A longer file is no token either.
        text.take(2 * LENGTH as u64).read_to_string(&mut token).map_err(failed)?;
        let token = token.trim_end();
        if token.len() != LENGTH || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(refused("holds no token"));
        }
        Ok(Self { hash: blake3::hash(token.as_bytes()), path })
    }

    /// Where it is kept, for people to find it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this is the token. Hashes are compared in constant time, so that time tells nothing.
    pub(super) fn is(&self, given: &[u8]) -> bool {
        self.hash == blake3::hash(given)
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        // No link is followed, and a pipe does not hold us up.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.cast_signed());
    }
    options.open(path)
}

fn unless_link(path: &Path, source: io::Error) -> TokenError {
    let path = path.to_owned();
    match fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_symlink() => TokenError::Unsafe { path, what: "is a link" },
        _ => TokenError::File { path, source },
    }
}

/// What is wrong with the open file, if something is.
fn secret(file: &File) -> Result<(), &'static str> {
    let Ok(metadata) = file.metadata() else { return Err("cannot be looked at") };
    if !metadata.is_file() {
        return Err("is no regular file");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err("belongs to another user");
        }
        if metadata.mode() & 0o077 != 0 {
            return Err("can be read or changed by others (its mode should be 600)");
        }
    }
    Ok(())
}

/// Puts a new token in place whole, so that of two servers that start at once both read the same.
fn create(state: &Path, path: &Path) -> Result<(), TokenError> {
    let mut bytes = [0; LENGTH / 2];
    getrandom::fill(&mut bytes).map_err(TokenError::Random)?;
    let failed = |source| TokenError::File { path: path.to_owned(), source };
    let mut folder = fs::DirBuilder::new();
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    folder.recursive(true).create(state).map_err(failed)?;
    let temporary = state.join(format!("http-token-{}", std::process::id()));
    // Left by a process of the same id that was killed here.
    let _ = fs::remove_file(&temporary);
    let written = options.open(&temporary).and_then(|mut file| {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(file, "{digits}")?;
        file.sync_all()
    });
    let linked = written.and_then(|()| match fs::hard_link(&temporary, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let _ = fs::remove_file(&temporary);
    linked.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn made_once_and_known_again() {
        let folder = state();
        let state = folder.path().join("a/b");
        let token = Token::open(&state).expect("it is made");
        let text = fs::read_to_string(token.path()).expect("it is there");
        let again = Token::open(&state).expect("it is there");
        assert!(token.is(text.trim().as_bytes()) && again.is(text.trim().as_bytes()));
        assert!(!token.is(text.as_bytes()) && !token.is(b"") && !token.is(&text.as_bytes()[..63]));
        assert_eq!(fs::read_dir(&state).expect("it is there").count(), 1, "nothing is left beside it");
        let other = Token::open(&folder.path().join("c")).expect("it is made");
        assert!(!other.is(text.trim().as_bytes()), "every token is another");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_user_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let state = state();
        let path = Token::open(state.path()).expect("it is made").path().to_owned();
        let mode = |mode| fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("it is ours");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        for wrong in [0o640, 0o604, 0o620, 0o610] {
            mode(wrong);
            let error = Token::open(state.path()).err().expect("others can use it").to_string();
            assert!(error.contains("by others") && error.contains("delete it"), "{error}");
        }
        mode(0o400);
        assert!(Token::open(state.path()).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn neither_links_nor_pipes_nor_folders() {
        let state = state();
        let path = state.path().join("http-token");
        let refused = || Token::open(state.path()).err().expect("it is no token file").to_string();
        fs::write(state.path().join("elsewhere"), "a".repeat(LENGTH)).expect("a file");
        for target in ["elsewhere", "nowhere"] {
            std::os::unix::fs::symlink(target, &path).expect("a link");
            assert!(refused().contains("is a link"), "{}", refused());
            fs::remove_file(&path).expect("it is there");
        }
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .expect("a pipe");
        assert!(refused().contains("is no regular file"), "{}", refused());
        fs::remove_file(&path).expect("it is there");
        fs::create_dir(&path).expect("a folder");
        assert!(refused().contains("is no regular file"), "{}", refused());
    }

    #[test]
    fn what_is_no_token_is_not_one() {
        let state = state();
        let path = Token::open(state.path()).expect("it is made").path().to_owned();
        for text in ["", "secret\n", &"g".repeat(LENGTH), &"a".repeat(LENGTH + 1)] {
            fs::write(&path, text).expect("it is ours");
            let error = Token::open(state.path()).err().expect("it is no token").to_string();
            assert!(error.contains("holds no token"), "{error}");
        }
    }
}
