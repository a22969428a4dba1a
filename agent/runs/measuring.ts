/** Puts reader, collector and probe together: one account in one mode, measured on this host. */
import { type SshMode, sessionGround } from "../collectors/session-ground.ts";
import type { Account, ModeFacts, ModeId } from "../facts/index.ts";
import { ourselves } from "../host/kernel.ts";
import { realPath } from "../host/real-path.ts";
import { measure, type Sources } from "../probe/measure.ts";
import { readStartup } from "../probe/reader.ts";
import { personalityOf } from "../shells/index.ts";
import type { MeasureRequest } from "./world.ts";

export function measureHere(request: MeasureRequest, isRoot: boolean): Promise<ModeFacts> {
  const sources: Sources = {
    isRoot,
    read: (account, shell, mode, env) => readStartup({ account, shell, mode, env }),
    ground: (account, mode, environmentFiles) => sessionGround({ account, mode: bySsh(mode), environmentFiles }),
  };
  // Without root nobody can take groups on: a probe has those of this process, whatever the name service says by now.
  const account = isRoot ? request.account : { ...request.account, groups: ourselves().groups };
  return measure({ ...request, account }, sources);
}

/** By reading alone: how many startup files the account's shell comes to by `ssh host CMD`. */
export async function startupFilesOf(account: Account): Promise<number | null> {
  const shell = personalityOf({ path: account.shell, resolved: (await realPath(account.shell)) ?? account.shell });
  if (shell === null) return null;
  const { files, doubts } = await readStartup({ account, shell, mode: "ssh-command", env: {} });
  if (files.length === 0 && doubts.length > 0) return null;
  return files.filter(({ state }) => state === "read").length;
}

/** Only sshd's ground is known; a shell that starts another mode needs that mode's ground first. */
function bySsh(mode: ModeId): SshMode {
  switch (mode) {
    case "ssh-command":
    case "ssh-command-pty":
    case "ssh-login":
    case "ssh-login-notty":
      return mode;
    default:
      throw new Error(`no ground is known for a session by ${mode}`);
  }
}
