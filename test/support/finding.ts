/** The finding that most tests are about: the story's alias, as drift keeps it. */
import type { KeptFinding } from "../../agent/drift/index.ts";

/** Policy, rule and what else tells it from others. */
export const storyKey = {
  severity: "critical",
  consequence: "hang",
  policy: "unattended-ssh",
  rule: "commands-do-what-they-say",
  check: "engine-commands",
  account: "oracle",
  mode: "ssh-command",
  subject: "cp -f {file} {existing}",
} as const satisfies Partial<KeptFinding>;

export const storyFinding = {
  fingerprint: "4fb1a6fb14153b66",
  status: "fail",
  ...storyKey,
  message: "waits for ever at: cp: overwrite 'existing.1'?",
  where: { file: "/home/oracle/.cshrc", line: 14, column: 1, through: [] },
  evidence: { sent: "cp -f {file} {existing}", outcome: "hang" },
  change: "delete line 14",
  line: "alias cp 'cp -i'",
  openedAt: "2026-11-23T08:14:07Z",
  since: "2026-11-23T08:14:07Z",
} as const satisfies KeptFinding;
