//! Nothing that treasury writes tells its seed, or a key that follows from it, whatever it does and
//! however much it logs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chain::{KeyIndex, Keyring};
use domain::ledger::Unit;
use domain::money::Currency;
use store::withdrawal::Status;
use testkit::eventually;

use crate::chain_stage::{ChainStage, SOL, STRANGER, sol};
use crate::stage::LIMIT;

/// Words that stand beside each other nowhere else.
const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";
/// What follows from the words by BIP-39 and SLIP-0010, as another program has computed it: the seed, and
/// secret and public half of the first keys.
const SEED: &str = "878386efb78845b3355bd15ea4d39ef97d179cb712b77d5c12b6be415fffeffe\
                    5f377ba02bf3f8544ab800b955e51fbff09828f682052a20faa6addbbddfb096";
const KEYS: [(&str, &str); 2] = [
    (
        "6987bdb06aa8a243a3019f41489ffa8e609c953a885a748d1849a8df760aa479",
        "999d46fb3d1256f7049c8ed09314d7268612e8a91b800e91934463848305c98c",
    ),
    (
        "c5a802888a31cc47f49d1f758b3314fedaf1a51d2b3f05f69cd25740d95f149b",
        "ca91079792eb53f9bd4e3108d74d250cbc15da8dcfa2086af5ff05aad938ab2e",
    ),
];
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// How many bytes of a secret are found where the rest is cut off.
const PART: usize = 8;

/// What of the secrets is found in a text, in any of the forms that bytes and words are written in.
fn leaks(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let letters = lower.split(|c: char| !c.is_ascii_alphabetic());
    let plain: Vec<_> = letters.filter(|word| !word.is_empty()).collect();
    let plain = plain.join(" ");
    let words: Vec<_> = WORDS.split(' ').collect();
    let pairs = words.windows(2).map(|pair| pair.join(" "));
    let pairs = pairs.filter(|pair| plain.contains(pair));
    // Lists of numbers are written with and without spaces.
    let numbers = text.replace(", ", ",");
    let secrets = secrets();
    let parts = secrets.iter().flat_map(|secret| secret.windows(PART));
    let parts = parts.flat_map(part_forms);
    let parts = parts.filter(|form| lower.contains(form) || numbers.contains(form));
    let whole = secrets.iter().cloned().chain(pairs_of_keys());
    let whole = whole.flat_map(|secret| whole_forms(&secret));
    let whole = whole.filter(|form| text.contains(form));
    pairs.chain(parts).chain(whole).collect()
}

/// The seed, and the secret halves of the keys.
fn secrets() -> Vec<Vec<u8>> {
    let keys = KEYS.iter().map(|(secret, _)| bytes(secret));
    [bytes(SEED)].into_iter().chain(keys).collect()
}

/// Both halves of the keys together, as wallets keep them.
fn pairs_of_keys() -> impl Iterator<Item = Vec<u8>> {
    let both = |(secret, public)| [bytes(secret), bytes(public)].concat();
    KEYS.into_iter().map(both)
}

fn whole_forms(secret: &[u8]) -> Vec<String> {
    let engines = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
    let base64 = engines.iter().map(|engine| engine.encode(secret));
    base64.chain([base58(secret)]).collect()
}

fn part_forms(part: &[u8]) -> [String; 2] {
    let hex: String = part.iter().map(|byte| format!("{byte:02x}")).collect();
    let numbers: Vec<_> = part.iter().map(u8::to_string).collect();
    [hex, numbers.join(",")]
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn base58(bytes: &[u8]) -> String {
    let mut digits: Vec<u32> = Vec::new();
    for &byte in bytes {
        let mut carry = u32::from(byte);
        for digit in &mut digits {
            carry += *digit << 8;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).map(|_| 0);
    let digits = zeros.chain(digits.into_iter().rev());
    let letter = |digit: u32| char::from(BASE58[usize::try_from(digit).unwrap()]);
    digits.map(letter).collect()
}

#[test]
fn a_secret_is_found_in_every_form() {
    let keyring = Keyring::from_phrase(WORDS).unwrap();
    for (index, (_, public)) in (0..).zip(KEYS) {
        let address = keyring.address(KeyIndex::new(index).unwrap());
        assert_eq!(base58(&bytes(public)), address.to_string());
    }
    for secret in secrets().into_iter().chain(pairs_of_keys()) {
        let list = format!("{secret:?}");
        let hex: String = secret.iter().map(|byte| format!("{byte:02X}")).collect();
        let half = hex[..32].to_owned();
        for form in whole_forms(&secret).into_iter().chain([list, hex, half]) {
            assert_ne!(leaks(&format!("a {form} b")), [""; 0], "{form}");
        }
    }
    for text in ["\"sausage\", \"worth\"", "Sausage-Worth", "year  wave"] {
        assert_ne!(leaks(text), [""; 0], "{text}");
    }
    assert_eq!(
        leaks("the winner of a legal year is worth a sausage"),
        [""; 0]
    );
}

#[tokio::test]
async fn neither_the_seed_nor_a_key_is_ever_written() {
    let it = ChainStage::poor().await;
    let hot = Keyring::from_phrase(WORDS).unwrap().address(KeyIndex::HOT);
    it.fund(&hot.to_string(), Currency::Sol, 10 * SOL).await;
    let binary = it.binary().setting("chain.seed", WORDS);
    let binary = binary.setting("log.level", "trace");
    let mut process = binary.start_ready().await;
    // What fails is told of too.
    it.validator.fault("busy", 1).await;
    it.validator.fault_of("getTransaction", "silence", 1).await;
    let (user, address) = it.player(Currency::Sol).await;
    it.fund(&address, Currency::Sol, 2 * SOL).await;
    it.holds(user, Unit::Sol, 2 * SOL).await;
    let gathered = async || it.on_chain(&address, Currency::Sol).await == 0;
    eventually(LIMIT, gathered).await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    it.reaches(id, Status::Completed).await;
    it.faults_are_over().await;
    let pages = format!("{:?}{}", process.readyz().await, process.metrics().await);
    assert!(process.terminate().await.success());

    let written = [process.stderr(), process.stdout(), pages].concat();
    for part in ["\"level\":\"TRACE\"", &id.to_string(), "a sweep has ended"] {
        assert!(written.contains(part), "{part} is missing");
    }
    assert_eq!(leaks(&written), [""; 0]);
}
