//! The chain: slots, blockhashes that expire, and two states of the virtual machine, the finalized
//! one and the one that a fork may still replace.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use litesvm::LiteSVM;
use serde_json::{Value, json};
use solana_address::Address;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::{Message, VersionedMessage};
use solana_program_pack::Pack as _;
use solana_signer::Signer as _;
use solana_system_interface::instruction as system;
use solana_transaction::versioned::VersionedTransaction;
use spl_associated_token_account_interface::address::get_associated_token_address_with_program_id;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;
use spl_token_interface::instruction as token;
use spl_token_interface::state::{Account as TokenState, Mint};

use crate::faults::{Faults, Kind};
use crate::journal::{Entry, Journal};

/// What a signature costs.
const FEE: u64 = 5_000;
/// What the faucet has to give away, in lamports.
const FAUCET: u64 = 100_000_000_000_000;
/// Decimals of the token.
const DECIMALS: u8 = 6;
/// How many slots the chain is old when it begins: as if everything were finalized.
const FIRST_SLOT: u64 = 1_000;

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Slots until a block is finalized.
    pub(crate) finality: u64,
    /// Blocks that take a transaction behind the block that it refers to.
    pub(crate) validity: u64,
}

/// A transaction in a block.
pub(crate) struct Landed {
    pub(crate) signature: String,
    pub(crate) slot: u64,
    pub(crate) error: Option<Value>,
    pub(crate) accounts: Vec<Address>,
    pub(crate) fee: u64,
    pub(crate) before: Vec<Holding>,
    pub(crate) after: Vec<Holding>,
    /// The accounts as they were before it, but for programs, which do not change.
    were: Vec<Option<Told>>,
    is_final: bool,
    transaction: VersionedTransaction,
}

/// What an account held at some moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holding {
    pub(crate) lamports: u64,
    /// Mint, owner and amount.
    pub(crate) tokens: Option<(Address, Address, u64)>,
}

/// An account as a node tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) lamports: u64,
    pub(crate) owner: Address,
    pub(crate) executable: bool,
    pub(crate) data: Vec<u8>,
}

/// Why a transaction is not taken.
pub(crate) struct NotTaken {
    pub(crate) message: String,
    pub(crate) error: Value,
}

/// The chain.
pub(crate) struct Chain {
    pub(crate) faults: Faults,
    pub(crate) mint: Address,
    terms: Terms,
    slot: u64,
    /// The hash of each recent block, and its slot, oldest first.
    blockhashes: VecDeque<(Hash, u64)>,
    finalized: LiteSVM,
    tip: LiteSVM,
    landed: Vec<Landed>,
    /// What reaches a block in some slot to come.
    delayed: Vec<(u64, VersionedTransaction)>,
    faucet: Keypair,
    /// How often each method was asked for.
    asked: BTreeMap<String, u64>,
    /// Where what is final is kept; nowhere if there is none.
    journal: Option<Journal>,
}

impl Chain {
    /// A chain with a faucet and a token, or the one that is kept in this file, as it was when it
    /// ended.
    pub(crate) fn open(terms: Terms, kept: Option<&Path>) -> anyhow::Result<Self> {
        let mut chain = Self::new(terms)?;
        if let Some(path) = kept {
            let (journal, entries) = Journal::open(path)?;
            let replayed = chain.replay(entries);
            replayed.with_context(|| format!("{} is another chain's", path.display()))?;
            chain.journal = Some(journal);
        }
        Ok(chain)
    }

    fn new(terms: Terms) -> anyhow::Result<Self> {
        // We see to signatures' repetition and blockhashes ourselves: the machine knows one fork.
        let mut machine = LiteSVM::new().with_transaction_history(0);
        let faucet = Keypair::new_from_array([1; 32]);
        let mint = Keypair::new_from_array([2; 32]);
        let given = machine.airdrop(&faucet.pubkey(), FAUCET);
        given.map_err(|failed| anyhow!("no faucet: {:?}", failed.err))?;
        let rent = machine.minimum_balance_for_rent_exemption(Mint::LEN);
        let (authority, program) = (faucet.pubkey(), spl_token_interface::ID);
        let space = u64::try_from(Mint::LEN)?;
        let opened = system::create_account(&authority, &mint.pubkey(), rent, space, &program);
        let made = token::initialize_mint2(&program, &mint.pubkey(), &authority, None, DECIMALS)?;
        let blockhash = machine.latest_blockhash();
        let message = Message::new_with_blockhash(&[opened, made], Some(&authority), &blockhash);
        let message = VersionedMessage::Legacy(message);
        let making = VersionedTransaction::try_new(message, &[&faucet, &mint])?;
        let made = machine.send_transaction(making);
        made.map_err(|failed| anyhow!("no mint: {:?}", failed.err))?;
        let finalized = machine.with_sigverify(true).with_blockhash_check(false);
        let mut chain = Self {
            faults: Faults::default(),
            mint: mint.pubkey(),
            terms,
            slot: FIRST_SLOT.saturating_sub(terms.finality + 1),
            blockhashes: VecDeque::new(),
            tip: finalized.clone(),
            finalized,
            landed: Vec::new(),
            delayed: Vec::new(),
            faucet,
            asked: BTreeMap::new(),
            journal: None,
        };
        chain.make_slots_to(FIRST_SLOT)?;
        Ok(chain)
    }

