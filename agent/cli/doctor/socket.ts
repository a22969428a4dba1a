import { fail, ok, type SelfCheck, warn } from "./self-check.ts";

export const socket: SelfCheck = {
  id: "socket",
  asks: "does an agent answer, and who is the caller to it",
  async look({ status, principal }) {
    const heard = await status();
    if (heard.kind === "no-agent") return ok("socket: no agent runs; check, ready and explain work without");
    if (heard.kind === "failed")
      return [fail(heard.message, "see what listens there, or name another one by --socket")];
    if (heard.kind === "refused")
      return [
        warn(`socket: an agent answers, and says: ${heard.message}`, "ask as root, or as a member of group rcwarden"),
      ];
    const { socket: at, value } = heard;
    const who = await principal(at);
    if (!value.ready)
      return [warn(`socket: ${at} answers, and has not looked at every account yet`, "ask again in a minute")];
    return ok(`socket: ${at} answers; to it you are ${who}`);
  },
};
