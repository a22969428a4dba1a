/** Puts reader, collector and probe together: one account in one mode, measured on this host. */
import { type SshMode, sessionGround } from "../collectors/session-ground.ts";
import type { ModeFacts, ModeId } from "../facts/index.ts";
import { measure, type Sources } from "../probe/measure.ts";
import { readStartup } from "../probe/reader.ts";
import type { MeasureRequest } from "./parts.ts";

export function measureHere(request: MeasureRequest, isRoot: boolean): Promise<ModeFacts> {
  const sources: Sources = {
    isRoot,
    read: (account, shell, mode, env) => readStartup({ account, shell, mode, env }),
    ground: (account, mode, environmentFiles) => sessionGround({ account, mode: bySsh(mode), environmentFiles }),
  };
  return measure(request, sources);
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
