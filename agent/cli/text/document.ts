/** Documents as they are written for the host's owner: for people to read and change, and taken by the loader as they are. */
import type { Exception } from "../../documents/index.ts";
import { jsonText } from "../format/json.ts";

/** A word as YAML takes it for text, in a list as well: in quotes where it could be taken for anything else. */
export function yamlWord(text: string): string {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text) ? text : jsonText(text);
}

/** An Exception as one more document of a file. */
export function exceptionDocument(
  exception: Omit<Exception, "kind" | "description" | "origin">,
  written: string,
): string {
  const { name, finding, reason, until } = exception;
  const { policy, rule, account, mode, subject } = finding;
  return `---
# Written ${written} by rcwarden except. It ends by itself; to end it before, delete it.
apiVersion: rcwarden/v1
kind: Exception
metadata: { name: ${yamlWord(name)} }
spec:
  finding:
    policy: ${yamlWord(policy)}
    rule: ${yamlWord(rule)}
    account: ${yamlWord(account)}
    mode: ${yamlWord(mode)}
    subject: ${yamlWord(subject)}
  reason: ${yamlWord(reason)}
  until: ${until} # the end of that day, UTC
`;
}

/** A Grant to begin with: as narrow as without one, but for the accounts; null stands for all. */
export function grantDocument(name: string, accounts: readonly string[] | null): string {
  const whom = accounts === null ? "all" : `[${accounts.map(yamlWord).join(", ")}]`;
  return `# What rcwarden may do on this host: the word of the host's owner. "rcwarden grant" says it in plain words,
# "rcwarden policy schema Grant" has every key. While this document is broken, nobody is measured and nothing leaves.
apiVersion: rcwarden/v1
kind: Grant
metadata: { name: ${yamlWord(name)} }
spec:
  measure:
    # Who may be measured: all (whom a policy names, else who looks automated), or a list: [oracle, postgres]
    accounts: ${whom}
    # running: start the account's shell in a sandbox. reading: only read its startup files; much stays undecided.
    how: running
    # When the agent measures nobody, by this host's clock: ["02:00-04:00"]. rcwarden check, by hand, is not bound.
    notBetween: []
  # What group rcwarden sees on this host, and what may leave it. names: what was found, and where. values: also values of
  # aliases and variables, prompts, output. lines: also lines of files.
  local: names
  share: names
  # Where files may be removed, and as whom. It only allows: what goes, a Retention says.
  remove: []
`;
}
