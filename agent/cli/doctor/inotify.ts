import { countWords } from "../../facts/amounts.ts";
import { fail, ok, type SelfCheck, warn } from "./self-check.ts";

/** Of the limit; what an agent needs for some hundred accounts is left then. */
const mostUsed = 0.8;

export const inotify: SelfCheck = {
  id: "inotify",
  asks: "does a change of a file make an event",
  async look({ writeAndWatch, watchLimits, watchesUsed }) {
    const [{ event, folder }, used] = await Promise.all([writeAndWatch(), watchesUsed()]);
    const limit = watchLimits().watches;
    const more = `sysctl -w fs.inotify.max_user_watches=${Math.max(65_536, (limit ?? 0) * 2)}`;
    if (event.kind === "failed") {
      const isFull = event.code === "ENOSPC" || event.code === "EMFILE";
      const change = isFull ? `${more}; sysctl -w fs.inotify.max_user_instances=512` : "name another folder by TMPDIR";
      return [fail(`inotify: expected to watch a file in ${folder}, found ${event.code}`, change)];
    }
    if (event.kind === "late") {
      return [
        fail(
          `inotify: expected an event of a file in ${folder} within 2 s, found none`,
          "watch what lies on a local file system; the agent looks at the rest now and then",
        ),
      ];
    }
    const share = used === null || limit === null ? "" : `${countWords(used)} of ${countWords(limit)} watches used; `;
    if (used !== null && limit !== null && used > limit * mostUsed)
      return [
        warn(`inotify: expected watches to be left, found ${countWords(used)} of ${countWords(limit)} used`, more),
      ];
    return ok(`inotify: ${share}test event seen after ${Math.ceil(event.ms)} ms`);
  },
};
