import { fail, ok, type SelfCheck } from "./self-check.ts";

const folders = ["/etc/systemd/system/multi-user.target.wants", "/run/systemd/system/multi-user.target.wants"];

export const enabled: SelfCheck = {
  id: "enabled",
  asks: "does an agent that starts with the host run",
  async look({ names, status, sockets }) {
    const found = (await Promise.all(folders.map(names))).flat();
    const units = [...new Set(found.filter((name) => /^rcwarden(@.*)?\.service$/.test(name)))];
    if (units.length === 0) return ok("enabled: no agent starts with the host, as installed");
    const heard = await status();
    const unit = units[0] ?? "";
    if (heard.kind === "no-agent")
      return [
        fail(
          `${unit}: expected it to listen at ${sockets.at(-1) ?? "its socket"}, found nobody`,
          `systemctl status ${unit}`,
        ),
      ];
    return ok(`enabled: ${units.join(", ")} starts with the host, and answers`);
  },
};
