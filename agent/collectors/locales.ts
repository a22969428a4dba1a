/** The locales that the host has, by the C library's own list: `locale -a`. */
import { runCommand } from "../host/command.ts";

export type LocalesAnswer =
  | { readonly kind: "told"; readonly names: readonly string[] }
  | { readonly kind: "gap"; readonly message: string; readonly change: string };

const limits = { deadlineMs: 5_000, maxBytes: 1_048_576 };

/** Never rejects. */
export async function localeNames(): Promise<LocalesAnswer> {
  const outcome = await runCommand(["locale", "-a"], limits);
  const names = outcome.kind === "ended" && outcome.status === 0 ? namesOf(outcome.stdout.toString("utf8")) : [];
  if (names.length > 0) return { kind: "told", names };
  const why = outcome.kind === "not-started" ? outcome.why : "locale -a listed none";
  return { kind: "gap", message: `which locales the host has is not known: ${why}`, change: "" };
}

function namesOf(text: string): string[] {
  return text.split("\n").flatMap((line) => line.trim() || []);
}
