/**
 * A program: many users of one group, each with as many connections as one may have. Half of a user's connections wait for
 * events, the others ask for status ten times a second. Arguments: the socket, the group's number, users, connections of
 * each, milliseconds. Says a line of JSON when all are connected and answered once, and one in the end. Runs as root.
 */
import { createConnection, type Socket } from "node:net";

const [path = "", group = "", users = "", each = "", forMs = ""] = process.argv.slice(2);
const gid = Number(group);
/** Nobody's on any host; the kernel does not ask for an entry. */
const firstUid = 2_000_100_000;
const pauseMs = 100;

const seen = { connections: 0, answers: 0, statuses: new Map<string, number>(), errors: [] as string[] };
let isOver = false;

/** The kernel notes who connects while connect() is called, and Node calls it at once. */
function connectAs(uid: number): Socket {
  process.setgroups?.([]);
  process.setegid?.(gid);
  process.seteuid?.(uid);
  try {
    return createConnection({ path });
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

/** Says `request`, and resolves with the answer's status and body; "" where the connection ended instead. */
function ask(socket: Socket, request: string): Promise<{ readonly status: string; readonly body: string }> {
  return new Promise((resolve) => {
    let said = "";
    const ended = () => resolve({ status: "", body: "" });
    const heard = (chunk: string) => {
      said += chunk;
      const head = said.indexOf("\r\n\r\n");
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(said.slice(0, Math.max(head, 0)))?.[1] ?? Number.NaN);
      if (head < 0 || Buffer.byteLength(said) < head + 4 + length) return;
      socket.off("data", heard).off("close", ended);
      resolve({ status: said.slice(9, 12), body: said.slice(head + 4) });
    };
    socket.on("data", heard).once("close", ended);
    socket.write(`GET ${request} HTTP/1.1\r\nHost: rcwarden\r\n\r\n`);
  });
}

function count(status: string): void {
  seen.answers++;
  seen.statuses.set(status, (seen.statuses.get(status) ?? 0) + 1);
}

async function connection(uid: number, waits: boolean, first: () => void): Promise<void> {
  const socket = connectAs(uid).setEncoding("utf8");
  socket.on("error", (error) => seen.errors.push(error.message));
  let after = "";
  for (let asked = 0; !isOver; asked++) {
    const request = !waits ? "/v1/status" : after === "" ? "/v1/events" : `/v1/events?after=${after}&wait=60s`;
    const { status, body } = await ask(socket, request);
    if (isOver) break;
    count(status);
    if (asked === 0) first();
    if (status !== "200") break;
    if (waits) after = String(Reflect.get(JSON.parse(body), "next"));
    else await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  socket.destroy();
}

/** What the next connection of a user who has all of his is told. */
async function oneMore(uid: number): Promise<string> {
  const socket = connectAs(uid).setEncoding("utf8");
  socket.on("error", () => {});
  const { status } = await ask(socket, "/v1/status");
  socket.destroy();
  return status;
}

const started: Promise<void>[] = [];
const running: Promise<void>[] = [];
for (let user = 0; user < Number(users); user++) {
  for (let at = 0; at < Number(each); at++) {
    const first = Promise.withResolvers<void>();
    started.push(first.promise);
    running.push(connection(firstUid + user, at < Number(each) / 2, first.resolve).finally(first.resolve));
  }
}
await Promise.all(started);
const more = await oneMore(firstUid);
console.log(JSON.stringify({ connections: started.length, more }));
await new Promise((resolve) => setTimeout(resolve, Number(forMs)));
isOver = true;
console.log(JSON.stringify({ answers: seen.answers, statuses: [...seen.statuses], errors: seen.errors }));
process.exit(0);
