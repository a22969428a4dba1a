/** Where redirections lead. */
import { fieldsOf } from "./expand.ts";
import type { Redirect, Word } from "./syntax.ts";
import type { Streams, Walk } from "./walk.ts";

/** One descriptor after a redirection: what it was led to, as far as it can be told. */
export interface Led {
  readonly descriptor: number;
  readonly to: string | null;
}

/** The streams behind these redirections, and what each did. */
export function redirected(
  walk: Walk,
  redirects: readonly Redirect[],
): { readonly streams: Streams; readonly led: Led[] } {
  let { streams } = walk;
  const led: Led[] = [];
  for (const { descriptor, op, target } of redirects) {
    const to = target === null ? null : (fieldsOf([target], walk.ground)[0]?.text ?? null);
    if (op.startsWith("<")) {
      const number = descriptor ?? 0;
      if (number === 0) streams = { ...streams, in: to === "/dev/tty" || to === "/dev/stdin" ? streams.in : null };
      led.push({ descriptor: number, to: op.startsWith("<<") ? null : to });
      continue;
    }
    const both =
      op.startsWith("&>") || (op.includes("&") && (to === null || !/^(\d+|-)$/.test(to)) && descriptor === null);
    const number = descriptor ?? 1;
    const stream = op === ">&" && to !== null && /^\d+$/.test(to) ? named(streams, `&${to}`) : named(streams, to);
    // What goes through another command on its way may well arrive.
    const end = through(target) ? (number === 2 ? streams.err : streams.out) : stream;
    if (both || number === 1) streams = { ...streams, out: end };
    if (both || number === 2) streams = { ...streams, err: end };
    const copied =
      /^\d$/.test(to ?? "") && op === ">&" ? led.findLast(({ descriptor: one }) => one === Number(to)) : null;
    for (const one of both ? [1, 2] : [number]) led.push({ descriptor: one, to: copied?.to ?? to });
  }
  return { streams, led };
}

function named({ out, err }: Streams, to: string | null): Streams["out"] {
  if (to === "&1" || to === "/dev/stdout" || to === "/dev/tty" || to === "/dev/fd/1") return out;
  if (to === "&2" || to === "/dev/stderr" || to === "/dev/fd/2") return err;
  return null;
}

function through(target: Word | null): boolean {
  return target?.parts.length === 1 && target.parts[0]?.kind === "command";
}
