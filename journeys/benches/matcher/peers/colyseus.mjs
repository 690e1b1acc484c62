// Colyseus as the benchmark of the matcher needs it: a server, its own client, and its matching alone.
import { QueueRoom, Room, Server } from "colyseus";
import { WebSocketTransport } from "@colyseus/ws-transport";
import { Client } from "@colyseus/sdk";

/** A match of two, which does nothing. */
class Duel extends Room {
    maxClients = 2;
}

/** Serves on a free port, and says where. */
async function serve() {
    const transport = new WebSocketTransport();
    const server = new Server({ transport, greet: false });
    server.define("duel", Duel);
    await server.listen(0, "127.0.0.1");
    console.log(`http://127.0.0.1:${transport.server.address().port}`);
}

/** Joins as often as it can, each connection one at a time. */
async function join(url, connections, ms) {
    const client = new Client(url);
    const rooms = new Map();
    const began = performance.now();
    const play = async () => {
        while (performance.now() - began < ms) {
            const room = await client.joinOrCreate("duel");
            rooms.set(room.roomId, (rooms.get(room.roomId) ?? 0) + 1);
        }
    };
    await Promise.all(Array.from({ length: connections }, play));
    const seconds = (performance.now() - began) / 1000;
    const players = [...rooms.values()];
    if (players.some((count) => count > 2)) throw new Error("a room of three");
    const joins = players.reduce((sum, count) => sum + count, 0);
    console.log(JSON.stringify({ joins, seconds }));
}

/** Puts players who wait into groups of two, as its room for queues does at every tick; opens no room. */
function match(players, band, rounds) {
    const took = [];
    let matches = 0;
    for (let round = 0; round < rounds; round++) {
        const queue = Object.create(QueueRoom.prototype);
        const clients = Array.from({ length: players }, (_, number) => ({
            userData: { rank: (number * 7919) % 10007, currentCycle: 0 },
            send() {},
        }));
        Object.assign(queue, {
            clients,
            maxPlayers: 2,
            allowIncompleteGroups: false,
            maxWaitingCycles: 15,
            maxWaitingCyclesForPriority: 10,
            groups: [],
            highPriorityGroups: [],
            compare: (client, group) => Math.abs(client.rank - group.averageRank) <= band,
            // What comes of a group is no part of the matching.
            processGroupsReady() {},
        });
        const began = performance.now();
        queue.reassignMatchGroups();
        took.push((performance.now() - began) * 1000);
        matches = queue.groups.filter((group) => group.ready).length;
    }
    if (matches === 0) throw new Error("nobody met");
    took.sort((one, other) => one - other);
    console.log(JSON.stringify({ us: took[Math.floor(rounds / 2)], matches }));
}

const [part, ...told] = process.argv.slice(2);
if (part === "serve") {
    await serve();
} else if (part === "join") {
    await join(told[0], Number(told[1]), Number(told[2]));
    process.exit(0);
} else if (part === "match") {
    match(Number(told[0]), Number(told[1]), Number(told[2]));
    process.exit(0);
} else {
    throw new Error(`expected serve, join or match, found ${part}`);
}
