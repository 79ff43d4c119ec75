//! Tests over real git repositories, one program so that they link once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod action;
mod ancestry;
mod attacks;
mod authority;
mod automation;
mod bad_input;
mod carried;
mod clean_merge;
mod compromise;
mod depth;
mod doctor;
mod edges;
mod emergencies;
mod events;
mod evidence;
mod fixtures;
mod forms;
mod git_reading;
mod help;
mod hook;
mod hostile;
mod inspect;
mod interop;
mod keys;
mod landing;
mod landings;
mod lines;
mod merged_series;
mod objects;
mod outputs;
mod pages;
mod parts;
mod places;
mod policies;
mod progress;
mod receive;
mod refusals;
mod rejections;
mod release;
mod restart;
mod reverts;
mod roster;
mod security_key;
mod series;
mod sizes;
mod sk_provider;
mod spec;
mod support;
mod terminal;
mod timestamps;
mod transcripts;
mod trust;
mod trusted_root;
mod vectors;
mod versions;
mod vsa;
mod world;
