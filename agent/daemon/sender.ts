/** Starts the sender, the only process of the program that has a network: as `rcwarden` where that account exists. */
import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import type { Account } from "../facts/index.ts";
import { accountByName, accountByUid } from "../host/accounts.ts";
import { builtPart } from "../host/beside.ts";
import { enterPath } from "../host/enter.ts";
import { encodeSpec, lines, parseSaid, type SpecWord } from "../host/launcher-words.ts";
import { taskStatus } from "../host/process.ts";
import { wrongIdentity } from "../host/wrong-identity.ts";
import type { SenderProcess } from "../sinks/index.ts";

/** Bodies are young and large: with the usual size of what is young a sender grows by a third after some full batches. */
export const senderFlags = ["--max-old-space-size=64", "--max-semi-space-size=1"] as const;

/** Who sends: `rcwarden` where the agent is root and there is such an account, else whoever runs the agent. */
export async function senderAccount(isRoot: boolean, uid: number): Promise<Account | null> {
  const own = isRoot ? await accountByName("rcwarden") : null;
  if (own?.kind === "account") return own.account;
  const answer = await accountByUid(uid);
  return answer.kind === "account" ? answer.account : null;
}

/** Through the launcher, without a capability, with an empty environment; it goes only when it is who it should be. */
export function spawnSender(account: Account, isRoot: boolean): SenderProcess {
  const child = spawn(enterPath(), [], { stdio: ["pipe", "pipe", "ignore", "pipe"], cwd: "/", env: {} });
  const control = child.stdio[3];
  const { stdin, stdout } = child;
  if (!(control instanceof Duplex) || stdin === null || stdout === null)
    throw new Error("there is no way to speak with the launcher");
  const ended = new Promise<string>((resolve) => {
    let why = "";
    child.once("error", (error) => resolve(error.message));
    child.once("close", (status, signal) => resolve(why || (signal ?? `exit ${status}`)));
    const hear = (line: string) => {
      const said = parseSaid(line);
      if (said.kind === "fail") why = `${said.step}: ${said.reason} ${said.detail}`.trim();
      if (said.kind !== "ready") return;
      const status = taskStatus(said.init, said.init);
      const wrong =
        status === null
          ? "it cannot be looked at"
          : wrongIdentity(status, { account, sandbox: isRoot ? "whole-root" : "own-account" });
      if (wrong === null) control.write("g");
      else {
        why = `the sender has another identity: ${wrong}`;
        child.kill("SIGKILL");
      }
    };
    control.on("data", lines(hear));
  });
  // It may be gone before all was written; its end is heard above.
  for (const stream of [control, stdin]) stream.on("error", () => {});
  control.write(encodeSpec(specOf(account)));
  child.unref();
  return {
    input: stdin,
    output: stdout,
    identity: account.name,
    ended,
    kill: () => void child.kill("SIGKILL"),
  };
}

function specOf(account: Account): SpecWord[] {
  return [
    ["sandbox", "none"],
    ["stays", "1"],
    ["parent", String(process.pid)],
    ["uid", String(account.uid)],
    ["gid", String(account.gid)],
    ...account.groups.map((group): SpecWord => ["group", String(group)]),
    ["cwd", "/"],
    ["program-fd", process.execPath],
    ["arg", "node"],
    ...senderFlags.map((flag): SpecWord => ["arg", flag]),
    ["arg", builtPart("sender.cjs")],
    ["umask", "077"],
  ];
}
