import { fail, ok, type SelfCheck, warn } from "./self-check.ts";

const slowMs = 1_000;

export const names: SelfCheck = {
  id: "names",
  asks: "does the name service answer",
  async look({ accountOfUid, callerUid, monotonicMs }) {
    const started = monotonicMs();
    const own = await accountOfUid(callerUid);
    const ms = Math.round(monotonicMs() - started);
    if (own.kind === "unavailable") return [fail(own.why, "see nsswitch.conf(5), and whether sssd or nslcd runs")];
    if (own.kind === "absent")
      return [
        fail(
          `getent passwd ${callerUid}: expected an account, found none`,
          "give this uid an account, or see nsswitch.conf(5)",
        ),
      ];
    if (ms > slowMs)
      return [
        warn(
          `names: expected an answer within 1 s, found one after ${ms} ms`,
          "see nsswitch.conf(5): a server in it answers slowly",
        ),
      ];
    return ok(`names: you are ${own.account.name}, answered after ${ms} ms`);
  },
};
