"""Signs in, joins, subscribes and orders with PyPI's gql. Prints the battle and the order."""

import asyncio
import json
import re
import sys
import time
import urllib.parse
import urllib.request

from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

LIMIT_S = 60


async def run(api, query, variables=None, token=None):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with Client(transport=HTTPXAsyncTransport(url=api, headers=headers)) as session:
        request = gql(query)
        request.variable_values = variables or {}
        return await session.execute(request)


async def until(what):
    deadline = time.monotonic() + LIMIT_S
    while True:
        found = await what()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(what.__name__)
        await asyncio.sleep(0.1)


async def main(api, mail, email, game):
    await run(api, "mutation($e: String!) { requestEmailVerificationCode(email: $e) { expiresIn } }", {"e": email})

    async def code():
        url = f"{mail}messages?to={urllib.parse.quote(email)}"
        with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:
            mails = json.load(answer)
        found = re.search(r"\b\d{6}\b", mails[-1]["text"]) if mails else None
        return found and found.group()

    login = await run(
        api,
        "mutation($e: String!, $c: String!) { loginWithEmail(email: $e, verificationCode: $c) { accessToken } }",
        {"e": email, "c": await until(code)},
    )
    token = login["loginWithEmail"]["accessToken"]
    await run(api, "mutation { claimPlayMoney(currency: USDT) { userErrors { code } } }", token=token)
    await run(api, "mutation($g: ID!) { joinGame(id: $g) }", {"g": game}, token)

    async def opened():
        data = await run(api, "{ queueTickets(first: 1) { edges { node { matchID } } } }", token=token)
        return data["queueTickets"]["edges"][0]["node"]["matchID"]

    battle = await until(opened)

    socket = WebsocketsTransport(
        url=api.replace("http", "ws"),
        init_payload={"authorization": f"Bearer {token}"},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )
    async with Client(transport=socket) as session:
        request = gql("subscription($b: ID!) { gameMatchUpdated(id: $b) { matchID players { rank equity } } }")
        request.variable_values = {"b": battle}
        async for update in session.subscribe(request):
            players = len(update["gameMatchUpdated"]["players"])
            break

    async def ordered():
        terms = {"matchID": battle, "baseToken": "bitcoin", "side": "SELL", "type": "MARKET", "margin": "5", "leverage": 2}
        query = "mutation($i: CreateGameMatchPositionInput!) { createGameMatchPosition(createGameInput: $i) { id status } }"
        try:
            return (await run(api, query, {"i": terms}, token))["createGameMatchPosition"]
        except TransportQueryError as refused:
            # The countdown, or a market that says nothing for a moment.
            if refused.errors[0]["extensions"]["code"] in ("MATCH_NOT_OPEN", "FEED_STALE"):
                return None
            raise

    order = await until(ordered)
    print(json.dumps({"battle": battle, "players": players, "order": order["id"]}))


asyncio.run(main(*sys.argv[1:]))
