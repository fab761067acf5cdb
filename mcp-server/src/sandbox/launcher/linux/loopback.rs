//! Brings up the loopback device of a new network namespace, by one message of rtnetlink(7).

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use std::io;

const NEW_LINK: u16 = 16;
const REQUEST_AND_ANSWER: u16 = 1 | 4;
/// The first device of every network namespace.
const LOOPBACK: i32 = 1;
const UP: u32 = 1;
/// A header and what describes a link.
const LENGTH: usize = 16 + 16;

pub(super) fn bring_up() -> io::Result<()> {
    let kind = SocketType::RAW;
    let socket = rustix::net::socket_with(AddressFamily::NETLINK, kind, SocketFlags::CLOEXEC, None)?;
    rustix::net::send(&socket, &message(), SendFlags::empty())?;
    let mut answer = [0_u8; 256];
    let (_, length) = rustix::net::recv(&socket, &mut answer, RecvFlags::empty())?;
    let code = answer.get(16..20).filter(|_| length >= 20).and_then(|code| code.try_into().ok());
    match code.map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(-code)),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn message() -> Vec<u8> {
    let mut message = Vec::with_capacity(LENGTH);
    message.extend(u32::try_from(LENGTH).expect("it is small").to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST_AND_ANSWER.to_ne_bytes());
    // Its number and its sender, then any family and kind of device.
    message.extend([0; 4 + 4 + 4]);
    message.extend(LOOPBACK.to_ne_bytes());
    // The flags, and which of them are to change.
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message
}
