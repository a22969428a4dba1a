import { fail, ok, type SelfCheck } from "./self-check.ts";

export const sshd: SelfCheck = {
  id: "sshd",
  asks: "can sshd's configuration be read",
  async look({ accountOfUid, callerUid, sshd: ask }) {
    if (callerUid !== 0) return ok("sshd: only root can ask it for its settings; what it has by itself is taken");
    const own = await accountOfUid(callerUid);
    const answer = await ask(own.kind === "account" ? own.account.name : "root");
    if (answer.kind === "none") return ok("sshd: none is installed; what it has by itself is taken");
    if (answer.kind === "read") return ok("sshd: its settings can be read");
    return [fail(`sshd: expected its settings, found ${answer.why}`, "sshd -t says what is wrong")];
  },
};
