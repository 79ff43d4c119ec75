//! The program on a pseudo-terminal: what the screen shows, and what a person types.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use pty_process::blocking::{Command, Pty};

use crate::world::Run;

/// Nothing takes this long. A test that hangs ends with what the screen shows.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs a command on a terminal and types each answer once the screen ends with its question.
pub fn play<'a>(command: Command, answers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Run {
    let (pty, pts) = pty_process::blocking::open().unwrap();
    // Wide, so that the terminal breaks no line.
    pty.resize(pty_process::Size::new(50, 400)).unwrap();
    let mut child = command.spawn(pts).unwrap();
    let pty = Arc::new(pty);
    let screen = listen(Arc::clone(&pty));
    let mut shown = String::new();
    for (question, answer) in answers {
        wait_for(&screen, &mut shown, Some(question));
        let mut keyboard = &*pty;
        keyboard
            .write_all(format!("{answer}\n").as_bytes())
            .unwrap();
    }
    wait_for(&screen, &mut shown, None);
    let status = child.wait().unwrap();
    Run {
        status: status.code().unwrap_or(-1),
        stdout: shown,
        stderr: String::new(),
    }
}

/// What the terminal prints, until the other side closes it.
fn listen(pty: Arc<Pty>) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        let mut screen = &*pty;
        // On Linux a closed terminal is an error, not an end.
        while let Ok(length @ 1..) = screen.read(&mut buffer) {
            if send.send(buffer[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    receive
}

/// Reads until the screen ends with `text`, or to its end.
fn wait_for(screen: &Receiver<Vec<u8>>, shown: &mut String, text: Option<&str>) {
    while text.is_none_or(|text| !shown.ends_with(text)) {
        match screen.recv_timeout(PATIENCE) {
            Ok(bytes) => shown.push_str(&String::from_utf8_lossy(&bytes)),
            Err(RecvTimeoutError::Disconnected) if text.is_none() => return,
            Err(error) => panic!("{error} for {text:?}; the screen shows:\n{shown}"),
        }
    }
}
