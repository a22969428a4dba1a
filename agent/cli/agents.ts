/** How verbs ask an agent, and what they say where none answers or it refuses. */
import * as z from "zod";
import type { Question, Told } from "./ask.ts";
import type { Parts } from "./parts.ts";
import { noAgent } from "./sockets.ts";

export { socketsFor } from "./sockets.ts";

export type Heard<T> =
  | { readonly kind: "answer"; readonly socket: string; readonly value: T }
  /** It answered, and said why not. */
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly code: string;
      readonly socket: string;
      readonly message: string;
    }
  | { readonly kind: "no-agent"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string };

/** Of one that answered. */
type HeardAnswer<T> = Exclude<Heard<T>, { readonly kind: "no-agent" }>;

const refusalShape = z.object({
  code: z.string(),
  where: z.string(),
  expected: z.string(),
  found: z.string(),
  change: z.string(),
});

/** What an agent answered, parsed by `shape`; or in words why there is no answer. */
export async function hear<T>(
  parts: Pick<Parts, "ask">,
  sockets: readonly string[],
  question: Question,
  shape: z.ZodType<T>,
): Promise<Heard<T>> {
  const told = await parts.ask(sockets, question);
  if (told.kind === "failed") return { kind: "failed", message: told.message };
  if (told.kind === "no-agent") return { kind: "no-agent", message: noAgent(sockets) };
  return heardOf(told, shape);
}

type Answer = Extract<Told, { readonly kind: "answer" }>;

export function heardOf<T>(answer: Answer, shape: z.ZodType<T>): HeardAnswer<T> {
  return answer.status < 400 ? accepted(answer, shape) : refused(answer);
}

function accepted<T>({ socket, body }: Answer, shape: z.ZodType<T>): HeardAnswer<T> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return { kind: "answer", socket, value: parsed.data };
  const at = parsed.error.issues[0]?.path.join(".") ?? "";
  const message = `${socket}: expected an answer of rcwarden, found another at "${at}"; is it of another version?`;
  return { kind: "failed", message };
}

function refused({ socket, status, body }: Answer): HeardAnswer<never> {
  const parsed = refusalShape.safeParse(body);
  if (!parsed.success) return { kind: "failed", message: `${socket}: expected an answer, found status ${status}` };
  const { code, where, expected, found, change } = parsed.data;
  const message = `${where}: expected ${expected}, found ${found}${change === "" ? "" : `; ${change}`}`;
  return { kind: "refused", status, code, socket, message };
}
