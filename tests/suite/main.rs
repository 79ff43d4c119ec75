//! Tests over real git repositories, one program so that they link once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod ancestry;
mod attacks;
mod git_reading;
mod landing;
mod places;
mod refusals;
mod support;
mod world;
