import { posix } from "node:path";
import type { Account } from "../facts/index.ts";
import { readAs } from "../host/read-as.ts";
import { type SshdSettings, sshdSettings } from "./sshd.ts";

export interface LoginKeys {
  readonly keys: number;
  /** Why there may be more, a sentence each. */
  readonly doubts: readonly string[];
}

/** Counts the keys that let somebody in as `account`, in the files where sshd looks for them. */
export async function loginKeys(account: Account, settings?: SshdSettings): Promise<LoginKeys> {
  const sshd = settings ?? (await sshdSettings(account.name));
  let keys = 0;
  const doubts = [...elsewhere(sshd)];
  for (const path of keyFiles(account, sshd)) {
    const read = await readAs(account, path);
    if (read.kind === "text") keys += countKeys(read.text);
    if (read.kind === "text" && !read.isWhole) doubts.push(`${path}: only the first 64 KiB were looked at`);
    // What the account cannot read, sshd cannot either: it looks with the account's identity.
    const isHidden = read.kind === "unreadable" && !read.why.includes("Permission denied");
    if (isHidden) doubts.push(`${path}: keys could not be counted: ${read.why}`);
  }
  return { keys, doubts };
}

/** AuthorizedKeysFile of sshd_config(5), with its tokens; sshd's own default where its settings cannot be had. */
export function keyFiles(account: Account, sshd: SshdSettings): string[] {
  const said = sshd.kind === "settings" ? sshd.of("authorizedkeysfile")[0] : undefined;
  const patterns = (said ?? ".ssh/authorized_keys .ssh/authorized_keys2").split(/\s+/).filter(Boolean);
  const tokens: Readonly<Record<string, string>> = {
    ...{ "%h": account.home, "%u": account.name, "%U": String(account.uid), "%%": "%" },
  };
  return patterns
    .filter((pattern) => pattern !== "none")
    .map((pattern) => pattern.replaceAll(/%[huU%]/g, (token) => tokens[token] ?? token))
    .map((path) => (path.startsWith("/") ? path : posix.join(account.home, path)));
}

/** Ways in by key that no file of the account shows. */
function elsewhere(sshd: SshdSettings): string[] {
  if (sshd.kind === "unavailable") return [];
  const isSet = (keyword: string) => (sshd.of(keyword)[0] ?? "none") !== "none";
  return [
    ...(isSet("authorizedkeyscommand") ? ["sshd also asks a command for keys (AuthorizedKeysCommand)"] : []),
    ...(isSet("trustedusercakeys") ? ["sshd also lets certificates in (TrustedUserCAKeys)"] : []),
  ];
}

const keyTypes =
  /(?:^|[ \t])(?:ssh-\w+|ecdsa-sha2-\w+|sk-[\w-]+@openssh\.com)(?:-cert-v01@openssh\.com)?[ \t]+[A-Za-z0-9+/]{16}/;

/** Lines of authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT) that hold a key, whatever options stand before it. */
export function countKeys(text: string): number {
  return text.split("\n").filter((line) => !/^\s*#/.test(line) && keyTypes.test(line)).length;
}
