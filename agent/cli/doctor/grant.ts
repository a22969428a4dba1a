import { fail, ok, type SelfCheck } from "./self-check.ts";

export const grant: SelfCheck = {
  id: "grant",
  asks: "does the host's owner let anything be measured",
  async look({ configuration }) {
    const { host } = await configuration(null);
    const granted = host.grant;
    if (granted.kind === "broken")
      return [
        fail(
          "Grant: expected one that can be taken, found a broken or a second one: nobody is measured, nothing leaves",
          "mend what rcwarden grant says, or remove all but one",
        ),
      ];
    if (granted.kind === "none")
      return ok("Grant: none; all may be measured, nothing but findings without values leaves");
    const { accounts } = granted.grant.measure;
    if (accounts !== "all" && accounts.length === 0) return ok("Grant: nobody may be measured");
    return ok(`Grant: ${accounts === "all" ? "all accounts" : accounts.join(", ")} may be measured`);
  },
};
