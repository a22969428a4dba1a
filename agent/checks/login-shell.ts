import * as z from "zod";
import { type Consequence, checkKind, type Judgement } from "./check-kind.ts";
import { oracle } from "./example-facts.ts";

const subject = "login shell";

/** Programs that stand in the account's entry so that nobody runs a command: by name, what an engine then suffers. */
const runsNothing: ReadonlyMap<string, Consequence> = new Map([
  ["nologin", "lock-out"],
  ["false", "lock-out"],
  ["true", "silent-success"],
  ["sync", "silent-success"],
  ["halt", "lock-out"],
  ["shutdown", "lock-out"],
]);

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export const loginShell = checkKind({
  id: "login-shell",
  summary: "The account's login shell runs commands, and is one that the rule allows.",
  why: "sshd hands every command to this shell: nologin refuses it, and a shell of another family reads it in another way.",
  consequence: "lock-out",
  asksAbout: "account",
  needs: [],
  afterStartup: false,
  parameters: z.strictObject({
    allowed: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("Paths (/bin/bash) or personalities (bash) that are allowed; without it any shell that runs commands."),
  }),
  subjects: () => [subject],
  judge({ allowed }, { account, shell }): Judgement[] {
    const evidence = { path: account.shell, personality: shell.personality };
    const refuses = runsNothing.get(nameOf(account.shell));
    if (refuses !== undefined) {
      const message = `${account.shell} runs no command`;
      const change = `give ${account.name} a shell that runs commands, or remove it from the policy's accounts`;
      return [{ subject, status: "fail", consequence: refuses, message, change, evidence }];
    }
    if (allowed?.includes(account.shell)) {
      return [{ subject, status: "pass", message: `the login shell is ${account.shell}`, evidence }];
    }
    const personality = shell.path === account.shell ? shell.personality : null;
    if (allowed?.every((each) => each.startsWith("/")) !== true && personality === null) {
      const message = `${account.shell} is no shell that is known here`;
      const change = `give ${account.name} one that is, or allow ${account.shell} by its path`;
      return [{ subject, status: "unknown", message, change, evidence }];
    }
    if (allowed === undefined || (personality !== null && allowed.includes(personality))) {
      return [{ subject, status: "pass", message: `the login shell is ${account.shell}`, evidence }];
    }
    const message = `the login shell is ${account.shell}, not ${allowed.join(" or ")}`;
    const change = `give ${account.name} one of the allowed shells, or allow this one`;
    return [{ subject, status: "fail", consequence: "failed-command", message, change, evidence }];
  },
  examples: [
    { says: "a shell that runs commands holds", with: {}, facts: oracle, fails: [] },
    {
      says: "nologin locks the engine out",
      with: {},
      facts: {
        ...oracle,
        account: { ...oracle.account, shell: "/usr/sbin/nologin" },
        shell: { path: "/usr/sbin/nologin", personality: null },
      },
      fails: [subject],
    },
    {
      says: "a shell that the rule does not allow fails",
      with: { allowed: ["bash", "/bin/sh"] },
      facts: oracle,
      fails: [subject],
    },
    { says: "a personality that the rule allows holds", with: { allowed: ["tcsh"] }, facts: oracle, fails: [] },
    {
      says: "a shell that is not known is no pass",
      with: {},
      facts: {
        ...oracle,
        account: { ...oracle.account, shell: "/opt/odd/sh" },
        shell: { path: "/opt/odd/sh", personality: null },
      },
      fails: [],
      unknown: [subject],
    },
    {
      says: "a shell that is not known and allowed by its path holds",
      with: { allowed: ["/opt/odd/sh"] },
      facts: {
        ...oracle,
        account: { ...oracle.account, shell: "/opt/odd/sh" },
        shell: { path: "/opt/odd/sh", personality: null },
      },
      fails: [],
    },
  ],
});
