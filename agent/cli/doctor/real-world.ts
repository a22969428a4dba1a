/** The self-checks' world as it is on this host. */
import { X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { readdir, readlink, stat, statfs } from "node:fs/promises";
import { sshdProgram, sshdSettings } from "../../collectors/sshd.ts";
import type { EngineSinkDocument } from "../../documents/host-kinds.ts";
import { builtPart } from "../../host/beside.ts";
import { runCommand } from "../../host/command.ts";
import { codeOf } from "../../host/identity.ts";
import { ourselves } from "../../host/kernel.ts";
import { addonPath, hasAddon } from "../../host/native.ts";
import { realPath } from "../../host/real-path.ts";
import { systemFile } from "../../host/system-file.ts";
import { watchLimits } from "../../host/watch-limits.ts";
import { knownNames, personalityOf } from "../../shells/index.ts";
import { readKeyFiles } from "../../sinks/key-files.ts";
import type { Parts } from "../parts.ts";
import { agentPlaces } from "../places.ts";
import { hearStatus } from "../status-heard.ts";
import type { DoctorWorld, Found } from "./world.ts";
import { writeAndWatch } from "./written.ts";

export function doctorWorld(
  parts: Parts,
  asked: { readonly version: string; readonly sockets: readonly string[] },
): DoctorWorld {
  const { userNamespaces, missing } = ourselves();
  const once = <T>(make: () => Promise<T>) => {
    let made: Promise<T> | null = null;
    return () => (made ??= make());
  };
  return {
    ...parts,
    ...asked,
    configuration: once(() => parts.configuration(null)),
    automated: once(() => parts.automated(false)),
    monotonicMs: () => performance.now(),
    nodeVersion: process.versions.node,
    stateFolder: agentPlaces(parts.callerUid, parts.env).state,
    status: once(() => hearStatus(parts, asked.sockets, asked.version)),
    answers: async (socket) => (await parts.ask([socket], { method: "GET", path: "/healthz" })).kind === "answer",
    principal: (socket) => principalAt(socket, parts),
    find,
    findFar,
    names: (folder) => readdir(folder).catch(() => []),
    text: (path) => systemFile(path),
    freeBytes: async (path) => {
      const { bavail, bsize } = await statfs(path).catch(() => ({ bavail: null, bsize: 0 }));
      return bavail === null ? null : bavail * bsize;
    },
    writeAndWatch: once(writeAndWatch),
    watchLimits,
    watchesUsed: () => watchesUsed(parts.callerUid),
    knowsShell: async (path) => personalityOf({ path, resolved: (await realPath(path)) ?? path }) !== null,
    knownShells: () => knownNames().join(", "),
    async sshd(account) {
      if (sshdProgram() === null) return { kind: "none" };
      const settings = await sshdSettings(account);
      return settings.kind === "settings" ? { kind: "read" } : settings;
    },
    keyFilesProblem,
    certificateEnds,
    forbidding: () => (userNamespaces.kind === "forbidden" ? userNamespaces : null),
    missingCapabilities: () => missing,
    programs: [
      { name: "the launcher", path: builtPart("enter"), runs: true },
      { name: "the addon", path: builtPart("host.node"), runs: false },
      { name: "Node", path: process.execPath, runs: true },
    ],
    addonProblem: () =>
      hasAddon() ? null : `${addonPath()}: expected the addon of this version, found none that fits`,
  };
}

async function find(path: string): Promise<Found> {
  try {
    const found = await stat(path);
    const type = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
    return { kind: "there", type, uid: found.uid, gid: found.gid, mode: found.mode & 0o7777, changedMs: found.mtimeMs };
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" || code === "ENOTDIR" ? { kind: "absent" } : { kind: "unreadable", code };
  }
}

const far = { deadlineMs: 3_000, maxBytes: 4_096 };

async function findFar(path: string): Promise<Found> {
  const outcome = await runCommand(["stat", "-L", "-c", "%u %g %f %Y", "--", path], far);
  if (outcome.kind === "timed-out") return { kind: "unreadable", code: "no answer within 3 s" };
  if (outcome.kind !== "ended") return { kind: "unreadable", code: outcome.kind };
  const said = outcome.stderr.toString("utf8").trim();
  if (outcome.status !== 0)
    return /No such file|Not a directory/.test(said)
      ? { kind: "absent" }
      : { kind: "unreadable", code: said.replace(/^.*: /, "") };
  const [uid = -1, gid = -1, raw = 0, seconds = 0] = outcome.stdout
    .toString("latin1")
    .split(" ")
    .map((word, at) => Number.parseInt(word, at === 2 ? 16 : 10));
  const kind = raw & constants.S_IFMT;
  const type = kind === constants.S_IFREG ? "file" : kind === constants.S_IFDIR ? "folder" : "other";
  return { kind: "there", type, uid, gid, mode: raw & 0o7777, changedMs: seconds * 1000 };
}

/** What only the owner may see says to everybody else who he is. */
async function principalAt(socket: string, { ask }: Parts): Promise<string> {
  const told = await ask([socket], { method: "GET", path: "/v1/sent" });
  if (told.kind !== "answer") return "nobody";
  if (told.status === 200) return "its owner";
  const found: unknown = typeof told.body === "object" && told.body !== null ? Reflect.get(told.body, "found") : null;
  return (typeof found === "string" ? principals[found] : undefined) ?? "not its owner";
}

const principals: Readonly<Record<string, string>> = {
  viewer: "a viewer, as a member of group rcwarden",
  account: "a watched account",
  nobody: "nobody: you may ask whether it lives",
};

/** inotify(7): each instance is a descriptor, and its fdinfo has a line for each watch. */
async function watchesUsed(uid: number): Promise<number | null> {
  let used = 0;
  for (const pid of (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    if ((await stat(`/proc/${pid}`).catch(() => null))?.uid !== uid) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
      if (target !== "anon_inode:inotify") continue;
      used += systemFile(`/proc/${pid}/fdinfo/${fd}`)?.match(/^inotify /gm)?.length ?? 0;
    }
  }
  return used;
}

async function keyFilesProblem(sink: EngineSinkDocument): Promise<string | null> {
  const files = await readKeyFiles(sink);
  return files.kind === "problem" ? files.problem.message : null;
}

/** Of the first certificate in it, which is the one that is shown. */
async function certificateEnds(file: string): Promise<number | null> {
  try {
    return Date.parse(new X509Certificate(systemFile(file) ?? "").validTo);
  } catch {
    return null;
  }
}
