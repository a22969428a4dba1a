/** What a self-check is, and how all of them are looked at: at once, each for at most five seconds. */
import type { DoctorWorld } from "./world.ts";

/** `change`: the one command or change that mends it. */
export type Outcome =
  | { readonly kind: "ok"; readonly message: string }
  | { readonly kind: "warn" | "fail"; readonly message: string; readonly change: string };

export interface SelfCheck {
  /** Stable words. */
  readonly id: string;
  /** What it asks, one clause; for who waits for it. */
  readonly asks: string;
  /** At least one outcome. What it throws is a fault of the program, and told as one. */
  look(world: DoctorWorld): Promise<readonly Outcome[]>;
}

export interface Looked {
  readonly id: string;
  readonly outcomes: readonly Outcome[];
  readonly seconds: number;
}

export const patienceMs = 5_000;

export function ok(message: string): readonly Outcome[] {
  return [{ kind: "ok", message }];
}

export function warn(message: string, change: string): Outcome {
  return { kind: "warn", message, change };
}

export function fail(message: string, change: string): Outcome {
  return { kind: "fail", message, change };
}

/** In the order of the checks. `waits` hears what is not done yet, whenever one is. */
export async function lookAtAll(
  checks: readonly SelfCheck[],
  world: DoctorWorld,
  waits: (left: readonly SelfCheck[]) => void,
  withinMs = patienceMs,
): Promise<readonly Looked[]> {
  const left = new Set(checks);
  return Promise.all(
    checks.map(async (check) => {
      const looked = await lookAt(check, world, withinMs);
      left.delete(check);
      waits([...left]);
      return looked;
    }),
  );
}

async function lookAt(check: SelfCheck, world: DoctorWorld, withinMs: number): Promise<Looked> {
  const started = world.monotonicMs();
  const late = Promise.withResolvers<readonly Outcome[]>();
  const timer = setTimeout(() => late.resolve([tooLate(check, withinMs)]), withinMs);
  const outcomes = await Promise.race([check.look(world).catch(broken), late.promise]);
  clearTimeout(timer);
  return { id: check.id, outcomes, seconds: Math.round(world.monotonicMs() - started) / 1000 };
}

function tooLate({ id, asks }: SelfCheck, withinMs: number): Outcome {
  const expected = `expected an answer within ${withinMs / 1000} s, found none`;
  return fail(`${id}: ${asks}: ${expected}`, "see what it waits for: a mount or a name service that does not answer");
}

function broken(error: unknown): readonly Outcome[] {
  const says = error instanceof Error ? error.message : String(error);
  return [fail(`internal error: ${says.split("\n", 1)[0]}`, "please report it")];
}
