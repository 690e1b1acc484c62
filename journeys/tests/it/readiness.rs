//! A service says which of its servers it misses, and recovers by itself.

use std::time::Duration;

use contracts::Service;
use mail::MailSink;
use testkit::{Database, Process, Server, Space, eventually};

use crate::fleet::{LIMIT, Services, start_services};

/// How long it may take until an outage is seen or is over.
const NOTICE: Duration = Duration::from_secs(30);

/// Whether a service cannot work without the server of this name.
fn needs(service: Service, server: &str) -> bool {
    match server {
        "postgres" => service != Service::Market,
        "nats" => true,
        "redis" => matches!(service, Service::Market | Service::Web),
        "temporal" => service == Service::Achievement,
        "smtp" => service == Service::Notifications,
        _ => panic!("nobody knows {server}"),
    }
}

async fn misses(process: &Process, name: &str) -> bool {
    let Some((503, answer)) = process.readyz().await else {
        return false;
    };
    let failing = answer["failing"].as_array().unwrap();
    failing.iter().any(|failing| failing["name"] == name)
}

async fn is_ready(process: &Process) -> bool {
    let answer = process.readyz().await;
    answer.is_some_and(|(status, _)| status == 200)
}

/// Sees the server named by those who need it and by nobody else.
async fn is_missed(services: &Services, server: &str) {
    for service in Service::ALL.into_iter().filter(|it| needs(*it, server)) {
        eventually(NOTICE, async || misses(&services[&service], server).await).await;
    }
    for service in Service::ALL.into_iter().filter(|it| !needs(*it, server)) {
        assert!(
            !misses(&services[&service], server).await,
            "{service} does not need {server}"
        );
    }
}

async fn all_recover(services: &Services) {
    for service in Service::ALL {
        eventually(LIMIT, async || is_ready(&services[&service]).await).await;
    }
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
    let services = start_services(&database, &space, &sink, &url("temporal")).await;

    for (name, server) in &mut servers {
        server.stop().await;
        is_missed(&services, name).await;
        server.start().await;
        all_recover(&services).await;
    }

    let smtp = sink.smtp();
    drop(sink);
    is_missed(&services, "smtp").await;
    let _sink = MailSink::start(smtp, anywhere).await.unwrap();
    all_recover(&services).await;
}
