//! Rules of the kernel on what this process and its children may open, whatever the disk's own permissions say.

use crate::sandbox::plan::Grants;
use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use std::ffi::OsString;
use std::io;
use std::path::Path;

/// What is asked for where the kernel has it.
const NEWEST: ABI = ABI::V6;
/// Before, files that may not be opened could still be emptied.
const OLDEST: ABI = ABI::V3;

/// Applies rules on files, if there are any; signals and abstract sockets always end at the sandbox, where the kernel
/// can do that. Returns whether it can.
pub(super) fn apply(grants: Option<&Grants>) -> io::Result<bool> {
    let scoped = is_scoping();
    if scoped {
        let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        let ruleset = ruleset.scope(Scope::from_all(NEWEST)).map_err(io::Error::other)?;
        ruleset.create().and_then(|created| created.restrict_self()).map_err(io::Error::other)?;
    }
    if let Some(grants) = grants {
        restrict_files(grants)?;
    }
    Ok(scoped)
}

fn is_scoping() -> bool {
    Ruleset::default().set_compatibility(CompatLevel::HardRequirement).scope(Scope::from_all(NEWEST)).is_ok()
}

fn restrict_files(grants: &Grants) -> io::Result<()> {
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let ruleset = ruleset.handle_access(AccessFs::from_all(OLDEST)).map_err(io::Error::other)?;
    let ruleset = ruleset.set_compatibility(CompatLevel::BestEffort);
    let ruleset = ruleset.handle_access(AccessFs::from_all(NEWEST)).map_err(io::Error::other)?;
    let mut created = ruleset.create().map_err(io::Error::other)?;
    for (paths, access) in
        [(&grants.read, AccessFs::from_read(NEWEST)), (&grants.write, AccessFs::from_all(NEWEST))]
    {
        for path in paths {
            created = rule(created, path, access)?;
        }
    }
    let status = created.restrict_self().map_err(io::Error::other)?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err(io::ErrorKind::Unsupported.into()),
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}

fn rule(
    created: landlock::RulesetCreated,
    path: &OsString,
    access: landlock::BitFlags<AccessFs>,
) -> io::Result<landlock::RulesetCreated> {
    // What is not there needs no rule.
    let Ok(file) = PathFd::new(path) else { return Ok(created) };
    let of_file = AccessFs::from_file(NEWEST);
    let access = if Path::new(path).is_dir() { access } else { access & of_file };
    created.add_rule(PathBeneath::new(file, access)).map_err(io::Error::other)
}
