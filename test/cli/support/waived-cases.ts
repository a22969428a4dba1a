/** What the host's owner lets stand for a while, and what only a running agent knows. */
import { cpWaits, tried } from "../../../agent/checks/example-facts.ts";
import type { Exception } from "../../../agent/documents/index.ts";
import type { Case } from "./cases.ts";
import { documents, noHost, oracle, root, unattended, type World } from "./world.ts";

const cp = "cp -f {file} {existing}";

function exception(until: string, subject = cp): Exception {
  return {
    kind: "Exception",
    name: "copies-ask",
    description: "",
    finding: {
      policy: "unattended-ssh",
      rule: "commands-do-what-they-say",
      account: "oracle",
      mode: "ssh-command",
      subject,
    },
    reason: "CHG0012345, until the new image is out",
    until,
    origin: { file: "/etc/rcwarden/exceptions.yaml", digest: `sha256:${"c".repeat(64)}`, shipped: false, given: true },
  };
}

function waiting(exceptions: readonly Exception[]): World {
  return {
    accounts: [root, oracle],
    host: { ...noHost, exceptions },
    facts: () => ({
      tried: ["rm -f {file}", "rm -rf {folder}", cp, "mv -f {file} {existing}"].map((command) =>
        command === cp ? cpWaits : tried(command),
      ),
    }),
  };
}

const ofTheAgent: World = {
  accounts: [root, oracle],
  documents: {
    kind: "documents",
    host: noHost,
    set: {
      ...documents,
      policies: [
        {
          ...unattended,
          rules: [
            ...unattended.rules,
            { id: "watch-coverage", check: "watch-coverage", severity: "high", with: {} },
            { id: "reviewed", check: "reviewed", severity: "medium", with: {} },
          ],
        },
      ],
    },
  },
};

export const waivedCases: readonly Case[] = [
  {
    name: "check-waived",
    story: "what an exception waives is told, and decides nothing",
    argv: ["check", "--account", "oracle"],
    world: waiting([exception("2026-11-23")]),
  },
  {
    name: "check-waived-json",
    story: "the same as JSON",
    argv: ["check", "--account", "oracle", "--json"],
    world: waiting([exception("2026-11-23")]),
    wide: true,
  },
  {
    name: "check-waived-no-more",
    story: "an exception whose end is past, and one for another command, waive nothing",
    argv: ["check", "--account", "oracle"],
    world: waiting([exception("2026-11-22"), exception("2027-01-31", "mv -f {file} {existing}")]),
  },
  {
    name: "check-only-an-agent-knows",
    story: "rules about what only a running agent knows are undecided by hand",
    argv: ["check", "--account", "oracle"],
    world: ofTheAgent,
  },
];
