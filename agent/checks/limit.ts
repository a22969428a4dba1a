import * as z from "zod";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { changeFor, placeOf } from "./wording.ts";

/** As limits.conf(5) names them; test/checks/limit.test.ts holds them against what is measured. */
const limitNames = [
  "nofile",
  "nproc",
  "fsize",
  "stack",
  "memlock",
  "as",
  "data",
  "cpu",
  "core",
  "rss",
  "locks",
  "sigpending",
  "msgqueue",
  "nice",
  "rtprio",
  "rttime",
] as const;

/** Limits of these are bytes for the kernel, whatever unit a shell's ulimit counts in. */
const inBytes: readonly string[] = ["fsize", "stack", "memlock", "as", "data", "core", "rss", "msgqueue"];

function amountOf(text: string): number {
  return text === "unlimited" ? Number.POSITIVE_INFINITY : Number(text);
}

export const limit = checkKind({
  id: "limit",
  summary: "A resource limit of commands is at least what the rule asks for, as startup leaves it.",
  why: "A ulimit in a startup file cuts big files, refuses connections and kills processes, and says so only to the command.",
  consequence: "failed-command",
  asksAbout: "mode",
  needs: ["limits"],
  afterStartup: true,
  parameters: z.strictObject({
    name: z
      .enum(limitNames)
      .describe("The limit, as limits.conf(5) names it: nofile for open files, nproc for processes."),
    atLeast: z
      .string()
      .regex(/^([1-9][0-9]{0,14}|unlimited)$/, "a whole number above 0, or unlimited: no limit is below 0")
      .describe("The least soft limit, in the kernel's units (bytes, seconds, a count), or unlimited."),
  }),
  subjects: ({ name }) => [name],
  judge({ name, atLeast }, { limits, limitsFrom }): Judgement[] {
    const is = limits[name];
    if (is === undefined) return [{ subject: name, status: "unknown", message: `the limit ${name} is not known` }];
    const evidence = { limit: name, is, atLeast };
    const unit = inBytes.includes(name) && is !== "unlimited" ? " bytes" : "";
    if (amountOf(String(is)) >= amountOf(atLeast)) {
      return [{ subject: name, status: "pass", message: `the limit ${name} is ${is}${unit}`, evidence }];
    }
    const cause = limitsFrom ?? {};
    const change = changeFor(cause, {
      at: (line) => `raise the limit of line ${line}, or keep the line from engines`,
      nowhere: `raise ${name} for the account in /etc/security/limits.conf, or for sshd in its unit`,
    });
    const message = `the limit ${name} is ${is}${unit}, less than ${atLeast}`;
    return [{ subject: name, ...placeOf(cause), status: "fail", message, change, evidence }];
  },
  examples: [
    {
      says: "enough holds",
      with: { name: "nofile", atLeast: "1024" },
      facts: { ...oracle, limits: { nofile: 1024 } },
      fails: [],
    },
    {
      says: "less than asked for fails",
      with: { name: "nofile", atLeast: "65536" },
      facts: { ...oracle, limits: { nofile: 1024 }, limitsFrom: { where: cshrc(3), line: "limit descriptors 1024" } },
      fails: ["nofile"],
    },
    {
      says: "unlimited is more than any number",
      with: { name: "fsize", atLeast: "1099511627776" },
      facts: { ...oracle, limits: { fsize: "unlimited" } },
      fails: [],
    },
    {
      says: "any number is less than unlimited",
      with: { name: "fsize", atLeast: "unlimited" },
      facts: { ...oracle, limits: { fsize: 1024 } },
      fails: ["fsize"],
    },
    {
      says: "a limit that is not known is no pass",
      with: { name: "nproc", atLeast: "100" },
      facts: { ...oracle, limits: {} },
      fails: [],
      unknown: ["nproc"],
    },
  ],
});
