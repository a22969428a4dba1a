import { ok, type SelfCheck } from "./self-check.ts";

const folders = ["/etc/systemd/system/multi-user.target.wants", "/run/systemd/system/multi-user.target.wants"];

export const enabled: SelfCheck = {
  id: "enabled",
  asks: "does an agent that starts with the host run",
  async look({ names, answers }) {
    const found = [...new Set((await Promise.all(folders.map(names))).flat())].flatMap(unitOf);
    if (found.length === 0) return ok("enabled: no agent starts with the host, as installed");
    const looked = await Promise.all(found.map(async (each) => ({ ...each, isThere: await answers(each.socket) })));
    const silent = looked.filter(({ isThere }) => !isThere);
    if (silent.length > 0)
      return silent.map(({ unit, socket }) => ({
        kind: "fail",
        message: `${unit}: expected it to listen at ${socket}, found nobody`,
        change: `systemctl status ${unit}`,
      }));
    const units = looked.map(({ unit }) => unit).join(", ");
    return ok(
      `enabled: ${units} ${looked.length === 1 ? "starts with the host, and answers" : "start with the host, and answer"}`,
    );
  },
};

/** The unit, and where it listens, of a name in a folder of what is enabled; of others nothing. */
function unitOf(name: string): { readonly unit: string; readonly socket: string }[] {
  const instance = /^rcwarden(?:@(.+))?\.service$/.exec(name);
  return instance === null ? [] : [{ unit: name, socket: `/run/rcwarden/${instance[1] ?? "host"}/agent.sock` }];
}
