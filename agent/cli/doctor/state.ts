import { dirname } from "node:path";
import { sizeWords } from "../../facts/amounts.ts";
import { shellWord } from "../../facts/shell-word.ts";
import { fail, ok, type SelfCheck, warn } from "./self-check.ts";
import type { DoctorWorld } from "./world.ts";

const MiB = 1 << 20;
/** What the queue and the database may take beside what they have. */
const roomBytes = 128 * MiB;
const leastBytes = 16 * MiB;

export const state: SelfCheck = {
  id: "state",
  asks: "is there room for what the agent keeps, and only its owner's",
  async look(world) {
    const { stateFolder, callerUid } = world;
    const found = await world.find(stateFolder);
    if (found.kind === "unreadable")
      return [fail(`${stateFolder}: expected to look at it, found ${found.code}`, "ask as who runs the agent")];
    if (found.kind === "there") {
      const word = shellWord(stateFolder);
      if (found.type !== "folder")
        return [fail(`${stateFolder}: expected a folder, found something else`, `move ${word} aside`)];
      if (found.uid !== callerUid && callerUid !== 0) return ok(`state: ${stateFolder} is uid ${found.uid}'s`);
      if (found.uid !== callerUid)
        return [
          fail(
            `${stateFolder}: expected uid ${callerUid} to own it, found uid ${found.uid}`,
            `chown ${callerUid} ${word}`,
          ),
        ];
      if ((found.mode & 0o022) !== 0)
        return [
          fail(
            `${stateFolder}: expected that only its owner may write it, found mode ${(found.mode & 0o777).toString(8)}`,
            `chmod 700 ${word}`,
          ),
        ];
    }
    const place = await existing(stateFolder, world);
    const free = place === null ? null : await world.freeBytes(place);
    if (free === null) return ok(`state: nothing is kept yet in ${stateFolder}`);
    const says = `${place}: expected ${sizeWords(roomBytes)} free for state and queue, found ${sizeWords(free)}`;
    const change = "make room there, or name another place by --state";
    if (free < leastBytes) return [fail(says, change)];
    if (free < roomBytes) return [warn(says, change)];
    const kept =
      found.kind === "there" ? `${stateFolder} is its owner's alone` : `nothing is kept yet in ${stateFolder}`;
    return ok(`state: ${kept}; ${sizeWords(free)} free`);
  },
};

/** The folder, or the nearest one above that is there. */
async function existing(folder: string, world: DoctorWorld): Promise<string | null> {
  for (let at = folder; ; at = dirname(at)) {
    if ((await world.find(at)).kind === "there") return at;
    if (at === dirname(at)) return null;
  }
}
