import { checkKinds, type Sends, type Severity } from "../../agent/checks/index.ts";
import type { Engine, Rule } from "../../agent/documents/kinds.ts";
import type { InForce } from "../../agent/evaluate/index.ts";
import type { ModeId } from "../../agent/facts/index.ts";

const origin = { file: "/etc/rcwarden/policies/p.yaml", digest: "sha256:11", shipped: false, given: true };

export function engine(name: string, enters: readonly ModeId[], sends: readonly Sends[]): Engine {
  return { kind: "Engine", name, description: "", enters, sends, origin };
}

/** A rule with its parameters parsed, as the loader hands it on. */
export function rule(check: string, severity: Severity = "high", parameters: object = {}, id = check): Rule {
  const kind = checkKinds.find((each) => each.id === check);
  if (kind === undefined) throw new Error(`no check kind ${check}`);
  return { id, check, severity, with: kind.parameters.parse(parameters) };
}

export function inForce(rules: InForce["rules"], engines: readonly Engine[], other: Partial<InForce> = {}): InForce {
  return { policy: "unattended-ssh", accounts: "all", rules, engines, ...other };
}
