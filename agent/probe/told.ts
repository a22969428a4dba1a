import { constants } from "node:os";
import type { Exit } from "../facts/index.ts";
import type { Said } from "../host/launcher-words.ts";
import { type Timers, timers } from "./timers.ts";
import { hostOutside, type Limited, witness } from "./witness.ts";

export interface Failed {
  readonly kind: "failed";
  /** The launcher's words. */
  readonly step: string;
  readonly reason: string;
  readonly detail: string;
}

/** How setting up a sandbox went. */
export type SetUp =
  | { readonly kind: "ready"; readonly init: number; readonly fds: readonly [number, number, number] }
  | Failed;

/** Keeps what the launcher says of one session. */
export interface Told {
  readonly timers: Timers;
  readonly warnings: readonly string[];
  readonly setUp: Promise<SetUp>;
  /** The shell's end; never settles where the session ends before its shell. */
  readonly exited: Promise<Exit>;
  /** The launcher found more processes than a session may have, and ended them. */
  readonly tooMany: Promise<void>;
  /** The launcher ended or said that it failed, at any time. */
  readonly failed: Promise<Failed>;
  exit(): Exit | null;
  limited(): Limited[];
  became(): string | null;
  witnessed(): boolean;
  /** The mount point that is being touched right now, or null. */
  atMount(): string | null;
  said(said: Said): void;
  gone(failure: string | null): void;
}

export function told(withWitness: boolean): Told {
  const setUp = Promise.withResolvers<SetUp>();
  const exited = Promise.withResolvers<Exit>();
  const failed = Promise.withResolvers<Failed>();
  const tooMany = Promise.withResolvers<void>();
  const armed = timers();
  const seen = witness(hostOutside());
  const warnings: string[] = [];
  let exit: Exit | null = null;
  let became: string | null = null;
  let witnessed = withWitness;
  let mount: string | null = null;

  const fail = (step: string, reason: string, detail: string) => {
    const failure: Failed = { kind: "failed", step, reason, detail };
    setUp.resolve(failure);
    failed.resolve(failure);
  };
  const note = (words: readonly string[]) => {
    const [kind, ...rest] = words;
    if (kind === "timer") armed.note(rest, performance.now());
    else if (kind === "io-uring") armed.blind("io_uring is used");
    else if (kind === "lost") armed.blind("the witness lost notes");
    else if (kind === "exec") became = rest[0] ?? null;
    else seen.note(words);
  };

  return {
    timers: armed,
    warnings,
    setUp: setUp.promise,
    exited: exited.promise,
    tooMany: tooMany.promise,
    failed: failed.promise,
    exit: () => exit,
    limited: () => seen.limited(),
    became: () => became,
    witnessed: () => witnessed,
    atMount: () => mount,
    said(said) {
      // A warning may be about the mount that is still being touched.
      if (said.kind !== "warn") mount = said.kind === "mount" ? said.mountPoint : null;
      switch (said.kind) {
        case "ready":
          setUp.resolve(said);
          break;
        case "fail":
          fail(said.step, said.reason, said.detail);
          break;
        case "warn":
          warnings.push(said.words.join(" "));
          if (said.words[0] === "no-witness") witnessed = false;
          break;
        case "ceiling":
          tooMany.resolve();
          break;
        case "note":
          note(said.words);
          break;
        case "exit":
          exit = { status: said.signal > 0 ? null : said.status, signal: said.signal > 0 ? nameOf(said.signal) : null };
          exited.resolve(exit);
          break;
      }
    },
    gone: (failure) => fail("launcher", failure ?? "ended before the session did", ""),
  };
}

function nameOf(signal: number): string {
  const named = Object.entries(constants.signals).find(([, number]) => number === signal);
  return named?.[0] ?? `SIG${signal}`;
}
