/** Why no sandbox could be made, and what a person can do about it. Pure. */
export interface Refusal {
  readonly step: string;
  readonly reason: string;
  readonly change: string;
}

/** The kernel setting that keeps ordinary users from user namespaces, as agent/host/kernel.ts finds it. */
export interface Forbidding {
  readonly setting: string;
  readonly found: string;
  readonly change: string;
}

const asRoot = "or run rcwarden as root";

/**
 * `reason` is the launcher's word: a text of strerror(3), or a word of its own. What is not known gets the plain reason
 * and the advice that always holds.
 */
export function refusalFor(
  step: string,
  reason: string,
  detail: string,
  sandbox: "whole-root" | "own-account",
  forbidding: Forbidding | null,
): Refusal {
  const said = detail === "" ? reason : `${reason} (${detail})`;
  const refusal = (why: string, change: string): Refusal => ({ step, reason: `${said}: ${why}`, change });
  const own = sandbox === "own-account";
  const denied = /not permitted|denied/i.test(reason);
  // Ubuntu lets the namespace be made and forbids the first mount in it; the others forbid the namespace.
  if (own && forbidding !== null && (denied || /no space/i.test(reason))) {
    return refusal(`${forbidding.setting} is ${forbidding.found}`, `${forbidding.change}, ${asRoot}`);
  }
  if (/no space/i.test(reason) && /clone|namespace|unshare/.test(step)) {
    return refusal("no more namespaces are allowed here", `raise the limits in /proc/sys/user, ${asRoot}`);
  }
  if (denied && /proc/.test(`${step} ${detail}`)) {
    return refusal(
      "parts of /proc are masked, as in a container or under a unit with ProtectKernelTunables=",
      "run outside of the container, or with /proc unmasked (systempaths=unconfined)",
    );
  }
  if (denied && /clone|namespace|unshare/.test(step)) {
    return own
      ? refusal(
          "a seccomp filter or the unit's RestrictNamespaces= forbids user namespaces",
          `run outside of the container or unit that filters them, ${asRoot}`,
        )
      : refusal("a container or the unit took CAP_SYS_ADMIN away", "give it CAP_SYS_ADMIN");
  }
  if (denied && own) {
    return refusal(
      "a security module forbids mounts in user namespaces",
      `install the AppArmor profile of the packages, ${asRoot}`,
    );
  }
  if (step === "home") return refusal("no overlay over the home folder could be made", `look at that mount, ${asRoot}`);
  return { step, reason: said, change: own ? "run rcwarden as root" : "" };
}
