//! What every request shares.

use std::sync::Arc;

use anyhow::Context as _;
use bus::{Bus, ExchangeClock};
use cache::{Cache, Challenges, CodeKey, Codes};
use contracts::{Service, Stream};
use runtime::{Clock, Context, Mode};
use secrecy::{ExposeSecret, SecretString};
use store::Db;

use crate::catalogue::Catalogue;
use crate::commands::Seats;
use crate::documents::Documents;
use crate::feed::Cursors;
use crate::hub::Hub;
use crate::identity::{
    AccessTokens, Claim, Guests, Origin, Passwords, Proxies, Sessions, SigningKeys, Stay, Visitor,
};
use crate::settings::{Identity, Limits, Settings};
use crate::throttle::Throttle;

/// What every request shares.
pub(crate) struct Gateway {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) cache: Cache,
    pub(crate) codes: Codes,
    pub(crate) challenges: Challenges,
    pub(crate) passwords: Passwords,
    pub(crate) hub: Hub,
    pub(crate) clock: Clock,
    pub(crate) exchange_clock: ExchangeClock,
    pub(crate) mode: Mode,
    pub(crate) catalogue: Catalogue,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) guests: Arc<Guests>,
    pub(crate) sessions: Sessions,
    pub(crate) seats: Seats,
    pub(crate) identity: Identity,
    pub(crate) limits: Limits,
    pub(crate) documents: Documents,
    pub(crate) throttle: Throttle,
    pub(crate) proxies: Proxies,
    pub(crate) cursors: Arc<Cursors>,
}

impl Gateway {
    /// Connects to everything, and has it watched.
    pub(crate) async fn connect(
        settings: &Settings,
        context: &Context,
    ) -> anyhow::Result<Arc<Self>> {
        let identity = settings.identity.clone();
        let access_tokens = AccessTokens::new(
            SigningKeys {
                present: &identity.signing_key,
                next: identity.next_signing_key.as_deref(),
                former: identity.former_signing_key.as_deref(),
            },
            &identity.issuer,
            &identity.audience,
            std::time::Duration::from_secs(identity.access_token_s.into()),
        )?;
        let catalogue = Catalogue::parse(settings.assets.clone())?;
        let documents = Documents::load(&settings.documents)?;
        let proxies = Proxies::parse(&settings.limits.trusted_proxies)?;
        let db = Db::connect(&settings.postgres, Service::Web)
            .await
            .context("cannot connect to postgres")?;
        let bus = Bus::connect(&settings.nats, Service::Web.name()).await?;
        bus.check_streams(&Stream::ALL).await?;
        let cache = Cache::connect(&settings.redis.url, &settings.redis.prefix)
            .await
            .context("cannot connect to redis")?;
        let hub = Hub::new(bus.clone(), context.clone());
        let exchange_clock = ExchangeClock::follow(&bus, context).await?;
        let code_key = SecretString::from(identity.code_key.expose_secret());
        let cursors = Arc::new(Cursors::new(&code_key)?);
        let gateway = Self {
            codes: Codes::new(cache.clone(), CodeKey::new(code_key)),
            challenges: Challenges::new(cache.clone()),
            passwords: Passwords::new()?,
            throttle: Throttle::new(cache.clone(), &settings.limits),
            db,
            bus,
            cache,
            hub,
            clock: context.clock.clone(),
            exchange_clock,
            mode: context.mode,
            catalogue,
            access_tokens,
            guests: Arc::default(),
            sessions: Sessions::default(),
            seats: Seats::default(),
            identity,
            limits: settings.limits.clone(),
            documents,
            proxies,
            cursors,
        };
        gateway.watch(context);
        Ok(Arc::new(gateway))
    }

    fn watch(&self, context: &Context) {
        let db = self.db.clone();
        context.health.watch("postgres", move || {
            let db = db.clone();
            async move { Ok(db.ping().await?) }
        });
        let bus = self.bus.clone();
        context.health.watch("nats", move || {
            let bus = bus.clone();
            async move { Ok(bus.ping().await?) }
        });
        let cache = self.cache.clone();
        context.health.watch("redis", move || {
            let cache = cache.clone();
            async move { Ok(cache.ping().await?) }
        });
    }

    /// What the value of an `authorization` header claims.
    pub(crate) fn claim(&self, authorization: Option<&str>) -> Claim {
        let Some(authorization) = authorization else {
            return Claim::Nobody;
        };
        let token = authorization
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let pass = token.map(|token| self.access_tokens.check(token, self.clock.now_ms()));
        match pass {
            Some(Ok(pass)) => Claim::Bearer(pass),
            Some(Err(_)) | None => Claim::Bad,
        }
    }

    /// How long a connection with this claim may last; nothing ends one without a token.
    pub(crate) fn stay(&self, claim: Claim) -> Option<Stay> {
        match claim {
            Claim::Bearer(pass) => Some(self.guests.welcome(pass)),
            Claim::Nobody | Claim::Bad => None,
        }
    }

    /// A visitor with this claim.
    pub(crate) fn visitor(self: &Arc<Self>, claim: Claim, origin: Origin) -> Visitor {
        Visitor::new(claim, origin, Arc::clone(self))
    }
}
