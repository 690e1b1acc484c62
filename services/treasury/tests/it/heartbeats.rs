//! Workers that Temporal hears of while they take a withdrawal further, and one that it no longer does.

use ::temporal::{Temporal, TemporalSettings};
use domain::id::WithdrawalId;
use domain::money::Currency;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use store::withdrawal::Status;
use temporalio_client::grpc::WorkflowService as _;
use temporalio_client::tonic::Request;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::enums::v1::TimeoutType;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::workflowservice::v1::GetWorkflowExecutionHistoryRequest;
use testkit::{Way, eventually};

use crate::chain_stage::{ChainStage, SOL, STRANGER, sol};
use crate::stage::LIMIT;

const NAMESPACE: &str = "default";

impl ChainStage {
    /// How the last attempt failed at each step of a withdrawal that needed several: by which timeout,
    /// or by an error of its own.
    async fn failed_attempts(&self, id: WithdrawalId) -> Vec<Option<TimeoutType>> {
        let queue = self.stage.prefix();
        let settings = TemporalSettings {
            url: testkit::temporal_url(),
            namespace: NAMESPACE.to_owned(),
            queue: queue.to_owned(),
        };
        let temporal = Temporal::connect(&settings).await.unwrap();
        let workflow = WorkflowExecution {
            workflow_id: format!("{queue}/withdrawal/{id}"),
            run_id: String::new(),
        };
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: NAMESPACE.to_owned(),
            execution: Some(workflow),
            ..Default::default()
        };
        let mut client = temporal.client().clone();
        let told = client.get_workflow_execution_history(Request::new(request));
        let history = told.await.unwrap().into_inner().history.unwrap();
        let failures = history.events.into_iter().filter_map(|event| {
            let Some(Attributes::ActivityTaskStartedEventAttributes(started)) = event.attributes
            else {
                return None;
            };
            started.last_failure?.failure_info
        });
        let timeouts = failures.map(|failure| {
            let FailureInfo::TimeoutFailureInfo(timeout) = failure else {
                return None;
            };
            Some(timeout.timeout_type())
        });
        timeouts.collect()
    }
}

#[tokio::test]
async fn a_worker_that_temporal_no_longer_hears_of_is_followed_by_another_and_pays_once() {
    let it = ChainStage::patient().await;
    let user = it.rich(sol(SOL)).await;
    let id = it.approved(user, sol(SOL)).await;
    // The first one is in the middle of a step when it is cut off; it goes on.
    let held = it.stage.db.connection().begin().await.unwrap();
    let lock = format!("SELECT FROM withdrawals WHERE id = '{id}' FOR KEY SHARE");
    held.execute_unprepared(&lock).await.unwrap();
    let temporal = testkit::temporal_url();
    let server = temporal.socket_addrs(|| None).unwrap()[0];
    let way = Way::to(&server.to_string()).await;
    let cut_off = it
        .binary()
        .setting("temporal.url", format!("http://{}", way.address()));
    let mut first = cut_off.start_ready().await;
    let signed = "SELECT * FROM withdrawals WHERE id = $1 FOR UPDATE";
    eventually(LIMIT, async || it.wait_at(signed).await == 1).await;
    way.cut();
    held.rollback().await.unwrap();
    eventually(LIMIT, async || it.signed(id).await == 1).await;

    let mut second = it.binary().start_ready().await;
    it.reaches(id, Status::Completed).await;
    let is_followed = async || {
        let failed = it.failed_attempts(id).await;
        failed.contains(&Some(TimeoutType::Heartbeat))
    };
    eventually(LIMIT, is_followed).await;
    assert_eq!(it.signed(id).await, 1);
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, SOL);
    it.reconciles().await;
    way.mend();
    assert!(first.terminate().await.success());
    assert!(second.terminate().await.success());
}

#[tokio::test]
async fn a_worker_that_waits_for_a_slow_node_is_not_taken_for_dead() {
    let it = ChainStage::patient().await;
    // Longer than a worker may be silent.
    let treasury = it.treasury_with(&[("chain.timeout_ms", "6000")]).await;
    let user = it.rich(sol(SOL)).await;
    it.validator
        .fault_of("getLatestBlockhash", "silence", 1)
        .await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    it.reaches(id, Status::Completed).await;
    it.faults_are_over().await;
    let failed = it.failed_attempts(id).await;
    assert!(!failed.is_empty());
    assert!(failed.iter().all(Option::is_none), "{failed:?}");
    it.reconciles().await;
    treasury.stop().await;
}
