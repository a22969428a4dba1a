/** What a hostile host would say, for tests that hold an output against it. */
import fc from "fast-check";
import { attempt, cpWaits, tried } from "../../../agent/checks/example-facts.ts";
import type { Exception } from "../../../agent/documents/index.ts";
import type { Place } from "../../../agent/facts/index.ts";
import { automated, documents, execChannel, noHost, root, unattended, type World } from "./world.ts";

/** Text as a hostile host has it: any bytes, and what steers terminals, XML, shells and monitoring. */
export const word = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.constantFrom(
        "\u001b[2J",
        "\u001b]52;c;cm0gLXJm\u0007",
        "\r",
        "\n",
        "\u0000",
        "\u0085",
        "\u009b2J",
        "\u202e",
        "\u2028",
        "\u{e0041}",
        "\ud800",
        "]]>",
        "<script>alert(1)</script>",
        "|",
        "'",
        '"',
        "$(reboot)",
        "`reboot`",
        "](http://evil)",
        "{0}",
        "\\x1b",
        "%n",
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));

/** A host that says `next()` wherever it has a word. */
export function hostileWorld(next: () => string): World {
  const where = (): Place => ({ file: next(), line: 3, column: 1, through: [next()] });
  const account = { name: next(), uid: 501, gid: 501, groups: [501], home: next(), shell: next() };
  const origin = { file: next(), digest: next(), shipped: false, given: true };
  const engine = { ...execChannel, name: next(), origin };
  const policy = { ...unattended, name: next(), engines: [engine.name], origin, description: next() };
  const gone = next();
  const rules = policy.rules.map((rule) => ({ ...rule, id: next() }));
  const named = { ...policy, accounts: { names: [account.name, gone] }, rules };
  const finding = {
    policy: named.name,
    rule: rules[0]?.id ?? "",
    account: account.name,
    mode: "ssh-command",
    subject: "rm -f {file}",
  };
  const exception: Exception = {
    kind: "Exception",
    name: next(),
    description: next(),
    finding,
    reason: next(),
    until: "2027-01-31",
    origin,
  };
  const host = { ...noHost, exceptions: [exception] };
  return {
    accounts: [root, account],
    unavailable: [gone],
    documents: { kind: "documents", set: { ...documents, engines: [engine], policies: [named] }, host },
    automation: {
      accounts: [automated(account, [next(), next()])],
      root: automated(root, [next()]),
      notListed: { withoutShell: 1, withoutSign: 0 },
      doubts: [next()],
    },
    facts: () => ({
      evidence: next(),
      shell: { path: next(), personality: next() },
      startupFiles: [
        { path: next(), state: "read", through: [] },
        { path: next(), state: "unreadable", reason: next(), through: [next()] },
      ],
      cwd: next(),
      output: [{ stream: "stdout", bytes: 9, head: next(), guard: next(), where: where(), line: next() }],
      tried: [
        {
          ...cpWaits,
          prompt: next(),
          line: next(),
          where: where(),
          atEnd: attempt({ outcome: "failed", stderr: next() }),
        },
        tried("rm -f {file}", { outcome: "failed", stderr: next(), advice: next() }),
        tried("rm -rf {folder}", { outcome: "unknown", reason: next() }),
      ],
      gaps: [{ code: "probe-limited", message: next(), change: next(), of: ["traps", "limits"] }],
    }),
  };
}
