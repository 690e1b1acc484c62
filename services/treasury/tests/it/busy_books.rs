//! The chain is compared with the ledger while something is booked all the time.

use std::cell::Cell;
use std::time::Duration;

use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use domain::money::Currency;
use reconciliation::{Books, Chain, Report};
use runtime::ids::mint;
use serde_json::Value;
use store::ledger;
use testkit::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::chain_stage::{ChainStage, USDT};
use crate::stage::LIMIT;

/// A node that lets something happen first whenever it is asked what accounts hold.
async fn stand_before(node: &str, door: &TcpListener, first: impl AsyncFn()) {
    let client = reqwest::Client::new();
    loop {
        let (mut asking, _) = door.accept().await.unwrap();
        let question = body(&mut asking).await;
        let asked: Value = serde_json::from_slice(&question).unwrap();
        if asked["method"] == "getMultipleAccounts" {
            first().await;
        }
        let passed_on = client
            .post(node)
            .header("content-type", "application/json")
            .body(question);
        let answer = passed_on.send().await.unwrap().bytes().await.unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.len()
        );
        asking.write_all(head.as_bytes()).await.unwrap();
        asking.write_all(&answer).await.unwrap();
        asking.shutdown().await.unwrap();
    }
}

/// The body of a request.
async fn body(asking: &mut TcpStream) -> Vec<u8> {
    const END: &[u8] = b"\r\n\r\n";
    let mut read = Vec::new();
    loop {
        let head = read.windows(END.len()).position(|bytes| bytes == END);
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&read[..head]).to_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.unwrap().trim().parse().unwrap();
            let begin = head + END.len();
            if read.len() >= begin + length {
                return read.split_off(begin);
            }
        }
        assert_ne!(asking.read_buf(&mut read).await.unwrap(), 0);
    }
}

/// Compares, and makes sure that something was booked meanwhile.
async fn compare(books: &Books<'_>, booked: &Cell<usize>) -> Report {
    let before = booked.get();
    let report = books.compare(Currency::Usdt).await.unwrap();
    assert!(booked.get() > before);
    report.expect("a report while something is booked")
}

#[tokio::test]
async fn they_are_compared_to_the_last_unit_though_something_is_booked_each_time() {
    const NODE_TIMEOUT: Duration = Duration::from_secs(60);
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let mut addresses = Vec::new();
    for _ in 0..3 {
        let (_, address) = it.player(Currency::Usdt).await;
        addresses.push(address);
    }
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", door.local_addr().unwrap());
    let seen = Chain::open(url.parse().unwrap(), &it.mint.to_string(), NODE_TIMEOUT).unwrap();
    let books = seen.books(&it.stage.db);

    let booked = Cell::new(0);
    let book = async || {
        let deposits = async || it.count("deposits WHERE user_id IS NOT NULL").await;
        let before = deposits().await;
        let address = &addresses[booked.get() % addresses.len()];
        it.fund(address, Currency::Usdt, USDT).await;
        eventually(LIMIT, async || deposits().await > before).await;
        booked.set(booked.get() + 1);
    };
    let comparing = async {
        for _ in 0..3 {
            let report = compare(&books, &booked).await;
            assert_eq!(report.unexplained(), 0, "{report:?}");
        }
        // The ledger says that something came which the chain does not know.
        let key: uuid::Uuid = mint();
        let invented = Transfer {
            key: TransferKey::new(key.to_string()),
            kind: "deposit",
            reference: key,
            movement: Movement::Move {
                debit: Account::outside(Unit::Usdt),
                credit: Account::house(Unit::Usdt),
                amount: 3,
            },
        };
        let tx = it.stage.db.begin().await.unwrap();
        let posted = ledger::post(&tx, &[invented]).await;
        posted.unwrap().unwrap();
        tx.commit().await.unwrap();
        let report = compare(&books, &booked).await;
        assert_eq!(report.unexplained(), -3, "{report:?}");
    };
    tokio::select! {
        () = stand_before(it.validator.url(), &door, book) => {}
        () = comparing => {}
    }
    treasury.stop().await;
}
