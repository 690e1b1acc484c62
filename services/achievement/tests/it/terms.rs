//! The rules of a definition's terms.

use achievement::definitions::validate;
use achievement::metric;
use domain::achievement::Terms;

fn terms() -> Terms {
    Terms {
        title: "First win".to_owned(),
        description: String::new(),
        metric: metric::BATTLES_WON.to_owned(),
        threshold: 1,
        experience: 0,
        is_active: true,
    }
}

#[test]
fn what_breaks_a_rule_is_refused_by_its_field() {
    let path = |terms: Terms| validate(&terms).map_err(|refused| refused.path.join("."));
    assert_eq!(path(terms()), Ok(()));
    assert_eq!(
        path(Terms {
            title: " ".to_owned(),
            ..terms()
        }),
        Err("title".to_owned())
    );
    assert_eq!(
        path(Terms {
            description: "x".repeat(1_001),
            ..terms()
        }),
        Err("description".to_owned())
    );
    assert_eq!(
        path(Terms {
            metric: "luck".to_owned(),
            ..terms()
        }),
        Err("metric".to_owned())
    );
    assert_eq!(
        path(Terms {
            threshold: 0,
            ..terms()
        }),
        Err("threshold".to_owned())
    );
    assert_eq!(
        path(Terms {
            experience: -1,
            ..terms()
        }),
        Err("experience".to_owned())
    );
}
