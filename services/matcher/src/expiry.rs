//! Ends a ticket that nobody was found for, or that its player took back.

use domain::id::TicketId;
use store::Tx;
use store::entity::ticket::TicketStatus;
use store::ledger;
use store::ticket::{self, Ticket};

use crate::app::App;
use crate::error::Error;
use crate::postings;

/// Expires a ticket, unless it no longer waits.
pub(crate) async fn expire(app: &App, ticket: TicketId) -> Result<(), Error> {
    let tx = app.db.begin().await?;
    if let [waiting] = ticket::lock_queued(&tx, &[ticket]).await?.as_slice() {
        release(&tx, waiting, TicketStatus::Expired).await?;
        tx.commit().await?;
        tracing::info!(%ticket, "ticket expired");
    }
    Ok(())
}

/// Ends a locked ticket and frees its fee.
pub(crate) async fn release(tx: &Tx, ticket: &Ticket, status: TicketStatus) -> Result<(), Error> {
    let freed = ticket
        .hold
        .map(|hold| postings::release_fee(ticket.id, hold));
    ledger::post(tx, freed.as_slice()).await??;
    ticket::end(tx, ticket.id, status).await?;
    Ok(())
}
