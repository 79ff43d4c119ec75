//! One line on the terminal that says how far a long check is, and vanishes before anything else is said.

use std::cell::RefCell;
use std::io::{IsTerminal as _, Write};
use std::time::{Duration, Instant};

use countersign::gate::{Progress, Step};

use super::args::Global;
use super::format::Format;

/// What is over sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// The line changes at most so often.
const PAUSE: Duration = Duration::from_millis(100);
/// Back to the start of the line, and clear it.
const CLEAR: &str = "\r\x1b[K";

/// The line.
pub struct Meter {
    line: Option<RefCell<Line<std::io::Stderr>>>,
    started: Instant,
}

/// What is on the terminal now.
struct Line<W> {
    terminal: W,
    shown: bool,
    /// When it may change again.
    next: Duration,
}

impl Meter {
    /// On stderr, if that is a terminal and a person reads along.
    pub fn of_process(global: &Global) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|kind| kind == "dumb");
        let reads_along = std::io::stderr().is_terminal()
            && !dumb
            && !global.quiet
            && global.format == Format::Human;
        Self {
            line: reads_along.then(|| RefCell::new(Line::new(std::io::stderr()))),
            started: Instant::now(),
        }
    }
}

impl Progress for Meter {
    fn step(&self, step: Step) {
        if let Some(line) = &self.line {
            line.borrow_mut().step(step, self.started.elapsed());
        }
    }
}

impl<W: Write> Line<W> {
    fn new(terminal: W) -> Self {
        Self {
            terminal,
            shown: false,
            next: PATIENCE,
        }
    }

    /// Shows a step at a time since the start of the program, unless it is too soon.
    fn step(&mut self, step: Step, now: Duration) {
        let text = match step {
            Step::Over => return self.clear(),
            _ if now < self.next => return,
            Step::Read { done, of } => told("reading units", done, of),
            Step::Commits { done, of } => told("reading commits", done, of),
            Step::Judged { done, of } => told("judging units", done, of),
        };
        self.next = now + PAUSE;
        self.shown = true;
        self.write(&format!("{CLEAR}{text}"));
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            self.write(CLEAR);
        }
    }

    /// A terminal that is gone is nothing to worry about here.
    fn write(&mut self, text: &str) {
        let _ = self.terminal.write_all(text.as_bytes());
        let _ = self.terminal.flush();
    }
}

fn told(what: &str, done: usize, of: usize) -> String {
    format!("{what}  {} of {}", grouped(done), grouped(of))
}

/// A number with a comma at each thousand.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(done: usize) -> Step {
        Step::Judged { done, of: 12_345 }
    }

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn shown(line: &Line<Vec<u8>>) -> String {
        String::from_utf8(line.terminal.clone()).unwrap()
    }

    #[test]
    fn what_is_over_soon_shows_nothing() {
        let mut line = Line::new(Vec::new());
        line.step(judged(1), at(0));
        line.step(judged(2), at(499));
        line.step(Step::Over, at(499));
        assert_eq!(shown(&line), "");
    }

    #[test]
    fn the_line_changes_at_most_ten_times_a_second_and_vanishes() {
        let mut line = Line::new(Vec::new());
        line.step(judged(7), at(500));
        line.step(judged(8), at(599));
        line.step(judged(1_234), at(600));
        line.step(Step::Over, at(601));
        line.step(Step::Over, at(602));
        let wanted = format!(
            "{CLEAR}judging units  7 of 12,345{CLEAR}judging units  1,234 of 12,345{CLEAR}"
        );
        assert_eq!(shown(&line), wanted);
    }

    #[test]
    fn thousands_have_commas() {
        let grouped = [0, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
    }
}
