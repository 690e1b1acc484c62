//! One file per message. Each names its consumer and handles one delivery: load, decide, write,
//! announce. The bus acknowledges.

pub(crate) mod claim_items;
pub(crate) mod claim_play_money;
pub(crate) mod create_wallet;
pub(crate) mod review_withdrawal;
pub(crate) mod withdraw;
