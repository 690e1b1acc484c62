//! People: as they see themselves, and as others see them.

use async_graphql::{Context, ID, Interface, Object};
use contracts::Code;
use contracts::staff::StaffRole;
use domain::id::UserId;
use domain::level;
use store::gateway::users::Person;
use store::gateway::{self, Slice, Viewer};

use super::{Item, Wallet, id};
use crate::error::{ApiError, ApiResult};
use crate::graphql::loaders::Named;
use crate::graphql::page;
use crate::graphql::scalar::DateTime;
use crate::graphql::scope::Scope;
use crate::identity::{Permission, SignedIn};

/// Somebody who plays, as others may see them.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "The user's id."),
    field(
        name = "created_at",
        ty = "DateTime",
        desc = "Since when the account exists."
    ),
    field(name = "nick_name", ty = "&str", desc = "What the user is called."),
    field(
        name = "avatar",
        ty = "Option<&str>",
        desc = "Address of the user's picture."
    ),
    field(
        name = "level",
        ty = "u32",
        desc = "The level that the experience amounts to, from 1."
    ),
    field(name = "cups", ty = "i64", desc = "Cups held at present.")
)]
pub(crate) enum Player {
    User(User),
    PublicUser(PublicUser),
}

impl Player {
    /// `person` in full for themselves and for staff who may read users; the public side for
    /// everybody else.
    pub(crate) fn seen_by(viewer: &SignedIn, person: Person) -> Self {
        if person.id == viewer.user.uuid() || viewer.may(Permission::ReadUsers) {
            Self::User(User(person))
        } else {
            Self::PublicUser(PublicUser(person))
        }
    }

    /// Somebody whom a row names, as the visitor may see them.
    pub(crate) async fn named(ctx: &Context<'_>, user: UserId) -> ApiResult<Self> {
        let viewer = ctx.visitor().signed_in().await?;
        Ok(Self::seen_by(&viewer, named(ctx, user).await?))
    }
}

/// Somebody whom a row names; what was personal is gone where the account is closed.
pub(crate) async fn named(ctx: &Context<'_>, user: UserId) -> ApiResult<Person> {
    let person = ctx.loaders().load_one(Named(user)).await?;
    person.ok_or_else(|| store::Error::corrupt("users", user).into())
}

/// A user in full: oneself, or anybody for staff with read:users.
#[derive(Clone, Debug)]
pub(crate) struct User(pub(crate) Person);

/// A user in full: oneself, or anybody for staff with read:users.
#[Object]
impl User {
    /// The user's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// Since when the account exists.
    pub(crate) async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When the account was last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// What the user is called.
    pub(crate) async fn nick_name(&self) -> &str {
        &self.0.nick_name
    }

    /// Address of the user's picture.
    pub(crate) async fn avatar(&self) -> Option<&str> {
        self.0.avatar.as_deref()
    }

    /// The mail address that the user signs in with; null if none is linked.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// The address of the wallet on Solana that the user signs in with; null if none is linked.
    async fn solana_address(&self) -> Option<&str> {
        self.0.solana_address.as_deref()
    }

    /// Whether nothing but tokens leads to the account: neither a mail address nor a wallet.
    async fn is_guest(&self) -> bool {
        self.0.email.is_none() && self.0.solana_address.is_none()
    }

    /// Whether the user has a password.
    async fn has_password(&self) -> bool {
        self.0.has_password
    }

    /// What keeps the user out; null if nothing does.
    async fn ban(&self, ctx: &Context<'_>) -> Option<Ban> {
        let ban = store::ban::Ban {
            reason: self.0.ban_reason.clone()?,
            created_at: self.0.banned_at?,
            expires_at: self.0.ban_expires_at,
        };
        ban.holds(ctx.gateway().clock.now()).then_some(Ban(ban))
    }

    /// The level that the experience amounts to, from 1.
    pub(crate) async fn level(&self) -> u32 {
        level::of_experience(self.0.experience)
    }

