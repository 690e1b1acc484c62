//! Whoever sends a request: nobody in particular, or somebody who is signed in.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use contracts::Code;
use contracts::staff::StaffRole;
use domain::id::{SessionId, UserId};
use store::gateway::Viewer;
use store::session::Live;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::{Bearer, Pass, Permission, Proxies};
use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;

/// The longest name of a device that is kept, in characters.
const MAX_USER_AGENT: usize = 200;

/// The part of an address of IP version 6 that belongs to one customer: the first 64 bits.
const CUSTOMER: u128 = !0 << 64;

/// Where a request comes from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The address, as far as anybody who is trusted knows it.
    pub(crate) ip: IpAddr,
    /// What the device calls itself.
    pub(crate) user_agent: String,
}

impl Origin {
    /// The origin of a request with these headers.
    pub(crate) fn of(headers: &HeaderMap, peer: SocketAddr, proxies: &Proxies) -> Self {
        let name = headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok());
        let user_agent = name
            .unwrap_or_default()
            .chars()
            .take(MAX_USER_AGENT)
            .collect();
        Self {
            ip: proxies.source(peer.ip(), headers),
            user_agent,
        }
    }

    /// Whom the address belongs to: a customer has more of version 6 than anybody could count.
    pub(crate) fn customer(&self) -> IpAddr {
        match self.ip.to_canonical() {
            IpAddr::V4(ip) => IpAddr::V4(ip),
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & CUSTOMER)),
        }
    }
}

/// What the token of a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// There is none.
    Nobody,
    /// It is not ours, or has expired.
    Bad,
    /// Its bearer is signed in, unless the session was revoked meanwhile.
    Bearer(Pass),
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedIn {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) roles: Vec<StaffRole>,
}

impl SignedIn {
    /// Whether one of the roles includes `permission`.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.roles.iter().any(|role| permission.is_of(*role))
    }

    /// Whether what belongs to `owner` may be seen: one's own, or with the permission.
    pub(crate) fn sees(&self, owner: UserId, permission: Permission) -> bool {
        self.user == owner || self.may(permission)
    }

    /// The eyes to read with: everybody's with the permission, one's own without.
    pub(crate) fn eyes(&self, permission: Permission) -> Viewer {
        if self.may(permission) {
            Viewer::Staff
        } else {
            Viewer::Player(self.user)
        }
    }
}

/// Whoever sends a request. The session is looked up once, when something needs it, and the roles again
/// and again for as long as a connection of the user's lasts.
pub(crate) struct Visitor {
    pub(crate) origin: Origin,
    claim: Claim,
    gateway: Arc<Gateway>,
    /// Who is signed in, and when that was looked up.
    signed_in: OnceCell<(Instant, SignedIn)>,
    /// Who was signed in a moment ago, which is enough for an order.
    lately: OnceCell<SignedIn>,
}

impl Visitor {
    /// A visitor whose token says `claim`.
    pub(crate) fn new(claim: Claim, origin: Origin, gateway: Arc<Gateway>) -> Self {
        Self {
            origin,
            claim,
            gateway,
            signed_in: OnceCell::new(),
            lately: OnceCell::new(),
        }
    }

    /// What the token says.
    pub(crate) fn claim(&self) -> Claim {
        self.claim
    }

    /// Who is signed in, with the roles that were looked up last; `UNAUTHENTICATED` if nobody is.
    pub(crate) async fn signed_in(&self) -> ApiResult<SignedIn> {
        let look_up = async || Ok::<_, ApiError>((Instant::now(), self.signed_in_now().await?));
        let (at, known) = self.signed_in.get_or_try_init(look_up).await?;
        let roles = self.gateway.guests.roles_since(known.user, *at);
        Ok(SignedIn {
            roles: roles.unwrap_or_else(|| known.roles.clone()),
            ..*known
        })
    }

    /// The same, looked up anew: for what goes on while somebody's roles may change.
    pub(crate) async fn signed_in_now(&self) -> ApiResult<SignedIn> {
        let bearer = self.bearer()?;
        let live = store::session::find_live(&self.gateway.db, bearer.session).await?;
        signed_in(bearer, live)
    }

    /// Who is signed in, or was a moment ago: see [`Sessions`](super::Sessions). Orders come by the
    /// hundred, and whoever's session has ended loses what it lost anyway.
    pub(crate) async fn signed_in_lately(&self) -> ApiResult<&SignedIn> {
        let remember = async || {
            let bearer = self.bearer()?;
            let Gateway { sessions, db, .. } = &*self.gateway;
            signed_in(bearer, sessions.find_live(db, bearer.session).await?)
        };
        self.lately.get_or_try_init(remember).await
    }

    /// Who is signed in, if somebody is.
    pub(crate) async fn if_signed_in(&self) -> ApiResult<Option<SignedIn>> {
        match self.signed_in().await {
            Ok(signed_in) => Ok(Some(signed_in)),
            Err(error) if error.code() == Code::Unauthenticated => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses whoever lacks the permission.
    pub(crate) async fn must(&self, permission: Permission) -> ApiResult<SignedIn> {
        let signed_in = self.signed_in().await?;
        if signed_in.may(permission) {
            Ok(signed_in)
        } else {
            Err(ApiError::of(Code::Forbidden))
        }
    }

    fn bearer(&self) -> ApiResult<Bearer> {
        match self.claim {
            Claim::Bearer(Pass { bearer, .. }) => Ok(bearer),
            Claim::Nobody | Claim::Bad => Err(ApiError::of(Code::Unauthenticated)),
        }
    }
}

fn signed_in(bearer: Bearer, live: Option<Live>) -> ApiResult<SignedIn> {
    let live = live
        .filter(|live| live.user_id == bearer.user.uuid())
        .ok_or_else(|| ApiError::of(Code::Unauthenticated))?;
    Ok(SignedIn {
        user: bearer.user,
        session: bearer.session,
        roles: read_roles(&live.roles),
    })
}

/// Roles by name, separated by commas.
pub(super) fn read_roles(names: &str) -> Vec<StaffRole> {
    names.split(',').filter_map(StaffRole::find).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_addresses_of_one_customer_are_counted_together() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::", "2001:db8:1:2::"),
        ] {
            let origin = Origin {
                ip: address.parse().unwrap(),
                user_agent: String::new(),
            };
            assert_eq!(origin.customer().to_string(), expected);
        }
    }

    #[test]
    fn what_somebody_owns_is_for_them_and_for_whoever_has_the_permission() {
        let [ann, bob] = [1, 2].map(|n| UserId::new(Uuid::from_u128(n)));
        let seen_by = |roles: &[StaffRole]| {
            let viewer = SignedIn {
                user: ann,
                session: Uuid::from_u128(3).into(),
                roles: roles.to_vec(),
            };
            [ann, bob].map(|owner| viewer.sees(owner, Permission::ReadWallets))
        };
        assert_eq!(seen_by(&[]), [true, false]);
        assert_eq!(seen_by(&[StaffRole::GameMaster]), [true, false]);
        assert_eq!(seen_by(&[StaffRole::Support]), [true, true]);
    }
}