    /// Counts a question.
    pub(crate) fn count(&mut self, method: &str) {
        *self.asked.entry(method.to_owned()).or_default() += 1;
    }

    /// How often each method was asked for.
    pub(crate) const fn asked(&self) -> &BTreeMap<String, u64> {
        &self.asked
    }

    /// Keeps how far it has come, for whoever goes on from there.
    pub(crate) fn close(&mut self) -> anyhow::Result<()> {
        let journal = self.journal.as_mut();
        journal.map_or(Ok(()), |journal| journal.note_slot(self.slot))
    }

    /// Lets what was final land again, each in its slot, and be final again.
    fn replay(&mut self, entries: Vec<Entry>) -> anyhow::Result<()> {
        for Entry { slot, transaction } in entries {
            // Nothing refers to a block from before this.
            self.slot = self.slot.max(slot.saturating_sub(self.remembered()));
            self.make_slots_to(slot)?;
            let landed = transaction.map(|transaction| self.land(transaction));
            let landed = landed.transpose();
            landed.map_err(|refused| anyhow!("slot {slot}: {}", refused.message))?;
        }
        self.make_slots_to(self.slot + self.terms.finality)
    }

    fn make_slots_to(&mut self, slot: u64) -> anyhow::Result<()> {
        while self.slot < slot {
            self.make_slot()?;
        }
        Ok(())
    }

    /// Of how many blocks the hashes are known: whatever is told as finalized can be referred to.
    fn remembered(&self) -> u64 {
        self.terms.validity + self.terms.finality + 2
    }

