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
    let waiting = ticket::lock_queued(&tx, &[ticket]).await?;
    if !waiting.is_empty() {
        release(&tx, &waiting, TicketStatus::Expired).await?;
        tx.commit().await?;
        tracing::info!(%ticket, "ticket expired");
    }
    Ok(())
}

/// Ends locked tickets and frees their fees.
pub(crate) async fn release(
    tx: &Tx,
    tickets: &[Ticket],
    status: TicketStatus,
) -> Result<(), Error> {
    let freed = tickets.iter().filter_map(|ticket| {
        ticket
            .hold
            .map(|hold| postings::release_fee(ticket.id, hold))
    });
    ledger::post(tx, &freed.collect::<Vec<_>>()).await??;
    let ids: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id).collect();
    ticket::end(tx, &ids, status).await?;
    Ok(())
}
