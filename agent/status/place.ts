/**
 * The socket's place in the file system. It appears there whole: bound under another name beside it, given its mode, then
 * renamed, so that nobody ever finds one that does not listen yet or that has another mode. What stands there is taken
 * away only where it is a socket of our own that nobody answers at.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, realpathSync, renameSync, type Stats, unlinkSync } from "node:fs";
import { createConnection, type Server } from "node:net";
import { dirname, join } from "node:path";

/** The most bytes that a path of a socket may have (sun_path, without its final zero). */
const mostPathBytes = 107;
const answersWithinMs = 2_000;

export type Placed =
  | {
      readonly kind: "placed";
      /** Takes the socket away, if it is still ours. The server must be closed by the caller. */
      remove(): void;
    }
  | { readonly kind: "refused"; readonly message: string };

/** Makes the server listen at `path`. The folder is made (0755) where it is missing; its parents, too. */
export async function place(server: Server, path: string, mode: number): Promise<Placed> {
  const folder = dirname(path);
  const passing = join(folder, `.${randomBytes(3).toString("hex")}`);
  const bytes = Math.max(Buffer.byteLength(path), Buffer.byteLength(passing));
  if (bytes > mostPathBytes) {
    return refused(`${path}: expected a path of at most ${mostPathBytes} bytes, found ${bytes}; use --socket`);
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const problem = strangeFolder(folder) ?? (await standingAt(path));
    if (problem !== null) return refused(problem);
    await listening(server, passing);
    chmodSync(passing, mode);
    const { dev, ino } = lstatSync(passing);
    renameSync(passing, path);
    return { kind: "placed", remove: () => removeOwn(path, dev, ino) };
  } catch (error) {
    server.close();
    return refused(`${path}: expected to listen here, found ${codeOf(error)}; use --socket`);
  }
}

/**
 * Why the folder is none for a socket of ours; null where it is. Whoever may replace names in it, or on the way to it, could
 * put a link where the socket's mode is set, and with root's rights open any file of the host.
 */
function strangeFolder(folder: string): string | null {
  const own = process.geteuid?.() ?? -1;
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    const { uid, gid, mode } = lstatSync(at);
    // Elsewhere than at root's, a group may be the account's own.
    const others = own === 0 && gid !== 0 ? 0o022 : 0o002;
    const isSticky = (mode & 0o1000) !== 0;
    const found =
      uid !== 0 && uid !== own ? `one of uid ${uid}` : (mode & others) !== 0 && !isSticky ? modeText(mode) : null;
    if (found !== null)
      return `${at}: expected a folder in which nobody else may replace names, found ${found}; use --socket`;
    if (at === "/") return null;
  }
}

function modeText(mode: number): string {
  return `mode ${(mode & 0o7777).toString(8)}`;
}

/** Why what stands there must not be replaced; null where nothing does, or a socket of ours that nobody answers at. */
async function standingAt(path: string): Promise<string | null> {
  const found = statOf(path);
  if (found === null) return null;
  const expected = `${path}: expected to listen here, found`;
  if (!found.isSocket()) return `${expected} ${kindOf(found)}; move it away, or use --socket`;
  const answer = await askedAt(path);
  if (answer === "rcwarden") return `${expected} rcwarden answering; stop it, or use --socket`;
  if (answer === "somebody") return `${expected} another program listening; stop it, or use --socket`;
  if (answer !== "nobody") return `${expected} ${answer}; use --socket`;
  if (found.uid !== process.geteuid?.()) return `${expected} a socket of uid ${found.uid}; remove it, or use --socket`;
  return null;
}

function statOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return "a link";
  if (found.isDirectory()) return "a folder";
  return found.isFile() ? "a file" : "something else";
}

/** Who answers at a socket; an errno's name where that could not be found out. */
function askedAt(path: string): Promise<"rcwarden" | "somebody" | "nobody" | (string & {})> {
  return new Promise((resolve) => {
    let said = "";
    let connected = false;
    const socket = createConnection({ path });
    const end = (answer: string) => {
      socket.destroy();
      resolve(answer);
    };
    const listens = () => (said.includes(serverName) ? "rcwarden" : "somebody");
    socket.setTimeout(answersWithinMs, () => end(listens()));
    socket.setEncoding("latin1");
    socket.on("connect", () => {
      connected = true;
      socket.end("GET /healthz HTTP/1.1\r\nHost: rcwarden\r\nConnection: close\r\n\r\n");
    });
    socket.on("data", (text: string) => {
      said += text;
      if (said.includes("\r\n\r\n") || said.length > 16_384) end(listens());
    });
    socket.on("end", () => end(listens()));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (connected) return end(listens());
      // A full backlog is one of a socket that listens.
      if (error.code === "EAGAIN") return end("somebody");
      end(error.code === "ECONNREFUSED" || error.code === "ENOENT" ? "nobody" : codeOf(error));
    });
  });
}

/** How we name ourselves in each answer. */
export const serverName = "Server: rcwarden";

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path, backlog: 256 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function removeOwn(path: string, dev: number, ino: number): void {
  const found = statOf(path);
  if (found?.dev !== dev || found.ino !== ino) return;
  unlinkSync(path);
}

function refused(message: string): Placed {
  return { kind: "refused", message };
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.message : String(error);
}
