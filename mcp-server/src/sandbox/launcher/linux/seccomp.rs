//! Calls that no command needs and that have led out of sandboxes before: they fail, whoever makes them.

use libc::{c_long, c_ulong};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};
use std::collections::BTreeMap;
use std::io;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Which sockets there may be.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Sockets {
    /// Of the internet.
    pub(in super::super) internet: bool,
    /// With names, which may be those of programs outside.
    pub(in super::super) local: bool,
}

/// Never allowed. Numbers that are the same on every machine have no name in `libc` yet.
const FORBIDDEN: &[c_long] = &[
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    OPEN_TREE_ATTR,
    libc::SYS_setns,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_vhangup,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_uselib,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ustat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS__sysctl,
];
const OPEN_TREE_ATTR: c_long = 467;
const NAMESPACES: &[libc::c_int] = &[
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];
/// Asks a terminal to take text as if it had been typed.
const TYPES_FOR_OTHERS: &[c_ulong] = &[libc::TIOCSTI, TIOCLINUX];
const TIOCLINUX: c_ulong = 0x541c;
/// On this machine, the same calls once more with pointers of half the width.
#[cfg(target_arch = "x86_64")]
const HALF_WIDTH: i64 = 0x4000_0000;

/// Applies the filters to this process and all that come from it.
pub(in super::super) fn apply(sockets: Sockets) -> io::Result<()> {
    let not_permitted = filter(rules(sockets).map_err(io::Error::other)?, libc::EPERM)?;
    // Its flags lie in memory, where a filter cannot look. Whoever is told that there is no such call uses the older one.
    let unknown = filter(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)?;
    for filter in [unknown, not_permitted] {
        seccompiler::apply_filter(&filter).map_err(io::Error::other)?;
    }
    Ok(())
}

fn filter(rules: Rules, errno: i32) -> io::Result<BpfProgram> {
    let errno = SeccompAction::Errno(errno.unsigned_abs());
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    #[cfg(target_arch = "x86_64")]
    let rules = rules
        .into_iter()
        .flat_map(|(call, rules)| [(call, rules.clone()), (call | HALF_WIDTH, rules)])
        .collect();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, errno, arch).map_err(io::Error::other)?;
    filter.try_into().map_err(io::Error::other)
}

fn rules(sockets: Sockets) -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect();
    let equal = SeccompCmpOp::Eq;
    let flag = |flag: &libc::c_int| {
        let bit = u64::from(flag.unsigned_abs());
        all(vec![condition(0, SeccompCmpOp::MaskedEq(bit), bit)?])
    };
    for call in [libc::SYS_clone, libc::SYS_unshare] {
        rules.insert(call, NAMESPACES.iter().map(flag).collect::<Result<_, _>>()?);
    }
    // `CLONE_NEWTIME` is a signal's number to `clone`.
    rules.entry(libc::SYS_unshare).or_default().push(flag(&libc::CLONE_NEWTIME)?);
    let typing = TYPES_FOR_OTHERS.iter().map(|request| all(vec![condition(1, equal.clone(), *request)?]));
    rules.insert(libc::SYS_ioctl, typing.collect::<Result<_, _>>()?);
    rules.insert(libc::SYS_socket, sockets_but(sockets)?);
    Ok(rules)
}

/// What is forbidden of `socket`: every family but the given, and of netlink all but asking for addresses.
fn sockets_but(sockets: Sockets) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let mut families = vec![libc::AF_NETLINK];
    if sockets.internet {
        families.extend([libc::AF_INET, libc::AF_INET6]);
    }
    if sockets.local {
        families.push(libc::AF_UNIX);
    }
    let number = |family: &libc::c_int| u64::from(family.unsigned_abs());
    let others = families.iter().map(|family| condition(0, SeccompCmpOp::Ne, number(family)));
    let netlink = [
        condition(0, SeccompCmpOp::Eq, number(&libc::AF_NETLINK))?,
        condition(2, SeccompCmpOp::Ne, number(&libc::NETLINK_ROUTE))?,
    ];
    Ok(vec![all(others.collect::<Result<_, _>>()?)?, all(netlink.into())?])
}

fn condition(
    argument: u8,
    is: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    // The kernel looks at as much of these arguments, whatever the rest says.
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, is, value)
}

fn all(conditions: Vec<SeccompCondition>) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(conditions)
}
