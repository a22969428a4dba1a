import { duration } from "../../facts/moment.ts";
import { fail, ok, type SelfCheck, warn } from "./self-check.ts";

/** File systems keep times of two seconds (FAT), and servers have clocks of their own. */
const toleratedMs = 3_000;

export const clock: SelfCheck = {
  id: "clock",
  asks: "do the host's clock and the files' times agree",
  async look({ writeAndWatch, find, stateFolder, now }) {
    const { aheadMs, folder } = await writeAndWatch();
    const kept = await find(`${stateFolder}/state.db`);
    const future = kept.kind === "there" ? kept.changedMs - +now() : 0;
    if (future > toleratedMs)
      return [
        fail(
          `clock: expected what was kept to be older than now, found it ${duration(future)} ahead: the clock went back`,
          "timedatectl says what sets it; clean-up keeps files meanwhile",
        ),
      ];
    if (aheadMs === null) return ok("clock: nothing was written to compare it with");
    if (Math.abs(aheadMs) > toleratedMs)
      return [
        warn(
          `clock: expected a file written now in ${folder} to be of now, found it ${duration(Math.abs(aheadMs))} ${aheadMs > 0 ? "ahead" : "behind"}`,
          "set the clocks of host and file server by the same source (timedatectl, chronyc sources)",
        ),
      ];
    return ok("clock: files' times and the host's clock agree");
  },
};
