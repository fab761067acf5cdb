//! Other repositories: cloning, fetching, pushing. Which may be reached is decided by the address alone, as it is after
//! git's own rewriting (`url.*.insteadOf`): https, ssh, http on this machine, or a folder inside of the workspace.

use super::{Bound, GitError, Repository, branches, check_revision, line, open, transport};
use crate::workspace::{Kind, ReadError, RelPath, Snapshot, visible};
use git2::build::{CloneLocal, RepoBuilder};
use git2::{AutotagOption, FetchOptions, Oid, PushOptions, RemoteCallbacks};
use std::cell::RefCell;
use std::fmt::Write as _;

/// The most bytes that a fetch or clone may take.
const BYTES: usize = 4 << 30;
/// Commits that are named before a push.
const COMMITS: usize = 50;

/// An address that may be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// As git is given it.
    url: String,
}

impl Address {
    /// Holds an address to the rules.
    pub(crate) fn parse(snapshot: &Snapshot, text: &str) -> Result<Self, GitError> {
        let shown = visible(&text.chars().take(200).collect::<String>());
        let refuse = |why: &str| {
            Err(GitError::Refused(format!(
                "`{shown}`: {why}; git may reach https:// and ssh:// addresses, and folders inside of the workspace"
            )))
        };
        if text.split('/').next().is_some_and(|start| start.contains("::") && !start.starts_with('[')) {
            return refuse("remote helpers (`ext::` and the like) run programs");
        }
        if text.is_empty()
            || text.starts_with('-')
            || text.chars().any(|c| c.is_control() || c.is_whitespace())
        {
            return refuse("it is empty, begins with `-` or has spaces");
        }
        match transport::Place::parse(text) {
            Ok(Some(_)) => return Ok(Self { url: text.to_owned() }),
            Ok(None) => {}
            Err(why) => return refuse(&why),
        }
        let path = match text.starts_with("file://") {
            true => url::Url::parse(text).ok().and_then(|url| url.to_file_path().ok()),
            false if text.contains("://") => return refuse("no such transport is allowed"),
            false => Some(text.into()),
        };
        let path = path.and_then(|path| snapshot.roots().parse(path.to_str()?).ok());
        let Some(path) = path else { return refuse("the folder is outside of the workspace") };
        let other = open::open(snapshot, &path)?;
        if other.name != snapshot.locate(&path)? {
            return refuse("no repository begins there");
        }
        let url = url::Url::from_file_path(open::absolute(snapshot.roots(), &other.name)?);
        Ok(Self {
            url: url.map_err(|()| GitError::Failed(format!("`{shown}` cannot be an address")))?.to_string(),
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.url
    }
}

/// Watches a transfer: ends it when nobody waits or too much came.
fn callbacks(bound: &Bound) -> RemoteCallbacks<'_> {
    let mut callbacks = RemoteCallbacks::new();
    callbacks.transfer_progress(move |progress| bound.go_on().is_ok() && progress.received_bytes() < BYTES);
    callbacks.sideband_progress(move |_| bound.go_on().is_ok());
    // Addresses with http and ssh go through our own transports, which ask for none.
    callbacks.credentials(|_, _, _| Err(git2::Error::from_str("no credentials are used")));
    callbacks
}

/// A clone that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clone {
    pub(crate) from: Address,
    pub(crate) to: RelPath,
    pub(crate) branch: Option<String>,
    /// Commits of history; all where none is said.
    pub(crate) depth: Option<u32>,
}

/// What a clone would be.
pub(crate) fn plan_clone(
    snapshot: &Snapshot,
    url: &str,
    to: &RelPath,
    branch: Option<&str>,
    depth: Option<u32>,
) -> Result<Clone, GitError> {
    let from = Address::parse(snapshot, url)?;
    if let Some(branch) = branch {
        check_revision(branch)?;
    }
    let to = snapshot.locate(to)?;
    let roots = snapshot.roots();
    match roots.lstat(&to).map(|stat| stat.kind) {
        Err(ReadError::NotFound { .. }) => {}
        Ok(Kind::Folder) if roots.list(&to)?.0.is_empty() => {}
        _ => return Err(GitError::Failed(format!("`{to}` exists already; name a new or an empty folder"))),
    }
    let parent = to.parent().unwrap_or_else(RelPath::root);
    if !roots.lstat(&parent).is_ok_and(|stat| stat.kind == Kind::Folder) {
        return Err(GitError::Failed(format!(
            "the folder `{parent}` does not exist; name a new folder in one that does"
        )));
    }
    if snapshot.staging().below(&to).next().is_some() {
        return Err(GitError::Failed(format!(
            "`{to}` has proposed files; accept_changes or discard_changes first"
        )));
    }
    Ok(Clone { from, to, branch: branch.map(str::to_owned), depth })
}

