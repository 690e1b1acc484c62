//! Workers that Temporal hears of while they take a withdrawal further, and one that it no longer does.

use ::temporal::{Temporal, TemporalSettings};
use domain::id::WithdrawalId;
use domain::money::Currency;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use store::withdrawal::Status;
use temporalio_client::Client;
use temporalio_client::grpc::WorkflowService as _;
use temporalio_client::tonic::Request;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::enums::v1::TimeoutType;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, GetWorkflowExecutionHistoryRequest,
};
use testkit::{Way, eventually};

use crate::chain_stage::{ChainStage, SOL, STRANGER, sol};
use crate::stage::LIMIT;

const NAMESPACE: &str = "default";
/// More questions than anybody asks.
const SILENCES: u64 = 1_000;

impl ChainStage {
    async fn temporal(&self) -> Client {
        let settings = TemporalSettings {
            url: testkit::temporal_url(),
            namespace: NAMESPACE.to_owned(),
            queue: self.stage.prefix().to_owned(),
        };
        let temporal = Temporal::connect(&settings).await.unwrap();
        temporal.client().clone()
    }

    fn workflow(&self, id: WithdrawalId) -> WorkflowExecution {
        WorkflowExecution {
            workflow_id: format!("{}/withdrawal/{id}", self.stage.prefix()),
            run_id: String::new(),
        }
    }

    /// Whether an attempt was given up for silence at some step of a withdrawal, the last one before
    /// that step was done.
    async fn was_silent(&self, id: WithdrawalId) -> bool {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: NAMESPACE.to_owned(),
            execution: Some(self.workflow(id)),
            ..Default::default()
        };
        let mut client = self.temporal().await;
        let told = client.get_workflow_execution_history(Request::new(request));
        let history = told.await.unwrap().into_inner().history.unwrap();
        history.events.into_iter().any(|event| {
            let Some(Attributes::ActivityTaskStartedEventAttributes(started)) = event.attributes
            else {
                return false;
            };
            let failure = started.last_failure.and_then(|it| it.failure_info);
            let Some(FailureInfo::TimeoutFailureInfo(timeout)) = failure else {
                return false;
            };
            timeout.timeout_type() == TimeoutType::Heartbeat
        })
    }

    /// Whether Temporal has heard of an attempt at a step of a withdrawal since it began.
    async fn is_heard_of(&self, id: WithdrawalId) -> bool {
        let request = DescribeWorkflowExecutionRequest {
            namespace: NAMESPACE.to_owned(),
            execution: Some(self.workflow(id)),
        };
        let mut client = self.temporal().await;
        // Its workflow may not have begun.
        let told = client.describe_workflow_execution(Request::new(request));
        let Ok(told) = told.await else { return false };
        told.into_inner().pending_activities.iter().any(|attempt| {
            let times = [&attempt.last_started_time, &attempt.last_heartbeat_time];
            let [began, heard] = times.map(|it| it.as_ref().map(|it| (it.seconds, it.nanos)));
            began.is_some() && heard > began
        })
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

    // Nothing but the silence fails.
    let patient = it.binary().setting("chain.timeout_ms", "10000");
    let mut second = patient.start_ready().await;
    it.reaches(id, Status::Completed).await;
    eventually(LIMIT, async || it.was_silent(id).await).await;
    assert_eq!(it.signed(id).await, 1);
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, SOL);
    it.reconciles().await;
    way.mend();
    assert!(first.terminate().await.success());
    assert!(second.terminate().await.success());
}

#[tokio::test]
async fn a_worker_that_waits_for_a_node_is_heard_of() {
    let it = ChainStage::patient().await;
    // Longer than it may be silent itself.
    let treasury = it.treasury_with(&[("chain.timeout_ms", "6000")]).await;
    let user = it.rich(sol(SOL)).await;
    let question = "getLatestBlockhash";
    it.validator.fault_of(question, "silence", SILENCES).await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    eventually(LIMIT, async || it.is_heard_of(id).await).await;
    assert_eq!(it.signed(id).await, 0);
    it.validator.fault_of(question, "silence", 0).await;
    it.reaches(id, Status::Completed).await;
    it.reconciles().await;
    treasury.stop().await;
}
