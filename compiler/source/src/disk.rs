//! Reads the trees that a user names.