    /// Experience earned so far, in points.
    async fn experience(&self) -> i64 {
        self.0.experience
    }

    /// Cups held at present.
    pub(crate) async fn cups(&self) -> i64 {
        self.0.cups
    }

    /// The roles of staff; none for players.
    async fn roles(&self) -> Vec<&'static str> {
        self.known_roles().map(StaffRole::name).collect()
    }

    /// What the roles allow, as verb:resource.
    async fn permissions(&self) -> Vec<&'static str> {
        let allowed =
            |permission: &Permission| self.known_roles().any(|role| permission.is_of(role));
        Permission::ALL
            .into_iter()
            .filter(allowed)
            .map(Permission::text)
            .collect()
    }

    /// The user's wallets, one per currency. One's own, or with read:wallets.
    #[graphql(complexity = "page::cost_of_whole(child_complexity)")]
    async fn wallets(&self, ctx: &Context<'_>) -> ApiResult<Vec<Wallet>> {
        self.opens_to(ctx).await?;
        let wallets = gateway::money::wallets(Viewer::Player(self.user()), None);
        let part = wallets.part(ctx.db(), &Slice::WHOLE).await?;
        Ok(part
            .rows
            .into_iter()
            .map(|(_, row)| Wallet::from(row))
            .collect())
    }

    /// The user's items that have not run out, those that end first before the others. One's own,
    /// or with read:wallets.
    #[graphql(complexity = "page::cost_of_whole(child_complexity)")]
    async fn items(&self, ctx: &Context<'_>) -> ApiResult<Vec<Item>> {
        self.opens_to(ctx).await?;
        Item::all_of(ctx, self.user()).await
    }
}

impl User {
    /// Somebody in full, whom the visitor may see so.
    pub(crate) async fn of(ctx: &Context<'_>, user: UserId) -> ApiResult<Self> {
        let person = ctx.loaders().load_one(user).await?;
        person.map(Self).ok_or_else(|| ApiError::of(Code::NotFound))
    }

    fn user(&self) -> UserId {
        self.0.id.into()
    }

    /// Refuses whoever may not see what the user owns.
    async fn opens_to(&self, ctx: &Context<'_>) -> ApiResult<()> {
        let viewer = ctx.visitor().signed_in().await?;
        if viewer.sees(self.user(), Permission::ReadWallets) {
            Ok(())
        } else {
            Err(ApiError::of(Code::Forbidden))
        }
    }

    fn known_roles(&self) -> impl Iterator<Item = StaffRole> {
        self.0.roles.split(',').filter_map(StaffRole::find)
    }
}

/// What keeps somebody out.
#[derive(Clone, Debug)]
pub(crate) struct Ban(store::ban::Ban);

/// What keeps somebody out.
#[Object]
impl Ban {
    /// Since when.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// Until when; null if it is for good.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(Into::into)
    }

    /// Why, as the user is told.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
}

/// What everybody may see of a user.
#[derive(Clone, Debug)]
pub(crate) struct PublicUser(pub(crate) Person);

impl PublicUser {
    /// Somebody whom a row names.
    pub(crate) async fn named(ctx: &Context<'_>, user: UserId) -> ApiResult<Self> {
        named(ctx, user).await.map(Self)
    }
}

impl From<Person> for PublicUser {
    fn from(person: Person) -> Self {
        Self(person)
    }
}

/// What everybody may see of a user.
#[Object]
impl PublicUser {
    /// The user's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// Since when the account exists.
    pub(crate) async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// What the user is called.
    pub(crate) async fn nick_name(&self) -> &str {
        &self.0.nick_name
    }

    /// Address of the user's picture.
    pub(crate) async fn avatar(&self) -> Option<&str> {
        self.0.avatar.as_deref()
    }

    /// The level that the experience amounts to, from 1.
    pub(crate) async fn level(&self) -> u32 {
        level::of_experience(self.0.experience)
    }

    /// Cups held at present.
    pub(crate) async fn cups(&self) -> i64 {
        self.0.cups
    }
}
