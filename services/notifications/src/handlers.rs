//! What is delivered, one file a message.

pub mod email;
pub mod in_app;
pub mod mark_read;
pub mod mute_mails;
pub mod otp_email;
