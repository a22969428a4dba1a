import { runCommand } from "./command.ts";
import { mountsByPoint, readMountinfo } from "./mounts.ts";
import { walker } from "./watch-walk.ts";

const deadlineMs = 1_000;

/**
 * A path with its links resolved, as the identity of this process sees it; null where nothing is there. `undefined`: no
 * answer came within a second. Where the way leads over a dead file server or a FUSE mount a child is asked, because that
 * would hold this process.
 */
export async function realPath(path: string): Promise<string | null | undefined> {
  if (!path.startsWith("/")) return byChild(path);
  const walked = walker(mountsByPoint(readMountinfo())).to(path);
  if (walked.kind === "there") return walked.real;
  return walked.kind === "failed" ? null : byChild(path);
}

async function byChild(path: string): Promise<string | null | undefined> {
  const outcome = await runCommand(["readlink", "-e", "-n", "--", path], { deadlineMs, maxBytes: 65_536 });
  if (outcome.kind !== "ended") return undefined;
  return outcome.status === 0 ? outcome.stdout.toString("utf8") : null;
}
