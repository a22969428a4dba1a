/** Retentions and files as values. */
import type { Seen } from "../../agent/cleanup/plan.ts";
import type { Retention } from "../../agent/documents/index.ts";

export const nowMs = Date.parse("2026-11-23T10:00:00Z");
export const minuteMs = 60_000;
export const rootIdentity = { dev: "2049", ino: "2" };

export function retentionOf(other: Partial<Retention> = {}): Retention {
  return {
    kind: "Retention",
    name: "engine-staging",
    description: "",
    account: "oracle",
    root: "/u01/staging/engine",
    match: ["*.arc"],
    depth: 1,
    after: "age",
    releasedBy: [],
    keep: { newest: 0, youngerThanMs: 60 * minuteMs },
    plan: { everyMs: null, whenFreeBelowPercent: null },
    apply: "by-hand",
    limits: { files: 10_000, bytes: 2 ** 40, filesPerSecond: 500, readBytesPerSecond: 2 ** 20 },
    mayEmpty: true,
    origin: { file: "/etc/rcwarden/policies/staging.yaml", digest: "sha256:0", shipped: false, given: true },
    ...other,
  };
}

export function hexPath(path: string): readonly string[] {
  return path.split("/").map((name) => Buffer.from(name, "latin1").toString("hex"));
}

export function textPath(path: readonly string[]): string {
  return path.map((name) => Buffer.from(name, "hex").toString("latin1")).join("/");
}

export interface SeenOptions {
  readonly size?: number;
  /** Before `nowMs`. */
  readonly ageMinutes?: number;
  /** Of its inode alone; as old as its content, where left out. */
  readonly changedMinutes?: number;
  readonly type?: Seen["type"];
  readonly guard?: Seen["guard"];
}

export function seenOf(path: string, options: SeenOptions = {}): Seen {
  const { size = 1024, ageMinutes = 600, changedMinutes = ageMinutes, type = "file", guard = null } = options;
  const ns = (minutes: number) => (BigInt(nowMs - minutes * minuteMs) * 1_000_000n).toString();
  return {
    path: hexPath(path),
    type,
    identity: {
      dev: "2049",
      ino: String(path.length * 1000 + path.charCodeAt(0)),
      size: String(size),
      mtimeNs: ns(ageMinutes),
      ctimeNs: ns(changedMinutes),
      uid: 501,
      links: 1,
    },
    guard,
  };
}
