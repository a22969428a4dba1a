import { shellWord } from "../../facts/shell-word.ts";
import { fail, ok, type SelfCheck } from "./self-check.ts";

export const program: SelfCheck = {
  id: "program",
  asks: "are the parts of the program there and of the right mode",
  async look({ programs, find, addonProblem, nodeVersion, version, callerUid }) {
    const faults = await Promise.all(
      programs.map(async ({ name, path, runs }) => {
        const found = await find(path);
        if (found.kind !== "there" || found.type !== "file")
          return fail(
            `${path}: expected ${name}, found ${found.kind === "unreadable" ? found.code : "none"}`,
            "unpack or build rcwarden again",
          );
        if (runs && (found.mode & 0o111) === 0)
          return fail(
            `${path}: expected an executable, found mode ${octal(found.mode)}`,
            `chmod 755 ${shellWord(path)}`,
          );
        const isOthers = found.uid !== 0 && found.uid !== callerUid;
        if (isOthers && callerUid === 0)
          return fail(
            `${path}: expected root to own what root runs, found uid ${found.uid}`,
            `chown root ${shellWord(path)}`,
          );
        if ((found.mode & 0o002) !== 0)
          return fail(
            `${path}: expected that not everybody may write it, found mode ${octal(found.mode)}`,
            `chmod o-w ${shellWord(path)}`,
          );
        return null;
      }),
    );
    const addon = addonProblem();
    const all = [...faults, addon === null ? null : fail(addon, "unpack or build rcwarden again")].filter(
      (fault) => fault !== null,
    );
    return all.length > 0
      ? all
      : ok(`program: rcwarden ${version} on Node ${nodeVersion}, launcher and addon are in place`);
  },
};

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
