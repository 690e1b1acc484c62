//! Market on real servers.
