/**
 * What the clients of file transfers print and do where an account spoils what they read, by what spoils it. Measured with
 * OpenSSH 9.2, rsync 3.2.7 and git 2.39 against a real sshd; the same clients are run again in the tests.
 */
import type { ModeId, Output } from "../facts/index.ts";
import type { Consequence } from "./check-kind.ts";

export type Transfer = Extract<ModeId, "scp" | "scp-legacy" | "sftp" | "rsync" | "git">;

/** What an engine gets, as a clause that goes on after "so that". */
export interface Client {
  readonly says: string;
  readonly consequence: Consequence;
}

interface Row {
  /** Programs on the host that the login shell must find. */
  readonly needs: readonly string[];
  /** What is asked for is a subsystem of sshd: no command. */
  readonly bySubsystem: boolean;
  /** Where startup reads what the client sends first; null where the client waits for the host's first word. */
  readonly eaten: Client | null;
  /** Startup ended the shell, so that nobody answers. `status`: the exit status; null where a signal ended it. */
  closed(status: number | null): Client;
  /** Bytes before the protocol's first. */
  spoiled(output: Spoiling): Client;
}

/** What came before the protocol: all of it where `isWhole`. */
export interface Spoiling {
  readonly head: string;
  readonly isWhole: boolean;
}

const never: Client = { says: "the client waits for ever", consequence: "hang" };

export const transfers: Readonly<Record<Transfer, Row>> = {
  sftp: {
    needs: [],
    bySubsystem: true,
    eaten: never,
    closed: () => says("Connection closed", "failed-command"),
    spoiled: sftpSpoiled(""),
  },
  scp: {
    needs: [],
    bySubsystem: true,
    eaten: never,
    closed: () => says("scp: Connection closed", "failed-command"),
    spoiled: sftpSpoiled("scp: "),
  },
  "scp-legacy": {
    needs: ["scp"],
    bySubsystem: false,
    eaten: { says: "a client that fetches a file waits for ever", consequence: "hang" },
    closed: (status) =>
      status === 0
        ? {
            says: "a file that is sent ends in: lost connection, and one that is fetched in exit 0 without the file",
            consequence: "silent-success",
          }
        : says("lost connection", "failed-command"),
    spoiled: legacySpoiled,
  },
  rsync: {
    needs: ["rsync"],
    bySubsystem: false,
    eaten: never,
    closed: () => says("rsync: connection unexpectedly closed (0 bytes received so far)", "failed-command"),
    spoiled: () => says("protocol version mismatch -- is your shell clean?", "corrupted-stream"),
  },
  git: {
    needs: ["git-upload-pack", "git-receive-pack"],
    bySubsystem: false,
    eaten: null,
    closed: () => says("fatal: Could not read from remote repository.", "failed-command"),
    spoiled: gitSpoiled,
  },
};

/** The client prints nothing and never ends. */
export const waits = never;

function says(text: string, consequence: Consequence): Client {
  return { says: `the client says: ${text}`, consequence };
}

/** The largest message that OpenSSH's client takes. */
const longestMessage = 262_144;

/** The first four bytes are taken for a length. */
function sftpSpoiled(prefix: string) {
  return ({ head }: Spoiling): Client => {
    const bytes = Buffer.from(head, "utf8");
    const isText = !head.includes("\ufffd") && bytes.length >= 4;
    const length = isText ? bytes.readUInt32BE(0) : null;
    if (length === null) return says(`${prefix}Received message too long`, "corrupted-stream");
    if (length > longestMessage) return says(`${prefix}Received message too long ${length}`, "corrupted-stream");
    return { says: "the client takes it for a message that is none", consequence: "corrupted-stream" };
  };
}

/**
 * The first byte is an answer: 0 is yes, anything else begins a message that ends with the next newline. Who sends a file
 * waits for that newline; who fetches one takes the line for a message at once.
 */
function legacySpoiled({ head, isWhole }: Spoiling): Client {
  const rest = head.slice(1);
  const line = `${head.slice(0, 1).replace(/[\0\x01\x02]/, "")}${rest}`.trimStart().split("\n", 1)[0]?.trim() ?? "";
  if (rest.includes("\n") || !isWhole) return says(line === "" ? "protocol error" : line, "corrupted-stream");
  return { says: "a client that sends a file waits for ever, and says nothing", consequence: "hang" };
}

/** The first four characters are a length in hexadecimal digits; what stands there already is filled up by git's own. */
function gitSpoiled({ head }: Spoiling): Client {
  const first = `${head}00`.slice(0, 4);
  if (/^[0-9a-fA-F]+$/.test(first)) {
    return { says: "the client takes it for a length, and waits for as many bytes", consequence: "hang" };
  }
  const shown = head.slice(0, 4).replace(/\s+$/, "");
  return says(`fatal: protocol error: bad line length character: ${shown}`.trimEnd(), "corrupted-stream");
}

/** What startup wrote before the command began; null where it is nothing. */
export function spoiling(output: readonly Output[]): (Spoiling & { readonly of: Output }) | null {
  const of = output.find(({ stream, bytes }) => stream === "stdout" && bytes > 0);
  return of === undefined ? null : { head: of.head, isWhole: Buffer.byteLength(of.head) >= of.bytes, of };
}
