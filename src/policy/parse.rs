//! Reading `policy.toml`.
