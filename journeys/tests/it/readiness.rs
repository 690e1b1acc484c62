//! A service says which of its servers it misses, and recovers by itself.

use std::time::Duration;

use contracts::Service;
use mail::MailSink;
use testkit::{Database, Process, Server, Space, eventually};

use crate::fleet::{LIMIT, start_services};

/// How long it may take until an outage is seen or is over.
const NOTICE: Duration = Duration::from_secs(30);

async fn misses(process: &Process, name: &str) -> bool {
    let Some((503, answer)) = process.readyz().await else {
        return false;
    };
    answer.to_string().contains(name)
}

#[tokio::test]
async fn every_server_that_stops_is_named_by_those_who_need_it_and_all_recover() {
    let mut servers = [
        ("postgres", Server::postgres().await),
        ("nats", Server::nats().await),
        ("redis", Server::redis().await),
        ("temporal", Server::temporal().await),
    ];
    let url = |name: &str| {
        servers
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, server)| server.url())
            .unwrap()
    };
    let database = Database::on(url("postgres")).await;
    let space = Space::on(url("nats").to_string(), url("redis").to_string());
    let anywhere = "127.0.0.1:0".parse().unwrap();
    let sink = MailSink::start(anywhere, anywhere).await.unwrap();
    let processes = start_services(&database, &space, &sink, &url("temporal")).await;

    for (name, server) in &mut servers {
        let needed_by: Vec<Service> = Service::ALL
            .into_iter()
            .filter(|service| match *name {
                "postgres" => *service != Service::Market,
                "redis" => matches!(service, Service::Market | Service::Web),
                "temporal" => *service == Service::Achievement,
                _ => true,
            })
            .collect();
        server.stop().await;
        for service in &needed_by {
            eventually(NOTICE, async || misses(&processes[service], name).await).await;
        }
        for service in Service::ALL
            .into_iter()
            .filter(|service| !needed_by.contains(service))
        {
            assert!(
                !misses(&processes[&service], name).await,
                "{service} does not need {name}"
            );
        }
        server.start().await;
        for service in &needed_by {
            let ready = async || {
                processes[service]
                    .readyz()
                    .await
                    .is_some_and(|(status, _)| status == 200)
            };
            eventually(LIMIT, ready).await;
        }
    }
}
