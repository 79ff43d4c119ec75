//! Reading `roster.toml`.
