//! What is seen and written of the disk.

use crate::world::for_both;
use devtoolkit_mcp::sandbox::Exit;

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
