//! What a process gives up before it starts a command, in the order in which it still can.

use super::{privilege, rules, seccomp};
use crate::sandbox::Tier;
use crate::sandbox::plan::{Failure, Task};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, set_dumpable_behavior, set_parent_process_death_signal,
    setrlimit, setsid,
};
use std::fs;
use std::io;

/// Gives up everything that the task does not need. What is given up here, no child has either.
pub(in super::super) fn lock_down(task: &Task) -> Result<(), Failure> {
    let said = |step: &'static str| move |error: io::Error| Failure::confine(step, &error);
    setsid().map_err(|error| said("a session of its own")(error.into()))?;
    limits(task).map_err(said("limits"))?;
    if task.tier == Tier::Unconfined {
        return Ok(());
    }
    // Nothing in the sandbox may look into this process, which talks to the server.
    let hide = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    hide.map_err(|error| said("protecting itself")(error.into()))?;
    let leash = set_parent_process_death_signal(Some(Signal::KILL));
    leash.map_err(|error| said("ending with its parent")(error.into()))?;
    privilege::give_up().map_err(said("giving up capabilities"))?;
    let granted = match task.tier {
        Tier::Landlock => Some(&task.grants),
        Tier::Overlay | Tier::Unconfined => None,
    };
    let scoped = rules::apply(granted).map_err(said("Landlock"))?;
    let sockets = seccomp::Sockets {
        internet: task.network || task.tier == Tier::Overlay,
        // In tier A names are those of the sandbox, unless it shares the network's with the machine.
        local: task.tier == Tier::Overlay && (!task.network || scoped),
    };
    seccomp::apply(sockets).map_err(said("filters of calls"))
}

fn limits(task: &Task) -> io::Result<()> {
    // Under memory pressure the command goes first.
    let _ = fs::write("/proc/self/oom_score_adj", "700");
    let set = |resource, most: u64| {
        let most = rustix::process::getrlimit(resource).maximum.map_or(most, |hard| hard.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
    };
    set(Resource::Core, 0)?;
    // What is only reserved, as runtimes do by the terabyte, does not count; what can be written does.
    set(Resource::Data, task.memory)?;
    set(Resource::Fsize, task.file)?;
    // In a namespace of users only its own count; elsewhere all that the person runs, so it comes on top of that.
    let others = if task.tier == Tier::Overlay { 0 } else { tasks_of_machine() };
    Ok(set(Resource::Nproc, task.processes.saturating_add(others))?)
}

/// How many tasks there are on the machine: the fourth field's second number.
fn tasks_of_machine() -> u64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let tasks = load.split(' ').nth(3).and_then(|field| field.split('/').nth(1)?.parse().ok());
    tasks.unwrap_or_default()
}
