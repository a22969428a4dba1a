import { ok, type SelfCheck, warn } from "./self-check.ts";

export const version: SelfCheck = {
  id: "version",
  asks: "is the agent of this version",
  async look({ status, version: own }) {
    const heard = await status();
    if (heard.kind !== "answer") return ok(`version: ${own}, and no agent of another one answers`);
    const { rcwarden } = heard.value;
    if (rcwarden === own) return ok(`version: this program and the agent are ${own}`);
    return [
      warn(
        `version: expected an agent of ${own}, found ${rcwarden}`,
        "start the agent again, so that it runs what is installed",
      ),
    ];
  },
};