/// Makes a clone.
pub(crate) fn clone(snapshot: &Snapshot, plan: &Clone, bound: &Bound) -> Result<String, GitError> {
    transport::ready();
    let mut fetch = FetchOptions::new();
    fetch.remote_callbacks(callbacks(bound));
    if let Some(depth) = plan.depth {
        fetch.depth(i32::try_from(depth.max(1)).unwrap_or(i32::MAX));
    }
    let wrong = RefCell::new(None);
    let mut builder = RepoBuilder::new();
    // Never by copying or linking what another repository's folder holds.
    builder.clone_local(CloneLocal::None).fetch_options(fetch).with_checkout(branches::careful());
    if let Some(branch) = &plan.branch {
        builder.branch(branch);
    }
    builder.remote_create(|repository, name, url| {
        let remote = repository.remote(name, url)?;
        let really = remote.url().unwrap_or_default().to_owned();
        Address::parse(snapshot, &really).map_err(|error| {
            let text = error.to_string();
            *wrong.borrow_mut() = Some(error);
            git2::Error::from_str(&text)
        })?;
        Ok(remote)
    });
    let to = open::absolute(snapshot.roots(), &plan.to)?;
    let made = builder.clone(plan.from.as_str(), &to);
    drop(builder);
    bound.go_on()?;
    if let Some(error) = wrong.into_inner() {
        return Err(error);
    }
    made.map_err(|error| failed(&plan.from, error))?;
    let repository = open::open(snapshot, &plan.to)?;
    let head = repository.head()?.map(|head| branches::described(&repository, &head));
    Ok(format!("cloned into {}: {}", plan.to, head.unwrap_or_else(|| "an empty repository".to_owned())))
}

fn failed(address: &Address, error: git2::Error) -> GitError {
    let text = visible(error.message());
    GitError::Failed(format!("`{}`: {text}", visible(address.as_str())))
}

/// A remote that was looked up by name, or the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    pub(crate) name: String,
    pub(crate) address: Address,
}

/// The remote by its name; what the branch follows, or `origin`, without one.
pub(crate) fn remote(repository: &Repository, name: Option<&str>, push: bool) -> Result<Remote, GitError> {
    let name = match name {
        Some(name) => {
            check_revision(name)?;
            name.to_owned()
        }
        None => {
            let branch = repository.branch().map(|branch| format!("refs/heads/{branch}"));
            let followed = branch.and_then(|branch| repository.git.branch_upstream_remote(&branch).ok());
            followed
                .and_then(|name| name.as_str().ok().map(str::to_owned))
                .unwrap_or_else(|| "origin".to_owned())
        }
    };
    let found = repository.git.find_remote(&name).map_err(|_| {
        let known =
            repository.git.remotes().map(|names| names.iter_bytes().map(line).collect::<Vec<_>>().join(", "));
        GitError::Failed(format!(
            "there is no remote `{}`; known: {}",
            visible(&name),
            known.unwrap_or_default()
        ))
    })?;
    let url = match push {
        true => found.pushurl()?.map_or_else(|| found.url(), Ok)?,
        false => found.url()?,
    };
    let near = url.starts_with("./") || url.starts_with("../");
    let seen =
        near.then(|| open::follow(repository.snapshot.roots(), &repository.name, std::path::Path::new(url)));
    let seen = seen.flatten().map(|path| path.to_string());
    Ok(Remote { address: Address::parse(&repository.snapshot, seen.as_deref().unwrap_or(url))?, name })
}

/// Fetches a branch or all; says what moved.
pub(crate) fn fetch(
    repository: &Repository,
    remote: &Remote,
    branch: Option<&str>,
    bound: &Bound,
) -> Result<String, GitError> {
    transport::ready();
    let mut text = String::new();
    let name = &remote.name;
    let specs = match branch {
        Some(branch) => {
            check_branch(branch)?;
            format!("+refs/heads/{branch}:refs/remotes/{name}/{branch}")
        }
        None => format!("+refs/heads/*:refs/remotes/{name}/*"),
    };
    let mut found = reached(repository, &remote.address)?;
    let mut callbacks = callbacks(bound);
    callbacks.update_tips(|name, old, new| {
        let short = |id: Oid| if id.is_zero() { "new".to_owned() } else { id.to_string()[..7].to_owned() };
        let _ = writeln!(text, "{} {} -> {}", visible(name), short(old), short(new));
        true
    });
    let mut options = FetchOptions::new();
    options.remote_callbacks(callbacks).download_tags(AutotagOption::Auto);
    let fetched = found.fetch(&[specs], Some(&mut options), None);
    drop(options);
    bound.go_on()?;
    fetched.map_err(|error| failed(&remote.address, error))?;
    Ok(if text.is_empty() { format!("{} has nothing new\n", visible(name)) } else { text })
}

