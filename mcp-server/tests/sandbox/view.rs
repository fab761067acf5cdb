//! What is seen and written of the disk.

use crate::world::for_both;
use devtoolkit_mcp::sandbox::Exit;
use std::fs;

#[test]
fn a_command_runs_and_says_how_it_ended() {
    for_both(|world| {
        let ran = world.sh("cat a.txt; pwd; echo two >&2; exit 3");
        assert_eq!(ran.output, format!("disk\n{}\ntwo\n", world.path("home/ws").display()));
        assert_eq!(ran.exit, Exit::Code(3));
        assert_eq!(world.sh("kill -11 $$").exit, Exit::Signal(11));
    });
}

#[test]
fn what_it_writes_stays_in_the_sandbox() {
    for_both(|world| {
        let ran =
            world.sh("echo x > b.txt; echo y > a.txt; cat a.txt b.txt; touch ~/.cache-of-tool && echo home");
        assert_eq!(ran.output, "y\nx\nhome\n");
        world.untouched();
    });
}

#[test]
fn it_writes_nowhere_else() {
    for_both(|world| {
        let outside = world.path("outside");
        let line = format!(
            "for f in {}/f /etc/zz /usr/zz /zz /sys/zz /var/lib/zz; do echo x > $f; done",
            outside.display()
        );
        let ran = world.sh(&line);
        assert_eq!(ran.output.lines().count(), 6, "{ran:?}");
        world.untouched();
    });
}

#[test]
fn a_home_folder_may_be_named_by_a_link() {
    for_both(|world| {
        let link = world.path("link");
        std::os::unix::fs::symlink(world.path("home"), &link).expect("a link");
        let mut machine = world.machine.clone();
        machine.home = Some(link.clone());
        machine.environment.retain(|(name, _)| name != "HOME");
        machine.environment.push(("HOME".into(), link.into()));
        let sandbox = devtoolkit_mcp::sandbox::Sandbox::new(machine);
        let order = crate::world::sh(
            "cat $HOME/../home/.ssh/id_rsa ../.ssh/id_rsa; cat ../.toolrc; touch ../x && echo made",
        );
        let confined = sandbox.start(&order, &world.workspace.snapshot()).expect("started");
        let ran = crate::world::finish(confined);
        assert!(ran.output.ends_with("setting\nmade\n") && !ran.output.contains("KEYTEXT"), "{ran:?}");
        world.untouched();
    });
}

#[test]
fn name_servers_are_known_wherever_their_list_lies() {
    // On many systems it is a link into `/run`, of which nothing else is seen.
    for_both(|world| {
        let list = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        assert_eq!(world.sh("cat /etc/resolv.conf 2>/dev/null").output, list);
    });
}
