import { fail, ok, type SelfCheck } from "./self-check.ts";

export const namespaces: SelfCheck = {
  id: "namespaces",
  asks: "does the host let the caller make namespaces",
  async look({ callerUid, forbidding, missingCapabilities, text }) {
    const missing = callerUid === 0 ? missingCapabilities() : [];
    if (missing.length > 0) {
      return [
        fail(
          `root: expected all capabilities that measuring needs, found that ${missing.join(", ")} is missing`,
          "run it outside of the container or unit that takes them away, or give them back",
        ),
      ];
    }
    const found = callerUid === 0 ? null : forbidding();
    if (found !== null) {
      const { setting, found: value, change } = found;
      return [fail(`${setting}: expected that user namespaces may be made, found ${value}`, `${change}, or use sudo`)];
    }
    const module = moduleOf(text);
    return ok(`namespaces: no setting forbids them${module === "" ? "" : `; ${module}`}`);
  },
};

/** Security modules that could forbid them nevertheless: the sandbox's own check says whether they do. */
function moduleOf(text: (path: string) => string | null): string {
  if (text("/sys/fs/selinux/enforce")?.trim() === "1") return "SELinux enforces";
  return text("/sys/module/apparmor/parameters/enabled")?.trim() === "Y" ? "AppArmor is on" : "";
}