/// A remote of exactly this address, whatever else is configured for its name.
fn reached<'r>(repository: &'r Repository, address: &Address) -> Result<git2::Remote<'r>, GitError> {
    let remote = repository.git.remote_anonymous(address.as_str())?;
    if remote.url()? != address.as_str() {
        return Err(GitError::Refused(format!(
            "git would rewrite `{}` to another address",
            visible(address.as_str())
        )));
    }
    Ok(remote)
}

fn check_branch(branch: &str) -> Result<(), GitError> {
    check_revision(branch)?;
    if !git2::Branch::name_is_valid(branch)? || branch.contains(['*', ':']) {
        return Err(GitError::Arguments(format!("`{}` is no name of a branch", visible(branch))));
    }
    Ok(())
}

/// A push that is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Push {
    pub(crate) remote: Remote,
    branch: String,
    commit: Oid,
    commits: String,
}

/// What a push would send: a branch, by default the one that is checked out.
pub(crate) fn plan_push(
    repository: &Repository,
    remote: Option<&str>,
    branch: Option<&str>,
) -> Result<Push, GitError> {
    let remote = self::remote(repository, remote, true)?;
    let branch = match branch {
        Some(branch) => branch.to_owned(),
        None => repository
            .branch()
            .ok_or_else(|| GitError::Failed("HEAD is detached; name a `branch` to push".to_owned()))?,
    };
    check_branch(&branch)?;
    let local = repository.git.find_branch(&branch, git2::BranchType::Local);
    let local = local.map_err(|_| GitError::Failed(format!("there is no branch `{}`", visible(&branch))))?;
    let commit = local.get().peel_to_commit()?.id();
    let mut walk = repository.git.revwalk()?;
    walk.push(commit)?;
    if let Ok(known) = repository.git.refname_to_id(&format!("refs/remotes/{}/{branch}", remote.name)) {
        walk.hide(known)?;
    }
    let mut commits = String::new();
    for (place, id) in walk.enumerate() {
        if place == COMMITS {
            commits.push_str("  and older ones\n");
            break;
        }
        let _ = writeln!(commits, "  {}", branches::described(repository, &repository.git.find_commit(id?)?));
    }
    Ok(Push { remote, branch, commit, commits })
}

impl Push {
    pub(crate) fn what(&self) -> String {
        format!("Push branch {} to {}", visible(&self.branch), visible(self.remote.address.as_str()))
    }

    pub(crate) fn detail(&self) -> String {
        format!("Commits that are not known to be there:\n{}Up to: {}", self.commits, self.commit)
    }
}

/// Pushes what was planned; only forward, never over what others pushed.
pub(crate) fn push(repository: &Repository, plan: &Push, bound: &Bound) -> Result<String, GitError> {
    transport::ready();
    let refused = RefCell::new(None);
    let mut callbacks = callbacks(bound);
    callbacks.push_update_reference(|name, why| {
        if let Some(why) = why {
            *refused.borrow_mut() = Some(format!("{}: {}", visible(name), visible(why)));
        }
        Ok(())
    });
    let mut options = PushOptions::new();
    options.remote_callbacks(callbacks);
    let mut found = reached(repository, &plan.remote.address)?;
    let name = &plan.branch;
    let pushed = found.push(&[format!("refs/heads/{name}:refs/heads/{name}")], Some(&mut options));
    drop(options);
    bound.go_on()?;
    pushed.map_err(|error| match error.code() {
        git2::ErrorCode::NotFastForward => GitError::Failed(format!(
            "`{}` has commits that branch `{}` has not; git_fetch brings them, then join both",
            plan.remote.name,
            visible(name)
        )),
        _ => failed(&plan.remote.address, error),
    })?;
    match refused.into_inner() {
        Some(why) => Err(GitError::Failed(format!("the remote refused {why}"))),
        None => {
            let known = format!("refs/remotes/{}/{name}", plan.remote.name);
            repository.git.reference(&known, plan.commit, true, "pushed")?;
            Ok(format!("pushed {} to {}", visible(name), visible(plan.remote.address.as_str())))
        }
    }
}
