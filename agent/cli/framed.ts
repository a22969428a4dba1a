/**
 * `--framed`: an answer that noise cannot be taken for. An engine reads it from an SSH session whose startup files may
 * write what they like before, after, or (from the background) in between.
 *
 *     -----BEGIN RCWARDEN REPORT length=N sha256=HEX-----
 *     JSON
 *     -----END RCWARDEN REPORT-----
 *
 * N is the number of bytes of the JSON as UTF-8, without the newline that follows it; HEX is their sha256 in lower case.
 * A newline precedes the first marker, so that output without a final newline does not swallow it. A terminal may turn
 * newlines into CR LF on the way: a reader takes CR LF for LF between the markers before it counts. It takes the last
 * frame that holds, because what comes before is whatever a startup file wrote.
 *
 * The digest tells noise from an answer. It is no signature: a hostile account can write a whole frame. An engine that
 * must not trust the account asks the agent's socket.
 */
const end = "-----END RCWARDEN REPORT-----";

export function framed(json: string): string {
  const bytes = Buffer.from(json, "utf8");
  return `\n-----BEGIN RCWARDEN REPORT length=${bytes.length} sha256=${digest(bytes)}-----\n${json}\n${end}\n`;
}

/** The JSON text of the last whole frame, or why there is none. */
export function unframe(text: string): { kind: "report"; json: string } | { kind: "none" | "torn" } {
  const stream = Buffer.from(text.replaceAll("\r\n", "\n"), "utf8");
  const marker = /-----BEGIN RCWARDEN REPORT length=(\d{1,9}) sha256=([0-9a-f]{64})-----\n/g;
  const latin = stream.toString("latin1"); // one character a byte: offsets below are bytes
  let found: { kind: "report"; json: string } | undefined;
  let begun = false;
  for (const match of latin.matchAll(marker)) {
    begun = true;
    const from = match.index + match[0].length;
    const bytes = stream.subarray(from, from + Number(match[1]));
    if (digest(bytes) !== match[2] || !latin.startsWith(`\n${end}`, from + Number(match[1]))) continue;
    found = { kind: "report", json: bytes.toString("utf8") };
  }
  return found ?? { kind: begun ? "torn" : "none" };
}

/** Loaded only by who frames: it takes longer than to ask an agent. */
function digest(bytes: Uint8Array): string {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(bytes).digest("hex");
}
