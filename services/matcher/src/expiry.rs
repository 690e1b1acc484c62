//! Ends tickets that nobody was found for, or that their players took back.

use contracts::matchmaking::PlaceStatus;
use domain::id::TicketId;
use store::Tx;
use store::entity::ticket::TicketStatus;
use store::ledger;
use store::ticket::{self, Ticket};

use crate::app::App;
use crate::error::Error;
use crate::{notices, postings};

/// Expires tickets for the game of this title, somebody's alone or a party's, unless they no longer
/// wait.
pub(crate) async fn expire(app: &App, tickets: &[TicketId], title: &str) -> Result<(), Error> {
    let tx = app.db.begin().await?;
    let waiting = ticket::lock_queued(&tx, tickets).await?;
    if !waiting.is_empty() {
        release(&tx, &waiting, PlaceStatus::Expired).await?;
        let told = waiting.iter().map(|ticket| notices::expired(ticket, title));
        tx.announce_all(&told.collect::<Result<Vec<_>, _>>()?)
            .await?;
        tx.commit().await?;
        for ticket in &waiting {
            tracing::info!(ticket = %ticket.id, "ticket expired");
        }
    }
    Ok(())
}

/// Ends locked tickets and frees their fees.
pub(crate) async fn release(tx: &Tx, tickets: &[Ticket], status: PlaceStatus) -> Result<(), Error> {
    let freed = tickets.iter().filter_map(|ticket| {
        ticket
            .hold
            .map(|hold| postings::release_fee(ticket.id, hold))
    });
    ledger::post(tx, &freed.collect::<Vec<_>>()).await??;
    let ids: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id).collect();
    ticket::end(tx, &ids, row_status(status)).await?;
    let told = tickets
        .iter()
        .map(|ticket| notices::place_changed(ticket, status));
    tx.announce_all(&told.collect::<Result<Vec<_>, _>>()?)
        .await?;
    Ok(())
}

const fn row_status(status: PlaceStatus) -> TicketStatus {
    match status {
        PlaceStatus::Waiting => TicketStatus::Queued,
        PlaceStatus::Left => TicketStatus::Left,
        PlaceStatus::Expired => TicketStatus::Expired,
        PlaceStatus::Kicked => TicketStatus::Kicked,
    }
}
