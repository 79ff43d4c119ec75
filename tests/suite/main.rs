//! Tests over real git repositories, one program so that they link once.

mod git_reading;
mod support;
