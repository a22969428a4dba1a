import { fail, ok, type SelfCheck } from "./self-check.ts";

export const sandbox: SelfCheck = {
  id: "sandbox",
  asks: "can a probe run in the sandbox",
  async look({ accountOfUid, callerUid, measure, knowsShell }) {
    const own = await accountOfUid(callerUid);
    if (own.kind !== "account")
      return [
        fail(
          `uid ${callerUid}: expected an account to try it with, found none`,
          "run it as an account that getent passwd names",
        ),
      ];
    const { account } = own;
    const shell = (await knowsShell(account.shell)) ? account.shell : "/bin/bash";
    const sends = [{ command: "true", try: "effect" }] as const;
    const request = { mode: "ssh-command", sends, names: [], withinMs: 4_000, how: "running" } as const;
    const facts = await measure({ ...request, account: { ...account, shell } });
    if (facts.sandbox === "none") {
      const gap = facts.gaps.find(({ code }) => code === "sandbox-forbidden") ?? facts.gaps[0];
      return [
        fail(
          `sandbox: expected a probe to run, found ${gap?.message ?? "that none did"}`,
          gap?.change || "run rcwarden as root",
        ),
      ];
    }
    const limited = facts.sandbox === "own-account" ? ", of your own account only: root measures others" : "";
    return ok(`sandbox: user namespaces work, probes leave no trace${limited}`);
  },
};
