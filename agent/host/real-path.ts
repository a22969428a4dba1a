import { runCommand } from "./command.ts";

const deadlineMs = 1_000;

/**
 * A path with its links resolved, as the identity of this process sees it; null where nothing is there. `undefined`: no
 * answer came within a second. Asked in a child, because a dead file server or a FUSE mount would hold this process.
 */
export async function realPath(path: string): Promise<string | null | undefined> {
  const outcome = await runCommand(["readlink", "-e", "-n", "--", path], { deadlineMs, maxBytes: 65_536 });
  if (outcome.kind !== "ended") return undefined;
  return outcome.status === 0 ? outcome.stdout.toString("utf8") : null;
}
