//! The bytes on the wire: one golden file a topic. A change that is not additive is a new topic.

mod samples;

use std::fs;
use std::path::{Path, PathBuf};

use contracts::Topic;
use samples::{file_name, sample};

fn golden(topic: Topic) -> PathBuf {
    Path::new("tests/golden").join(file_name(topic))
}

#[test]
fn every_topic_keeps_its_bytes() {
    for &topic in Topic::ALL {
        let expected = fs::read_to_string(golden(topic))
            .unwrap_or_else(|error| panic!("{}: {error}", golden(topic).display()));
        assert_eq!(
            sample(topic).golden(),
            expected,
            "{topic:?} changed on the wire; if that is additive: ./just generate"
        );
    }
}

#[test]
fn every_message_survives_the_wire() {
    for &topic in Topic::ALL {
        let sample = sample(topic);
        assert_eq!(sample.json, sample.decoded_and_encoded, "{topic:?}");
    }
}

#[test]
fn every_subject_lies_in_its_stream_and_in_no_other() {
    for &topic in Topic::ALL {
        let owners: Vec<_> = contracts::Stream::ALL
            .into_iter()
            .filter(|stream| {
                let stem = stream.subjects().trim_end_matches('>');
                topic.pattern().starts_with(stem)
            })
            .collect();
        assert_eq!(owners, [topic.stream()], "{topic:?}");
    }
}

#[test]
fn no_golden_file_is_left_over() {
    let known: Vec<_> = Topic::ALL.iter().map(|&topic| golden(topic)).collect();
    for entry in fs::read_dir(golden(Topic::Tick).parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        assert!(
            known.contains(&path),
            "{} belongs to no topic",
            path.display()
        );
    }
}
