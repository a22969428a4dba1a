/**
 * The sender: the only process of rcwarden with network sockets. Requests come on stdin, replies go to stdout, one JSON
 * document a line (sinks/protocol.ts); both may be one connection (daemon/sender-unit.ts). It listens to nobody but root and
 * whom it runs as. It opens no file but the host's own trust store, writes none, says nothing of what it carries, and ends
 * when stdin ends.
 */
import { peerCredentials } from "../host/native.ts";
import { Connections } from "../sinks/connections.ts";
import { jsonLines, parsedJson } from "../sinks/json-lines.ts";
import { post } from "../sinks/post.ts";
import { SenderRequest } from "../sinks/protocol.ts";

/** A batch in JSON is at most twice as long as a string in JSON, and then key material. */
const mostLineBytes = 16 * 1_048_576;

const connections = new Connections();
const refuse = (): never => process.exit(2);

// No stack trace: it could quote what is carried.
process.on("uncaughtException", refuse);

// As the kernel noted who made the connection.
const agent = peerCredentials(0);
if (agent.kind === "failed" || (agent.value.uid !== 0 && agent.value.uid !== process.getuid?.())) refuse();

process.stdin.on("data", jsonLines(mostLineBytes, take, refuse));
process.stdin.on("end", () => process.exit(0));
process.stdin.on("error", refuse);
process.stdout.on("error", refuse);

function take(line: string): void {
  const parsed = SenderRequest.safeParse(parsedJson(line));
  // Only the agent writes here: what is none of its requests is a bug, and no error's text may repeat what was in it.
  if (!parsed.success) refuse();
  else post(parsed.data, connections).then((reply) => process.stdout.write(`${JSON.stringify(reply)}\n`), refuse);
}