    /// Makes a block: what was delayed reaches it, and what is old enough is finalized.
    ///
    /// # Errors
    /// When what is final cannot be kept.
    pub(crate) fn make_slot(&mut self) -> anyhow::Result<()> {
        self.slot += 1;
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&self.slot.to_le_bytes());
        let hash = Hash::new_from_array(bytes);
        self.blockhashes.push_back((hash, self.slot));
        while self.blockhashes.len() as u64 > self.remembered() {
            self.blockhashes.pop_front();
        }
        self.tip.warp_to_slot(self.slot);
        let slot = self.slot;
        let (due, waiting) = std::mem::take(&mut self.delayed)
            .into_iter()
            .partition(|(at, _)| *at <= slot);
        self.delayed = waiting;
        for (_, transaction) in due {
            // Too late by now, or not: nobody hears of it but who looks.
            let _landed = self.land(transaction);
        }
        let last = self.last_finalized();
        self.finalized.warp_to_slot(last);
        let old = self
            .landed
            .iter_mut()
            .filter(|one| !one.is_final && one.slot <= last);
        for landed in old {
            // It comes to the same as on the tip, which began from here.
            let _same = self.finalized.send_transaction(landed.transaction.clone());
            landed.is_final = true;
            if let Some(journal) = &mut self.journal {
                journal.note(landed.slot, &landed.transaction)?;
            }
        }
        Ok(())
    }

    /// Replaces every block that is not finalized by empty ones. Answers how many transactions that
    /// takes away.
    pub(crate) fn roll_back(&mut self) -> usize {
        let before = self.landed.len();
        self.landed.retain(|landed| landed.is_final);
        self.tip = self.finalized.clone();
        self.tip.warp_to_slot(self.slot);
        before - self.landed.len()
    }

    /// The slot that the node tells of: the last one, or that of some slots ago.
    pub(crate) fn told_slot(&self) -> u64 {
        self.slot.saturating_sub(self.faults.slots(Kind::Lag))
    }

    /// The last finalized slot that the node tells of.
    pub(crate) fn told_finalized(&self) -> u64 {
        self.told_slot().saturating_sub(self.terms.finality)
    }

    /// The first slot that the node has not forgotten.
    pub(crate) fn first_block(&self) -> u64 {
        match self.faults.slots(Kind::Forget) {
            0 => 0,
            slots => self.told_slot().saturating_sub(slots),
        }
    }

    fn last_finalized(&self) -> u64 {
        self.slot.saturating_sub(self.terms.finality)
    }

    /// The hash of the first block.
    pub(crate) fn genesis(&self) -> String {
        Hash::new_from_array([9; 32]).to_string()
    }

    /// The hash of a block, and the last height that takes a transaction which refers to it.
    pub(crate) fn blockhash(&self, finalized: bool, stale: bool) -> Option<(String, u64)> {
        if stale {
            let oldest = Hash::new_from_array([8; 32]).to_string();
            return Some((oldest, self.slot.saturating_sub(1)));
        }
        let newest = if finalized {
            self.told_finalized()
        } else {
            self.told_slot()
        };
        let found = self
            .blockhashes
            .iter()
            .rev()
            .find(|(_, slot)| *slot <= newest)?;
        Some((found.0.to_string(), found.1 + self.terms.validity))
    }

    /// Takes a transaction, once it has been tried out if that is wanted.
    pub(crate) fn take(
        &mut self,
        transaction: VersionedTransaction,
        try_out: bool,
    ) -> Result<String, NotTaken> {
        let Some(signature) = transaction.signatures.first().map(ToString::to_string) else {
            return Err(NotTaken::new("no signature", json!("SignatureFailure")));
        };
        if try_out {
            self.check(&transaction)?;
            if let Err(failed) = self.tip.simulate_transaction(transaction.clone()) {
                let error = serde_json::to_value(&failed.err).unwrap_or_default();
                return Err(NotTaken::new(&failed.err.to_string(), error));
            }
        }
        if self.faults.strike(Kind::Drop) {
            return Ok(signature);
        }
        match self.faults.slots(Kind::Delay) {
            0 => self.land(transaction)?,
            slots => self.delayed.push((self.slot + slots, transaction)),
        }
        Ok(signature)
    }

    fn check(&self, transaction: &VersionedTransaction) -> Result<(), NotTaken> {
        let signature = transaction.signatures.first().map(ToString::to_string);
        if self
            .landed
            .iter()
            .any(|landed| Some(&landed.signature) == signature.as_ref())
        {
            let message = "This transaction has already been processed";
            return Err(NotTaken::new(message, json!("AlreadyProcessed")));
        }
        let wanted = transaction.message.recent_blockhash();
        let known = self.blockhashes.iter().find(|(hash, _)| hash == wanted);
        if known.is_some_and(|(_, slot)| slot + self.terms.validity >= self.slot) {
            Ok(())
        } else {
            Err(NotTaken::new(
                "Blockhash not found",
                json!("BlockhashNotFound"),
            ))
        }
    }

    /// Puts a transaction into the present block, failed or not, unless it cannot even pay.
    fn land(&mut self, transaction: VersionedTransaction) -> Result<(), NotTaken> {
        self.check(&transaction)?;
        let accounts = transaction.message.static_account_keys().to_vec();
        let before = self.holdings(&accounts);
        let now = accounts.iter().map(|address| self.now(address));
        let were = now.map(|told| told.filter(|told| !told.executable));
        let were = were.collect();
        let outcome = self.tip.send_transaction(transaction.clone());
        let after = self.holdings(&accounts);
        let error = outcome.err().map(|failed| failed.err);
        let paid = before.first().map(|it| it.lamports) != after.first().map(|it| it.lamports);
        let told = error
            .as_ref()
            .map(|err| serde_json::to_value(err).unwrap_or_default());
        if let (Some(cause), false) = (error, paid) {
            return Err(NotTaken::new(&cause.to_string(), told.unwrap_or_default()));
        }
        self.landed.push(Landed {
            signature: transaction.signatures[0].to_string(),
            slot: self.slot,
            error: told,
            accounts,
            fee: FEE * transaction.signatures.len() as u64,
            before,
            after,
            were,
            is_final: false,
            transaction,
        });
        Ok(())
    }

    fn holdings(&self, accounts: &[Address]) -> Vec<Holding> {
        let holding = |address: &Address| {
            let account = self.tip.get_account(address).unwrap_or_default();
            let is_token = account.owner == spl_token_interface::ID;
            let state = is_token
                .then(|| TokenState::unpack(&account.data).ok())
                .flatten();
            Holding {
                lamports: account.lamports,
                tokens: state.map(|state| (state.mint, state.owner, state.amount)),
            }
        };
        accounts.iter().map(holding).collect()
    }

    /// The transactions that the node tells of, newest first.
    pub(crate) fn told(&self, finalized: bool) -> impl Iterator<Item = &Landed> {
        let last = if finalized {
            self.told_finalized()
        } else {
            self.told_slot()
        };
        let known = self.first_block()..=last;
        let landed = self.landed.iter().rev();
        landed.filter(move |landed| known.contains(&landed.slot))
    }

    /// Whether the node tells of this transaction as of one that stays.
    pub(crate) fn is_told_final(&self, landed: &Landed) -> bool {
        landed.slot <= self.told_finalized()
    }

    /// An account as it was in the slot that the node tells of.
    pub(crate) fn account(&self, address: &Address, finalized: bool) -> Option<Told> {
        let slot = if finalized {
            self.told_finalized()
        } else {
            self.told_slot()
        };
        let now = self.now(address);
        if now.as_ref().is_some_and(|now| now.executable) {
            return now;
        }
        let later = self.landed.iter().filter(|landed| landed.slot > slot);
        let mut were = later.filter_map(|landed| {
            let place = landed.accounts.iter().position(|it| it == address)?;
            Some(landed.were[place].clone())
        });
        were.next().unwrap_or(now)
    }

    /// An account as it is in the present block.
    fn now(&self, address: &Address) -> Option<Told> {
        let account = self.tip.get_account(address)?;
        (account.lamports > 0).then_some(Told {
            lamports: account.lamports,
            owner: account.owner,
            executable: account.executable,
            data: account.data,
        })
    }

    /// What a wallet holds for good, in lamports and in the token's smallest part.
    pub(crate) fn held(&self, wallet: &Address) -> (u64, u64) {
        let program = spl_token_interface::ID;
        let account = get_associated_token_address_with_program_id(wallet, &self.mint, &program);
        let tokens = self.account(&account, true);
        let tokens = tokens.and_then(|it| TokenState::unpack(&it.data).ok());
        let lamports = self.account(wallet, true).map_or(0, |it| it.lamports);
        (lamports, tokens.map_or(0, |state| state.amount))
    }

    /// What keeps an account of this size for ever.
    pub(crate) fn rent(&self, size: usize) -> u64 {
        self.tip.minimum_balance_for_rent_exemption(size)
    }

    /// Gives lamports to a wallet, in a transaction as anybody's.
    pub(crate) fn give_lamports(&mut self, to: &Address, amount: u64) -> anyhow::Result<String> {
        let given = system::transfer(&self.faucet.pubkey(), to, amount);
        self.faucet_sends(&[given])
    }

    /// Gives tokens to a wallet, in a transaction as anybody's.
    pub(crate) fn give_tokens(&mut self, to: &Address, amount: u64) -> anyhow::Result<String> {
        let (authority, program) = (self.faucet.pubkey(), spl_token_interface::ID);
        let account = get_associated_token_address_with_program_id(to, &self.mint, &program);
        let opened =
            create_associated_token_account_idempotent(&authority, to, &self.mint, &program);
        let given = token::mint_to_checked(
            &program,
            &self.mint,
            &account,
            &authority,
            &[],
            amount,
            DECIMALS,
        )?;
        self.faucet_sends(&[opened, given])
    }

    fn faucet_sends(&mut self, instructions: &[Instruction]) -> anyhow::Result<String> {
        let payer = self.faucet.pubkey();
        let newest = self.blockhashes.back().context("there is a block")?.0;
        // Two of the same in one slot are two: each has a transfer of its own number of lamports.
        let nonce = self.landed.len() as u64 + self.delayed.len() as u64;
        let own = system::transfer(&payer, &payer, nonce);
        let instructions: Vec<_> = instructions.iter().cloned().chain([own]).collect();
        let message = Message::new_with_blockhash(&instructions, Some(&payer), &newest);
        let message = VersionedMessage::Legacy(message);
        let giving = VersionedTransaction::try_new(message, &[&self.faucet])?;
        let taken = self.take(giving, true);
        taken.map_err(|refused| anyhow!("the faucet fails: {}", refused.message))
    }
}

impl NotTaken {
    fn new(message: &str, error: Value) -> Self {
        Self {
            message: format!("Transaction simulation failed: {message}"),
            error,
        }
    }
}
