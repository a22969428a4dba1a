import { ok, type SelfCheck, warn } from "./self-check.ts";

export const processes: SelfCheck = {
  id: "processes",
  asks: "can other processes be seen",
  async look({ text, callerUid }) {
    if (text("/proc/1/stat") !== null) return ok("processes: /proc shows those of all");
    const change =
      callerUid === 0 ? "mount /proc without hidepid" : "ask as root, or mount /proc with gid= of a group of yours";
    return [
      warn(
        "processes: expected /proc to show those of all, found it hidden (hidepid=): sessions of others cannot be seen",
        change,
      ),
    ];
  },
};
